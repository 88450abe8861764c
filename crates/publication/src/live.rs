//! The present page, swapped whole.
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::{ArcSwapOption, Guard};
use chrono::{DateTime, Utc};

use crate::pages::Pages;
use crate::shelf::Shelf;

/// From one build to the next passes twice the time that the last one took, and not more than this, so
/// that writers in a row share builds and building leaves room for writing. Who writes alone waits for
/// nothing.
const BETWEEN_BUILDS_MAX: Duration = Duration::from_millis(10);
/// The page is looked at every second; after so long without an answer it counts as stale, also if
/// nobody said so.
const CONFIRMED_WITHIN: Duration = Duration::from_secs(10);

/// Holds the present page. Readers take it without waiting; builders take turns.
#[derive(Debug)]
pub struct Live {
    pages: ArcSwapOption<Pages>,
    /// Counts requests to build, so that one build can serve all that came before it began.
    requested: AtomicU64,
    built: Mutex<Built>,
    /// Milliseconds since `epoch` at which the page was last known to be true; a restored one was
    /// before.
    confirmed: AtomicI64,
    /// Whether the database does not answer.
    doubted: AtomicBool,
    /// The database's time at `epoch`, in microseconds.
    clock: AtomicI64,
    epoch: Instant,
    shelf: Shelf,
}

/// The last build: which requests it served, and before when there is no other.
#[derive(Debug, Default)]
struct Built {
    served: u64,
    rest_until: Option<Instant>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            pages: ArcSwapOption::empty(),
            requested: AtomicU64::new(0),
            built: Mutex::default(),
            confirmed: AtomicI64::new(0),
            doubted: AtomicBool::new(false),
            clock: AtomicI64::new(0),
            epoch: Instant::now(),
            shelf: Shelf::default(),
        }
    }
}

impl Live {
    /// The present page; nothing until it was built once.
    pub fn pages(&self) -> Option<Arc<Pages>> {
        self.pages.load_full()
    }

    /// The present page, for a look at once: held for longer it makes builders slow.
    pub fn glance(&self) -> Guard<Option<Arc<Pages>>> {
        self.pages.load()
    }

    /// Returns once the page is at least as new as this call: builds it, or waits for a build that
    /// began later than the call and takes its result. `build` is given the present page.
    pub fn refresh<E>(
        &self,
        build: impl FnOnce(Option<&Pages>) -> Result<Pages, E>,
    ) -> Result<(), E> {
        let ticket = self.requested.fetch_add(1, Ordering::SeqCst) + 1;
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        if built.served >= ticket {
            return Ok(());
        }
        if let Some(until) = built.rest_until {
            std::thread::sleep(until.saturating_duration_since(Instant::now()));
        }
        let (serves, began) = (self.requested.load(Ordering::SeqCst), Instant::now());
        let built_now = build(self.pages().as_deref())?;
        let now = built_now.snapshot().map(|it| it.taken_at);
        self.pages.store(Some(built_now.into()));
        let rest = BETWEEN_BUILDS_MAX.min(began.elapsed() * 2);
        *built = Built { served: serves, rest_until: Some(Instant::now() + rest) };
        if let Some(now) = now {
            self.confirm(now);
        }
        Ok(())
    }

    /// Shows a page from the disk, which was true so long ago, until one is built.
    pub fn restore(&self, pages: Pages, age: Duration) {
        self.pages.store(Some(pages.into()));
        let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
        self.confirmed.store(self.elapsed().saturating_sub(age), Ordering::Relaxed);
        self.doubt();
    }

    /// The documents that need more than the page.
    pub fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    /// The page is known to be true now, in the database's time.
    pub fn confirm(&self, now: DateTime<Utc>) {
        let elapsed = self.elapsed();
        self.clock.store(now.timestamp_micros() - elapsed * 1000, Ordering::Relaxed);
        self.confirmed.store(elapsed, Ordering::Relaxed);
        self.doubted.store(false, Ordering::Relaxed);
    }

    /// What the database's clock says, as far as one can know without asking it.
    pub fn now(&self) -> DateTime<Utc> {
        self.time_at(Instant::now())
    }

    /// What it said at an instant.
    pub fn time_at(&self, at: Instant) -> DateTime<Utc> {
        let micros = self.clock.load(Ordering::Relaxed) + self.elapsed_at(at) * 1000;
        DateTime::from_timestamp_micros(micros).unwrap_or_default()
    }

    /// Whether the page is still true cannot be found out.
    pub fn doubt(&self) {
        self.doubted.store(true, Ordering::Relaxed);
    }

    /// While the database does not answer, or takes its time: how old the page is.
    pub fn stale_for(&self) -> Option<Duration> {
        self.stale_at(Instant::now())
    }

    /// The same at an instant: who answers in microseconds looks at a clock as seldom as can be.
    pub fn stale_at(&self, at: Instant) -> Option<Duration> {
        let age = self.elapsed_at(at).saturating_sub(self.confirmed.load(Ordering::Relaxed));
        let age = Duration::from_millis(u64::try_from(age).unwrap_or_default());
        (age > CONFIRMED_WITHIN || self.doubted.load(Ordering::Relaxed)).then_some(age)
    }

    fn elapsed(&self) -> i64 {
        self.elapsed_at(Instant::now())
    }

    /// Milliseconds since `epoch`.
    fn elapsed_at(&self, at: Instant) -> i64 {
        i64::try_from(at.saturating_duration_since(self.epoch).as_millis()).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    fn pages() -> Pages {
        Pages::new(crate::testing::snapshot())
    }

    #[test]
    fn builds_are_shared_by_those_who_came_before_they_began() {
        let live = Live::default();
        let n_built = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..50 {
                scope.spawn(|| {
                    live.refresh::<()>(|_| {
                        n_built.fetch_add(1, Ordering::SeqCst);
                        Ok(pages())
                    })
                });
            }
        });
        let n_built = n_built.load(Ordering::SeqCst);
        assert!((1..=50).contains(&n_built));
        assert_eq!(live.built.lock().unwrap().served, 50);
    }

    #[test]
    fn a_failed_build_leaves_the_page_and_the_next_call_tries_again() {
        let live = Live::default();
        assert!(live.refresh(|_| Err("down")).is_err());
        assert!(live.pages().is_none());
        live.doubt();
        assert!(live.stale_for().is_some());
        live.refresh::<()>(|_| Ok(pages())).unwrap();
        assert!(live.pages().is_some() && live.stale_for().is_none());
    }
}
