//! What the clock does to a maintenance, and when.
use chrono::{DateTime, Duration, Utc};

use super::{Maintenance, Status};

/// How long before it starts a maintenance is on the page.
pub const LISTED_AHEAD_DAYS: i64 = 30;
/// Most reminders of one maintenance.
pub const REMINDERS_MAX: u64 = 10;
/// Shortest and longest time between a reminder and the start, in seconds.
pub const REMINDER_MIN: i64 = 60;
pub const REMINDER_MAX: i64 = 30 * 24 * 3600;

/// How far the clock has come with a maintenance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    /// When the window became what it is; nothing happens before.
    pub planned_at: DateTime<Utc>,
    /// Reminders that are still to come, in seconds before the start.
    pub reminders: Vec<i64>,
    /// Whether the start is near enough for the page.
    pub listed: bool,
}

/// Something the clock did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// It came near enough to be on the page.
    List,
    Remind,
    Start {
        at: DateTime<Utc>,
    },
    Complete {
        at: DateTime<Utc>,
    },
}

impl Clock {
    /// The clock of a maintenance whose window was set at `now` to begin at `starts_at`. Reminders
    /// whose time has passed are skipped.
    pub fn wind(starts_at: DateTime<Utc>, reminders: &[i64], now: DateTime<Utc>) -> Self {
        let due = |it: &i64| starts_at - Duration::seconds(*it) > now;
        Self {
            planned_at: now,
            reminders: reminders.iter().copied().filter(due).collect(),
            listed: starts_at - Duration::days(LISTED_AHEAD_DAYS) <= now,
        }
    }
}

impl Maintenance {
    /// The next instant at which the clock has something to do.
    pub fn due_at(&self) -> Option<DateTime<Utc>> {
        match self.status {
            Status::Scheduled => {
                let list = (!self.clock.listed)
                    .then(|| self.starts_at - Duration::days(LISTED_AHEAD_DAYS));
                let remind = self.clock.reminders.iter().max();
                let remind = remind.map(|it| self.starts_at - Duration::seconds(*it));
                let start = self.auto_start.then_some(self.starts_at);
                [list, remind, start].into_iter().flatten().min()
            }
            Status::InProgress | Status::Verifying => self.auto_complete.then_some(self.ends_at),
            Status::Completed | Status::Cancelled => None,
        }
    }

    /// Whether the whole window passed without anybody looking.
    pub fn is_missed(&self, now: DateTime<Utc>) -> bool {
        self.status == Status::Scheduled
            && self.auto_start
            && self.auto_complete
            && self.ends_at <= now
    }

    /// What the clock has to do by `now`, in order, each with the time at which it should have
    /// happened. Of reminders that are late only one is left, and none once it should have begun.
    /// The state itself follows from the updates that tell of it.
    pub fn deeds(&mut self, now: DateTime<Utc>) -> Vec<Deed> {
        let mut deeds = Vec::new();
        let (starts_at, ends_at) = (self.starts_at, self.ends_at);
        // Updates are read by the time they show: what the clock adds comes after what was said.
        let said_at = self.updates.first().map(|it| it.display_at);
        let earliest = said_at.map_or(self.clock.planned_at, |it| it.max(self.clock.planned_at));
        let mut active_since = self.started_at.filter(|_| self.status.is_active());
        if self.status == Status::Scheduled {
            if !self.clock.listed && starts_at - Duration::days(LISTED_AHEAD_DAYS) <= now {
                self.clock.listed = true;
                deeds.push(Deed::List);
            }
            let n_pending = self.clock.reminders.len();
            self.clock.reminders.retain(|it| starts_at - Duration::seconds(*it) > now);
            if self.clock.reminders.len() < n_pending && starts_at > now {
                deeds.push(Deed::Remind);
            }
            if self.auto_start && starts_at <= now {
                let at = starts_at.max(earliest);
                active_since = Some(at);
                deeds.push(Deed::Start { at });
            }
        }
        if let Some(since) = active_since
            && self.auto_complete
            && ends_at <= now
        {
            deeds.push(Deed::Complete { at: ends_at.max(earliest).max(since) });
        }
        deeds
    }
}

#[cfg(test)]
mod tests;
