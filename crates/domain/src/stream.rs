//! What happened, in the order of publication, for readers who follow along.
use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::caller::Visibility;

/// First parts of the types of events that readers hear of. What concerns accounts, credentials
/// and subscriptions is nobody's news.
pub const FAMILIES: [&str; 5] = ["incident", "maintenance", "component", "group", "page"];

/// How far something is along, as each audience counts. The public counts what it may know of,
/// because gaps would tell how much happened besides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The sequence of the last event.
    pub internal: i64,
    /// How many events up to it have a public side.
    pub public: i64,
}

/// An event that readers may hear of.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// Also the `webhook-id` of messages about it.
    pub id: Uuid,
    /// How its kind is spelled.
    pub kind: String,
    pub created_at: DateTime<Utc>,
    /// Where it stands.
    pub place: Place,
    /// Where those began that were numbered together with it. Within them the order is not the one
    /// of commits: a page whose version lies among them may lack an earlier one.
    pub numbered_after: Place,
    /// The thing as callers with `read` see it; nothing when they do not hear of it.
    pub payload: Option<Value>,
    /// The thing as the public sees it; nothing when the public does not hear of it.
    pub public_payload: Option<Value>,
}

/// News for those who follow.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// Here it begins, or begins anew: what was told before does not hold.
    From(Place),
    /// What came next, and how far that goes.
    Facts(Vec<Fact>, Place),
}

impl Place {
    /// As this audience counts.
    pub const fn of(self, audience: Visibility) -> i64 {
        match audience {
            Visibility::Public => self.public,
            Visibility::Internal => self.internal,
        }
    }
}

impl Fact {
    /// The thing as this audience sees it.
    pub const fn shown_to(&self, audience: Visibility) -> Option<&Value> {
        match audience {
            Visibility::Public => self.public_payload.as_ref(),
            Visibility::Internal => self.payload.as_ref(),
        }
    }
}
