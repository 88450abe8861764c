//! What requests about subscriptions and their answers look like.
use app::subscription::Edit;
use chrono::{DateTime, Utc};
use domain::caller::Visibility;
use domain::subscription::{
    DIGEST_MAX, FILTER_MAX, Filter, State as SubscriptionState, Subscription,
};
use domain::text::NAME_MAX;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use crate::patch::{Patch, object, set_object, set_only};
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
    /// Replaces the configuration.
    #[serde(default, deserialize_with = "set_only")]
    #[schema(schema_with = crate::openapi::channel_config)]
    pub config: Option<Value>,
    /// Replaces the filter.
    #[serde(default, deserialize_with = "set_object")]
    #[validate(custom(function = filter_size))]
    #[schema(value_type = Filter, required = false)]
    pub filter: Option<Filter>,
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

impl SubscriptionPatch {
    /// Changes what the patch has.
    pub fn apply(self, edit: &mut Edit) {
        let Self { label, config, filter, audience, locale, time_zone, digest_minutes, state } =
            self;
        let now = edit.clone();
        label.apply(&mut edit.label);
        edit.config = config;
        edit.filter = filter.unwrap_or(now.filter);
        edit.audience = audience.unwrap_or(now.audience);
        edit.locale = locale.unwrap_or(now.locale);
        edit.time_zone = time_zone.unwrap_or(now.time_zone);
        edit.digest_minutes = digest_minutes.unwrap_or(now.digest_minutes);
        edit.state = state.unwrap_or(now.state);
    }
}
