//! Scheduled maintenance: planning it, telling of it, changing and calling it off.
mod amend;
mod calendar;
mod clockwork;
mod following;
mod schedule;
mod series;
mod update;
mod wish;

use chrono::{DateTime, Utc};
use domain::caller::Visibility;
use domain::component::Component;
use domain::event::{About, Announcement, Event, Kind, Record};
use domain::maintenance::Maintenance;
use domain::timeline::Affected;
use persistence::{component as components, maintenance};
use serde_json::json;
use uuid::Uuid;

use crate::error::check_version;
use crate::timeline::groups_of;
use crate::{Error, Page, Read, Window, Write};

pub use crate::timeline::Named;
pub use amend::{Edit, Range, delete, edit};
pub use calendar::{calendar, subscribed};
pub use clockwork::{next_due, step};
pub use persistence::maintenance::{Filter, Key, State};
pub use schedule::{Scheduled, schedule};
pub use update::{NewUpdate, add_update, edit_update};
pub use wish::Wish;

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
    window: Window,
) -> Result<Page<Maintenance>, Error> {
    let page = maintenance::page(db, &for_audience(filter, audience), window)?;
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
    Ok(components::lock(db, &[], &ids_of(&it.components))?.components)
}

/// The maintenance, locked, if it is the version that was expected.
fn lock(db: &mut Write<'_>, key: Key, expected: Option<i64>) -> Result<Maintenance, Error> {
    let it = maintenance::lock(db, key).map_err(Error::missing("maintenance"))?;
    check_version(expected, it.version)?;
    Ok(it)
}
