//! Maintenances begin, end and are called to mind on time.
use std::sync::Arc;
use std::time::Duration;

use app::Db;
use app::maintenance::{next_due, step};
use tokio::sync::watch;

use crate::{Bells, pause, seam};

/// How often the plan is looked at when nothing is due: the database's clock is not ours.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The least time between two looks, whoever rings.
const DEBOUNCE: Duration = Duration::from_millis(20);

pub async fn run(db: Db, bells: Arc<Bells>, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        let mut wait = LOOK_EVERY;
        match seam::run(&db, |db| if step(db)? { Ok(None) } else { next_due(db).map(Some) }).await {
            Ok(None) => continue,
            Ok(Some(due_in)) => {
                let due_in = due_in.and_then(|it| it.to_std().ok());
                wait = due_in.unwrap_or(LOOK_EVERY).min(LOOK_EVERY);
            }
            Err(error) => tracing::warn!(%error, "maintenances could not be moved"),
        }
        pause(&bells.clockwork, wait.max(DEBOUNCE), &mut stopped).await;
    }
}
