//! The ledger of a component: which status it had when, and why.
//!
//! [`derive`] says what the ledger must hold; [`reconcile`] says how to get there from what it
//! holds. Both are pure, so that an interleaving of any writes can be replayed in a test.
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::component::Status;
use crate::timeline::Step;
use crate::words::words;

words! {
    /// What made a component's status what it is.
    Cause {
        /// A human or a monitor set the baseline.
        Reported = "reported",
        /// An incident says so.
        Incident = "incident",
        /// A maintenance is in progress.
        Maintenance = "maintenance",
        /// Another status page says so.
        Upstream = "upstream",
    }
}

/// A time during which a component, or a group, had one status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = StatusInterval)]
pub struct Interval {
    pub status: Status,
    pub from: DateTime<Utc>,
    /// `null` while it lasts.
    pub to: Option<DateTime<Utc>>,
    pub cause: Cause,
    pub incident_id: Option<Uuid>,
    pub maintenance_id: Option<Uuid>,
    /// Who caused it: `user:<id>`, `token:<id>` or `system`. Shown to callers with `read` only.
    pub actor: Option<String>,
}

/// An incident or a maintenance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    Incident(Uuid),
    Maintenance(Uuid),
}

/// What one incident or maintenance says of the component over time.
#[derive(Clone, Debug)]
pub struct Effects {
    pub source: Source,
    pub steps: Vec<Step>,
}

/// From `from` on, until the next piece, the component has `status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    pub from: DateTime<Utc>,
    pub status: Status,
    pub cause: Cause,
    pub incident: Option<Uuid>,
    pub maintenance: Option<Uuid>,
}

/// A row of the ledger that is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub id: i64,
    pub piece: Piece,
    pub to: Option<DateTime<Utc>>,
}

/// What to do to the rows, in this order: no two of them overlap at any point on the way.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan {
    pub supersede: Vec<i64>,
    /// Rows that end earlier than they did.
    pub shorten: Vec<(i64, DateTime<Utc>)>,
    /// Rows that end later than they did, or not yet.
    pub lengthen: Vec<(i64, Option<DateTime<Utc>>)>,
    pub insert: Vec<(Piece, Option<DateTime<Utc>>)>,
    /// The piece that holds now.
    pub current: Option<Piece>,
    /// From when on the rows say something else than before; nothing when they say the same.
    pub changed_from: Option<DateTime<Utc>>,
}

/// The status of a component from `from` on, given its baseline (`reports`, oldest first) and what
/// incidents and maintenances say. Neighbours of equal status are one piece; the first begins at
/// `from`.
pub fn derive(from: DateTime<Utc>, reports: &[Step], effects: &[Effects]) -> Vec<Piece> {
    let steps = reports.iter().chain(effects.iter().flat_map(|it| &it.steps));
    let mut instants: Vec<DateTime<Utc>> = steps.map(|it| it.at).filter(|at| *at > from).collect();
    instants.push(from);
    instants.sort_unstable();
    instants.dedup();
    let mut pieces: Vec<Piece> = Vec::new();
    for at in instants {
        let piece = piece_at(at, reports, effects);
        if pieces.last().is_none_or(|last| last.status != piece.status) {
            pieces.push(piece);
        }
    }
    pieces
}

/// The worst of the baseline and what incidents say. A maintenance masks the baseline, because
/// monitors take planned work for an outage, but never an incident.
fn piece_at(at: DateTime<Utc>, reports: &[Step], effects: &[Effects]) -> Piece {
    let worst = |is_incident: bool| {
        effects
            .iter()
            .filter(|it| matches!(it.source, Source::Incident(_)) == is_incident)
            .map(|it| (said(&it.steps, at), it.source))
            .max_by_key(|it| it.0)
            .filter(|it| it.0 > Status::Operational)
    };
    let (incident, planned) = (worst(true), worst(false));
    let baseline = if planned.is_some() { Status::Operational } else { said(reports, at) };
    // Of equals an incident counts: it is what nobody planned.
    match planned.into_iter().chain(incident).max_by_key(|it| it.0) {
        Some((status, source)) if status >= baseline => Piece::caused(at, status, source),
        _ => Piece::reported(at, baseline),
    }
}

