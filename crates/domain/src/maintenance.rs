//! A scheduled maintenance: what is planned, for when, and what became of it.
mod clockwork;
mod series;
mod timeline;
mod window;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::caller::Visibility;
use crate::incident::Impact;
use crate::recurrence::Recurrence;
use crate::timeline::{Affected, Effect, UpdatedComponent};
use crate::words::words;

pub use clockwork::{Clock, Deed, LISTED_AHEAD_DAYS, REMINDER_MAX, REMINDER_MIN, REMINDERS_MAX};
pub use series::{Extension, Series};
pub use timeline::{Entry, Timeline, replay};
pub use window::{
    AHEAD_MAX_YEARS, BACKFILL_MAX_YEARS, LENGTH_MAX_DAYS, Moment, NoSuchTime, Unsound, Window,
};

words! {
    /// Where a maintenance stands. `completed` and `cancelled` are final.
    #[schema(as = MaintenanceStatus)]
    Status {
        Scheduled = "scheduled",
        InProgress = "in_progress",
        Verifying = "verifying",
        Completed = "completed",
        Cancelled = "cancelled",
    }
}

impl Status {
    /// Whether work goes on.
    pub const fn is_active(self) -> bool {
        matches!(self, Self::InProgress | Self::Verifying)
    }

    /// Whether nothing will happen any more.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Cancelled)
    }

    /// Whether an update may say `next`. Saying the same again is allowed everywhere.
    pub fn may_become(self, next: Self) -> bool {
        use Status::{Cancelled, Completed, InProgress, Scheduled, Verifying};
        self == next
            || match self {
                Scheduled => matches!(next, InProgress | Cancelled),
                InProgress => matches!(next, Verifying | Completed | Cancelled),
                Verifying => matches!(next, InProgress | Completed | Cancelled),
                Completed | Cancelled => false,
            }
    }
}

/// A maintenance as the API shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Maintenance {
    pub id: Uuid,
    /// 1, 2, 3 …; usable wherever the id stands.
    pub number: i64,
    pub title: String,
    pub status: Status,
    pub visibility: Visibility,
    /// Every component it touches, with the status it has while the maintenance is in progress.
    pub components: Vec<Affected>,
    /// Newest first.
    pub updates: Vec<Update>,
    /// When it is announced to begin.
    pub starts_at: DateTime<Utc>,
    /// When it is announced to end.
    pub ends_at: DateTime<Utc>,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    pub completed_at: Option<DateTime<Utc>>,
    pub cancelled_at: Option<DateTime<Utc>>,
    /// Whether the clock starts it at `starts_at`.
    pub auto_start: bool,
    /// Whether the clock completes it at `ends_at` once it has begun.
    pub auto_complete: bool,
    /// Whether subscribers are told that it is scheduled or moved.
    pub notify: bool,
    /// Whether subscribers are told when the clock starts it.
    pub notify_on_start: bool,
    /// Whether subscribers are told when the clock completes it.
    pub notify_on_completion: bool,
    /// How long before `starts_at` subscribers are reminded, the longest first.
    pub remind_before_seconds: Vec<i64>,
    /// How it repeats (RFC 5545 RRULE); `null` if it does not.
    pub recurrence: Option<String>,
    /// IANA zone in whose wall-clock time it repeats.
    pub time_zone: Option<String>,
    /// The same for all occurrences that one rule made.
    pub series_id: Option<Uuid>,
    /// When the rule has it begin, also after it was moved (RFC 5545 RECURRENCE-ID).
    pub recurrence_id: Option<DateTime<Utc>>,
    /// How often it was moved or called off (RFC 5545 SEQUENCE).
    pub sequence: i64,
    /// One maintenance per key may be open at a time. Shown to callers with `read` only.
    pub dedup_key: Option<String>,
    /// Who scheduled it, as `user:<id>` or `token:<id>`. Shown to callers with `read` only.
    pub source: Option<String>,
    /// Free data for integrations. Empty for callers without `read`.
    #[schema(value_type = Object, example = json!({"ticket": "OPS-7"}))]
    pub metadata: Map<String, Value>,
    /// Where people read about it.
    pub url: String,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[serde(skip)]
    #[schema(ignore)]
    pub clock: Clock,
}

/// One entry of a maintenance's timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = MaintenanceUpdate)]
pub struct Update {
    pub id: Uuid,
    pub status: Status,
    /// Markdown, as written. Empty where nobody wrote anything: when the clock moved it.
    pub message: String,
    /// The message rendered and sanitised.
    pub message_html: String,
    /// What it changed about components; nothing before the maintenance begins.
    pub components: Vec<UpdatedComponent>,
    /// Whether subscribers were told.
    pub notify: bool,
    /// The time shown, and the time its effects count from.
    pub display_at: DateTime<Utc>,
    /// Shown to callers with `read` only.
    pub author: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What is the same for all occurrences of a series. Components are resolved to ids already.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Template {
    pub title: String,
    pub message: String,
    pub message_html: String,
    pub effects: Vec<Effect>,
    pub visibility: Visibility,
    pub auto_start: bool,
    pub auto_complete: bool,
    pub notify: bool,
    pub notify_on_start: bool,
    pub notify_on_completion: bool,
    pub remind_before_seconds: Vec<i64>,
    pub dedup_key: Option<String>,
    pub metadata: Map<String, Value>,
}

/// What it takes to schedule a maintenance.
#[derive(Clone, Debug)]
pub struct Draft {
    pub template: Template,
    pub window: Window,
    /// Also set without a recurrence, for whoever shows times.
    pub time_zone: Option<String>,
    pub recurrence: Option<Recurrence>,
}

/// An overlap with another maintenance of the same component: no mistake, but worth a look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MaintenanceWarning)]
pub struct Warning {
    #[schema(value_type = String, example = "overlap")]
    pub code: &'static str,
    /// A sentence.
    pub detail: String,
    /// The maintenance that is overlapped.
    pub maintenance_id: Uuid,
    pub number: i64,
    /// Slug of the component that both touch.
    pub component: String,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
}

impl Maintenance {
    /// What is announced.
    pub fn window(&self) -> Window {
        Window { starts_at: self.starts_at, ends_at: self.ends_at }
    }

    /// How bad it makes the worst of its components.
    pub fn impact(&self) -> Impact {
        let worst = self.components.iter().map(|it| Impact::from(it.status)).max();
        worst.unwrap_or(Impact::None)
    }

    /// The maintenance as the public may see it, or nothing when it is internal: no internal
    /// component, and no hint at who or what scheduled it.
    pub fn for_public(mut self) -> Option<Self> {
        if self.visibility == Visibility::Internal {
            return None;
        }
        self.components.retain(|it| it.visibility == Visibility::Public);
        for update in &mut self.updates {
            update.components.retain(|it| it.visibility == Visibility::Public);
            update.author = None;
        }
        self.dedup_key = None;
        self.source = None;
        self.metadata = Map::new();
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_stays_over() {
        let table: Vec<String> = Status::ALL
            .iter()
            .map(|from| {
                let may = |to: &Status| if from.may_become(*to) { 'x' } else { '.' };
                let row: String = Status::ALL.iter().map(may).collect();
                format!("{row} {from}")
            })
            .collect();
        assert_eq!(
            table,
            [
                "xx..x scheduled",
                ".xxxx in_progress",
                ".xxxx verifying",
                "...x. completed",
                "....x cancelled",
            ]
        );
    }
}
