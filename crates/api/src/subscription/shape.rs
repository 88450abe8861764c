//! What requests about subscriptions and their answers look like.
use app::subscription::Edit;
use chrono::{DateTime, Utc};
use domain::caller::Visibility;
use domain::event::Announcement;
use domain::incident::Impact;
use domain::subscription::{
    DIGEST_MAX, FILTER_MAX, Filter, State as SubscriptionState, Subscription,
};
use domain::text::NAME_MAX;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::{Validate, ValidationError};

use crate::patch::{Patch, object, patch_object, set_only};
use crate::validate;

/// A destination and what it is to hear of.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSubscription {
    #[validate(length(min = 1, max = 40))]
    #[schema(min_length = 1, max_length = 40, example = "webhook")]
    pub channel: String,
    #[validate(length(min = 1, max = NAME_MAX))]
    #[schema(min_length = 1, max_length = 120)]
    pub label: Option<String>,
    /// What the channel needs; see `ChannelConfig`.
    #[schema(schema_with = crate::openapi::channel_config)]
    pub config: Value,
    #[serde(default, deserialize_with = "object")]
    #[validate(custom(function = filter_size))]
    pub filter: Filter,
    /// `internal`: hears of internal things too.
    #[serde(default = "public")]
    pub audience: Visibility,
    #[serde(default = "english")]
    #[validate(custom(function = validate::locale))]
    #[schema(default = "en", max_length = 35, pattern = "^[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8})*$")]
    pub locale: String,
    /// The page's when left out.
    #[validate(custom(function = validate::time_zone))]
    #[schema(example = "America/Sao_Paulo")]
    pub time_zone: Option<String>,
    /// Collects news of so many minutes for one message; 0: each at once. Not for webhooks, which
    /// get every message.
    #[serde(default)]
    #[validate(range(max = DIGEST_MAX))]
    #[schema(minimum = 0, maximum = 1440, default = 0)]
    pub digest_minutes: u16,
}

/// What may be changed of a subscription.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionPatch {
    #[serde(default)]
    #[validate(length(min = 1, max = NAME_MAX))]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 120)]
    pub label: Patch<String>,
    /// Merged member by member into the configuration, which must then be what the channel needs; `null`
    /// removes. Where an address leads to another host, secrets that were to go there must be given anew.
    #[serde(default, deserialize_with = "set_only")]
    #[schema(value_type = Object, required = false)]
    pub config: Option<Map<String, Value>>,
    /// Merged member by member; `null` wants everything.
    #[serde(default, deserialize_with = "patch_object")]
    #[validate(custom(function = filter_patch_size))]
    #[schema(value_type = Option<FilterPatch>)]
    pub filter: Patch<FilterPatch>,
    #[serde(default, deserialize_with = "set_only")]
    #[schema(value_type = Visibility, required = false)]
    pub audience: Option<Visibility>,
    #[serde(default, deserialize_with = "set_only")]
    #[validate(custom(function = validate::locale))]
    #[schema(value_type = String, required = false, max_length = 35, pattern = "^[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8})*$")]
    pub locale: Option<String>,
    #[serde(default, deserialize_with = "set_only")]
    #[validate(custom(function = validate::time_zone))]
    #[schema(value_type = String, required = false)]
    pub time_zone: Option<String>,
    #[serde(default, deserialize_with = "set_only")]
    #[validate(range(max = DIGEST_MAX))]
    #[schema(value_type = u16, required = false, minimum = 0, maximum = 1440)]
    pub digest_minutes: Option<u16>,
    /// `active` or `paused`.
    #[serde(default, deserialize_with = "set_only")]
    #[schema(value_type = SubscriptionState, required = false)]
    pub state: Option<SubscriptionState>,
}

/// Since when to look for what was lost.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Recovery {
    /// What was owed since then and never arrived is sent again.
    pub since: DateTime<Utc>,
}

/// A subscription with its signing secret, which is shown this once.
#[derive(Serialize, ToSchema)]
pub struct SubscriptionWithSecret {
    #[serde(flatten)]
    pub shown: Subscription,
    /// For channels that sign: verifies `webhook-signature` (Standard Webhooks).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")]
    pub secret: Option<String>,
}

/// How many deliveries were enqueued again.
#[derive(Serialize, ToSchema)]
pub struct Recovered {
    pub enqueued: usize,
}

fn public() -> Visibility {
    Visibility::Public
}

pub fn english() -> String {
    "en".to_owned()
}

pub fn filter_size(filter: &Filter) -> Result<(), ValidationError> {
    let Filter { components, groups, incidents, events, .. } = filter;
    let lists = [
        ("components", components.len(), FILTER_MAX),
        ("groups", groups.len(), FILTER_MAX),
        ("incidents", incidents.len(), FILTER_MAX),
        ("events", events.len(), 20),
    ];
    let Some((member, _, max)) = lists.into_iter().find(|(_, n, max)| n > max) else {
        return Ok(());
    };
    let mut error = ValidationError::new("length");
    error.add_param("member".into(), &member);
    Err(error.with_message(format!("must have at most {max} items").into()))
}

/// What to change of a filter; `null` wants everything.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SubscriptionFilterPatch)]
pub struct FilterPatch {
    #[serde(default)]
    #[schema(value_type = Option<Vec<Uuid>>, max_items = 200)]
    components: Patch<Vec<Uuid>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<Uuid>>, max_items = 200)]
    groups: Patch<Vec<Uuid>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<Uuid>>, max_items = 200)]
    incidents: Patch<Vec<Uuid>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<Announcement>>, max_items = 20)]
    events: Patch<Vec<Announcement>>,
    #[serde(default)]
    #[schema(value_type = Option<Impact>)]
    min_impact: Patch<Impact>,
}

pub fn change_filter(patch: Patch<FilterPatch>, filter: &mut Filter) {
    match patch {
        Patch::Absent => {}
        Patch::Null => *filter = Filter::default(),
        Patch::Value(FilterPatch { components, groups, incidents, events, min_impact }) => {
            components.reset(&mut filter.components);
            groups.reset(&mut filter.groups);
            incidents.reset(&mut filter.incidents);
            events.reset(&mut filter.events);
            min_impact.apply(&mut filter.min_impact);
        }
    }
}

pub fn filter_patch_size(patch: &Patch<FilterPatch>) -> Result<(), ValidationError> {
    let mut filter = Filter::default();
    change_filter(patch.clone(), &mut filter);
    filter_size(&filter)
}

impl SubscriptionPatch {
    /// Changes what the patch has.
    pub fn apply(self, edit: &mut Edit) {
        let Self { label, config, filter, audience, locale, time_zone, digest_minutes, state } =
            self;
        let now = edit.clone();
        label.apply(&mut edit.label);
        edit.config = config;
        change_filter(filter, &mut edit.filter);
        edit.audience = audience.unwrap_or(now.audience);
        edit.locale = locale.unwrap_or(now.locale);
        edit.time_zone = time_zone.unwrap_or(now.time_zone);
        edit.digest_minutes = digest_minutes.unwrap_or(now.digest_minutes);
        edit.state = state.unwrap_or(now.state);
    }
}
