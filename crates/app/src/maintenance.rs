//! Scheduled maintenance: planning it, telling of it, changing and calling it off.
mod amend;
mod calendar;
mod clockwork;
mod following;
mod series;
mod wish;

use chrono::{DateTime, Utc};
use domain::caller::{Caller, Scope, Visibility};
use domain::component::Component;
use domain::event::{About, Announcement, Event, Kind, Record};
use domain::maintenance::{
    Clock, Deed, Draft, Maintenance, Status, Template, Unsound, Update, Warning, Window,
};
use domain::timeline::{Affected, Effect};
use persistence::{component as components, maintenance};
use serde_json::json;
use uuid::Uuid;

use crate::error::check_version;
use crate::ledger::settle_and_tell;
use crate::timeline::{groups_of, id_at, resolve};
use crate::{Error, Page, Read, Window as Part, Write, markdown};

pub use crate::timeline::Named;
pub use amend::{Edit, Range, delete, edit, edit_update};
pub use calendar::{DAYS_MAX, calendar, subscribed};
pub use clockwork::{next_due, step};
pub use persistence::maintenance::{Filter, Key, State};
pub use wish::Wish;

/// What came of scheduling a maintenance.
#[derive(Clone, Debug)]
pub enum Scheduled {
    /// Of a series the first occurrence.
    Created(Maintenance, Vec<Warning>),
    /// One with the same deduplication key was open already.
    Existing(Maintenance),
}

/// What it takes to add an update.
#[derive(Clone, Debug)]
pub struct NewUpdate {
    /// Absent: the state stays.
    pub status: Option<Status>,
    pub message: String,
    pub components: Named,
    pub notify: bool,
    pub display_at: Option<DateTime<Utc>>,
}

/// The maintenance as the reader may see it.
pub fn find(db: &mut Read<'_>, audience: Visibility, key: Key) -> Result<Maintenance, Error> {
    let maintenance = maintenance::find(db, key).map_err(Error::missing("maintenance"))?;
    seen_by(maintenance, audience).ok_or(Error::NotFound("maintenance"))
}

/// Maintenances the reader may see, the last to begin first.
pub fn page(
    db: &mut Read<'_>,
    audience: Visibility,
    filter: Filter,
    part: Part,
) -> Result<Page<Maintenance>, Error> {
    let page = maintenance::page(db, &for_audience(filter, audience), part)?;
    let data = page.data.into_iter().filter_map(|it| seen_by(it, audience)).collect();
    Ok(Page { data, next: page.next })
}

fn for_audience(filter: Filter, audience: Visibility) -> Filter {
    let visibility = (audience == Visibility::Public).then_some(Visibility::Public);
    Filter { visibility, ..filter }
}

fn seen_by(maintenance: Maintenance, audience: Visibility) -> Option<Maintenance> {
    match audience {
        Visibility::Internal => Some(maintenance),
        Visibility::Public => maintenance.for_public(),
    }
}

/// Schedules a maintenance, or a series of which it is the first, and tells subscribers of that
/// one. What is over already is history and tells nobody; what should have begun is left to the
/// clock, which tells that it began. Callers that race with one deduplication key all get the same.
pub fn schedule(
    db: &mut Write<'_>,
    caller: &Caller,
    draft: Draft,
    named: &Named,
) -> Result<Scheduled, Error> {
    caller.must(Scope::Maintenances)?;
    if let Some(key) = &draft.template.dedup_key {
        maintenance::lock_dedup_key(db, key)?;
        if let Some(existing) = maintenance::with_dedup_key(db, key)? {
            return Ok(Scheduled::Existing(existing));
        }
    }
    let (mut touched, effects) = resolve(db, named, &[])?;
    let now = db.now()?;
    draft.window.check(now)?;
    let Draft { template, window, time_zone, recurrence } = draft;
    let message_html = markdown::render(&template.message);
    let template = Template { effects, message_html, ..template };
    let (created, mut facts) = match recurrence {
        Some(_) if window.ends_at <= now => return Err(Unsound::SeriesInPast.into()),
        Some(recurrence) => {
            let source = caller.actor.to_string();
            let series = series::begin(db, recurrence, window, template, source, now)?;
            series::plant_all(db, caller, series, &[], &touched, now)?
        }
        None => {
            let occurrence = Occurrence { time_zone, ..Occurrence::default() };
            let planted = plant(db, caller, &template, window, occurrence, now)?;
            (vec![planted], Vec::new())
        }
    };
    let ids: Vec<Uuid> = created.iter().map(|it| it.id).collect();
    let first = created.into_iter().next().ok_or(Error::NotFound("occurrence"))?;
    let is_past = first.status.is_over();
    let begins = first.auto_start && first.starts_at <= now;
    let announce = first.notify && !is_past && !begins;
    facts.insert(0, announced(Announcement::MaintenanceScheduled, announce, &first, &touched));
    if is_past {
        facts.extend(settle_and_tell(db, caller, &mut touched, first.starts_at, now, false)?);
    }
    db.emit(caller, now, facts)?;
    let warnings = maintenance::overlaps(db, &ids)?;
    Ok(Scheduled::Created(first, warnings))
}

