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

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;
    use crate::caller::Visibility;

    fn series(rule: &str, starts_at: DateTime<Utc>) -> Series {
        let template = Template {
            title: String::new(),
            message: String::new(),
            message_html: String::new(),
            effects: Vec::new(),
            visibility: Visibility::Public,
            auto_start: true,
            auto_complete: true,
            notify: true,
            notify_on_start: true,
            notify_on_completion: true,
            remind_before_seconds: Vec::new(),
            dedup_key: None,
            metadata: Map::new(),
        };
        Series {
            id: Uuid::nil(),
            recurrence: Recurrence::new(rule, "Europe/Berlin", starts_at).unwrap(),
            window: Window { starts_at, ends_at: starts_at + Duration::hours(1) },
            template,
            made_to: starts_at,
            source: String::new(),
        }
    }

    /// However often somebody looks, what is made is the rule, without gap or repetition.
    #[test]
    fn extensions_add_up_to_the_rule() {
        let begin: DateTime<Utc> = "2027-01-05T02:00:00Z".parse().unwrap();
        for rule in
            ["FREQ=WEEKLY", "FREQ=DAILY;COUNT=40", "FREQ=YEARLY", "FREQ=DAILY;BYHOUR=3,9,15"]
        {
            let mut series = series(rule, begin);
            let (mut made, mut now) = (Vec::new(), begin - Duration::days(3));
            for _ in 0..60 {
                let ahead: Vec<DateTime<Utc>> =
                    made.iter().copied().filter(|it| *it > now).collect();
                let extension = series.extend(&ahead, now);
                made.extend(extension.starts);
                series.made_to = extension.made_to;
                let n_ahead = made.iter().filter(|it| **it > now).count();
                assert!(n_ahead <= AHEAD_MAX, "{rule}: {n_ahead} ahead");
                let Some(extend_at) = extension.extend_at else { break };
                assert!(n_ahead >= AHEAD_MIN && extend_at > now, "{rule}: {n_ahead} at {now}");
                now = extend_at;
            }
            let whole = series.recurrence.starts(begin, series.made_to, usize::MAX);
            assert_eq!(made, whole, "{rule}");
            assert!(made.len() > 20, "{rule}");
        }
    }
}
