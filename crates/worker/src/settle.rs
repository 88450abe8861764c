//! Writing results back, many at once.
use std::sync::Arc;
use std::time::Duration;

use app::credential;
use app::delivery::{Dropped, GivenUp, Settlement, settle};
use app::vault::Vault;
use app::{Db, DbError, Error};
use tokio::sync::mpsc;

use crate::send::{Consequence, Served};
use crate::{Bells, seam};

/// Leases whose results are written in one transaction. Measured in the design study, of one result
/// each: a batch of 100 costs a tenth of single acknowledgements, a batch of 500 little less.
const BATCH: usize = 200;
/// How long a result may wait for company.
const LINGER: Duration = Duration::from_millis(10);
/// How often and how long to try while the database is away; then leases run out by themselves
/// and the deliveries are repeated.
const TRIES: u32 = 40;
const TRY_EVERY: Duration = Duration::from_millis(500);

pub async fn run(
    db: Db,
    vault: Arc<Vault>,
    mut results: mpsc::Receiver<Served>,
    bells: Arc<Bells>,
) {
    let mut batch = Vec::with_capacity(BATCH);
    while results.recv_many(&mut batch, BATCH).await > 0 {
        if batch.len() < BATCH {
            tokio::time::sleep(LINGER).await;
            while batch.len() < BATCH {
                let Ok(more) = results.try_recv() else { break };
                batch.push(more);
            }
        }
        let (mut settlements, mut given_up) = (Vec::new(), Vec::new());
        for Served { settlement, given_up: hopeless, consequences } in batch.drain(..) {
            // First, so that nothing is sent with a refused credential or to an old address
            // meanwhile.
            let mut is_heard = true;
            for consequence in consequences {
                is_heard &= follow(&db, &vault, consequence).await;
            }
            // Else the lease runs out, and the destination is asked once more.
            if is_heard {
                settlements.push(settlement);
                given_up.extend(hopeless);
            }
        }
        write(&db, settlements, given_up).await;
        bells.deliver.notify_one();
    }
}

/// Whether the answer was heard. What cannot be noted is met again with the next message; only a
/// destination that was asked for its word has no next one.
async fn follow(db: &Db, vault: &Arc<Vault>, consequence: Consequence) -> bool {
    let vault = Arc::clone(vault);
    let is_word = matches!(consequence, Consequence::Answered(..));
    let noted = seam::run(db, move |db| match consequence {
        Consequence::Refused(credential, reason) => credential::refuse(db, credential, &reason),
        Consequence::Accepted(credential) => credential::accept(db, credential),
        Consequence::Hold(credential, wait) => credential::hold(db, credential, wait),
        Consequence::Moved { subscription, lease, config } => {
            db.write(|db| app::subscription::follow(db, &vault, subscription, lease, &config))
        }
        Consequence::Answered(subscription, answer) => {
            app::subscription::confirm_by_answer(db, subscription, answer.as_bytes()).map(drop)
        }
    });
    let Err(error) = noted.await else { return true };
    tracing::warn!(%error, "what an answer said could not be noted");
    let is_passing = matches!(error, Error::Db(DbError::Locked | DbError::Unavailable(_)));
    !(is_word && is_passing)
}

async fn write(db: &Db, settlements: Vec<Settlement>, given_up: Vec<GivenUp>) {
    let (settlements, given_up) = (Arc::new(settlements), Arc::new(given_up));
    for _ in 0..TRIES {
        let (batch, hopeless) = (Arc::clone(&settlements), Arc::clone(&given_up));
        let written = seam::run(db, move |db| settle(db, &batch, &hopeless)).await;
        note(&written);
        if written.is_ok() {
            return;
        }
        tokio::time::sleep(TRY_EVERY).await;
    }
    lost(settlements.len());
}

fn note(written: &Result<Dropped, Error>) {
    match written {
        Ok(Dropped { late, .. }) if late.is_empty() => {}
        Ok(Dropped { late, .. }) => {
            tracing::warn!(?late, "results came after their leases had ended");
        }
        Err(error) => tracing::warn!(%error, "results could not be written"),
    }
}

fn lost(n_results: usize) {
    tracing::error!(n_results, "results were lost; deliveries will be repeated");
}
