//! Making the ledger, and the components it is about, say what is true.
use chrono::{DateTime, Utc};
use domain::caller::Caller;
use domain::component::{Component, Status};
use domain::event::{About, Announcement, Event, Kind};
use domain::ledger::{Effects, Source, derive, reconcile};
use domain::timeline::{Said, Step};
use domain::{incident, maintenance};
use persistence::{component, group, ledger};
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
    if components.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = components.iter().map(|it| it.id).collect();
    let rows = ledger::rows(db, &ids, from)?;
    let reports = ledger::reports(db, &ids, from)?;
    let said = said(db, &ids, from)?;
    let mut plans = Vec::new();
    let mut turned = Vec::new();
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
                turned.push(Turned { component: component.clone(), before });
            }
        }
        plans.push((component.id, plan));
    }
    ledger::apply(db, &plans, &caller.actor.to_string(), now)?;
    Ok(turned)
}

/// What incidents and maintenances said of the components from `from` on.
fn said(
    db: &mut Write<'_>,
    components: &[Uuid],
    from: DateTime<Utc>,
) -> Result<Vec<(Source, Said)>, Error> {
    let (told, planned) = ledger::told(db, components, from)?;
    let told = told.into_iter().map(|mut it| {
        let timeline = incident::replay(it.started_at, &mut it.entries);
        (Source::Incident(it.incident), timeline.said)
    });
    let planned = planned.into_iter().map(|mut it| {
        let timeline = maintenance::replay(&mut it.entries);
        (Source::Maintenance(it.maintenance), timeline.said)
    });
    Ok(told.chain(planned).collect())
}

/// Settles components that an incident or maintenance touches: those that change are written back, their groups
/// become new versions, and subscribers are told if `announce`.
pub(crate) fn settle_and_tell(
    db: &mut Write<'_>,
    caller: &Caller,
    components: &mut [Component],
    from: DateTime<Utc>,
    now: DateTime<Utc>,
    announce: bool,
) -> Result<Vec<Event>, Error> {
    let shown = |it: &Component| (it.status, it.status_since);
    let before: Vec<_> = components.iter().map(shown).collect();
    let mut turned = settle(db, caller, components, from, now)?;
    let mut changed = Vec::new();
    for (component, before) in components.iter_mut().zip(before) {
        // A correction of the past may move only the time since when.
        if shown(component) != before {
            component.version += 1;
            component.updated_at = now;
            changed.push(&*component);
        }
    }
    component::update_statuses(db, &changed)?;
    for it in &mut turned {
        it.component.version += 1;
        it.component.updated_at = now;
    }
    let groups: Vec<Uuid> = turned.iter().filter_map(|it| it.component.group_id).collect();
    group::touch(db, &groups)?;
    Ok(turned.into_iter().map(|it| status_changed(it, announce)).collect())
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
