//! Days that are over are tallied, so that reading them costs the same however much happened.
//! Nothing depends on how far this has come.
use std::time::Duration;

use app::Db;
use tokio::sync::{Notify, watch};

use crate::{pause, seam};

/// How often it is looked whether a day is over, or one of the past has changed.
const LOOK_EVERY: Duration = Duration::from_secs(5);

pub async fn run(db: Db, mut stopped: watch::Receiver<bool>) {
    let never = Notify::new();
    while !*stopped.borrow() {
        match seam::run(&db, app::uptime::tally).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "days could not be tallied"),
        }
        pause(&never, LOOK_EVERY, &mut stopped).await;
    }
}
