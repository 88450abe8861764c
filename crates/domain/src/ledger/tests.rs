use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::incident::{self, Effect, Entry, replay};

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
    ]
}

/// The ledger as a table, and the facts it is derived from.
#[derive(Default)]
struct World {
    reports: Vec<Step>,
    incidents: BTreeMap<Uuid, (DateTime<Utc>, Vec<Entry>)>,
    rows: Vec<Row>,
    n_rows: i64,
}

impl World {
    fn effects(&self) -> Vec<Effects> {
        self.incidents
            .iter()
            .map(|(id, (started_at, entries))| Effects {
                incident: *id,
                steps: replay(*started_at, &mut entries.clone())
                    .steps
                    .remove(&COMPONENT)
                    .unwrap_or_default(),
            })
            .collect()
    }

    fn settle(&mut self, from: DateTime<Utc>) {
        let from = from.max(at(0));
        let pieces = derive(from, &self.reports, &self.effects());
        let reached: Vec<Row> =
            self.rows.iter().filter(|it| it.to.is_none_or(|to| to >= from)).cloned().collect();
        let plan = reconcile(&reached, &pieces);
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
            let worst = world
                .effects()
                .iter()
                .map(|it| said(&it.steps, now))
                .chain([said(&world.reports, now)])
                .max();
            prop_assert_eq!(Some(last.piece.status), worst);
            for second in 0..=now.timestamp() {
                let row = world.rows.iter().rfind(|it| it.piece.from <= at(second)).unwrap();
                let truth = piece_at(at(second), &world.reports, &world.effects());
                prop_assert_eq!(row.piece.status, truth.status, "at second {}", second);
            }
        }
    }
}

#[test]
fn closing_the_last_row_moves_its_end_and_opens_the_next() {
    let piece = |from: i64, status: Status| Piece {
        from: at(from),
        status,
        cause: Cause::Reported,
        incident: None,
    };
    let rows = [Row { id: 1, piece: piece(0, Status::Operational), to: None }];
    let plan = reconcile(&rows, &[piece(10, Status::MajorOutage)]);
    assert_eq!(plan.shorten, [(1, at(10))]);
    assert_eq!(plan.insert, [(piece(10, Status::MajorOutage), None)]);
    assert_eq!(plan.supersede, [0i64; 0]);
}

#[test]
fn a_group_is_as_bad_as_its_worst_member() {
    let interval = |status: Status, from: i64, to: Option<i64>| Interval {
        status,
        from: at(from),
        to: to.map(at),
        cause: Cause::Reported,
        incident_id: None,
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
