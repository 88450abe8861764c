//! Maintenances that repeat: which occurrences there are, and how far ahead they are made.
use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

use super::{Template, Window};
use crate::recurrence::Recurrence;

/// How far ahead occurrences are made,
const HORIZON_DAYS: i64 = 90;
/// though never fewer than this many,
const AHEAD_MIN: usize = 3;
/// and never more.
const AHEAD_MAX: usize = 200;

/// What makes occurrences.
#[derive(Clone, Debug)]
pub struct Series {
    pub id: Uuid,
    pub recurrence: Recurrence,
    /// The window of the first occurrence.
    pub window: Window,
    pub template: Template,
    /// Everything that begins before was made, and is never made again.
    pub made_to: DateTime<Utc>,
    /// Who made it.
    pub source: String,
}

/// Occurrences to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// When they begin, oldest first.
    pub starts: Vec<DateTime<Utc>>,
    /// Everything that begins before is made now.
    pub made_to: DateTime<Utc>,
    /// When there will be more to make; nothing when the series has no more.
    pub extend_at: Option<DateTime<Utc>>,
}

impl Series {
    /// Which occurrences are missing, seen from `now`, when those that begin at `ahead` (oldest
    /// first) are there. What has begun before `now` is not made any more: nobody was told of it.
    pub fn extend(&self, ahead: &[DateTime<Utc>], now: DateTime<Utc>) -> Extension {
        let from =
            if self.made_to > self.window.starts_at { self.made_to.max(now) } else { self.made_to };
        let room = AHEAD_MAX.saturating_sub(ahead.len());
        let mut coming = self.recurrence.starts(from, DateTime::<Utc>::MAX_UTC, room + 1);
        let horizon = now + Duration::days(HORIZON_DAYS);
        let n_near = coming.iter().take_while(|it| **it < horizon).count();
        let n_least = AHEAD_MIN.saturating_sub(ahead.len());
        let n = n_near.max(n_least).min(room).min(coming.len());
        let next = coming.get(n).copied();
        coming.truncate(n);
        let all: Vec<DateTime<Utc>> = ahead.iter().chain(&coming).copied().collect();
        let made_to = coming.last().map_or(from, |it| *it + Duration::microseconds(1));
        let extend_at = next.map(|next| {
            if all.len() >= AHEAD_MAX {
                return all.get(AHEAD_MAX / 2).copied().unwrap_or(next);
            }
            let few = all.len().checked_sub(AHEAD_MIN).and_then(|it| all.get(it)).copied();
            let near = next - Duration::days(HORIZON_DAYS);
            few.map_or(near, |few| few.min(near)).max(now + Duration::seconds(1))
        });
        Extension { starts: coming, made_to, extend_at }
    }
}
