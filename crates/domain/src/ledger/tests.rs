use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::incident::{self, replay};
use crate::maintenance;
use crate::timeline::{Effect, Entry};

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

fn stamp(at: DateTime<Utc>) -> Uuid {
    Uuid::from_u128(100 + u128::from(at.timestamp().unsigned_abs()))
}

const COMPONENT: Uuid = Uuid::from_u128(7);

/// What may happen to a component, at seconds that only grow, though an incident may be
/// backdated and an update changed long after.
#[derive(Clone, Debug)]
enum Happening {
    Report(Status),
    Open { status: Status, backdated_by: i64 },
    Update { incident: usize, status: Option<Status>, state: incident::Status },
    EditUpdate { incident: usize, update: usize, status: Option<Status> },
    DeleteUpdate { incident: usize, update: usize },
    Delete { incident: usize },
    Planned(Planning),
}

/// What may happen to a maintenance.
#[derive(Clone, Debug)]
enum Planning {
    /// A maintenance that is in progress, perhaps since earlier: the clock may be late.
    Begin {
        status: Status,
        late_by: i64,
    },
    Work {
        maintenance: usize,
        status: Option<Status>,
        state: maintenance::Status,
    },
    /// A window that passed while nobody looked.
    Missed {
        status: Status,
        ago: i64,
        length: i64,
    },
    Forget {
        maintenance: usize,
    },
}

fn happening() -> impl Strategy<Value = Happening> {
    let status = || prop::sample::select(Status::ALL);
    let state = prop::sample::select(incident::Status::ALL);
    prop_oneof![
        status().prop_map(Happening::Report),
        (status(), 0..40i64)
            .prop_map(|(status, backdated_by)| Happening::Open { status, backdated_by }),
        (0..4usize, prop::option::of(status()), state)
            .prop_map(|(incident, status, state)| Happening::Update { incident, status, state }),
        (0..4usize, 0..4usize, prop::option::of(status())).prop_map(
            |(incident, update, status)| Happening::EditUpdate { incident, update, status }
        ),
        (0..4usize, 1..4usize)
            .prop_map(|(incident, update)| Happening::DeleteUpdate { incident, update }),
        (0..4usize).prop_map(|incident| Happening::Delete { incident }),
        planning().prop_map(Happening::Planned),
    ]
}

fn planning() -> impl Strategy<Value = Planning> {
    let status = || prop::sample::select(Status::ALL);
    prop_oneof![
        (status(), 0..40i64).prop_map(|(status, late_by)| Planning::Begin { status, late_by }),
        (0..4usize, prop::option::of(status()), prop::sample::select(maintenance::Status::ALL))
            .prop_map(|(maintenance, status, state)| Planning::Work { maintenance, status, state }),
        (status(), 0..60i64, 1..60i64).prop_map(|(status, ago, length)| Planning::Missed {
            status,
            ago,
            length
        }),
        (0..4usize).prop_map(|maintenance| Planning::Forget { maintenance }),
    ]
}

/// The ledger as a table, and the facts it is derived from.
#[derive(Default)]
struct World {
    reports: Vec<Step>,
    incidents: BTreeMap<Uuid, (DateTime<Utc>, Vec<Entry<incident::Status>>)>,
    maintenances: BTreeMap<Uuid, Vec<Entry<maintenance::Status>>>,
    rows: Vec<Row>,
    n_rows: i64,
}

impl World {
    fn effects(&self) -> Vec<Effects> {
        let steps =
            |mut said: crate::timeline::Said| said.steps.remove(&COMPONENT).unwrap_or_default();
        let incidents = self.incidents.iter().map(|(id, (started_at, entries))| Effects {
            source: Source::Incident(*id),
            steps: steps(replay(*started_at, &mut entries.clone()).said),
        });
        let maintenances = self.maintenances.iter().map(|(id, entries)| Effects {
            source: Source::Maintenance(*id),
            steps: steps(maintenance::replay(&mut entries.clone()).said),
        });
        incidents.chain(maintenances).collect()
    }

