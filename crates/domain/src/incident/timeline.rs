//! The state machine: an incident is what its updates, read in order, make of it.
//!
//! Nothing of an incident's state is kept beside its updates, so that editing or deleting one
//! gives the state that would have been without it.
use chrono::{DateTime, Utc};

use super::{Impact, Status};
use crate::timeline::{Change, Effect, Said};

/// An update, as far as the state machine cares; the one with the smallest id opened the incident.
pub type Entry = crate::timeline::Entry<Status>;

/// What the updates make of the incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    pub status: Status,
    /// Worst of everything the incident ever said.
    pub impact: Impact,
    pub identified_at: Option<DateTime<Utc>>,
    pub monitoring_at: Option<DateTime<Utc>>,
    pub resolved_at: Option<DateTime<Utc>>,
    pub said: Said,
}

/// Reads the entries by the time they show. What the opening one says of components counts from
/// `started_at`, whatever time it shows. Resolving takes every effect away; reopening without
/// naming components brings back those that the resolution took.
pub fn replay(started_at: DateTime<Utc>, entries: &mut [Entry]) -> Timeline {
    entries.sort_by_key(|it| (it.display_at, it.id));
    let opening = entries.iter().map(|it| it.id).min();
    let mut timeline = Timeline::new();
    let mut opened = Vec::new();
    if let Some(entry) = entries.iter().find(|it| Some(it.id) == opening) {
        opened = timeline.apply(&entry.effects, started_at);
    }
    let mut taken_away = Vec::new();
    for entry in entries.iter() {
        let at = entry.display_at.max(started_at);
        let opens = Some(entry.id) == opening;
        let reopens =
            timeline.status == Status::Resolved && entry.status != Status::Resolved && !opens;
        let mut changes = if opens {
            std::mem::take(&mut opened)
        } else if reopens && entry.effects.is_empty() {
            timeline.apply(&std::mem::take(&mut taken_away), at)
        } else {
            timeline.apply(&entry.effects, at)
        };
        if entry.status == Status::Resolved {
            let in_force = timeline.said.in_force();
            if !in_force.is_empty() {
                taken_away = in_force;
            }
            let recoveries = timeline.said.recover(at);
            if !opens {
                changes.retain(|it| recoveries.iter().all(|of| of.component != it.component));
                changes.extend(recoveries);
            }
        }
        timeline.enter(entry);
        timeline.said.changes.insert(entry.id, changes);
    }
    timeline
}

impl Timeline {
    fn new() -> Self {
        Self {
            status: Status::Investigating,
            impact: Impact::None,
            identified_at: None,
            monitoring_at: None,
            resolved_at: None,
            said: Said::default(),
        }
    }

    fn apply(&mut self, effects: &[Effect], since: DateTime<Utc>) -> Vec<Change> {
        effects
            .iter()
            .map(|effect| {
                self.impact = self.impact.max(effect.status.into());
                self.said.say(*effect, since)
            })
            .collect()
    }

    fn enter(&mut self, entry: &Entry) {
        let first = |seen: &mut Option<DateTime<Utc>>| {
            seen.get_or_insert(entry.display_at);
        };
        match entry.status {
            Status::Investigating | Status::Resolved => {}
            Status::Identified => first(&mut self.identified_at),
            Status::Monitoring => first(&mut self.monitoring_at),
        }
        if entry.status != Status::Resolved {
            self.resolved_at = None;
        } else if self.status != Status::Resolved || self.resolved_at.is_none() {
            self.resolved_at = Some(entry.display_at);
        }
        self.status = entry.status;
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::component;
    use crate::component::Status::{DegradedPerformance, MajorOutage, Operational};
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
    fn components_recover_one_by_one_and_resolution_takes_the_rest() {
        let timeline = replay(
            at(0),
            &mut [
                entry(5, Status::Investigating, &[(A, MajorOutage), (B, DegradedPerformance)]),
                entry(10, Status::Identified, &[(B, Operational)]),
                entry(20, Status::Resolved, &[]),
            ],
        );
        assert_eq!(timeline.status, Status::Resolved);
        assert_eq!(timeline.impact, Impact::Critical);
        assert_eq!(timeline.identified_at, Some(at(10)));
        assert_eq!(timeline.resolved_at, Some(at(20)));
        assert_eq!(
            timeline.said.steps[&A],
            [Step { at: at(0), status: MajorOutage }, Step { at: at(20), status: Operational }]
        );
        assert_eq!(timeline.said.steps[&B].last().unwrap().at, at(10));
        assert_eq!(
            timeline.said.changes[&Uuid::from_u128(20)],
            [Change { component: A, old: MajorOutage, new: Operational }]
        );
    }

    #[test]
    fn reopening_brings_back_what_the_resolution_took() {
        let mut entries = vec![
            entry(0, Status::Investigating, &[(A, MajorOutage)]),
            entry(10, Status::Resolved, &[]),
            entry(20, Status::Investigating, &[]),
        ];
        let timeline = replay(at(0), &mut entries);
        assert_eq!(timeline.said.components[&A], MajorOutage);
        assert_eq!(timeline.resolved_at, None);
        entries[2].effects = vec![Effect { component: B, status: DegradedPerformance }];
        let timeline = replay(at(0), &mut entries);
        assert_eq!(timeline.said.components[&A], Operational);
        assert_eq!(timeline.said.components[&B], DegradedPerformance);
    }

    #[test]
    fn history_entered_in_one_go_lasts_from_start_to_resolution() {
        let timeline = replay(at(100), &mut [entry(200, Status::Resolved, &[(A, MajorOutage)])]);
        assert_eq!(
            timeline.said.steps[&A],
            [Step { at: at(100), status: MajorOutage }, Step { at: at(200), status: Operational }]
        );
        assert_eq!(
            timeline.said.changes[&Uuid::from_u128(200)],
            [Change { component: A, old: Operational, new: MajorOutage }]
        );
        assert_eq!(timeline.impact, Impact::Critical);
    }
    #[test]
    fn an_entry_between_start_and_resolution_leaves_the_opening_its_effects() {
        let mut opening = entry(200, Status::Resolved, &[(A, MajorOutage)]);
        opening.id = Uuid::nil();
        let later = entry(150, Status::Identified, &[]);
        let timeline = replay(at(100), &mut [opening, later]);
        assert_eq!(timeline.said.steps[&A].first().unwrap().at, at(100));
        assert_eq!(timeline.said.steps[&A].last().unwrap().at, at(200));
        assert_eq!(timeline.identified_at, Some(at(150)));
        assert_eq!(timeline.status, Status::Resolved);
    }
}
