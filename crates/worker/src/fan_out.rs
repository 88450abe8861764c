//! From facts to queues, as soon as they are committed.
use std::sync::Arc;
use std::time::{Duration, Instant};

use app::Db;
use app::fan_out::step;
use tokio::sync::watch;

use crate::{Bells, pause, seam};

/// How often the outbox is looked at when nobody rings.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Least time between two steps: what costs is the transactions, and every commit rings. On a busy
/// machine as long again as the last step took, so that fanning out leaves room for writers.
const REST: Duration = Duration::from_millis(10);

pub async fn run(db: Db, bells: Arc<Bells>, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        let began = Instant::now();
        let done = seam::run(&db, step).await;
        let rested = Instant::now() + REST.max(began.elapsed());
        match done {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "facts could not be fanned out"),
        }
        pause(&bells.fan_out, LOOK_EVERY, &mut stopped).await;
        tokio::time::sleep_until(rested.into()).await;
    }
}
