//! Leasing destinations that are due, as many as there are hands to send.
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use app::Db;
use app::delivery::{Batch, Lease, Queue, Stories, claim};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::send::{Sender, Served};
use crate::{Bells, pause, seam, settle};

/// Leases at once of destinations that answered well last time, until they prove to take long.
const HEALTHY: u32 = 256;
/// Leases of destinations whose last attempt failed: however many hang, the healthy ones find a free
/// slot.
const STRUGGLING: u32 = 64;
/// Mails under way: enough to keep every connection to the mail server busy, and so few that none
/// waits for one until its time is up.
const MAILS: u32 = 32;
/// A claim costs a commit, so it is made for a share of the slots: one in this many.
const SHARE: u32 = 2;
/// Least time between two looks at those: they wait for seconds at least, and a look costs
/// transactions that the healthy ones would miss.
const STRUGGLERS_REST: Duration = Duration::from_millis(50);
/// How long slots may stay empty until there are enough of them.
const LINGER: Duration = Duration::from_millis(5);
/// A lease that is not done after this time hands the slot on, as long as there is room among the
/// slow: one destination in five may hang, and the others do not wait for them.
const PROMPT: Duration = Duration::from_millis(50);
/// Leases that hold no slot any more. Each is a connection and some 30 KiB.
const SLOW: u32 = 2_048;
/// Deliveries to one destination under one lease.
const DEPTH: i64 = 16;
/// How often the queue is looked at when nobody rings.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Results on their way to the database.
const RESULTS: usize = 1024;

/// A kind of destination, and the slots it may take.
struct Lane {
    queue: Queue,
    slots: Arc<Semaphore>,
    n_slots: u32,
    /// Where those go that take long.
    slow: Option<Arc<Semaphore>>,
    /// Least time between two looks.
    rest: Duration,
    looked_at: Option<Instant>,
}

/// Slots of a lane that a claim may fill.
struct Free {
    queue: Queue,
    slots: OwnedSemaphorePermit,
    slow: Option<Arc<Semaphore>>,
}

impl Lane {
    fn new(queue: Queue, n_slots: u32) -> Self {
        let semaphore = |n: u32| Arc::new(Semaphore::new(usize::try_from(n).unwrap_or(1)));
        let (slow, rest) = match queue {
            Queue::Healthy => (Some(semaphore(SLOW)), Duration::ZERO),
            Queue::Struggling => (None, STRUGGLERS_REST),
            Queue::Mail => (None, Duration::ZERO),
        };
        Self { queue, slots: semaphore(n_slots), n_slots, slow, rest, looked_at: None }
    }

    /// Waits a little until as many slots are free as are worth a claim.
    async fn has_room(&self) {
        let enough = self.slots.acquire_many(self.n_slots / SHARE);
        let _enough_or_late = timeout(LINGER, enough).await;
    }

    /// All slots that are free, unless the lane rests.
    fn free(&mut self) -> Option<Free> {
        if self.looked_at.is_some_and(|it| it.elapsed() < self.rest) {
            return None;
        }
        let n_free = u32::try_from(self.slots.available_permits()).ok().filter(|it| *it > 0)?;
        let slots = Arc::clone(&self.slots).try_acquire_many_owned(n_free).ok()?;
        self.looked_at = Some(Instant::now());
        Some(Free { queue: self.queue, slots, slow: self.slow.clone() })
    }
}

/// What it takes to serve leases.
struct Hands {
    sender: Arc<Sender>,
    results: mpsc::Sender<Served>,
    bells: Arc<Bells>,
    stopped: watch::Receiver<bool>,
    sending: JoinSet<()>,
    /// The events of the last batch: those of the next are mostly the same.
    known: Arc<Stories>,
}

pub async fn run(db: Db, sender: Sender, bells: Arc<Bells>, mut stopped: watch::Receiver<bool>) {
    let mut lanes = [
        Lane::new(Queue::Healthy, HEALTHY),
        Lane::new(Queue::Struggling, STRUGGLING),
        Lane::new(Queue::Mail, MAILS),
    ];
    let (results, settled) = mpsc::channel(RESULTS);
    let settling =
        tokio::spawn(settle::run(db.clone(), sender.vault(), settled, Arc::clone(&bells)));
    let mut hands = Hands {
        sender: Arc::new(sender),
        results,
        bells: Arc::clone(&bells),
        stopped: stopped.clone(),
        sending: JoinSet::new(),
        known: Arc::default(),
    };
    while !*stopped.borrow() {
        let [healthy, ..] = &lanes;
        healthy.has_room().await;
        let free: Vec<Free> = lanes.iter_mut().filter_map(Lane::free).collect();
        let claimed = !free.is_empty() && hands.take(&db, free).await;
        while hands.sending.try_join_next().is_some() {}
        if !claimed {
            pause(&bells.deliver, LOOK_EVERY, &mut stopped).await;
        }
    }
    while hands.sending.join_next().await.is_some() {}
    drop(hands);
    // A panic there was logged; the leases run out by themselves.
    let _ = settling.await;
}

impl Hands {
    /// Leases as many destinations as there are free slots and begins to serve them; whether there
    /// were any.
    async fn take(&mut self, db: &Db, free: Vec<Free>) -> bool {
        let n_free = |it: &Free| i64::try_from(it.slots.num_permits()).unwrap_or(i64::MAX);
        let wanted: Vec<(Queue, i64)> = free.iter().map(|it| (it.queue, n_free(it))).collect();
        let known = Arc::clone(&self.known);
        match seam::run(db, move |db| claim(db, &wanted, DEPTH, &known)).await {
            Ok((leases, _)) if leases.is_empty() => false,
            Ok((leases, batch)) => {
                self.known = Arc::clone(&batch.events);
                self.serve(leases, batch, free);
                true
            }
            Err(error) => {
                tracing::warn!(%error, "no deliveries could be claimed");
                false
            }
        }
    }

    fn serve(&mut self, leases: Vec<Lease>, batch: Batch, mut free: Vec<Free>) {
        let batch = Arc::new(batch);
        for lease in leases {
            let lane = free.iter_mut().find(|it| it.queue == lease.queue);
            let (slot, slow) =
                lane.map(|it| (it.slots.split(1), it.slow.clone())).unwrap_or_default();
            let (sender, results) = (Arc::clone(&self.sender), self.results.clone());
            let (batch, stopped) = (Arc::clone(&batch), self.stopped.clone());
            let bells = Arc::clone(&self.bells);
            self.sending.spawn(async move {
                let serving = Box::pin(sender.serve(&lease, &batch, &stopped));
                let result = in_time(serving, slot, slow, &bells).await;
                // The other end is gone only when the database is, and then the lease runs out
                // by itself.
                let _ = results.send(result).await;
            });
        }
    }
}

/// Waits for a result; the slot is free when it has come, or before if it takes long.
async fn in_time(
    mut serving: Pin<Box<impl Future<Output = Served>>>,
    slot: Option<OwnedSemaphorePermit>,
    slow: Option<Arc<Semaphore>>,
    bells: &Bells,
) -> Served {
    if let Ok(served) = timeout(PROMPT, serving.as_mut()).await {
        return served;
    }
    let held = match slow.and_then(|it| it.try_acquire_owned().ok()) {
        Some(among_the_slow) => {
            drop(slot);
            bells.deliver.notify_one();
            Some(among_the_slow)
        }
        None => slot,
    };
    let served = serving.await;
    drop(held);
    served
}
