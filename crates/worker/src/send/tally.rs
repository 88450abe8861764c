//! Attempts, counted by channel and outcome.
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use domain::delivery::Attempt;
use metrics::{Counter, Histogram};

struct Tally {
    n_attempts: Counter,
    took: Histogram,
}

/// By channel and outcome, as they first occur: looking them up in the recorder costs more than
/// counting.
type Tallies = HashMap<(&'static str, &'static str), Tally>;

pub fn count(channel: &'static str, attempt: &Attempt) {
    static TALLIES: LazyLock<Mutex<Tallies>> = LazyLock::new(Mutex::default);
    let outcome = attempt.outcome.as_str();
    let took = Duration::from_millis(attempt.latency_ms.unsigned_abs());
    let mut tallies = TALLIES.lock().unwrap_or_else(PoisonError::into_inner);
    let tally = tallies.entry((channel, outcome)).or_insert_with(|| Tally::of(channel, outcome));
    tally.n_attempts.increment(1);
    tally.took.record(took);
}

impl Tally {
    fn of(channel: &'static str, outcome: &'static str) -> Self {
        let labels = [("channel", channel), ("outcome", outcome)];
        Self {
            n_attempts: metrics::counter!("farol_delivery_attempts_total", &labels),
            took: metrics::histogram!("farol_delivery_duration_seconds", &labels),
        }
    }
}
