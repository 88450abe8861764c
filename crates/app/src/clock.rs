//! The one place that asks this machine what time it is. Whatever replicas must agree on asks the
//! database instead: [`crate::Read::now`].
use chrono::{DateTime, SubsecRound, Utc};

/// Now, in microseconds, as Postgres would give it back.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}
