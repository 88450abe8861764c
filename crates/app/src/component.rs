//! Components: what people care about, and what is said of them.
mod edit;

use chrono::{DateTime, NaiveDate, Utc};
use domain::calendar;
use domain::caller::{Caller, Scope, Visibility};
use domain::component::{Component, Draft, Key};
use domain::event::{About, Event, Kind, Record};
use domain::ledger::{Interval, Plan};
use domain::text::slug_of;
use persistence::component::Locked;
use persistence::ledger::Change;
use persistence::{component, group, incident, ledger, maintenance};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::error::check_version;
use crate::ledger::settle;
use crate::order::{Placed, rearrange};
use crate::{Error, Page, Read, Window, Write};

pub use edit::{Edit, edit};

/// Most intervals in one answer about history.
pub const HISTORY_MAX: i64 = 10_000;

/// The component as the reader may see it.
pub fn find(db: &mut Read<'_>, audience: Visibility, key: &Key) -> Result<Component, Error> {
    let component = component::find(db, key).map_err(Error::missing("component"))?;
    seen_by(db, vec![component], audience)?.pop().ok_or(Error::NotFound("component"))
}

/// Components the reader may see, in page order.
pub fn page(
    db: &mut Read<'_>,
    audience: Visibility,
    group: Option<Uuid>,
    window: Window,
) -> Result<Page<Component>, Error> {
    let visibility = (audience == Visibility::Public).then_some(Visibility::Public);
    if let (Some(group), Some(Visibility::Public)) = (group, visibility)
        && group::public_among(db, &[group])?.is_empty()
    {
        return Ok(Page { data: Vec::new(), next: None });
    }
    let page = component::page(db, visibility, group, window)?;
    Ok(Page { data: seen_by(db, page.data, audience)?, next: page.next })
}

/// What the reader may see of the components: for the public, those of internal groups stand alone.
fn seen_by(
    db: &mut Read<'_>,
    components: Vec<Component>,
    audience: Visibility,
) -> Result<Vec<Component>, Error> {
    if audience == Visibility::Internal {
        return Ok(components);
    }
    let groups: Vec<Uuid> = components.iter().filter_map(|it| it.group_id).collect();
    let public = group::public_among(db, &groups)?;
    let alone =
        |it: Component| Component { group_id: it.group_id.filter(|id| public.contains(id)), ..it };
    Ok(components.into_iter().filter_map(Component::for_public).map(alone).collect())
}

/// Which status the component had when, oldest first. An archived one still has its history.
pub fn history(
    db: &mut Read<'_>,
    audience: Visibility,
    key: &Key,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
) -> Result<Vec<Interval>, Error> {
    let component = component::find_ever(db, key).map_err(Error::missing("component"))?;
    let seen = seen_by(db, vec![component], audience)?;
    let component = seen.first().ok_or(Error::NotFound("component"))?;
    let intervals = ledger::history(db, component.id, from, to, HISTORY_MAX)?;
    for_audience(db, intervals, audience)
}

/// The public neither learns who did it nor of internal incidents and maintenances.
pub(crate) fn for_audience(
    db: &mut Read<'_>,
    mut intervals: Vec<Interval>,
    audience: Visibility,
) -> Result<Vec<Interval>, Error> {
    if audience == Visibility::Internal {
        return Ok(intervals);
    }
    let ids: Vec<Uuid> = intervals.iter().filter_map(|it| it.incident_id).collect();
    let incidents = incident::public_among(db, &ids)?;
    let ids: Vec<Uuid> = intervals.iter().filter_map(|it| it.maintenance_id).collect();
    let maintenances = maintenance::public_among(db, &ids)?;
    for interval in &mut intervals {
        interval.actor = None;
        interval.incident_id = interval.incident_id.filter(|id| incidents.contains(id));
        interval.maintenance_id = interval.maintenance_id.filter(|id| maintenances.contains(id));
    }
    Ok(intervals)
}

/// Adds a component. Its ledger begins now, or on its start date if that is earlier.
pub fn create(db: &mut Write<'_>, caller: &Caller, draft: Draft) -> Result<Component, Error> {
    caller.must(Scope::Components)?;
    if let Some(group) = draft.group_id {
        check_group(db, group)?;
    }
    let now = db.now()?;
    let position = match draft.position {
        Some(position) => position,
        None => component::next_position(db, draft.group_id)?,
    };
    let slug = match draft.slug.clone() {
        Some(slug) => slug,
        None => free_slug(&draft.name, "component", |slug| component::slug_is_free(db, slug))?,
    };
    let begins = begin(db, draft.start_date, now);
    let mut created = build(draft, slug, position, begins, now);
    component::insert(db, &created).map_err(Error::taken(component::SLUG_TAKEN, "the slug"))?;
    let actor = caller.actor.to_string();
    component::report(db, created.id, created.reported_status, begins, &actor)?;
    settle(db, caller, std::slice::from_mut(&mut created), begins, now)?;
    group::touch(db, created.group_id.as_slice())?;
    db.emit(caller, now, vec![record(Record::ComponentCreated, &created)])?;
    Ok(created)
}

