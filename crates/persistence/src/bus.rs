//! News between replicas, over `LISTEN` and `NOTIFY`.
//!
//! `NOTIFY` inside a transaction serialises all commits on one lock, so news goes out after the
//! commit, from one thread with a connection of its own, and many commits make one notification.
//! Nobody may depend on it: whoever listens also polls.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::{Commit, DbError};

/// diesel shows no socket to wait on, so the thread looks this often.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How often the connection is proved to be alive.
const PROVE_EVERY: Duration = Duration::from_secs(1);
/// Wait before the first attempt to reconnect, doubled up to [`RECONNECT_MAX`].
const RECONNECT_MIN: Duration = Duration::from_millis(100);
const RECONNECT_MAX: Duration = Duration::from_secs(2);

/// Set when everything must be looked at: in no news of this release's own.
const EVERYTHING: u8 = u8::MAX;

/// A running listener; stops when dropped.
pub struct Bus {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// After so long without a word the database is away, although the connection stands.
const SILENT_FOR: Duration = Duration::from_secs(10);

struct Shared {
    outgoing: AtomicU8,
    connected: AtomicBool,
    stop: AtomicBool,
    started: Instant,
    /// When the database was heard last, in milliseconds since `started`.
    heard_at: AtomicU64,
}

impl Shared {
    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            outgoing: AtomicU8::default(),
            connected: AtomicBool::default(),
            stop: AtomicBool::default(),
            started: Instant::now(),
            heard_at: AtomicU64::default(),
        }
    }
}

impl Bus {
    /// Listens on the database at `url` and calls `hear` with what other replicas did, and once
    /// with everything after each (re)connection, because something may have been missed.
    pub fn start(url: &str, hear: impl Fn(Commit) + Send + 'static) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let (url, for_thread) = (url.to_owned(), Arc::clone(&shared));
        let thread = thread::Builder::new()
            .name("bus".to_owned())
            .spawn(move || run(&url, &for_thread, &hear))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Tells the other replicas.
    pub fn tell(&self, commit: Commit) {
        self.shared.outgoing.fetch_or(bits(commit), Ordering::Relaxed);
    }

    /// Whether there is a connection, and the database was heard on it lately.
    pub fn is_connected(&self) -> bool {
        let heard_at = self.shared.heard_at.load(Ordering::Relaxed);
        let silence = self.shared.now().saturating_sub(heard_at);
        self.shared.connected.load(Ordering::Relaxed)
            && u128::from(silence) < SILENT_FOR.as_millis()
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been logged already; there is nobody left to tell.
            let _ = thread.join();
        }
    }
}

fn run(url: &str, shared: &Shared, hear: &dyn Fn(Commit)) {
    let mut wait = RECONNECT_MIN;
    while !shared.stop.load(Ordering::Relaxed) {
        let began = Instant::now();
        if let Err(error) = serve(url, shared, hear) {
            shared.connected.store(false, Ordering::Relaxed);
            tracing::warn!(%error, "the database connection for notifications is down");
        }
        wait =
            if began.elapsed() > PROVE_EVERY { RECONNECT_MIN } else { RECONNECT_MAX.min(wait * 2) };
        if !shared.stop.load(Ordering::Relaxed) {
            thread::sleep(wait);
        }
    }
}

fn serve(url: &str, shared: &Shared, hear: &dyn Fn(Commit)) -> Result<(), DbError> {
    let mut conn = PgConnection::establish(url)?;
    diesel::sql_query("set application_name = 'farol bus'").execute(&mut conn)?;
    diesel::sql_query("listen farol").execute(&mut conn)?;
    let own: i32 = diesel::select(pg_backend_pid()).get_result(&mut conn)?;
    shared.heard_at.store(shared.now(), Ordering::Relaxed);
    shared.connected.store(true, Ordering::Relaxed);
    hear(commit(EVERYTHING));
    let mut proved = Instant::now();
    while !shared.stop.load(Ordering::Relaxed) {
        let outgoing = shared.outgoing.swap(0, Ordering::Relaxed);
        if outgoing != 0 {
            let payload = outgoing.to_string();
            diesel::select(pg_notify("farol", payload)).execute(&mut conn)?;
        }
        let heard = listen(&mut conn, own)?;
        if heard != 0 {
            hear(commit(heard));
        }
        if proved.elapsed() > PROVE_EVERY {
            diesel::sql_query("select 1").execute(&mut conn)?;
            proved = Instant::now();
            shared.heard_at.store(shared.now(), Ordering::Relaxed);
        }
        thread::sleep(LOOK_EVERY);
    }
    Ok(())
}

fn listen(conn: &mut PgConnection, own: i32) -> Result<u8, DbError> {
    let mut heard = 0;
    for notification in conn.notifications_iter() {
        let notification = notification?;
        if notification.process_id != own {
            heard |= notification.payload.parse::<u8>().unwrap_or(EVERYTHING);
        }
    }
    Ok(heard)
}

/// Each kind of news has its bit, which releases that run side by side share.
fn bits(commit: Commit) -> u8 {
    let Commit { events, access, numbered, planned, due } = commit;
    let kinds = [events, access, numbered, planned, due];
    kinds.into_iter().rev().fold(0, |bits, is_set| bits << 1 | u8::from(is_set))
}

fn commit(bits: u8) -> Commit {
    let [events, access, numbered, planned, due] = std::array::from_fn(|nth| bits & 1 << nth != 0);
    Commit { events, access, numbered, planned, due }
}

#[diesel::declare_sql_function]
extern "SQL" {
    fn pg_notify(channel: Text, payload: Text);
    fn pg_backend_pid() -> Integer;
}