    /// The status at an instant, by what the contract says in words.
    fn model(&self, at: DateTime<Utc>) -> Status {
        let effects = self.effects();
        let worst = |maintenances: bool| {
            let of = effects
                .iter()
                .filter(|it| matches!(it.source, Source::Maintenance(_)) == maintenances);
            of.map(|it| said(&it.steps, at)).max().unwrap_or(Status::Operational)
        };
        let planned = worst(true);
        let masked = planned != Status::Operational;
        let baseline = if masked { planned } else { said(&self.reports, at) };
        baseline.max(worst(false))
    }

    fn settle(&mut self, from: DateTime<Utc>) {
        let from = from.max(at(0));
        let pieces = derive(from, &self.reports, &self.effects());
        let reached: Vec<Row> =
            self.rows.iter().filter(|it| it.to.is_none_or(|to| to >= from)).cloned().collect();
        let plan = reconcile(&reached, &pieces);
        let (changed_from, before) = (plan.changed_from, self.rows.clone());
        self.rows.retain(|row| !plan.supersede.contains(&row.id));
        let shortened = plan.shorten.into_iter().map(|(id, to)| (id, Some(to)));
        for (id, to) in shortened.chain(plan.lengthen) {
            self.rows.iter_mut().find(|it| it.id == id).unwrap().to = to;
            self.never_overlaps();
        }
        for (piece, to) in plan.insert {
            self.n_rows += 1;
            self.rows.push(Row { id: self.n_rows, piece, to });
            self.never_overlaps();
        }
        self.rows.sort_by_key(|it| it.piece.from);
        if !before.is_empty() {
            self.says_the_same_before(&before, changed_from);
        }
    }

    fn says_the_same_before(&self, before: &[Row], changed_from: Option<DateTime<Utc>>) {
        let Some(from) = changed_from else {
            return assert_eq!(self.rows, before);
        };
        let until = |rows: &[Row]| -> Vec<(Piece, DateTime<Utc>)> {
            let earlier = rows.iter().filter(|it| it.piece.from < from);
            earlier.map(|it| (it.piece, it.to.map_or(from, |to| to.min(from)))).collect()
        };
        assert_eq!(until(&self.rows), until(before));
        let at = |rows: &[Row]| rows.iter().find(|it| it.piece.from == from).cloned();
        let ends = |rows: &[Row]| rows.iter().any(|it| it.to == Some(from));
        assert!(at(&self.rows) != at(before) || ends(&self.rows) != ends(before), "{from}");
    }

    /// What the exclusion constraint checks after every single statement.
    fn never_overlaps(&self) {
        for a in &self.rows {
            assert!(a.to.is_none_or(|to| to > a.piece.from), "{a:?} is empty");
            for b in self.rows.iter().filter(|it| it.id != a.id && it.piece.from >= a.piece.from) {
                assert!(a.to.is_some_and(|to| to <= b.piece.from), "{a:?} overlaps {b:?}");
            }
        }
    }

    /// A maintenance that was in these states since then.
    fn maintain(
        &mut self,
        status: Status,
        states: &[(DateTime<Utc>, maintenance::Status)],
        now: DateTime<Utc>,
    ) -> DateTime<Utc> {
        let from = states[0].0;
        let plan = vec![Effect { component: COMPONENT, status }];
        let state = maintenance::Status::Scheduled;
        let mut entries =
            vec![Entry { id: stamp(now), status: state, display_at: from, effects: plan }];
        for (index, (display_at, state)) in states.iter().enumerate() {
            let id = Uuid::from_u128(stamp(now).as_u128() + 1 + u128::try_from(index).unwrap());
            let (status, display_at) = (*state, *display_at);
            entries.push(Entry { id, status, display_at, effects: Vec::new() });
        }
        self.maintenances.insert(stamp(now), entries);
        from
    }

