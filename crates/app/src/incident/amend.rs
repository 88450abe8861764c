//! Correcting what was said: edits, deletions, postmortems. Nobody is notified of a correction,
//! but for a postmortem that is published.
use chrono::{DateTime, Utc};
use domain::caller::{Caller, Scope, Visibility};
use domain::event::{Announcement, Kind, Record};
use domain::incident::{Impact, Incident, Postmortem, Status, Unsound, Update};
use persistence::component::{self as components, Locked};
use persistence::incident;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Key, Named, Span, check_update, fact, record, rework, touching};
use crate::error::check_version;
use crate::ledger::settle_and_tell;
use crate::timeline::{Resolved, groups_of, resolve};
use crate::{Error, Write, markdown};

/// What may be edited of an incident, as it is before the edit.
#[derive(Clone, Debug)]
pub struct Edit {
    pub title: String,
    pub impact_override: Option<Impact>,
    pub visibility: Visibility,
    pub started_at: DateTime<Utc>,
    pub pinned: bool,
    pub metadata: Map<String, Value>,
}

/// Changes what `change` changes.
pub fn edit(
    db: &mut Write<'_>,
    caller: &Caller,
    key: Key,
    expected: Option<i64>,
    change: impl FnOnce(&mut Edit),
) -> Result<Incident, Error> {
    caller.must(Scope::Incidents)?;
    let mut incident = lock(db, key, expected)?;
    let mut edit = Edit {
        title: incident.title.clone(),
        impact_override: incident.impact_override,
        visibility: incident.visibility,
        started_at: incident.started_at,
        pinned: incident.pinned,
        metadata: incident.metadata.clone(),
    };
    change(&mut edit);
    let now = db.now()?;
    let (began_before, seen_before) = (incident.started_at, incident.visibility);
    check_start(&incident, edit.started_at, now)?;
    let Edit { title, impact_override, visibility, started_at, pinned, metadata } = edit;
    incident =
        Incident { title, impact_override, visibility, started_at, pinned, metadata, ..incident };
    // The row carries the new start before the timeline is read against it.
    let mut entries = incident::entries(db, incident.id)?;
    let timeline = domain::incident::replay(incident.started_at, &mut entries);
    incident::update(db, &incident, &timeline)?;
    let touched = components::lock(db, &[], &touching(&incident))?.components;
    let span = Span { from: began_before.min(incident.started_at), now };
    let reworked = rework(db, caller, &incident, touched, span, false)?;
    finish(db, caller, now, seen_before, reworked)
}

fn check_start(
    incident: &Incident,
    started_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    if started_at == incident.started_at {
        return Ok(());
    }
    if started_at > now {
        return Err(Unsound::StartsInFuture.into());
    }
    if incident.resolved_at.is_some_and(|it| it <= started_at) {
        return Err(Error::invalid(
            "/started_at",
            "unsound",
            "`started_at` is not before `resolved_at`",
        ));
    }
    Ok(())
}

/// Removes an incident from the page; its components recover from it.
pub fn delete(
    db: &mut Write<'_>,
    caller: &Caller,
    key: Key,
    expected: Option<i64>,
) -> Result<(), Error> {
    caller.must(Scope::Incidents)?;
    let incident = lock(db, key, expected)?;
    let Locked { components: mut touched, at: now } =
        components::lock(db, &[], &touching(&incident))?;
    incident::delete(db, incident.id, now)?;
    let turned = settle_and_tell(db, caller, &mut touched, incident.started_at, now, false)?;
    let mut facts = vec![record(Record::IncidentDeleted, incident.visibility, &incident, &touched)];
    facts.extend(turned);
    db.emit(caller, now, facts)?;
    Ok(())
}

/// What may be edited of an update; what is absent stays.
#[derive(Clone, Debug, Default)]
pub struct UpdateEdit {
    pub status: Option<Status>,
    pub message: Option<String>,
    pub components: Option<Named>,
    pub display_at: Option<DateTime<Utc>>,
}

/// Corrects an update; the incident and its components become what they would have been.
pub fn edit_update(
    db: &mut Write<'_>,
    caller: &Caller,
    key: Key,
    id: Uuid,
    expected: Option<i64>,
    edit: UpdateEdit,
) -> Result<(Incident, Update), Error> {
    caller.must(Scope::Incidents)?;
    let before = lock(db, key, expected)?;
    let (mut update, is_opening) = find_update(&before, id)?;
    let UpdateEdit { status, message, components, display_at } = edit;
    let named = components.clone().unwrap_or_default();
    let Resolved { touched, mut effects, now } = resolve(db, &named, &touching(&before))?;
    if components.is_none() {
        let entries = incident::entries(db, before.id)?;
        effects = entries.into_iter().find(|it| it.id == id).map_or(effects, |it| it.effects);
    }
    update.status = status.unwrap_or(update.status);
    update.display_at = display_at.unwrap_or(update.display_at);
    if let Some(message) = message {
        update.message_html = markdown::render(&message);
        update.message = message;
    }
    update.updated_at = now;
    if status.is_some() || display_at.is_some() || components.is_some() {
        // Only the opening update may say something of components and be the resolution, too.
        let checked = if is_opening { &[][..] } else { &effects };
        check_update(&before, update.status, update.display_at, checked, now)?;
    }
    incident::update_update(db, before.id, &update, &effects)?;
    let span = Span { from: before.started_at, now };
    let reworked = rework(db, caller, &before, touched, span, false)?;
    let incident = finish(db, caller, now, before.visibility, reworked)?;
    let (update, _) = find_update(&incident, id)?;
    Ok((incident, update))
}

