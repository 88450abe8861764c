//! Waiting for what comes by itself.
use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_millis(20);

/// Asks again and again until the answer is yes.
///
/// # Panics
/// When it is still no after `within`.
#[track_caller]
pub fn eventually<F, A>(within: Duration, mut holds: F) -> impl Future<Output = ()>
where
    F: FnMut() -> A,
    A: Future<Output = bool>,
{
    let asker = std::panic::Location::caller();
    async move {
        let deadline = Instant::now() + within;
        while !holds().await {
            assert!(Instant::now() < deadline, "{asker}: not so within {within:?}");
            tokio::time::sleep(EVERY).await;
        }
    }
}
