//! What callers send about maintenances.
use app::maintenance::{Edit, Named, Wish};
use chrono::{DateTime, Utc};
use domain::caller::Visibility;
use domain::component;
use domain::maintenance::{Moment, REMINDERS_MAX, Status};
use domain::text::{COMPONENTS_MAX, DEDUP_KEY_MAX, MESSAGE_MAX, RECURRENCE_MAX, TITLE_MAX};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::incident::shape::{NamedComponent, named};
use crate::instant;
use crate::patch::{Patch, set_only};
use crate::problem::{FieldError, Problem};
use crate::validate;

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMaintenance {
    #[validate(length(min = 1, max = TITLE_MAX))]
    #[schema(min_length = 1, max_length = 200)]
    title: String,
    /// Markdown; the first update. Without one subscribers get a sentence in their language.
    #[serde(default)]
    #[validate(length(max = MESSAGE_MAX))]
    #[schema(max_length = 25000)]
    message: String,
    #[serde(default)]
    #[validate(length(max = COMPONENTS_MAX), nested)]
    #[schema(max_items = 500)]
    components: Vec<PlannedComponent>,
    #[serde(default = "public")]
    #[schema(default = "public")]
    visibility: Visibility,
    /// RFC 3339. Without an offset it is what clocks show in `time_zone`.
    #[schema(format = "date-time", example = "2027-03-02T22:00:00Z")]
    starts_at: String,
    /// Likewise; after `starts_at`, by 366 days at most.
    #[schema(format = "date-time", example = "2027-03-03T00:00:00Z")]
    ends_at: String,
    /// IANA name; with `recurrence` the zone in whose wall-clock time it repeats.
    #[validate(custom(function = validate::time_zone))]
    #[schema(example = "Europe/Berlin")]
    time_zone: Option<String>,
    /// RFC 5545 RRULE with `COUNT`, `UNTIL` or no end; it needs a `time_zone`. `DAILY` is the finest
    /// frequency.
    #[validate(length(min = 1, max = RECURRENCE_MAX))]
    #[schema(min_length = 1, max_length = 500, example = "FREQ=WEEKLY;BYDAY=TU")]
    recurrence: Option<String>,
    /// Whether the clock starts it.
    #[serde(default = "yes")]
    #[schema(default = true)]
    auto_start: bool,
    /// Whether the clock completes it once it has begun.
    #[serde(default = "yes")]
    #[schema(default = true)]
    auto_complete: bool,
    /// Whether subscribers are told that it is scheduled or moved.
    #[serde(default = "yes")]
    #[schema(default = true)]
    notify: bool,
    /// Whether subscribers are told when the clock starts it; as `notify` when left out.
    notify_on_start: Option<bool>,
    /// Whether subscribers are told when the clock completes it; as `notify` when left out.
    notify_on_completion: Option<bool>,
    /// Between a minute and 30 days each. When left out, what `FAROL_MAINTENANCE_REMINDERS` says;
    /// with `notify: false`, none.
    #[validate(length(max = REMINDERS_MAX), custom(function = validate::reminders))]
    #[schema(max_items = 10, example = json!([86400, 3600]))]
    remind_before_seconds: Option<Vec<i64>>,
    /// At most one maintenance per key is open at a time.
    #[validate(length(min = 1, max = DEDUP_KEY_MAX))]
    #[schema(min_length = 1, max_length = 255)]
    dedup_key: Option<String>,
    #[serde(default)]
    #[validate(custom(function = validate::metadata))]
    #[schema(value_type = Object)]
    metadata: Map<String, Value>,
}

