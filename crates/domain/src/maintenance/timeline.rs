//! The state machine: a maintenance is what its updates, read in order, make of it.
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Status;
use crate::component;
use crate::timeline::{Effect, Said};

/// An update, as far as the state machine cares.
pub type Entry = crate::timeline::Entry<Status>;

/// What the updates make of the maintenance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    pub status: Status,
    pub started_at: Option<DateTime<Utc>>,
    pub completed_at: Option<DateTime<Utc>>,
    pub cancelled_at: Option<DateTime<Utc>>,
    /// The status each component has while work goes on; all it ever named.
    pub planned: BTreeMap<Uuid, component::Status>,
    /// What it says of components, which is nothing before it begins and after it ended.
    pub said: Said,
}

/// Reads the entries by the time they show. What they say of components is a plan, which is in
/// force while work goes on.
pub fn replay(entries: &mut [Entry]) -> Timeline {
    entries.sort_by_key(|it| (it.display_at, it.id));
    let mut timeline = Timeline {
        status: Status::Scheduled,
        started_at: None,
        completed_at: None,
        cancelled_at: None,
        planned: BTreeMap::new(),
        said: Said::default(),
    };
    for entry in entries.iter() {
        timeline.read(entry);
    }
    timeline
}

impl Timeline {
    fn read(&mut self, entry: &Entry) {
        let at = entry.display_at;
        let began = !self.status.is_active() && entry.status.is_active();
        self.status = entry.status;
        let first = |seen: &mut Option<DateTime<Utc>>| {
            seen.get_or_insert(at);
        };
        match entry.status {
            Status::Scheduled => {}
            Status::InProgress | Status::Verifying => first(&mut self.started_at),
            Status::Completed => first(&mut self.completed_at),
            Status::Cancelled => first(&mut self.cancelled_at),
        }
        self.planned.extend(entry.effects.iter().map(|it| (it.component, it.status)));
        let changes = if !entry.status.is_active() {
            self.said.recover(at)
        } else if began {
            let plan = self.planned.iter();
            let plan: Vec<Effect> = plan
                .map(|(component, status)| Effect { component: *component, status: *status })
                .collect();
            plan.into_iter().map(|it| self.said.say(it, at)).collect()
        } else {
            entry.effects.iter().map(|it| self.said.say(*it, at)).collect()
        };
        self.said.changes.insert(entry.id, changes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::Status::{DegradedPerformance, Operational, UnderMaintenance};
    use crate::timeline::Step;

    const A: Uuid = Uuid::from_u128(1);
    const B: Uuid = Uuid::from_u128(2);

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn entry(seconds: i64, status: Status, effects: &[(Uuid, component::Status)]) -> Entry {
        let effects = effects
            .iter()
            .map(|(component, status)| Effect { component: *component, status: *status });
        let id = Uuid::from_u128(seconds.unsigned_abs().into());
        Entry { id, status, display_at: at(seconds), effects: effects.collect() }
    }

    #[test]
    fn a_plan_is_in_force_while_work_goes_on() {
        let plan = [(A, UnderMaintenance), (B, DegradedPerformance)];
        let timeline = replay(&mut [
            entry(0, Status::Scheduled, &plan),
            entry(10, Status::InProgress, &[]),
            entry(15, Status::InProgress, &[(B, Operational)]),
            entry(20, Status::Verifying, &[]),
            entry(30, Status::Completed, &[]),
            entry(40, Status::Completed, &[(A, DegradedPerformance)]),
        ]);
        let step = |seconds: i64, status: component::Status| Step { at: at(seconds), status };
        assert_eq!(timeline.said.steps[&A], [step(10, UnderMaintenance), step(30, Operational)]);
        assert_eq!(timeline.said.steps[&B], [step(10, DegradedPerformance), step(15, Operational)]);
        assert_eq!((timeline.started_at, timeline.completed_at), (Some(at(10)), Some(at(30))));
        assert_eq!(timeline.status, Status::Completed);
    }

    #[test]
    fn what_was_cancelled_before_it_began_says_nothing() {
        let timeline = replay(&mut [
            entry(0, Status::Scheduled, &[(A, UnderMaintenance)]),
            entry(10, Status::Cancelled, &[]),
        ]);
        assert!(timeline.said.steps.is_empty());
        assert_eq!(timeline.planned[&A], UnderMaintenance);
        assert_eq!(timeline.cancelled_at, Some(at(10)));
    }
}
