//! From facts to queues, as soon as they are committed.
use std::sync::Arc;
use std::time::Duration;

use app::Db;
use app::fan_out::step;
use tokio::sync::watch;

use crate::{Bells, pause, seam};

/// How often the outbox is looked at when nobody rings.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long a fact may wait for company: what costs is the transactions, and every commit rings.
const LINGER: Duration = Duration::from_millis(5);

pub async fn run(db: Db, bells: Arc<Bells>, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        match seam::run(&db, step).await {
            Ok(progress) => {
                if progress.enqueued > 0 {
                    bells.deliver.notify_one();
                }
                if progress.more {
                    continue;
                }
            }
            Err(error) => tracing::warn!(%error, "facts could not be fanned out"),
        }
        pause(&bells.fan_out, LOOK_EVERY, &mut stopped).await;
        tokio::time::sleep(LINGER).await;
    }
}
