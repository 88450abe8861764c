//! Credentials that subscriptions share with a provider: a bot, an account.
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::words::words;

words! {
    /// Whether a provider takes what goes out with a credential.
    #[schema(as = CredentialState)]
    State {
        Working = "working",
        /// It is tried now and then; whatever else goes out with it waits.
        Refused = "refused",
    }
}

/// What subscriptions with the same bot or account have in common. It shows nothing of the
/// credential itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Credential {
    pub id: Uuid,
    #[schema(example = "slack")]
    pub channel: String,
    pub state: State,
    pub failing_since: Option<DateTime<Utc>>,
    /// What the provider said.
    pub reason: Option<String>,
    /// When a message is tried again, if one waits; `null` while it works.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// How many subscriptions it serves.
    #[schema(minimum = 1)]
    pub subscriptions: i64,
}
