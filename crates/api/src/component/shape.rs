//! Components as callers describe them.
use chrono::NaiveDate;
use domain::caller::Visibility;
use domain::component::{Draft, Status};
use domain::text::{DESCRIPTION_MAX, NAME_MAX, URL_MAX};
use domain::uptime::Percent;
use serde::Deserialize;
use serde_json::{Map, Number, Value};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::patch::{Patch, set_only};
use crate::validate;

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewComponent {
    #[validate(length(min = 1, max = NAME_MAX))]
    #[schema(min_length = 1, max_length = 120)]
    name: String,
    /// Made of the name when left out.
    #[validate(custom(function = validate::slug))]
    #[schema(min_length = 1, max_length = 80, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    slug: Option<String>,
    #[validate(length(max = DESCRIPTION_MAX))]
    #[schema(max_length = 2000)]
    description: Option<String>,
    group_id: Option<Uuid>,
    /// After all others when left out.
    #[validate(range(min = 1, max = 1_000_000))]
    #[schema(minimum = 1, maximum = 1_000_000)]
    position: Option<i32>,
    #[serde(default = "public")]
    visibility: Visibility,
    #[serde(default = "operational")]
    reported_status: Status,
    start_date: Option<NaiveDate>,
    /// How much of the time it is promised to be up, in percent, to four decimals.
    #[validate(custom(function = validate::target))]
    #[schema(value_type = Option<f64>, exclusive_minimum = 0, maximum = 100)]
    uptime_target: Option<Number>,
    #[serde(default = "yes")]
    #[schema(default = true)]
    showcase: bool,
    #[serde(default)]
    only_show_if_degraded: bool,
    #[validate(length(max = URL_MAX), custom(function = validate::link))]
    #[schema(max_length = 2048, format = "uri", pattern = "^https?://")]
    link: Option<String>,
    #[serde(default)]
    #[validate(custom(function = validate::metadata))]
    #[schema(value_type = Object)]
    metadata: Map<String, Value>,
}

#[derive(Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ComponentPatch {
    #[serde(default, deserialize_with = "set_only")]
    #[validate(length(min = 1, max = NAME_MAX))]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 120)]
    name: Option<String>,
    #[serde(default, deserialize_with = "set_only")]
    #[validate(custom(function = validate::slug))]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 80, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    slug: Option<String>,
    #[serde(default)]
    #[validate(length(max = DESCRIPTION_MAX))]
    #[schema(value_type = Option<String>, max_length = 2000)]
    description: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    group_id: Patch<Uuid>,
    #[serde(default, deserialize_with = "set_only")]
    #[validate(range(min = 1, max = 1_000_000))]
    #[schema(value_type = i32, required = false, minimum = 1, maximum = 1_000_000)]
    position: Option<i32>,
    #[serde(default, deserialize_with = "set_only")]
    #[schema(value_type = Visibility, required = false)]
    visibility: Option<Visibility>,
    /// The baseline. The status follows from it, unless something worse holds.
    #[serde(default, deserialize_with = "set_only")]
    #[schema(value_type = Status, required = false)]
    reported_status: Option<Status>,
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    start_date: Patch<NaiveDate>,
    /// In percent, to four decimals.
    #[serde(default)]
    #[validate(custom(function = validate::target_patch))]
    #[schema(value_type = Option<f64>, exclusive_minimum = 0, maximum = 100)]
    uptime_target: Patch<Number>,
    #[serde(default, deserialize_with = "set_only")]
    #[schema(value_type = bool, required = false)]
    showcase: Option<bool>,
    #[serde(default, deserialize_with = "set_only")]
    #[schema(value_type = bool, required = false)]
    only_show_if_degraded: Option<bool>,
    #[serde(default)]
    #[validate(length(max = URL_MAX), custom(function = validate::link_patch))]
    #[schema(value_type = Option<String>, max_length = 2048, format = "uri", pattern = "^https?://")]
    link: Patch<String>,
    /// Merged member by member; `null` removes.
    #[serde(default)]
    #[validate(custom(function = validate::metadata_patch))]
    #[schema(value_type = Option<Object>)]
    metadata: Patch<Map<String, Value>>,
}

fn public() -> Visibility {
    Visibility::Public
}

fn operational() -> Status {
    Status::Operational
}

fn yes() -> bool {
    true
}

/// A target that was found valid.
fn percent(number: &Number) -> Option<Percent> {
    Percent::parse(&number.to_string())
}

impl From<NewComponent> for Draft {
    fn from(body: NewComponent) -> Self {
        let NewComponent {
            name,
            slug,
            description,
            group_id,
            position,
            visibility,
            reported_status,
            start_date,
            uptime_target,
            showcase,
            only_show_if_degraded,
            link,
            metadata,
        } = body;
        Self {
            slug,
            name,
            description,
            group_id,
            position,
            visibility,
            reported_status,
            start_date,
            uptime_target: uptime_target.as_ref().and_then(percent),
            showcase,
            only_show_if_degraded,
            link,
            metadata,
        }
    }
}

impl ComponentPatch {
    pub fn apply(self, edit: &mut app::component::Edit) {
        let Self {
            name,
            slug,
            description,
            group_id,
            position,
            visibility,
            reported_status,
            start_date,
            uptime_target,
            showcase,
            only_show_if_degraded,
            link,
            metadata,
        } = self;
        let now = edit.clone();
        edit.name = name.unwrap_or(now.name);
        edit.slug = slug.unwrap_or(now.slug);
        description.apply(&mut edit.description);
        group_id.apply(&mut edit.group_id);
        edit.position = position.unwrap_or(now.position);
        edit.visibility = visibility.unwrap_or(now.visibility);
        edit.reported_status = reported_status.unwrap_or(now.reported_status);
        start_date.apply(&mut edit.start_date);
        match uptime_target {
            Patch::Absent => {}
            Patch::Null => edit.uptime_target = None,
            Patch::Value(number) => edit.uptime_target = percent(&number),
        }
        edit.showcase = showcase.unwrap_or(now.showcase);
        edit.only_show_if_degraded = only_show_if_degraded.unwrap_or(now.only_show_if_degraded);
        link.apply(&mut edit.link);
        metadata.merge(&mut edit.metadata);
    }
}
