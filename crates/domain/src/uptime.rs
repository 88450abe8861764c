//! How much of the time components were up.
//!
//! Figures are reckoned from the ledger, in which overlaps are merged already: at every instant the
//! worst status counts. Days that are over are kept as tallies ([`roll`]); the rest is counted from
//! the ledger itself, so a figure never depends on how far the tallying has come.
mod document;
mod line;
mod rule;
mod tally;
#[cfg(test)]
mod tests;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::caller::Visibility;
use crate::component::Key;
use crate::incident::Impact;
use crate::ledger::Interval;
use crate::words::words;

pub use document::{
    ComponentUptime, Day, Figures, Frame, GroupUptime, Month, ShownRule, Subjects, Target, Uptime,
    document,
};
pub use rule::{GroupRule, Maintenance, Percent, Rule, Score, Weight, Weights};
pub use tally::{DayTally, Seconds, Tally, roll};

/// Most days of components in one answer.
pub const COMPONENT_DAYS_MAX: i64 = 50_000;

words! {
    /// How figures are cut up.
    #[schema(as = UptimeGranularity)]
    Granularity {
        Day = "day",
        Month = "month",
        /// Only figures of the whole range.
        Total = "total",
    }
}

/// Whose uptime.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    Everything,
    Component(Key),
    /// A group and its components.
    Group(Key),
}

/// A question about uptime. Days are those of the page's zone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Query {
    pub subject: Subject,
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    pub granularity: Granularity,
}

/// What was of a component, from a day on: enough to reckon any range that begins no earlier. Its
/// ledger is another one whenever `ledger_version` is; days may pass meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    pub component: Uuid,
    /// Rises with every change of the component's ledger, also of what was long ago.
    pub ledger_version: i64,
    /// The first day it tells of.
    pub from: NaiveDate,
    /// When the ledger begins, if it ever did.
    pub known_from: Option<DateTime<Utc>>,
    /// When it ended, because the component was archived.
    pub known_to: Option<DateTime<Utc>>,
    /// Of the days before `tallied_to` those that were not `operational` throughout, oldest first.
    pub days: Vec<DayTally>,
    /// The first day that is not tallied.
    pub tallied_to: NaiveDate,
    /// What was not `operational` since `tallied_to`, oldest first, not cut.
    pub intervals: Vec<Interval>,
}

impl Past {
    /// Every incident that made the component's status, in no order.
    pub fn incidents(&self) -> impl Iterator<Item = Uuid> {
        let tallied = self.days.iter().flat_map(|it| it.incidents.iter().copied());
        tallied.chain(self.intervals.iter().filter_map(|it| it.incident_id))
    }
}

/// An incident that made the status of a component what it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = UptimeIncident)]
pub struct Counted {
    pub id: Uuid,
    pub number: i64,
    pub title: String,
    pub impact: Impact,
    pub started_at: DateTime<Utc>,
    /// `null` while it is open.
    pub resolved_at: Option<DateTime<Utc>>,
    /// Where readers find it.
    pub url: String,
    #[serde(skip)]
    #[schema(ignore)]
    pub visibility: Visibility,
    /// The incident's version: another one may be shown otherwise.
    #[serde(skip)]
    #[schema(ignore)]
    pub version: i64,
}
