//! What answers mean.
use std::time::Duration;

use domain::delivery::Outcome;
use serde_json::Value;

/// What an answer means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub outcome: Outcome,
    /// How long the answer asks us to wait, where its body says so. Headers are read elsewhere.
    pub wait: Option<Duration>,
    /// Whether the wait is for everything that goes out with the same credential.
    pub wait_is_shared: bool,
    /// What the channel wants to know of the answer later: an id, a reason to go another way.
    pub learnt: Value,
}

impl Verdict {
    /// Nothing but what became of it.
    pub const fn of(outcome: Outcome) -> Self {
        Self { outcome, wait: None, wait_is_shared: false, learnt: Value::Null }
    }

    /// By the status alone, as RFC 9110 §15 has it.
    pub const fn of_status(status: u16) -> Self {
        Self::of(match status {
            200..=299 => Outcome::Delivered,
            408 | 425 | 429 | 500..=599 => Outcome::Transient,
            410 => Outcome::Gone,
            _ => Outcome::Misconfigured,
        })
    }
}