    fn happen(&mut self, now: DateTime<Utc>, happening: &Happening) -> Option<DateTime<Utc>> {
        let nth = |incident: usize| self.incidents.keys().nth(incident).copied();
        match happening {
            Happening::Report(status) => {
                self.reports.push(Step { at: now, status: *status });
                Some(now)
            }
            Happening::Open { status, backdated_by } => {
                let from = (now - chrono::Duration::seconds(*backdated_by)).max(at(0));
                let effects = vec![Effect { component: COMPONENT, status: *status }];
                let status = incident::Status::Investigating;
                let entry = Entry { id: stamp(now), status, display_at: from, effects };
                let id = stamp(now);
                self.incidents.insert(id, (from, vec![entry]));
                Some(from)
            }
            Happening::Update { incident, status, state } => {
                let (_, entries) = self.incidents.get_mut(&nth(*incident)?)?;
                let effects = status
                    .filter(|_| *state != incident::Status::Resolved)
                    .map(|status| Effect { component: COMPONENT, status });
                let effects = effects.into_iter().collect();
                entries.push(Entry { id: stamp(now), status: *state, display_at: now, effects });
                Some(now)
            }
            Happening::EditUpdate { incident, update, status } => {
                let (_, entries) = self.incidents.get_mut(&nth(*incident)?)?;
                let entry = entries.get_mut(*update)?;
                let effects = status
                    .filter(|_| entry.status != incident::Status::Resolved)
                    .map(|status| Effect { component: COMPONENT, status });
                entry.effects = effects.into_iter().collect();
                Some(entry.display_at)
            }
            Happening::DeleteUpdate { incident, update } => {
                let (_, entries) = self.incidents.get_mut(&nth(*incident)?)?;
                (*update < entries.len()).then(|| entries.remove(*update).display_at)
            }
            Happening::Delete { incident } => {
                self.incidents.remove(&nth(*incident)?).map(|(started_at, _)| started_at)
            }
            Happening::Planned(planning) => self.plan(now, planning),
        }
    }

