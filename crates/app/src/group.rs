//! Groups of components.
use chrono::{DateTime, Utc};
use domain::caller::{Caller, Scope, Visibility};
use domain::component::{Component, Key, Status};
use domain::event::{About, Event, Kind, Record};
use domain::group::{Draft, Group};
use domain::ledger::{Interval, clip, worst_of};
use persistence::{component, group, ledger};
use serde_json::json;
use uuid::Uuid;

use crate::component::{HISTORY_MAX, for_audience, free_slug, order_changed};
use crate::error::check_version;
use crate::order::{Placed, rearrange};
use crate::{Error, Page, Read, Window, Write};

/// The group as the reader may see it.
pub fn find(db: &mut Read<'_>, audience: Visibility, key: &Key) -> Result<Group, Error> {
    let group = group::find(db, key).map_err(Error::missing("group"))?;
    let members = component::of_groups(db, &[group.id])?;
    seen_by(group, &members, audience).ok_or(Error::NotFound("group"))
}

/// Groups the reader may see, in page order.
pub fn page(db: &mut Read<'_>, audience: Visibility, window: Window) -> Result<Page<Group>, Error> {
    let visibility = (audience == Visibility::Public).then_some(Visibility::Public);
    let page = group::page(db, visibility, window)?;
    let ids: Vec<Uuid> = page.data.iter().map(|it| it.id).collect();
    let members = component::of_groups(db, &ids)?;
    let data = page.data.into_iter().filter_map(|it| seen_by(it, &members, audience)).collect();
    Ok(Page { data, next: page.next })
}

/// The group with the worst status of those members that the reader may see.
pub fn seen_by(group: Group, members: &[Component], audience: Visibility) -> Option<Group> {
    let visible = |it: Visibility| audience == Visibility::Internal || it == Visibility::Public;
    if !visible(group.visibility) {
        return None;
    }
    let status = members
        .iter()
        .filter(|it| it.group_id == Some(group.id) && visible(it.visibility))
        .map(|it| it.status)
        .max();
    Some(Group { status: status.unwrap_or(Status::Operational), ..group })
}

/// Which status the group had when: at every instant the worst of its present members.
pub fn history(
    db: &mut Read<'_>,
    audience: Visibility,
    key: &Key,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
) -> Result<Vec<Interval>, Error> {
    let group = find(db, audience, key)?;
    let mut members = Vec::new();
    for member in component::of_groups(db, &[group.id])? {
        if audience == Visibility::Internal || member.visibility == Visibility::Public {
            // What lies outside the span is not there of every member, so it is of none.
            let intervals = ledger::history(db, member.id, from, to, HISTORY_MAX)?;
            members.push(clip(intervals, from, to));
        }
    }
    for_audience(db, worst_of(&members), audience)
}

