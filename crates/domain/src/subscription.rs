//! Subscriptions: who is told what, and on which way.
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::caller::Visibility;
use crate::event::Announcement;
use crate::incident::Impact;
use crate::words::words;

words! {
    /// Whether a subscription is told anything.
    #[schema(as = SubscriptionState)]
    State {
        /// Not confirmed yet.
        Pending = "pending",
        Active = "active",
        /// Its owner asked for silence.
        Paused = "paused",
        /// Farol gave up on it; see `disabled_reason`.
        Disabled = "disabled",
    }
}

words! {
    /// Who made the subscription.
    Origin {
        Operator = "operator",
        Public = "public",
    }
}

/// What a subscription wants to hear. Empty lists mean everything; a thing passes when it matches
/// one of `components`, `groups` and `incidents`, and one of `events`, and `min_impact`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = SubscriptionFilter)]
pub struct Filter {
    #[schema(max_items = 200)]
    pub components: Vec<Uuid>,
    /// Follows the membership of the groups.
    #[schema(max_items = 200)]
    pub groups: Vec<Uuid>,
    #[schema(max_items = 200)]
    pub incidents: Vec<Uuid>,
    #[schema(max_items = 20)]
    pub events: Vec<Announcement>,
    /// Incidents below this impact are not told.
    pub min_impact: Option<Impact>,
}

/// Longest time that news are collected for one message, in minutes.
pub const DIGEST_MAX: u16 = 1_440;

/// Most ids in one list of a filter.
pub const FILTER_MAX: usize = 200;

/// A subscription as the API shows it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Subscription {
    pub id: Uuid,
    #[schema(example = "webhook")]
    pub channel: String,
    pub label: Option<String>,
    /// The channel's configuration; secrets show their last four characters.
    #[schema(value_type = Object)]
    pub config: Value,
    pub filter: Filter,
    /// `internal`: hears of internal things too.
    pub audience: Visibility,
    /// BCP 47 language tag.
    #[schema(example = "en")]
    pub locale: String,
    /// IANA name.
    #[schema(example = "Etc/UTC")]
    pub time_zone: String,
    /// News of so many minutes come in one message; 0: each at once.
    #[schema(minimum = 0, maximum = 1440)]
    pub digest_minutes: u16,
    pub state: State,
    pub disabled_reason: Option<String>,
    pub origin: Origin,
    pub last_success_at: Option<DateTime<Utc>>,
    /// Since when every attempt has failed.
    pub failing_since: Option<DateTime<Utc>>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A subscription as its owner sees it who came by a link in a message.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct OwnSubscription {
    #[schema(example = "email")]
    pub channel: String,
    /// Enough of the address to recognise it by.
    #[schema(example = "a…@example.org")]
    pub address: Option<String>,
    pub filter: Filter,
    /// BCP 47 language tag.
    #[schema(example = "en")]
    pub locale: String,
    /// IANA name.
    #[schema(example = "Etc/UTC")]
    pub time_zone: String,
    pub state: State,
    pub version: i64,
}
