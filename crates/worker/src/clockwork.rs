//! Maintenances begin, end and are called to mind on time.
use std::sync::Arc;
use std::time::Duration;

use app::maintenance::{next_due, step};
use app::{Db, Error};
use chrono::TimeDelta;
use tokio::sync::watch;

use crate::{Bells, pause, seam};

/// How often the plan is looked at when nothing is due: the database's clock is not ours.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// When what is due is another replica's, or cannot be moved: until the next try.
const TRY_AGAIN: Duration = Duration::from_millis(20);

pub async fn run(db: Db, bells: Arc<Bells>, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        let mut wait = LOOK_EVERY;
        match seam::run(&db, look).await {
            Ok(None) => continue,
            Ok(Some(due_in)) => {
                let due_in = due_in.and_then(|it| it.to_std().ok());
                wait = due_in.unwrap_or(LOOK_EVERY).min(LOOK_EVERY);
            }
            Err(error) => tracing::warn!(%error, "maintenances could not be moved"),
        }
        pause(&bells.clockwork, wait.max(TRY_AGAIN), &mut stopped).await;
    }
}

/// Does what is due; if that was nothing, tells how long nothing will be. Every commit rings, and
/// hardly any has to do with the plan: so it is asked first, which is one statement.
fn look(db: &Db) -> Result<Option<Option<TimeDelta>>, Error> {
    let due_in = next_due(db)?;
    let is_due = due_in.is_some_and(|it| it.is_zero());
    Ok(if is_due && step(db)? { None } else { Some(due_in) })
}