/// Takes an update back. An incident keeps at least one.
pub fn delete_update(
    db: &mut Write<'_>,
    caller: &Caller,
    key: Key,
    id: Uuid,
    expected: Option<i64>,
) -> Result<Incident, Error> {
    caller.must(Scope::Incidents)?;
    let before = lock(db, key, expected)?;
    find_update(&before, id)?;
    if before.updates.len() == 1 {
        return Err(Error::Conflict("this is the only update; delete the incident instead"));
    }
    let Locked { components: touched, at: now } = components::lock(db, &[], &touching(&before))?;
    incident::delete_update(db, id)?;
    let span = Span { from: before.started_at, now };
    let reworked = rework(db, caller, &before, touched, span, false)?;
    finish(db, caller, now, before.visibility, reworked)
}

/// Writes the postmortem. Subscribers hear of it when it is published for the first time.
pub fn put_postmortem(
    db: &mut Write<'_>,
    caller: &Caller,
    key: Key,
    expected: Option<i64>,
    body: String,
    published: bool,
) -> Result<Incident, Error> {
    caller.must(Scope::Incidents)?;
    let mut incident = lock(db, key, expected)?;
    let now = db.now()?;
    let published_before = incident.postmortem.take().and_then(|it| it.published_at);
    incident.postmortem = Some(Postmortem {
        body_html: markdown::render(&body),
        body,
        published_at: published.then(|| published_before.unwrap_or(now)),
        updated_at: now,
    });
    let first = published && published_before.is_none();
    save_postmortem(db, caller, incident, now, first)
}

/// Removes the postmortem.
pub fn delete_postmortem(
    db: &mut Write<'_>,
    caller: &Caller,
    key: Key,
    expected: Option<i64>,
) -> Result<Incident, Error> {
    caller.must(Scope::Incidents)?;
    let mut incident = lock(db, key, expected)?;
    if incident.postmortem.take().is_none() {
        return Err(Error::NotFound("postmortem"));
    }
    let now = db.now()?;
    save_postmortem(db, caller, incident, now, false)
}

fn save_postmortem(
    db: &mut Write<'_>,
    caller: &Caller,
    mut incident: Incident,
    now: DateTime<Utc>,
    announce: bool,
) -> Result<Incident, Error> {
    let mut entries = incident::entries(db, incident.id)?;
    let timeline = domain::incident::replay(incident.started_at, &mut entries);
    incident.version += 1;
    incident.updated_at = now;
    incident::update(db, &incident, &timeline)?;
    let touched = components::lock(db, &[], &touching(&incident))?.components;
    let kind = if announce {
        Kind::Announcement(Announcement::PostmortemPublished)
    } else {
        Kind::Record(Record::PostmortemEdited)
    };
    db.emit(caller, now, vec![fact(kind, announce, &incident, groups_of(&touched))])?;
    Ok(incident)
}

fn lock(db: &mut Write<'_>, key: Key, expected: Option<i64>) -> Result<Incident, Error> {
    let incident = incident::lock(db, key).map_err(Error::missing("incident"))?;
    check_version(expected, incident.version)?;
    Ok(incident)
}

/// The update, and whether it is the one that opened the incident.
fn find_update(incident: &Incident, id: Uuid) -> Result<(Update, bool), Error> {
    let update = incident.updates.iter().find(|it| it.id == id).cloned();
    let opening = incident.updates.iter().map(|it| it.id).min();
    Ok((update.ok_or(Error::NotFound("update"))?, opening == Some(id)))
}

fn finish(
    db: &mut Write<'_>,
    caller: &Caller,
    now: DateTime<Utc>,
    seen_before: Visibility,
    reworked: super::Reworked,
) -> Result<Incident, Error> {
    let super::Reworked { incident, touched, facts: turned } = reworked;
    let mut facts = vec![record(Record::IncidentEdited, seen_before, &incident, &touched)];
    facts.extend(turned);
    db.emit(caller, now, facts)?;
    Ok(incident)
}
