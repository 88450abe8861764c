//! How long something had which status: counted exactly, shown in whole seconds.
use std::cmp::Reverse;
use std::ops::AddAssign;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::component::Status;
use crate::ledger::Interval;
use crate::range::{Slot, slots};

/// Microseconds of a second.
pub(super) const SECOND: i64 = 1_000_000;

/// How long something had which status, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub operational: i64,
    pub under_maintenance: i64,
    pub degraded_performance: i64,
    pub partial_outage: i64,
    pub major_outage: i64,
    /// Before it was there, before uptime is counted, or after it was archived.
    pub unknown: i64,
}

/// How long it had which status, in whole seconds. Those of a day add up to its length, and those of
/// days to those of the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = UptimeSeconds)]
pub struct Seconds {
    pub operational: i64,
    pub under_maintenance: i64,
    pub degraded_performance: i64,
    pub partial_outage: i64,
    pub major_outage: i64,
    /// Before it was there, before `start_date`, or after it was archived. Counts neither way.
    pub unknown: i64,
}

impl Seconds {
    /// The worst status that it had at all; nothing when nothing is known.
    pub fn worst(&self) -> Option<Status> {
        let had = [
            (self.major_outage, Status::MajorOutage),
            (self.partial_outage, Status::PartialOutage),
            (self.degraded_performance, Status::DegradedPerformance),
            (self.under_maintenance, Status::UnderMaintenance),
            (self.operational, Status::Operational),
        ];
        had.into_iter().find(|(seconds, _)| *seconds > 0).map(|(_, status)| status)
    }
}

/// What a day had of everything but `operational`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayTally {
    pub day: NaiveDate,
    pub tally: Tally,
    /// Incidents that made it so.
    pub incidents: Vec<Uuid>,
}

impl Tally {
    /// What is known of the time.
    pub fn known(&self) -> i64 {
        self.operational + self.troubled()
    }

    /// The time that is known not to be `operational`.
    pub fn troubled(&self) -> i64 {
        self.under_maintenance + self.degraded_performance + self.partial_outage + self.major_outage
    }

    fn of(&mut self, status: Status) -> &mut i64 {
        match status {
            Status::Operational => &mut self.operational,
            Status::UnderMaintenance => &mut self.under_maintenance,
            Status::DegradedPerformance => &mut self.degraded_performance,
            Status::PartialOutage => &mut self.partial_outage,
            Status::MajorOutage => &mut self.major_outage,
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.operational += other.operational;
        self.under_maintenance += other.under_maintenance;
        self.degraded_performance += other.degraded_performance;
        self.partial_outage += other.partial_outage;
        self.major_outage += other.major_outage;
        self.unknown += other.unknown;
    }
}

impl AddAssign for Seconds {
    fn add_assign(&mut self, other: Self) {
        self.operational += other.operational;
        self.under_maintenance += other.under_maintenance;
        self.degraded_performance += other.degraded_performance;
        self.partial_outage += other.partial_outage;
        self.major_outage += other.major_outage;
        self.unknown += other.unknown;
    }
}

impl From<Tally> for Seconds {
    /// Cuts to whole seconds; what is then missing of the sum goes to what was cut the most.
    fn from(tally: Tally) -> Self {
        let Tally { operational, under_maintenance, degraded_performance, .. } = tally;
        let Tally { partial_outage, major_outage, unknown, .. } = tally;
        let exact = [
            operational,
            under_maintenance,
            degraded_performance,
            partial_outage,
            major_outage,
            unknown,
        ];
        let mut whole = exact.map(|it| it.div_euclid(SECOND));
        let missing = exact.iter().sum::<i64>().div_euclid(SECOND) - whole.iter().sum::<i64>();
        if missing > 0 {
            let mut cut: Vec<(i64, &mut i64)> =
                exact.iter().map(|it| it.rem_euclid(SECOND)).zip(&mut whole).collect();
            cut.sort_by_key(|it| Reverse(it.0));
            let missing = usize::try_from(missing).unwrap_or(0);
            cut.into_iter().take(missing).for_each(|(_, seconds)| *seconds += 1);
        }
        let [operational, under_maintenance, degraded_performance, partial, major, unknown] = whole;
        Self {
            operational,
            under_maintenance,
            degraded_performance,
            partial_outage: partial,
            major_outage: major,
            unknown,
        }
    }
}

/// What a slot had of these intervals, which do not overlap and are oldest first.
pub(super) fn tally_slot(intervals: &[Interval], slot: Slot) -> DayTally {
    let Slot { day, from, to } = slot;
    let mut found = DayTally { day, tally: Tally::default(), incidents: Vec::new() };
    let first = intervals.partition_point(|it| it.to.is_some_and(|end| end <= from));
    for it in intervals.iter().skip(first).take_while(|it| it.from < to) {
        let end = it.to.map_or(to, |end| end.min(to));
        *found.tally.of(it.status) += micros(it.from.max(from), end);
        found.incidents.extend(it.incident_id);
    }
    found.incidents.sort_unstable();
    found.incidents.dedup();
    found
}

/// The days from `from` to before `to` on which something was not `operational`, given everything
/// that was not: what is kept of them once they are over.
pub fn roll(intervals: &[Interval], from: NaiveDate, to: NaiveDate, zone: Tz) -> Vec<DayTally> {
    let days = slots(from, to, zone).map(|slot| tally_slot(intervals, slot));
    days.filter(|it| it.tally.troubled() > 0).collect()
}

/// Microseconds from one instant to another; none if that is before.
pub(super) fn micros(from: DateTime<Utc>, to: DateTime<Utc>) -> i64 {
    (to - from).num_microseconds().unwrap_or(i64::MAX).max(0)
}