fn build(
    draft: Draft,
    slug: String,
    position: i32,
    begins: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Component {
    let Draft {
        slug: _,
        name,
        description,
        group_id,
        position: _,
        visibility,
        reported_status,
        start_date,
        uptime_target,
        showcase,
        only_show_if_degraded,
        link,
        metadata,
    } = draft;
    Component {
        id: Uuid::now_v7(),
        slug,
        name,
        description,
        group_id,
        position,
        visibility,
        reported_status,
        status: reported_status,
        status_since: begins,
        start_date,
        uptime_target,
        showcase,
        only_show_if_degraded,
        link,
        metadata,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

fn begin(db: &Read<'_>, start_date: Option<NaiveDate>, now: DateTime<Utc>) -> DateTime<Utc> {
    let start = start_date.map(|day| calendar::begin(day, db.page().zone()));
    start.map_or(now, |start| start.min(now))
}

/// Whatever names these components is to show them otherwise. Call it before locking them.
pub(crate) fn touch(db: &mut Write<'_>, ids: &[Uuid]) -> Result<(), Error> {
    incident::touch_by_components(db, ids)?;
    Ok(maintenance::touch_by_components(db, ids)?)
}

/// Takes a component off the page. Its history and past incidents stay, and nothing that happens
/// later adds to them: what it would be now nobody says any more.
pub fn archive(
    db: &mut Write<'_>,
    caller: &Caller,
    key: &Key,
    expected: Option<i64>,
) -> Result<(), Error> {
    caller.must(Scope::Components)?;
    let (component, now) = lock_one(db, key)?;
    check_version(expected, component.version)?;
    component::archive(db, component.id, now)?;
    close_ledger(db, caller, component.id, now)?;
    group::touch(db, component.group_id.as_slice())?;
    db.emit(caller, now, vec![record(Record::ComponentArchived, &component)])?;
    Ok(())
}

fn close_ledger(
    db: &mut Write<'_>,
    caller: &Caller,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let mut rows = ledger::facts(db, &[id], now)?.rows.remove(&id).unwrap_or_default();
    let open = rows.pop().filter(|it| it.to.is_none() && it.piece.from < now);
    let shorten = open.into_iter().map(|it| (it.id, now)).collect();
    let plan = Plan { shorten, changed_from: Some(now), ..Plan::default() };
    let change = Change::by(&caller.actor.to_string(), id, plan);
    Ok(ledger::apply(db, &[change], now)?)
}

/// Puts the components named first, in this order, within their groups.
pub fn order(db: &mut Write<'_>, caller: &Caller, ids: &[Uuid]) -> Result<Vec<Component>, Error> {
    caller.must(Scope::Components)?;
    let all = component::all(db)?;
    let ids_of_all: Vec<Key> = all.iter().map(|it| Key::Id(it.id)).collect();
    let moving: Vec<Uuid> = rearrange(all, ids)?.iter().map(|(it, _)| it.id).collect();
    touch(db, &moving)?;
    let Locked { components: all, at: now } = component::lock(db, &ids_of_all, &[])?;
    for (mut component, position) in rearrange(all, ids)? {
        component.position = position;
        component.version += 1;
        component.updated_at = now;
        component::update(db, &component)?;
    }
    let payload = json!({ "components": ids });
    db.emit(caller, now, vec![order_changed(payload)])?;
    Ok(component::all(db)?)
}

pub(crate) fn order_changed(payload: Value) -> Event {
    Event {
        kind: Kind::Record(Record::OrderChanged),
        announce: false,
        about: About::default(),
        public_payload: Some(json!({})),
        payload,
    }
}

impl Placed for Component {
    type Among = Option<Uuid>;

    fn id(&self) -> Uuid {
        self.id
    }

    fn position(&self) -> i32 {
        self.position
    }

    fn among(&self) -> Option<Uuid> {
        self.group_id
    }
}

/// The component, locked, and since when.
fn lock_one(db: &mut Write<'_>, key: &Key) -> Result<(Component, DateTime<Utc>), Error> {
    let Locked { mut components, at } = component::lock(db, std::slice::from_ref(key), &[])?;
    Ok((components.pop().ok_or(Error::NotFound("component"))?, at))
}

fn check_group(db: &mut Read<'_>, id: Uuid) -> Result<(), Error> {
    group::find(db, &Key::Id(id)).map(drop).map_err(|error| match error {
        crate::DbError::NotFound => {
            Error::invalid("/group_id", "unknown", "there is no such group")
        }
        other => other.into(),
    })
}

/// A slug made of the name, numbered if that one is in use.
pub(crate) fn free_slug(
    name: &str,
    otherwise: &str,
    mut is_free: impl FnMut(&str) -> Result<bool, crate::DbError>,
) -> Result<String, Error> {
    let base = Some(slug_of(name)).filter(|it| domain::text::is_slug(it));
    let base = base.unwrap_or_else(|| otherwise.to_owned());
    for n in 1..1000 {
        let slug = if n == 1 { base.clone() } else { format!("{base}-{n}") };
        if is_free(&slug)? {
            return Ok(slug);
        }
    }
    Err(Error::Taken("every slug made of this name"))
}

fn record(kind: Record, component: &Component) -> Event {
    let about = About {
        components: vec![component.id],
        groups: component.group_id.into_iter().collect(),
        ..About::default()
    };
    Event {
        kind: Kind::Record(kind),
        announce: false,
        about,
        payload: json!(component),
        public_payload: component.clone().for_public().map(|it| json!(it)),
    }
}
