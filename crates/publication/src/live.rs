//! The present page, swapped whole.
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use domain::caller::Visibility;
use domain::page::Snapshot;

use crate::document::Document;
use crate::status::StatusDocument;

/// Least time from one build to the next, so that writers in a row share builds. Who writes alone
/// waits for nothing.
const BETWEEN_BUILDS: Duration = Duration::from_millis(10);

/// The page of one instant. A document is rendered when it is first asked for, so that many writes
/// in a row do not render what nobody reads.
#[derive(Debug)]
pub struct Pages {
    snapshot: Snapshot,
    status: [OnceLock<Document>; 2],
}

/// Holds the present page. Readers take it without waiting; builders take turns.
#[derive(Debug)]
pub struct Live {
    pages: ArcSwapOption<Pages>,
    /// Counts requests to build, so that one build can serve all that came before it began.
    requested: AtomicU64,
    built: Mutex<Built>,
    /// Milliseconds since `epoch` at which the page was last known to be true.
    confirmed: AtomicU64,
    /// Not zero while the database does not answer.
    doubted: AtomicU64,
    epoch: Instant,
}

/// The last build: which requests it served, and when it was done.
#[derive(Debug, Default)]
struct Built {
    served: u64,
    at: Option<Instant>,
}

impl Pages {
    /// The page that a snapshot shows.
    pub fn new(snapshot: Snapshot) -> Self {
        Self { snapshot, status: [OnceLock::new(), OnceLock::new()] }
    }

    /// What is shown.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The versions of the page: public, and with everything.
    pub fn versions(&self) -> (i64, i64) {
        (self.snapshot.public_version, self.snapshot.internal_version)
    }

    /// `GET /api/v1/status` for readers of this kind.
    pub fn status(&self, audience: Visibility) -> &Document {
        let [public, internal] = &self.status;
        let slot = match audience {
            Visibility::Public => public,
            Visibility::Internal => internal,
        };
        slot.get_or_init(|| Document::json(&StatusDocument::of(&self.snapshot, audience)))
    }
}

impl Default for Live {
    fn default() -> Self {
        Self {
            pages: ArcSwapOption::empty(),
            requested: AtomicU64::new(0),
            built: Mutex::default(),
            confirmed: AtomicU64::new(0),
            doubted: AtomicU64::new(0),
            epoch: Instant::now(),
        }
    }
}

impl Live {
    /// The present page; nothing until it was built once.
    pub fn pages(&self) -> Option<std::sync::Arc<Pages>> {
        self.pages.load_full()
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
        if let Some(left) = built.at.and_then(|it| BETWEEN_BUILDS.checked_sub(it.elapsed())) {
            std::thread::sleep(left);
        }
        let serves = self.requested.load(Ordering::SeqCst);
        let built_now = build(self.pages().as_deref())?;
        self.pages.store(Some(built_now.into()));
        *built = Built { served: serves, at: Some(Instant::now()) };
        self.confirm();
        Ok(())
    }

    /// The page is known to be true now.
    pub fn confirm(&self) {
        self.confirmed.store(self.now(), Ordering::Relaxed);
        self.doubted.store(0, Ordering::Relaxed);
    }

    /// Whether the page is still true cannot be found out.
    pub fn doubt(&self) {
        self.doubted.store(1, Ordering::Relaxed);
    }

    /// While the database does not answer: how old the page is.
    pub fn stale_for(&self) -> Option<Duration> {
        if self.doubted.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let age = self.now().saturating_sub(self.confirmed.load(Ordering::Relaxed));
        Some(Duration::from_millis(age))
    }

    fn now(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    fn pages() -> Pages {
        let page = domain::page::Page {
            id: uuid::Uuid::nil(),
            name: "Test".to_owned(),
            url: String::new(),
            time_zone: "Etc/UTC".to_owned(),
        };
        Pages::new(Snapshot {
            page,
            public_version: 1,
            internal_version: 1,
            groups: Vec::new(),
            components: Vec::new(),
            incidents: Vec::new(),
            maintenances: Vec::new(),
            public_updated_at: chrono::DateTime::UNIX_EPOCH,
            internal_updated_at: chrono::DateTime::UNIX_EPOCH,
        })
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