/// What makes a maintenance one of a series.
#[derive(Clone, Debug, Default)]
struct Occurrence {
    series: Option<Uuid>,
    recurrence_id: Option<DateTime<Utc>>,
    recurrence: Option<String>,
    time_zone: Option<String>,
}

/// Writes down a maintenance. What is over already has gone through all its states.
fn plant(
    db: &mut Write<'_>,
    caller: &Caller,
    template: &Template,
    window: Window,
    occurrence: Occurrence,
    now: DateTime<Utc>,
) -> Result<Maintenance, Error> {
    let mut new = build(caller, template, window, occurrence, now);
    let is_past = window.ends_at <= now;
    let first = Update {
        id: id_at(now),
        status: Status::Scheduled,
        message: template.message.clone(),
        message_html: template.message_html.clone(),
        components: Vec::new(),
        notify: template.notify && !is_past,
        display_at: new.clock.planned_at,
        author: Some(caller.name.clone()),
        created_at: now,
        updated_at: now,
    };
    new.updates.push(first.clone());
    let key_taken = "the deduplication key, by another open maintenance,";
    let taken = Error::taken(maintenance::DEDUP_KEY_TAKEN, key_taken);
    let planted = maintenance::insert(db, &new, &first, &template.effects).map_err(taken)?;
    if !is_past {
        return Ok(planted);
    }
    let Window { starts_at, ends_at } = window;
    let deeds = [Deed::Start { at: starts_at }, Deed::Complete { at: ends_at }];
    let silent = Maintenance { notify_on_start: false, notify_on_completion: false, ..planted };
    let mut past = carry_out(db, silent, &deeds, now)?;
    (past.notify_on_start, past.notify_on_completion) =
        (template.notify_on_start, template.notify_on_completion);
    past.version = 1;
    maintenance::update(db, &past)?;
    Ok(past)
}

fn build(
    caller: &Caller,
    template: &Template,
    window: Window,
    occurrence: Occurrence,
    now: DateTime<Utc>,
) -> Maintenance {
    let Template {
        title,
        message: _,
        message_html: _,
        effects: _,
        visibility,
        auto_start,
        auto_complete,
        notify,
        notify_on_start,
        notify_on_completion,
        remind_before_seconds,
        dedup_key,
        metadata,
    } = template.clone();
    let Window { starts_at, ends_at } = window;
    let Occurrence { series, recurrence_id, recurrence, time_zone } = occurrence;
    let clock = Clock::wind(starts_at, &remind_before_seconds, now);
    Maintenance {
        id: Uuid::now_v7(),
        number: 0,
        title,
        status: Status::Scheduled,
        visibility,
        components: Vec::new(),
        updates: Vec::new(),
        starts_at,
        ends_at,
        started_at: None,
        completed_at: None,
        cancelled_at: None,
        auto_start,
        auto_complete,
        notify,
        notify_on_start,
        notify_on_completion,
        remind_before_seconds,
        recurrence,
        time_zone,
        series_id: series,
        recurrence_id,
        sequence: 0,
        dedup_key,
        source: Some(caller.actor.to_string()),
        metadata,
        url: String::new(),
        version: 1,
        created_at: now,
        updated_at: now,
        clock: Clock { planned_at: now.min(starts_at), ..clock },
    }
}

/// Writes down what the clock did to a locked maintenance, and returns it as it is then. Its
/// components are the caller's to settle.
fn carry_out(
    db: &mut Write<'_>,
    before: Maintenance,
    deeds: &[Deed],
    now: DateTime<Utc>,
) -> Result<Maintenance, Error> {
    let mut after = before;
    let mut moved = false;
    for (nth, deed) in (1i64..).zip(deeds) {
        let (status, display_at, notify) = match *deed {
            Deed::List | Deed::Remind => continue,
            Deed::Start { at } => (Status::InProgress, at, after.notify_on_start),
            Deed::Complete { at } => (Status::Completed, at, after.notify_on_completion),
        };
        let update = Update {
            // One after the other, though they are written at one time.
            id: id_at(now + chrono::Duration::milliseconds(nth)),
            status,
            message: String::new(),
            message_html: String::new(),
            components: Vec::new(),
            notify,
            display_at,
            author: Some(Caller::system().name),
            created_at: now,
            updated_at: now,
        };
        maintenance::insert_update(db, after.id, &update, &[])?;
        moved = true;
    }
    if moved {
        after = rework(db, after, now)?;
    } else {
        maintenance::update(db, &after)?;
    }
    Ok(after)
}

/// The maintenance as its updates make it, as a new version with the settings of `it`.
fn rework(db: &mut Write<'_>, it: Maintenance, now: DateTime<Utc>) -> Result<Maintenance, Error> {
    let Maintenance { status, components, updates, started_at, completed_at, cancelled_at, .. } =
        maintenance::find(db, Key::Id(it.id))?;
    let version = it.version + 1;
    let after = Maintenance {
        status,
        components,
        updates,
        started_at,
        completed_at,
        cancelled_at,
        version,
        updated_at: now,
        ..it
    };
    maintenance::update(db, &after).map_err(Error::taken(
        maintenance::DEDUP_KEY_TAKEN,
        "the deduplication key of this maintenance, by another open one,",
    ))?;
    Ok(after)
}

