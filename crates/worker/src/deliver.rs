//! Leasing destinations that are due, as many as there are hands to send.
use std::sync::Arc;
use std::time::{Duration, Instant};

use app::Db;
use app::delivery::{Batch, Stories, claim};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::send::{Sender, Served};
use crate::{Bells, pause, seam, settle};

/// Requests under way at once.
const SLOTS: usize = 256;
/// Of those, how many may go to destinations whose last attempt failed: however many hang, the
/// healthy ones find a free slot.
const STRUGGLING: usize = 64;
/// A claim costs a commit, so it is made for a share of the slots: one in this many.
const SHARE: usize = 4;
/// Least time between two looks at those: they wait for seconds at least, and a look costs
/// transactions that the healthy ones would miss.
const STRUGGLERS_REST: Duration = Duration::from_millis(50);
/// How long slots may stay empty until there are enough of them, and rings be collected.
const LINGER: Duration = Duration::from_millis(5);
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
    n_slots: usize,
    /// Least time between two claims.
    rest: Duration,
    claimed: Option<Instant>,
    /// The events of the last batch: those of the next are mostly the same.
    known: Arc<Stories>,
}

impl Lane {
    fn new(number: i16, n_slots: usize, rest: Duration) -> Self {
        let (slots, known) = (Arc::new(Semaphore::new(n_slots)), Arc::default());
        Self { number, slots, n_slots, rest, claimed: None, known }
    }

    fn is_resting(&self) -> bool {
        self.claimed.is_some_and(|it| it.elapsed() < self.rest)
    }

    /// All slots that are free, once they are worth a claim or have waited long enough.
    async fn free(&self) -> Option<OwnedSemaphorePermit> {
        let worth_it = u32::try_from(self.n_slots / SHARE).unwrap_or(u32::MAX);
        let enough = Arc::clone(&self.slots).acquire_many_owned(worth_it);
        let enough = timeout(LINGER, enough).await.ok().and_then(Result::ok);
        let n_more = u32::try_from(self.slots.available_permits()).unwrap_or(u32::MAX);
        let more = Arc::clone(&self.slots).try_acquire_many_owned(n_more).ok();
        let more = more.filter(|it| it.num_permits() > 0);
        match (enough, more) {
            (Some(mut enough), Some(more)) => {
                enough.merge(more);
                Some(enough)
            }
            (some, none) => some.or(none),
        }
    }
}

/// What it takes to serve leases.
struct Hands {
    sender: Arc<Sender>,
    results: mpsc::Sender<Served>,
    stopped: watch::Receiver<bool>,
    sending: JoinSet<()>,
}

pub async fn run(db: Db, sender: Sender, bells: Arc<Bells>, mut stopped: watch::Receiver<bool>) {
    let mut lanes = [
        Lane::new(0, SLOTS - STRUGGLING, Duration::ZERO),
        Lane::new(1, STRUGGLING, STRUGGLERS_REST),
    ];
    let (results, settled) = mpsc::channel(RESULTS);
    let settling =
        tokio::spawn(settle::run(db.clone(), sender.vault(), settled, Arc::clone(&bells)));
    let (sender, sending) = (Arc::new(sender), JoinSet::new());
    let mut hands = Hands { sender, results, stopped: stopped.clone(), sending };
    while !*stopped.borrow() {
        let mut claimed = false;
        for lane in &mut lanes {
            if let Some((batch, slots)) = take(&db, lane).await {
                claimed |= hands.serve(batch, slots);
            }
        }
        while hands.sending.try_join_next().is_some() {}
        if !claimed {
            pause(&bells.deliver, LOOK_EVERY, &mut stopped).await;
            // Every commit rings, and most of them have nothing to deliver.
            tokio::time::sleep(LINGER).await;
        }
    }
    while hands.sending.join_next().await.is_some() {}
    drop(hands);
    // A panic there was logged; the leases run out by themselves.
    let _ = settling.await;
}

impl Hands {
    /// Begins to serve a batch; whether there was anything in it.
    fn serve(&mut self, batch: Batch, mut slots: OwnedSemaphorePermit) -> bool {
        let claimed = !batch.leases.is_empty();
        let batch = Arc::new(batch);
        for index in 0..batch.leases.len() {
            let slot = slots.split(1);
            let (sender, results) = (Arc::clone(&self.sender), self.results.clone());
            let (batch, stopped) = (Arc::clone(&batch), self.stopped.clone());
            self.sending.spawn(async move {
                let Some(lease) = batch.leases.get(index) else { return };
                let result = sender.serve(lease, &batch, &stopped).await;
                drop(slot);
                // The other end is gone only when the database is, and then the lease runs out
                // by itself.
                let _ = results.send(result).await;
            });
        }
        claimed
    }
}

/// Leases as many destinations of a lane as it has free slots.
async fn take(db: &Db, lane: &mut Lane) -> Option<(Batch, OwnedSemaphorePermit)> {
    if lane.is_resting() {
        return None;
    }
    let permits = lane.free().await?;
    let (number, n_free) = (lane.number, i64::try_from(permits.num_permits()).unwrap_or(i64::MAX));
    lane.claimed = Some(Instant::now());
    let known = Arc::clone(&lane.known);
    match seam::run(db, move |db| claim(db, number, n_free, DEPTH, &known)).await {
        Ok(batch) => {
            if !batch.events.is_empty() {
                lane.known = Arc::clone(&batch.events);
            }
            Some((batch, permits))
        }
        Err(error) => {
            tracing::warn!(%error, "no deliveries could be claimed");
            None
        }
    }
}
