//! Deliveries: how often to try, how long to wait, when to give up.
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::words::words;

words! {
    /// How far a delivery has come.
    #[schema(as = DeliveryState)]
    State {
        /// Waits for its first attempt.
        Pending = "pending",
        /// Failed at least once and waits for the next attempt.
        Retrying = "retrying",
        Delivered = "delivered",
        /// The provider took it and reports its fate later.
        Accepted = "accepted",
        /// Not sent: the destination failed until there was newer news of the same thing.
        Superseded = "superseded",
        /// Given up; `redeliver` and `recover` bring it back.
        Dead = "dead",
    }
}

words! {
    /// What became of an attempt.
    Outcome {
        Delivered = "delivered",
        /// The destination may recover by itself: time-outs, resets, 408, 425, 429, 5xx.
        Transient = "transient",
        /// Somebody has to mend the destination: 3xx, other 4xx, a wrong certificate, an unknown name.
        Misconfigured = "misconfigured",
        /// The destination is gone for good (410): the subscription is disabled.
        Gone = "gone",
        /// The credential is refused: it is paused, and whatever goes out with it waits.
        Credential = "credential",
        /// Farol or the provider will never send this message; the destination is fine.
        Blocked = "blocked",
    }
}

/// Waits between attempts after a transient failure, in seconds: about 28 hours in all.
const TRANSIENT: [i64; 10] = [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200];
/// The same for people's channels: about four hours in all.
const TRANSIENT_BRIEF: [i64; 7] = [5, 30, 120, 600, 1_800, 3_600, 7_200];
/// Waits after a failure that somebody has to mend: three more tries within the hour.
const MISCONFIGURED: [i64; 3] = [300, 900, 2_400];
/// Wait before a delivery is tried again whose credential was refused.
pub const CREDENTIAL_WAIT: Duration = Duration::minutes(1);
/// Longest `Retry-After` that is honoured.
const RETRY_AFTER_MAX: Duration = Duration::hours(6);
/// How long a destination may fail without one success before its subscription is disabled.
pub const DISABLE_AFTER: Duration = Duration::days(5);
/// Most bytes kept of an answer.
pub const ANSWER_MAX: usize = 2_048;

/// One attempt at a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = DeliveryAttempt)]
pub struct Attempt {
    pub at: DateTime<Utc>,
    pub outcome: Outcome,
    /// Status code of the answer, if there was one.
    pub status: Option<u16>,
    pub latency_ms: i64,
    /// Why there was no answer.
    pub error: Option<String>,
    /// The first 2 KiB of the answer.
    pub answer: Option<String>,
}

/// The way of one event to one subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Delivery {
    pub id: Uuid,
    pub subscription_id: Uuid,
    /// Also the `webhook-id` of every attempt.
    pub event_id: Uuid,
    #[schema(example = "incident.created")]
    pub event: String,
    /// Place in the order of the subscription.
    pub sequence: i64,
    pub state: State,
    /// Oldest first.
    pub attempts: Vec<Attempt>,
    /// When the next attempt is due, while there is one to come.
    pub next_attempt_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

/// For how long a message is worth repeating.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Machines catch up: about 28 hours.
    Day,
    /// To people old news are noise: about four hours.
    Hours,
}

/// What follows from an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Done with this delivery.
    Finish(State),
    /// Try again after this.
    Retry(Duration),
}

impl State {
    /// Whether nothing more is done about the delivery by itself.
    pub const fn is_over(self) -> bool {
        !matches!(self, Self::Pending | Self::Retrying)
    }
}

/// Decides what follows from the `attempt`th try (1-based). `jitter` gives a number in 0..1 that
/// spreads a wait by ±20 %, and is not asked where there is none; a `retry_after` of the destination
/// lengthens it, to six hours at most.
pub fn next(
    outcome: Outcome,
    attempt: usize,
    retry_after: Option<Duration>,
    jitter: impl FnOnce() -> f64,
    patience: Patience,
) -> Next {
    let waits: &[i64] = match outcome {
        Outcome::Delivered => return Next::Finish(State::Delivered),
        Outcome::Gone | Outcome::Blocked => return Next::Finish(State::Dead),
        Outcome::Transient if patience == Patience::Hours => &TRANSIENT_BRIEF,
        Outcome::Transient => &TRANSIENT,
        Outcome::Misconfigured => &MISCONFIGURED,
        // Not the destination's fault, so it does not use up its attempts.
        Outcome::Credential => return Next::Retry(CREDENTIAL_WAIT),
    };
    let Some(base) = attempt.checked_sub(1).and_then(|index| waits.get(index)) else {
        return Next::Finish(State::Dead);
    };
    let spread = 0.8 + 0.4 * jitter().clamp(0.0, 1.0);
    let milliseconds = Duration::seconds(*base).num_milliseconds();
    let wait = Duration::milliseconds(scale(milliseconds, spread));
    Next::Retry(retry_after.map_or(wait, |asked| wait.max(asked.min(RETRY_AFTER_MAX))))
}

#[expect(clippy::as_conversions, reason = "a day in milliseconds is exact in f64")]
fn scale(milliseconds: i64, by: f64) -> i64 {
    (milliseconds as f64 * by) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transient_failures_are_retried_for_about_a_day() {
        let mut total = Duration::zero();
        let mut attempt = 1;
        while let Next::Retry(wait) = next(Outcome::Transient, attempt, None, || 0.5, Patience::Day)
        {
            total += wait;
            attempt += 1;
        }
        assert_eq!(attempt, 11);
        assert!((Duration::hours(27)..Duration::hours(30)).contains(&total), "{total}");
    }

    #[test]
    fn waits_are_spread_and_lengthened_but_bounded() {
        let wait = |retry_after: Option<i64>, jitter: f64| {
            next(
                Outcome::Transient,
                1,
                retry_after.map(Duration::seconds),
                || jitter,
                Patience::Day,
            )
        };
        assert_eq!(wait(None, 0.0), Next::Retry(Duration::seconds(4)));
        assert_eq!(wait(None, 1.0), Next::Retry(Duration::seconds(6)));
        assert_eq!(wait(Some(60), 0.5), Next::Retry(Duration::seconds(60)));
        assert_eq!(wait(Some(1), 0.5), Next::Retry(Duration::seconds(5)));
        assert_eq!(wait(Some(1_000_000_000), 0.5), Next::Retry(Duration::hours(6)));
    }

    #[test]
    fn some_failures_end_at_once() {
        for outcome in [Outcome::Gone, Outcome::Blocked] {
            assert_eq!(next(outcome, 1, None, || 0.5, Patience::Day), Next::Finish(State::Dead));
        }
        let after = |outcome, attempt| next(outcome, attempt, None, || 0.5, Patience::Hours);
        assert_eq!(after(Outcome::Delivered, 3), Next::Finish(State::Delivered));
        assert_eq!(after(Outcome::Misconfigured, 4), Next::Finish(State::Dead));
        assert_eq!(after(Outcome::Transient, 8), Next::Finish(State::Dead));
        assert_eq!(after(Outcome::Credential, 99), Next::Retry(CREDENTIAL_WAIT));
    }
}