/// Adds an update. Its effects count from the time it shows.
pub fn add_update(
    db: &mut Write<'_>,
    caller: &Caller,
    key: Key,
    expected: Option<i64>,
    new: NewUpdate,
) -> Result<(Maintenance, Update), Error> {
    caller.must(Scope::Maintenances)?;
    let before = maintenance::lock(db, key).map_err(Error::missing("maintenance"))?;
    check_version(expected, before.version)?;
    let (mut touched, effects) = resolve(db, &new.components, &ids_of(&before.components))?;
    let now = db.now()?;
    let display_at = new.display_at.unwrap_or(now);
    let status = new.status.unwrap_or(before.status);
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
    maintenance::insert_update(db, before.id, &update, &effects)?;
    let was = before.status;
    let called_off = i64::from(status == Status::Cancelled && was != Status::Cancelled);
    let sequence = before.sequence + called_off;
    let after = rework(db, Maintenance { sequence, ..before }, now)?;
    let mut facts = vec![announced(kind_of(was, status), new.notify, &after, &touched)];
    if was.is_active() || status.is_active() {
        facts.extend(settle_and_tell(db, caller, &mut touched, display_at, now, new.notify)?);
    }
    db.emit(caller, now, facts)?;
    let added = after.updates.iter().find(|it| it.id == update.id).cloned();
    Ok((after, added.ok_or(Error::NotFound("update"))?))
}

/// What subscribers are told when an update says `now` after `before`.
fn kind_of(before: Status, now: Status) -> Announcement {
    match now {
        Status::Cancelled if before != now => Announcement::MaintenanceCancelled,
        Status::Completed if before != now => Announcement::MaintenanceCompleted,
        Status::InProgress if !before.is_active() => Announcement::MaintenanceStarted,
        _ => Announcement::MaintenanceUpdated,
    }
}

fn check_update(
    before: &Maintenance,
    status: Status,
    display_at: DateTime<Utc>,
    effects: &[Effect],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    if !before.status.may_become(status) {
        return Err(Error::Conflict(match before.status {
            Status::Scheduled => "a maintenance begins or is cancelled before anything else",
            Status::InProgress | Status::Verifying => "a maintenance that has begun stays begun",
            Status::Completed | Status::Cancelled => "what is over stays over",
        }));
    }
    if display_at > now {
        return Err(Unsound::DisplayedInFuture.into());
    }
    if before.updates.first().is_some_and(|last| display_at < last.display_at) {
        return Err(Unsound::DisplayedTooEarly.into());
    }
    let well = domain::component::Status::Operational;
    if status.is_over() && effects.iter().any(|it| it.status != well) {
        return Err(Unsound::AffectsAfterEnd.into());
    }
    Ok(())
}

fn ids_of(components: &[Affected]) -> Vec<Uuid> {
    components.iter().map(|it| it.id).collect()
}

/// What happened to a maintenance. `components` are those it touches, or more.
fn fact(kind: Kind, announce: bool, it: &Maintenance, components: &[Component]) -> Event {
    let ids = ids_of(&it.components);
    let own = components.iter().filter(|component| ids.contains(&component.id));
    let own: Vec<Component> = own.cloned().collect();
    let about = About {
        maintenance: Some(it.id),
        components: ids,
        groups: groups_of(&own),
        impact: Some(it.impact()),
        ..About::default()
    };
    let public_payload = it.clone().for_public().map(|it| json!(it));
    Event { kind, announce, about, payload: json!(it), public_payload }
}

fn announced(
    kind: Announcement,
    announce: bool,
    it: &Maintenance,
    components: &[Component],
) -> Event {
    fact(Kind::Announcement(kind), announce, it, components)
}

fn recorded(kind: Record, before: Visibility, it: &Maintenance, components: &[Component]) -> Event {
    fact(Kind::Record(kind), false, it, components).seen_before(before, it.id)
}

/// Another window was set than `before`; or something else was changed, of which nobody hears.
fn changed(before: &Maintenance, after: &Maintenance, components: &[Component]) -> Event {
    let was = before.window();
    if after.window() == was || after.visibility != before.visibility {
        return recorded(Record::MaintenanceEdited, before.visibility, after, components);
    }
    let mut fact = announced(Announcement::MaintenanceUpdated, after.notify, after, components);
    for payload in std::iter::once(&mut fact.payload).chain(&mut fact.public_payload) {
        if let Some(members) = payload.as_object_mut() {
            members.insert("previous_starts_at".to_owned(), json!(was.starts_at));
            members.insert("previous_ends_at".to_owned(), json!(was.ends_at));
        }
    }
    fact
}

/// The components that a maintenance touches, locked.
fn lock_components(db: &mut Write<'_>, it: &Maintenance) -> Result<Vec<Component>, Error> {
    Ok(components::lock(db, &[], &ids_of(&it.components))?)
}