    fn plan(&mut self, now: DateTime<Utc>, planning: &Planning) -> Option<DateTime<Utc>> {
        match planning {
            Planning::Begin { status, late_by } => {
                let from = (now - chrono::Duration::seconds(*late_by)).max(at(0));
                Some(self.maintain(*status, &[(from, maintenance::Status::InProgress)], now))
            }
            Planning::Missed { status, ago, length } => {
                let to = (now - chrono::Duration::seconds(*ago)).max(at(1));
                let from = (to - chrono::Duration::seconds(*length)).max(at(0));
                let states = [maintenance::Status::InProgress, maintenance::Status::Completed];
                let [began, ended] = states;
                Some(self.maintain(*status, &[(from, began), (to, ended)], now))
            }
            Planning::Work { maintenance, status, state } => {
                let id = self.maintenances.keys().nth(*maintenance).copied()?;
                let entries = self.maintenances.get_mut(&id)?;
                if !entries.last()?.status.may_become(*state) {
                    return None;
                }
                let effects = status.map(|status| Effect { component: COMPONENT, status });
                let effects = effects.into_iter().collect();
                entries.push(Entry { id: stamp(now), status: *state, display_at: now, effects });
                Some(now)
            }
            Planning::Forget { maintenance } => {
                let id = self.maintenances.keys().nth(*maintenance).copied()?;
                self.maintenances.remove(&id)?.first().map(|it| it.display_at)
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_ledger_has_no_gap_no_overlap_and_ends_in_the_derived_status(
        happenings in prop::collection::vec(happening(), 1..25)
    ) {
        let mut world = World::default();
        world.settle(at(0));
        for (index, happening) in happenings.iter().enumerate() {
            let now = at(10 * (i64::try_from(index).unwrap() + 1));
            let Some(from) = world.happen(now, happening) else { continue };
            world.settle(from);

            world.never_overlaps();
            prop_assert_eq!(world.rows[0].piece.from, at(0));
            for pair in world.rows.windows(2) {
                prop_assert_eq!(pair[0].to, Some(pair[1].piece.from));
                prop_assert_ne!(pair[0].piece.status, pair[1].piece.status);
            }
            let last = world.rows.last().unwrap();
            prop_assert_eq!(last.to, None);
            prop_assert_eq!(last.piece.status, world.model(now));
            for second in 0..=now.timestamp() {
                let row = world.rows.iter().rfind(|it| it.piece.from <= at(second)).unwrap();
                prop_assert_eq!(row.piece.status, world.model(at(second)), "at second {}", second);
            }
        }
    }
}

#[test]
fn closing_the_last_row_moves_its_end_and_opens_the_next() {
    let piece = |from: i64, status: Status| Piece::reported(at(from), status);
    let rows = [Row { id: 1, piece: piece(0, Status::Operational), to: None }];
    let plan = reconcile(&rows, &[piece(10, Status::MajorOutage)]);
    assert_eq!(plan.shorten, [(1, at(10))]);
    assert_eq!(plan.insert, [(piece(10, Status::MajorOutage), None)]);
    assert_eq!(plan.supersede, [0i64; 0]);
}

#[test]
fn a_maintenance_masks_the_baseline_but_never_an_incident() {
    let steps = |of: &[(i64, Status)]| -> Vec<Step> {
        of.iter().map(|(seconds, status)| Step { at: at(*seconds), status: *status }).collect()
    };
    let (incident, maintenance) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let effects = [
        Effects {
            source: Source::Maintenance(maintenance),
            steps: steps(&[(10, Status::UnderMaintenance), (40, Status::Operational)]),
        },
        Effects {
            source: Source::Incident(incident),
            steps: steps(&[(20, Status::PartialOutage), (30, Status::Operational)]),
        },
    ];
    let reports = steps(&[(0, Status::Operational), (15, Status::MajorOutage)]);
    let pieces = derive(at(0), &reports, &effects);
    let seen: Vec<_> = pieces.iter().map(|it| (it.from.timestamp(), it.status, it.cause)).collect();
    assert_eq!(
        seen,
        [
            (0, Status::Operational, Cause::Reported),
            (10, Status::UnderMaintenance, Cause::Maintenance),
            (20, Status::PartialOutage, Cause::Incident),
            (30, Status::UnderMaintenance, Cause::Maintenance),
            (40, Status::MajorOutage, Cause::Reported),
        ]
    );
    assert_eq!(pieces[1].maintenance, Some(maintenance));
    assert_eq!(pieces[2].incident, Some(incident));
}

#[test]
fn a_group_is_as_bad_as_its_worst_member() {
    let interval = |status: Status, from: i64, to: Option<i64>| Interval {
        status,
        from: at(from),
        to: to.map(at),
        cause: Cause::Reported,
        incident_id: None,
        maintenance_id: None,
        actor: None,
    };
    let a = vec![
        interval(Status::Operational, 0, Some(10)),
        interval(Status::MajorOutage, 10, Some(20)),
        interval(Status::Operational, 20, None),
    ];
    let b = vec![
        interval(Status::Operational, 5, Some(15)),
        interval(Status::PartialOutage, 15, Some(30)),
        interval(Status::Operational, 30, None),
    ];
    let merged = worst_of(&[a, b]);
    let seen: Vec<_> = merged
        .iter()
        .map(|it| (it.status, it.from.timestamp(), it.to.map(|to| to.timestamp())))
        .collect();
    assert_eq!(
        seen,
        [
            (Status::Operational, 0, Some(10)),
            (Status::MajorOutage, 10, Some(20)),
            (Status::PartialOutage, 20, Some(30)),
            (Status::Operational, 30, None),
        ]
    );
}
