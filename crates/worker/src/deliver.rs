//! Leasing destinations that are due, as many as there are hands to send.
use std::sync::Arc;
use std::time::Duration;

use app::delivery::{Batch, claim};
use app::{Db, Error};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::task::JoinSet;

use crate::send::Sender;
use crate::{Bells, pause, seam, settle};

/// Requests under way at once.
const SLOTS: usize = 256;
/// Of those, how many may go to destinations whose last attempt failed: however many hang, the
/// healthy ones find a free slot.
const STRUGGLING: usize = 64;
/// Deliveries to one destination under one lease.
const DEPTH: i64 = 8;
/// How often the queue is looked at when nobody rings.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Results on their way to the database.
const RESULTS: usize = 1024;

/// A kind of destination, and the slots it may take.
struct Lane {
    number: i16,
    slots: Arc<Semaphore>,
}

pub async fn run(db: Db, sender: Sender, bells: Arc<Bells>, mut stopped: watch::Receiver<bool>) {
    let sender = Arc::new(sender);
    let lanes = [
        Lane { number: 0, slots: Arc::new(Semaphore::new(SLOTS - STRUGGLING)) },
        Lane { number: 1, slots: Arc::new(Semaphore::new(STRUGGLING)) },
    ];
    let (results, settled) = mpsc::channel(RESULTS);
    let settling = tokio::spawn(settle::run(db.clone(), settled, Arc::clone(&bells)));
    let mut sending = JoinSet::new();
    while !*stopped.borrow() {
        let mut claimed = false;
        for lane in &lanes {
            match take(&db, lane).await {
                Ok(Some((batch, mut permits))) => {
                    claimed |= !batch.leases.is_empty();
                    for lease in batch.leases {
                        let slot = permits.split(1);
                        let (sender, results) = (Arc::clone(&sender), results.clone());
                        let (events, stopped) = (batch.events.clone(), stopped.clone());
                        sending.spawn(async move {
                            let result = sender.serve(&lease, &events, &stopped).await;
                            drop(slot);
                            // The other end is gone only when the database is, and then the
                            // lease runs out by itself.
                            let _ = results.send(result).await;
                        });
                    }
                }
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "no deliveries could be claimed"),
            }
        }
        while sending.try_join_next().is_some() {}
        if !claimed {
            pause(&bells.deliver, LOOK_EVERY, &mut stopped).await;
        }
    }
    while sending.join_next().await.is_some() {}
    drop(results);
    // A panic there was logged; the leases run out by themselves.
    let _ = settling.await;
}

/// Leases as many destinations of a lane as it has free slots.
async fn take(db: &Db, lane: &Lane) -> Result<Option<(Batch, OwnedSemaphorePermit)>, Error> {
    let n_free = u32::try_from(lane.slots.available_permits()).unwrap_or(u32::MAX);
    if n_free == 0 {
        return Ok(None);
    }
    let Ok(permits) = Arc::clone(&lane.slots).try_acquire_many_owned(n_free) else {
        return Ok(None);
    };
    let number = lane.number;
    let batch = seam::run(db, move |db| claim(db, number, n_free.into(), DEPTH)).await?;
    Ok(Some((batch, permits)))
}
