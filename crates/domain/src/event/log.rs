//! The log of facts as the API shows it.
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::delivery::State;
use crate::incident::Impact;

/// A fact of the log.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Event)]
pub struct Entry {
    /// Also the `webhook-id` of every message about it.
    pub id: Uuid,
    /// Place in the order of publication; `null` for the moment until it has one.
    pub sequence: Option<i64>,
    #[schema(example = "incident.created")]
    pub r#type: String,
    /// Who did it: `user:<id>`, `token:<id>` or `system`.
    pub actor: String,
    /// `X-Request-Id` of the request that did it.
    pub request_id: Option<String>,
    pub created_at: DateTime<Utc>,
    /// Whether subscribers are told.
    pub announced: bool,
    pub incident_id: Option<Uuid>,
    pub maintenance_id: Option<Uuid>,
    pub component_ids: Vec<Uuid>,
    pub group_ids: Vec<Uuid>,
    /// The only subscription that is told.
    pub subscription_id: Option<Uuid>,
    pub impact: Option<Impact>,
    /// When everybody who is to be told was found.
    pub expanded_at: Option<DateTime<Utc>>,
    /// How far telling has come; `null` when nobody is told, and in lists whose numbers take too
    /// long to count: then ask for the event itself.
    pub deliveries: Option<Tallies>,
}

/// A fact of the log with what it says.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = EventWithPayload)]
pub struct EntryWithPayload {
    #[serde(flatten)]
    pub entry: Entry,
    /// The thing as callers with `read` see it. `null` when it takes more to see: `admin` for
    /// users and tokens, `subscriptions` for subscriptions.
    #[schema(value_type = Option<Object>)]
    pub payload: Option<Value>,
    /// The thing as the public sees it; `null` when the public has no part in it.
    #[schema(value_type = Option<Object>)]
    pub public_payload: Option<Value>,
}

/// How many deliveries are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = DeliveryTally)]
pub struct Tally {
    /// All there are to make: the sum of the others.
    pub due: i64,
    pub pending: i64,
    pub retrying: i64,
    pub accepted: i64,
    pub delivered: i64,
    pub superseded: i64,
    pub dead: i64,
}

/// How many deliveries of an event are in which state, in all and by channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = DeliveryTallies)]
pub struct Tallies {
    #[serde(flatten)]
    pub all: Tally,
    pub by_channel: BTreeMap<String, Tally>,
}

impl Tally {
    fn add(&mut self, state: State, n: i64) {
        self.due += n;
        *match state {
            State::Pending => &mut self.pending,
            State::Retrying => &mut self.retrying,
            State::Accepted => &mut self.accepted,
            State::Delivered => &mut self.delivered,
            State::Superseded => &mut self.superseded,
            State::Dead => &mut self.dead,
        } += n;
    }
}

impl Tallies {
    /// Counts `n` more deliveries.
    pub fn add(&mut self, channel: String, state: State, n: i64) {
        self.all.add(state, n);
        self.by_channel.entry(channel).or_default().add(state, n);
    }
}
