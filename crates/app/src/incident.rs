//! Incidents: opening, updating, correcting and closing them.
mod amend;
mod open;
mod preview;
mod wish;

use chrono::{DateTime, Utc};
use domain::caller::{Caller, Scope, Visibility};
use domain::component::{self, Component};
use domain::event::{About, Announcement, Event, Kind, Record};
use domain::incident::{Entry, Incident, Status, Timeline, Unsound, Update, replay};
use domain::timeline::Effect;
use persistence::incident;
use serde_json::json;
use uuid::Uuid;

use crate::error::check_version;
use crate::ledger::settle_and_tell;
use crate::timeline::{self, Resolved, groups_of, id_at, resolve};
use crate::{Error, Page, Read, Window, Write, markdown};

pub use crate::timeline::Named;
pub use amend::{
    Edit, UpdateEdit, delete, delete_postmortem, delete_update, edit, edit_update, put_postmortem,
};
pub use open::{Answer, Opened, open, open_all};
pub use persistence::incident::{Filter, Key, State};
pub use preview::preview;
pub use wish::Wish;

/// What it takes to add an update.
pub type NewUpdate = timeline::NewUpdate<Status>;

/// The incident as the reader may see it.
pub fn find(db: &mut Read<'_>, audience: Visibility, key: Key) -> Result<Incident, Error> {
    let incident = incident::find(db, key).map_err(Error::missing("incident"))?;
    seen_by(incident, audience).ok_or(Error::NotFound("incident"))
}

/// Incidents the reader may see, newest first.
pub fn page(
    db: &mut Read<'_>,
    audience: Visibility,
    filter: Filter,
    window: Window,
) -> Result<Page<Incident>, Error> {
    let visibility = (audience == Visibility::Public).then_some(Visibility::Public);
    let page = incident::page(db, &Filter { visibility, ..filter }, window)?;
    let data = page.data.into_iter().filter_map(|it| seen_by(it, audience)).collect();
    Ok(Page { data, next: page.next })
}

fn seen_by(incident: Incident, audience: Visibility) -> Option<Incident> {
    match audience {
        Visibility::Internal => Some(incident),
        Visibility::Public => incident.for_public(),
    }
}

/// Adds an update. Its effects count from the time it shows.
pub fn add_update(
    db: &mut Write<'_>,
    caller: &Caller,
    key: Key,
    expected: Option<i64>,
    new: NewUpdate,
) -> Result<(Incident, Update), Error> {
    caller.must(Scope::Incidents)?;
    let before = incident::lock(db, key).map_err(Error::missing("incident"))?;
    check_version(expected, before.version)?;
    let Resolved { touched, effects, now } = resolve(db, &new.components, &touching(&before))?;
    let display_at = new.display_at.unwrap_or(now);
    let status = new.status.unwrap_or_else(|| state_at(&before, display_at));
    check_update(&before, status, display_at, &effects, now)?;
    let update = Update {
        id: id_at(now),
        status,
        message_html: markdown::render(&new.message),
        message: new.message,
        components: Vec::new(),
        notify: new.notify,
        display_at,
        author: Some(caller.name.clone()),
        created_at: now,
        updated_at: now,
    };
    incident::insert_update(db, before.id, &update, &effects)?;
    let span = Span { from: display_at, now };
    let mut settled = rework(db, caller, &before, touched, span, new.notify)?;
    let resolves = before.is_open() && !settled.incident.is_open();
    let kind =
        if resolves { Announcement::IncidentResolved } else { Announcement::IncidentUpdated };
    let groups = groups_of(&settled.touched);
    let fact = fact(Kind::Announcement(kind), new.notify, &settled.incident, groups);
    settled.facts.insert(0, fact);
    db.emit(caller, now, settled.facts)?;
    let added = settled.incident.updates.iter().find(|it| it.id == update.id).cloned();
    Ok((settled.incident, added.ok_or(Error::NotFound("update"))?))
}

/// What [`rework`] made of an incident.
struct Reworked {
    incident: Incident,
    touched: Vec<Component>,
    facts: Vec<Event>,
}

/// From when on components must be settled, and what time it is.
#[derive(Clone, Copy)]
struct Span {
    from: DateTime<Utc>,
    now: DateTime<Utc>,
}

/// Derives the incident anew from its updates, and then its components, which are locked already.
fn rework(
    db: &mut Write<'_>,
    caller: &Caller,
    before: &Incident,
    mut touched: Vec<Component>,
    Span { from, now }: Span,
    announce: bool,
) -> Result<Reworked, Error> {
    let mut entries = incident::entries(db, before.id)?;
    let timeline = replay(before.started_at, &mut entries);
    let mut incident = incident::find(db, Key::Id(before.id))?;
    derive(&mut incident, &timeline, now);
    incident::update(db, &incident, &timeline).map_err(Error::taken(
        incident::DEDUP_KEY_TAKEN,
        "the deduplication key of this incident, by another open one,",
    ))?;
    incident::keep_components(db, incident.id, &timeline)?;
    let facts = settle_and_tell(db, caller, &mut touched, from, now, announce)?;
    Ok(Reworked { incident, touched, facts })
}

/// The state an incident was in: an update that says nothing of it must not change history.
fn state_at(incident: &Incident, at: DateTime<Utc>) -> Status {
    let before = incident.updates.iter().find(|it| it.display_at <= at);
    before.map_or(incident.status, |it| it.status)
}

/// Components that an incident touches.
fn touching(incident: &Incident) -> Vec<Uuid> {
    incident.components.iter().map(|it| it.id).collect()
}

fn derive(incident: &mut Incident, timeline: &Timeline, now: DateTime<Utc>) {
    incident.status = timeline.status;
    incident.impact = incident.impact_override.unwrap_or(timeline.impact);
    incident.identified_at = timeline.identified_at;
    incident.monitoring_at = timeline.monitoring_at;
    incident.resolved_at = timeline.resolved_at;
    incident.duration_seconds =
        timeline.resolved_at.map(|it| (it - incident.started_at).num_seconds());
    incident.version += 1;
    incident.updated_at = now;
}

fn entry(update: &Update, effects: &[Effect]) -> Entry {
    let Update { id, status, display_at, .. } = update;
    Entry { id: *id, status: *status, display_at: *display_at, effects: effects.to_vec() }
}

fn check_update(
    incident: &Incident,
    status: Status,
    display_at: DateTime<Utc>,
    effects: &[Effect],
    now: DateTime<Utc>,
) -> Result<(), Unsound> {
    if display_at > now {
        return Err(Unsound::DisplayedInFuture);
    }
    if display_at < incident.started_at {
        return Err(Unsound::DisplayedBeforeStart);
    }
    let says_something = effects.iter().any(|it| it.status != component::Status::Operational);
    if status == Status::Resolved && says_something {
        return Err(Unsound::AffectsAfterResolution);
    }
    Ok(())
}

/// What happened to an incident, for subscribers and for the record.
fn fact(kind: Kind, announce: bool, incident: &Incident, groups: Vec<Uuid>) -> Event {
    let about = About {
        incident: Some(incident.id),
        components: incident.components.iter().map(|it| it.id).collect(),
        groups,
        impact: Some(incident.impact),
        ..About::default()
    };
    let payload = json!(incident);
    let public_payload = incident.clone().for_public().map(|it| json!(it));
    Event { kind, announce, about, payload, public_payload }
}

fn record(kind: Record, before: Visibility, incident: &Incident, touched: &[Component]) -> Event {
    let fact = fact(Kind::Record(kind), false, incident, groups_of(touched));
    fact.seen_before(before, incident.id)
}