/// A component by id or slug, and how it is while work goes on.
#[derive(Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlannedComponent {
    /// Either this
    id: Option<Uuid>,
    /// or this.
    #[validate(length(min = 1, max = 80))]
    #[schema(min_length = 1, max_length = 80)]
    slug: Option<String>,
    #[serde(default = "under_maintenance")]
    #[schema(default = "under_maintenance")]
    status: component::Status,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MaintenancePatch {
    #[serde(default, deserialize_with = "set_only")]
    #[validate(length(min = 1, max = TITLE_MAX))]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 200)]
    title: Option<String>,
    #[serde(default, deserialize_with = "set_only")]
    #[schema(value_type = Visibility, required = false)]
    visibility: Option<Visibility>,
    /// Only before it begins.
    #[serde(default, deserialize_with = "set_only")]
    #[schema(value_type = String, required = false, format = "date-time")]
    starts_at: Option<String>,
    /// Only until it is over. In the past, it ends at once.
    #[serde(default, deserialize_with = "set_only")]
    #[schema(value_type = String, required = false, format = "date-time")]
    ends_at: Option<String>,
    #[serde(default)]
    #[validate(custom(function = validate::time_zone_patch))]
    #[schema(value_type = Option<String>)]
    time_zone: Patch<String>,
    /// Of an occurrence only with `scope=following`.
    #[serde(default)]
    #[validate(length(min = 1, max = RECURRENCE_MAX))]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 500)]
    recurrence: Patch<String>,
    #[serde(default, deserialize_with = "set_only")]
    #[schema(value_type = bool, required = false)]
    auto_start: Option<bool>,
    #[serde(default, deserialize_with = "set_only")]
    #[schema(value_type = bool, required = false)]
    auto_complete: Option<bool>,
    #[serde(default, deserialize_with = "set_only")]
    #[schema(value_type = bool, required = false)]
    notify: Option<bool>,
    #[serde(default, deserialize_with = "set_only")]
    #[schema(value_type = bool, required = false)]
    notify_on_start: Option<bool>,
    #[serde(default, deserialize_with = "set_only")]
    #[schema(value_type = bool, required = false)]
    notify_on_completion: Option<bool>,
    /// Replaces those that are to come.
    #[serde(default, deserialize_with = "set_only")]
    #[validate(length(max = REMINDERS_MAX), custom(function = validate::reminders))]
    #[schema(value_type = Vec<i64>, required = false, max_items = 10, example = json!([86400, 3600]))]
    remind_before_seconds: Option<Vec<i64>>,
    /// Replaces what is planned; only before it begins. Afterwards updates say what becomes of
    /// components.
    #[serde(default, deserialize_with = "set_only")]
    #[validate(length(max = COMPONENTS_MAX), nested)]
    #[schema(value_type = Vec<PlannedComponent>, required = false, max_items = 500)]
    components: Option<Vec<PlannedComponent>>,
    /// Merged member by member; `null` removes.
    #[serde(default)]
    #[validate(custom(function = validate::metadata_patch))]
    #[schema(value_type = Option<Object>)]
    metadata: Patch<Map<String, Value>>,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMaintenanceUpdate {
    /// The state stays when left out.
    pub status: Option<Status>,
    /// Markdown.
    #[validate(length(min = 1, max = MESSAGE_MAX))]
    #[schema(min_length = 1, max_length = 25000)]
    pub message: String,
    /// Changes what is planned, or what holds while work goes on; `operational` says that a component
    /// is done.
    #[serde(default)]
    #[validate(length(max = COMPONENTS_MAX), nested)]
    #[schema(max_items = 500)]
    pub components: Vec<PlannedComponent>,
    /// Whether subscribers are told.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub notify: bool,
    /// Now when left out; not before the last update. Effects count from this time.
    #[serde(default, deserialize_with = "instant::maybe")]
    pub display_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MaintenanceUpdatePatch {
    /// Markdown.
    #[validate(length(min = 1, max = MESSAGE_MAX))]
    #[schema(min_length = 1, max_length = 25000)]
    pub message: String,
}

fn yes() -> bool {
    true
}

fn public() -> Visibility {
    Visibility::Public
}

fn under_maintenance() -> component::Status {
    component::Status::UnderMaintenance
}

/// Each component must be named by exactly one of id and slug.
pub fn planned(components: Vec<PlannedComponent>) -> Result<Named, Problem> {
    let same = |PlannedComponent { id, slug, status }| NamedComponent { id, slug, status };
    named(components.into_iter().map(same).collect())
}

fn moment(text: &str, pointer: &str, wrong: &mut Vec<FieldError>) -> Option<Moment> {
    let detail = "must be a time like `2027-03-02T22:00:00Z`, or without an offset in `time_zone`";
    let complain = |_unread| {
        let (pointer, code) = (pointer.to_owned(), "shape".to_owned());
        wrong.push(FieldError { pointer, code, detail: detail.to_owned() });
    };
    text.parse().map_err(complain).ok()
}

impl NewMaintenance {
    pub fn wish(self) -> Result<(Wish, Named), Problem> {
        let Self {
            title,
            message,
            components,
            visibility,
            starts_at,
            ends_at,
            time_zone,
            recurrence,
            auto_start,
            auto_complete,
            notify,
            notify_on_start,
            notify_on_completion,
            remind_before_seconds,
            dedup_key,
            metadata,
        } = self;
        let mut wrong = Vec::new();
        let starts_at = moment(&starts_at, "/starts_at", &mut wrong);
        let ends_at = moment(&ends_at, "/ends_at", &mut wrong);
        let (Some(starts_at), Some(ends_at)) = (starts_at, ends_at) else {
            return Err(Problem::invalid(wrong));
        };
        let wish = Wish {
            title,
            message,
            visibility,
            starts_at,
            ends_at,
            time_zone,
            recurrence,
            auto_start,
            auto_complete,
            notify,
            notify_on_start,
            notify_on_completion,
            remind_before_seconds,
            dedup_key,
            metadata,
        };
        Ok((wish, planned(components)?))
    }
}

impl MaintenancePatch {
    /// The change, once what it says can be read.
    pub fn change(self) -> Result<impl FnOnce(&mut Edit) + Send + 'static, Problem> {
        let mut wrong = Vec::new();
        let starts_at =
            self.starts_at.as_deref().and_then(|it| moment(it, "/starts_at", &mut wrong));
        let ends_at = self.ends_at.as_deref().and_then(|it| moment(it, "/ends_at", &mut wrong));
        if !wrong.is_empty() {
            return Err(Problem::invalid(wrong));
        }
        let components = self.components.clone().map(planned).transpose()?;
        Ok(move |edit: &mut Edit| self.apply(edit, starts_at, ends_at, components))
    }

    fn apply(
        self,
        edit: &mut Edit,
        starts_at: Option<Moment>,
        ends_at: Option<Moment>,
        components: Option<Named>,
    ) {
        let Self {
            title,
            visibility,
            starts_at: _,
            ends_at: _,
            time_zone,
            recurrence,
            auto_start,
            auto_complete,
            notify,
            notify_on_start,
            notify_on_completion,
            remind_before_seconds,
            components: _,
            metadata,
        } = self;
        let now = edit.clone();
        edit.title = title.unwrap_or(now.title);
        edit.visibility = visibility.unwrap_or(now.visibility);
        edit.starts_at = starts_at.unwrap_or(now.starts_at);
        edit.ends_at = ends_at.unwrap_or(now.ends_at);
        time_zone.apply(&mut edit.time_zone);
        recurrence.apply(&mut edit.recurrence);
        edit.auto_start = auto_start.unwrap_or(now.auto_start);
        edit.auto_complete = auto_complete.unwrap_or(now.auto_complete);
        edit.notify = notify.unwrap_or(now.notify);
        edit.notify_on_start = notify_on_start.unwrap_or(now.notify_on_start);
        edit.notify_on_completion = notify_on_completion.unwrap_or(now.notify_on_completion);
        edit.remind_before_seconds = remind_before_seconds.unwrap_or(now.remind_before_seconds);
        edit.components = components;
        metadata.merge(&mut edit.metadata);
    }
}