/// Adds a group.
pub fn create(db: &mut Write<'_>, caller: &Caller, draft: Draft) -> Result<Group, Error> {
    caller.must(Scope::Components)?;
    let now = db.now()?;
    let Draft { slug, name, description, position, collapsed, visibility } = draft;
    let position = match position {
        Some(position) => position,
        None => group::next_position(db)?,
    };
    let slug = match slug {
        Some(slug) => slug,
        None => free_slug(&name, "group", |slug| group::slug_is_free(db, slug))?,
    };
    let created = Group {
        id: Uuid::now_v7(),
        slug,
        name,
        description,
        position,
        collapsed,
        visibility,
        status: Status::Operational,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    group::insert(db, &created).map_err(Error::taken(group::SLUG_TAKEN, "the slug"))?;
    db.emit(caller, now, vec![record(Record::GroupCreated, &created)])?;
    Ok(created)
}

/// What may be edited of a group, as it is before the edit.
#[derive(Clone, Debug)]
pub struct Edit {
    pub slug: String,
    pub name: String,
    pub description: Option<String>,
    pub position: i32,
    pub collapsed: bool,
    pub visibility: Visibility,
}

/// Changes what `change` changes.
pub fn edit(
    db: &mut Write<'_>,
    caller: &Caller,
    key: &Key,
    expected: Option<i64>,
    change: impl FnOnce(&mut Edit),
) -> Result<Group, Error> {
    caller.must(Scope::Components)?;
    let before = group::lock(db, key).map_err(Error::missing("group"))?;
    check_version(expected, before.version)?;
    let now = db.now()?;
    let Group { slug, name, description, position, collapsed, visibility, .. } = before.clone();
    let mut edit = Edit { slug, name, description, position, collapsed, visibility };
    change(&mut edit);
    let Edit { slug, name, description, position, collapsed, visibility } = edit;
    let seen_before = before.visibility;
    let version = before.version + 1;
    let updated_at = now;
    let after = Group {
        slug,
        name,
        description,
        position,
        collapsed,
        visibility,
        version,
        updated_at,
        ..before
    };
    group::update(db, &after).map_err(Error::taken(group::SLUG_TAKEN, "the slug"))?;
    let edited = record(Record::GroupEdited, &after).seen_before(seen_before, after.id);
    db.emit(caller, now, vec![edited])?;
    find(db, Visibility::Internal, &Key::Id(after.id))
}

/// Takes a group off the page; its members stand alone from then on.
pub fn archive(
    db: &mut Write<'_>,
    caller: &Caller,
    key: &Key,
    expected: Option<i64>,
) -> Result<(), Error> {
    caller.must(Scope::Components)?;
    let id = group::find(db, key).map_err(Error::missing("group"))?.id;
    // Incidents, which show their components in page order, come before those in the order of
    // locks, and components before groups.
    let members: Vec<Uuid> = component::of_groups(db, &[id])?.iter().map(|it| it.id).collect();
    crate::component::touch(db, &members)?;
    let members: Vec<Key> = members.into_iter().map(Key::Id).collect();
    let members = component::lock(db, &members, &[])?.components;
    let group = group::lock(db, key).map_err(Error::missing("group"))?;
    check_version(expected, group.version)?;
    let now = db.now()?;
    for mut member in members {
        member.group_id = None;
        member.position = component::next_position(db, None)?;
        member.version += 1;
        member.updated_at = now;
        component::update(db, &member)?;
    }
    group::archive(db, group.id, now)?;
    db.emit(caller, now, vec![record(Record::GroupArchived, &group)])?;
    Ok(())
}

/// Puts the groups named first, in this order.
pub fn order(db: &mut Write<'_>, caller: &Caller, ids: &[Uuid]) -> Result<Vec<Group>, Error> {
    caller.must(Scope::Components)?;
    let all = group::all(db)?;
    let ids_of_all: Vec<Uuid> = all.iter().map(|it| it.id).collect();
    group::touch(db, &ids_of_all)?;
    let all = group::all(db)?;
    let now = db.now()?;
    for (mut group, position) in rearrange(all, ids)? {
        group.position = position;
        group.updated_at = now;
        group::update(db, &group)?;
    }
    db.emit(caller, now, vec![order_changed(json!({ "groups": ids }))])?;
    let members = component::of_groups(db, &ids_of_all)?;
    let all = group::all(db)?.into_iter();
    Ok(all.filter_map(|it| seen_by(it, &members, Visibility::Internal)).collect())
}

impl Placed for Group {
    type Among = ();

    fn id(&self) -> Uuid {
        self.id
    }

    fn position(&self) -> i32 {
        self.position
    }

    fn among(&self) {}
}

fn record(kind: Record, group: &Group) -> Event {
    let about = About { groups: vec![group.id], ..About::default() };
    let is_public = group.visibility == Visibility::Public;
    Event {
        kind: Kind::Record(kind),
        announce: false,
        about,
        payload: json!(group),
        public_payload: is_public.then(|| json!(group)),
    }
}