impl Piece {
    /// A piece of the baseline.
    pub const fn reported(from: DateTime<Utc>, status: Status) -> Self {
        Self { from, status, cause: Cause::Reported, incident: None, maintenance: None }
    }

    const fn caused(from: DateTime<Utc>, status: Status, source: Source) -> Self {
        let piece = Self::reported(from, status);
        match source {
            Source::Incident(id) => Self { cause: Cause::Incident, incident: Some(id), ..piece },
            Source::Maintenance(id) => {
                Self { cause: Cause::Maintenance, maintenance: Some(id), ..piece }
            }
        }
    }
}

fn said(steps: &[Step], at: DateTime<Utc>) -> Status {
    let before = steps.iter().take_while(|it| it.at <= at).last();
    before.map_or(Status::Operational, |it| it.status)
}

/// How to make `rows` say `pieces` from the first piece on. `rows` are all those in force that
/// reach the first piece's start or end later, oldest first.
pub fn reconcile(rows: &[Row], pieces: &[Piece]) -> Plan {
    let mut wanted: Vec<Piece> = pieces.to_vec();
    if let (Some(row), Some(first)) = (rows.first(), wanted.first_mut())
        && row.piece.from < first.from
    {
        if row.piece.status == first.status {
            *first = row.piece;
        } else {
            wanted.insert(0, row.piece);
        }
    }
    let mut plan = Plan { current: wanted.last().copied(), ..Plan::default() };
    let (mut kept, mut changes) = (Vec::new(), Vec::new());
    for (index, piece) in wanted.iter().enumerate() {
        let to = wanted.get(index + 1).map(|next| next.from);
        let Some(row) = rows.iter().find(|row| row.piece == *piece) else {
            plan.insert.push((*piece, to));
            continue;
        };
        kept.push(row.id);
        match (row.to, to) {
            (old, new) if old == new => continue,
            (old, Some(new)) if old.is_none_or(|old| old > new) => plan.shorten.push((row.id, new)),
            (_, new) => plan.lengthen.push((row.id, new)),
        }
        changes.extend([row.to, to].into_iter().flatten().min());
    }
    let superseded = rows.iter().filter(|row| !kept.contains(&row.id));
    for row in superseded {
        plan.supersede.push(row.id);
        changes.push(row.piece.from);
    }
    changes.extend(plan.insert.iter().map(|(piece, _)| piece.from));
    plan.changed_from = changes.into_iter().min();
    plan
}

/// The ledger of a group: at every instant the worst of its members, from the first member's
/// beginning on. Each member's intervals are oldest first and without gaps.
pub fn worst_of(members: &[Vec<Interval>]) -> Vec<Interval> {
    let mut instants: Vec<DateTime<Utc>> = members.iter().flatten().map(|it| it.from).collect();
    instants.extend(members.iter().flatten().filter_map(|it| it.to));
    instants.sort_unstable();
    instants.dedup();
    let mut cursors: Vec<_> = members.iter().map(|it| it.iter().peekable()).collect();
    let mut merged: Vec<Interval> = Vec::new();
    for at in instants {
        let mut worst: Option<&Interval> = None;
        for cursor in &mut cursors {
            while cursor.next_if(|it| it.to.is_some_and(|to| to <= at)).is_some() {}
            let present = cursor.peek().copied().filter(|it| it.from <= at);
            worst = worst.into_iter().chain(present).max_by_key(|it| it.status);
        }
        let last = merged.last_mut().filter(|it| it.to.is_none());
        if let Some(last) = last {
            if worst.is_some_and(|it| it.status == last.status) {
                continue;
            }
            last.to = Some(at);
        }
        merged.extend(worst.map(|it| Interval { from: at, to: None, ..it.clone() }));
    }
    merged
}

/// The part of the intervals that lies between `from` and `to`.
pub fn clip(
    intervals: Vec<Interval>,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
) -> Vec<Interval> {
    let cut = |it: Interval| {
        let begin = from.map_or(it.from, |from| it.from.max(from));
        let end = match (it.to, to) {
            (Some(own), Some(to)) => Some(own.min(to)),
            (own, to) => own.or(to),
        };
        end.is_none_or(|end| end > begin).then_some(Interval { from: begin, to: end, ..it })
    };
    intervals.into_iter().filter_map(cut).collect()
}

#[cfg(test)]
mod tests;
