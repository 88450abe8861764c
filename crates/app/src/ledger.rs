//! Making the ledger, and the components it is about, say what is true.
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::caller::Caller;
use domain::component::{Component, Status};
use domain::event::{About, Announcement, Event, Kind};
use domain::ledger::{Effects, Plan, Source, derive, reconcile};
use domain::timeline::{Said, Step};
use domain::{incident, maintenance};
use persistence::ledger::{Change, Facts, Planned, Told};
use persistence::{group, ledger};
use serde_json::json;
use uuid::Uuid;

use crate::{Error, Write};

/// A component whose status is another one than before.
pub(crate) struct Turned {
    pub component: Component,
    pub before: Status,
}

/// Derives the status of locked components from `from` on, writes the ledger, and changes the
/// components in place. Writing those back is the caller's.
pub(crate) fn settle(
    db: &mut Write<'_>,
    caller: &Caller,
    components: &mut [Component],
    from: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Vec<Turned>, Error> {
    let Settled { plans, turned } = plan(db, components, from)?;
    let changes = plans
        .into_iter()
        .zip(components)
        .map(|(plan, component)| Change::by(&caller.actor.to_string(), component.id, plan));
    ledger::apply(db, &changes.collect::<Vec<_>>(), now)?;
    Ok(turned)
}

/// Settles components that an incident or maintenance touches, and subscribers are told if `announce`.
pub(crate) fn settle_and_tell(
    db: &mut Write<'_>,
    caller: &Caller,
    components: &mut [Component],
    from: DateTime<Utc>,
    now: DateTime<Utc>,
    announce: bool,
) -> Result<Vec<Event>, Error> {
    let turned = settle_for(db, components, from, now, |_, _| caller.actor.to_string())?;
    Ok(turned.into_iter().map(|it| status_changed(it, announce)).collect())
}

/// Settles components for several callers: components that change are written back, and their groups
/// become new versions. `actor` tells who is named as the cause where a component, by its id, becomes
/// something else, which may be because of an incident.
pub(crate) fn settle_for(
    db: &mut Write<'_>,
    components: &mut [Component],
    from: DateTime<Utc>,
    now: DateTime<Utc>,
    actor: impl Fn(Uuid, Option<Uuid>) -> String,
) -> Result<Vec<Turned>, Error> {
    let shown = |it: &Component| (it.status, it.status_since);
    let before: Vec<_> = components.iter().map(shown).collect();
    let Settled { plans, mut turned } = plan(db, components, from)?;
    let mut changes = Vec::new();
    for ((component, before), plan) in components.iter_mut().zip(before).zip(plans) {
        // A correction of the past may move only the time since when.
        let is_new_version = shown(component) != before;
        if is_new_version {
            component.version += 1;
            component.updated_at = now;
        }
        let after = is_new_version.then_some(&*component);
        let actors = plan.insert.iter().map(|(it, _)| actor(component.id, it.incident)).collect();
        changes.push(Change { component: component.id, plan, after, actors });
    }
    ledger::apply(db, &changes, now)?;
    for it in &mut turned {
        it.component.version += 1;
        it.component.updated_at = now;
    }
    let groups: Vec<Uuid> = turned.iter().filter_map(|it| it.component.group_id).collect();
    group::touch(db, &groups)?;
    Ok(turned)
}

/// What must become of components.
#[derive(Default)]
struct Settled {
    /// One for each of them.
    plans: Vec<Plan>,
    turned: Vec<Turned>,
}

/// Derives the status of locked components from `from` on, and changes them in place.
fn plan(
    db: &mut Write<'_>,
    components: &mut [Component],
    from: DateTime<Utc>,
) -> Result<Settled, Error> {
    let mut settled = Settled::default();
    if components.is_empty() {
        return Ok(settled);
    }
    let ids: Vec<Uuid> = components.iter().map(|it| it.id).collect();
    let Facts { rows, reports, told, planned } = ledger::facts(db, &ids, from)?;
    let said = said(told, planned);
    for component in components {
        let rows = rows.get(&component.id).map_or(&[][..], Vec::as_slice);
        let steps = |said: &Said| -> Option<Vec<Step>> { said.steps.get(&component.id).cloned() };
        let effects: Vec<Effects> = said
            .iter()
            .filter_map(|(source, said)| Some(Effects { source: *source, steps: steps(said)? }))
            .collect();
        // The ledger begins when the component did.
        let from = rows.first().map_or(from, |first| from.max(first.piece.from));
        let reports = reports.get(&component.id).map_or(&[][..], Vec::as_slice);
        let plan = reconcile(rows, &derive(from, reports, &effects));
        if let Some(current) = plan.current {
            let before = component.status;
            (component.status, component.status_since) = (current.status, current.from);
            if before != current.status {
                settled.turned.push(Turned { component: component.clone(), before });
            }
        }
        settled.plans.push(plan);
    }
    Ok(settled)
}

/// What incidents and maintenances said of components.
fn said(told: BTreeMap<Uuid, Told>, planned: BTreeMap<Uuid, Planned>) -> Vec<(Source, Said)> {
    let told = told.into_iter().map(|(id, mut it)| {
        let timeline = incident::replay(it.started_at, &mut it.entries);
        (Source::Incident(id), timeline.said)
    });
    let planned = planned.into_iter().map(|(id, mut entries)| {
        let timeline = maintenance::replay(&mut entries);
        (Source::Maintenance(id), timeline.said)
    });
    told.chain(planned).collect()
}

/// The fact that a component turned.
pub(crate) fn status_changed(turned: Turned, announce: bool) -> Event {
    let Turned { component, before } = turned;
    let impact = component.status.max(before).into();
    let about = About {
        components: vec![component.id],
        groups: component.group_id.into_iter().collect(),
        impact: Some(impact),
        ..About::default()
    };
    let dress = |component: &Component| {
        let mut payload = json!(component);
        if let Some(members) = payload.as_object_mut() {
            members.insert("previous_status".to_owned(), json!(before));
        }
        payload
    };
    Event {
        kind: Kind::Announcement(Announcement::ComponentStatusChanged),
        announce,
        about,
        payload: dress(&component),
        public_payload: component.for_public().as_ref().map(dress),
    }
}
