//! Connections that wait for the next mail.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::line::Line;

/// lettre has a pool too, but it would keep the connection of an abandoned mail in the middle of
/// its conversation, and answers would then be taken for those of the next mail.
pub(super) struct Pool {
    idle: Mutex<Idle>,
    idle_for: Duration,
}

#[derive(Default)]
struct Idle {
    /// The one that waits longest comes first.
    lines: Vec<(Instant, Line)>,
    is_swept: bool,
}

impl Pool {
    pub(super) fn new(idle_for: Duration) -> Self {
        Self { idle: Mutex::default(), idle_for }
    }

    pub(super) fn take(&self) -> Option<Line> {
        self.lock().lines.pop().map(|(_, line)| line)
    }

    pub(super) fn park(self: &Arc<Self>, line: Line) {
        let mut idle = self.lock();
        idle.lines.push((Instant::now(), line));
        if !std::mem::replace(&mut idle.is_swept, true) {
            tokio::spawn(sweep(Arc::downgrade(self), self.idle_for));
        }
    }

    /// Those that have waited long enough; nothing when none waits any more.
    fn expired(&self) -> Option<Vec<Line>> {
        let mut idle = self.lock();
        if idle.lines.is_empty() {
            idle.is_swept = false;
            return None;
        }
        let n_old = idle.lines.partition_point(|(since, _)| since.elapsed() >= self.idle_for);
        Some(idle.lines.drain(..n_old).map(|(_, line)| line).collect())
    }

    fn lock(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends what nobody needs any more as RFC 5321 §4.1.1.10 asks: with a word.
async fn sweep(pool: Weak<Pool>, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        let Some(expired) = pool.upgrade().and_then(|pool| pool.expired()) else { return };
        for line in expired {
            line.hang_up().await;
        }
    }
}
