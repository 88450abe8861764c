//! Groups of components.
use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Uuid as SqlUuid};
use domain::caller::Visibility;
use domain::component::{Key, Status};
use domain::group::Group;
use uuid::Uuid;

use crate::cursor::{Cursor, Page, Window};
use crate::prepared::Prepare as _;
use crate::schema::component_groups as groups;
use crate::word::Word;
use crate::{DbError, Read, Write};

/// Name of the constraint that keeps slugs unique.
pub const SLUG_TAKEN: &str = "component_groups_slug_key";

/// The group, unless it was archived. Its `status` is for the caller to fill in.
pub fn find(db: &mut Read<'_>, key: &Key) -> Result<Group, DbError> {
    let live = groups::table.filter(groups::archived_at.is_null());
    let row: Row = match key {
        Key::Id(id) => live.filter(groups::id.eq(id)).select(Row::as_select()).first(db.conn)?,
        Key::Slug(slug) => {
            live.filter(groups::slug.eq(slug)).select(Row::as_select()).first(db.conn)?
        }
    };
    Ok(row.into())
}

/// Every live group in page order.
pub fn all(db: &mut Read<'_>) -> Result<Vec<Group>, DbError> {
    let rows: Vec<Row> = groups::table
        .filter(groups::archived_at.is_null())
        .order((groups::position, groups::id))
        .select(Row::as_select())
        .load(db.conn)?;
    Ok(rows.into_iter().map(Group::from).collect())
}

/// Which of these groups are public.
pub fn public_among(db: &mut Read<'_>, ids: &[Uuid]) -> Result<HashSet<Uuid>, DbError> {
    let public: Vec<Uuid> = groups::table
        .filter(groups::id.eq_any(ids).and(groups::archived_at.is_null()))
        .filter(groups::visibility.eq(Word(Visibility::Public)))
        .select(groups::id)
        .load(db.conn)?;
    Ok(public.into_iter().collect())
}

/// These of the live groups, in no order. Their `status` is for the caller to fill in.
pub fn among(db: &mut Read<'_>, ids: &[Uuid]) -> Result<Vec<Group>, DbError> {
    let live = groups::table.filter(groups::archived_at.is_null());
    let rows: Vec<Row> =
        live.filter(groups::id.eq_any(ids)).select(Row::as_select()).load(db.conn)?;
    Ok(rows.into_iter().map(Group::from).collect())
}

/// Live groups by position, those with `visibility` only if it is given.
pub fn page(
    db: &mut Read<'_>,
    visibility: Option<Visibility>,
    window: Window,
) -> Result<Page<Group>, DbError> {
    let mut query = groups::table.filter(groups::archived_at.is_null()).into_boxed();
    if let Some(visibility) = visibility {
        query = query.filter(groups::visibility.eq(Word(visibility)));
    }
    if let Some(Cursor { key, id }) = window.after {
        let position = i32::try_from(key).unwrap_or(i32::MAX);
        query = query.filter(
            groups::position.gt(position).or(groups::position.eq(position).and(groups::id.gt(id))),
        );
    }
    let rows: Vec<Row> = query
        .order((groups::position, groups::id))
        .limit(window.fetch())
        .select(Row::as_select())
        .load(db.conn)?;
    let page = window.cut(rows, |row| Cursor { key: row.position.into(), id: row.id });
    Ok(page.map(Group::from))
}

/// Locks the group until the transaction ends.
pub fn lock(db: &mut Write<'_>, key: &Key) -> Result<Group, DbError> {
    let id = find(db, key)?.id;
    let row: Row = groups::table
        .filter(groups::id.eq(id).and(groups::archived_at.is_null()))
        .for_update()
        .select(Row::as_select())
        .first(db.conn)?;
    Ok(row.into())
}

/// The place after the last group.
pub fn next_position(db: &mut Read<'_>) -> Result<i32, DbError> {
    let last: Option<i32> = groups::table
        .filter(groups::archived_at.is_null())
        .select(diesel::dsl::max(groups::position))
        .first(db.conn)?;
    Ok(last.unwrap_or(0).saturating_add(1))
}

/// Whether the slug is free.
pub fn slug_is_free(db: &mut Read<'_>, slug: &str) -> Result<bool, DbError> {
    let taken = groups::table.filter(groups::slug.eq(slug).and(groups::archived_at.is_null()));
    let taken: bool = diesel::select(diesel::dsl::exists(taken)).get_result(db.conn)?;
    Ok(!taken)
}

/// Adds a group. May violate [`SLUG_TAKEN`].
pub fn insert(db: &mut Write<'_>, group: &Group) -> Result<(), DbError> {
    diesel::insert_into(groups::table).values(Row::from(group)).execute(db.conn)?;
    Ok(())
}

/// Writes a group back. May violate [`SLUG_TAKEN`].
pub fn update(db: &mut Write<'_>, group: &Group) -> Result<(), DbError> {
    diesel::update(groups::table.find(group.id)).set(Row::from(group)).execute(db.conn)?;
    Ok(())
}

/// What a group shows depends on its members: a change of theirs is a new version of it.
pub fn touch(db: &mut Write<'_>, ids: &[Uuid]) -> Result<(), DbError> {
    if ids.is_empty() {
        return Ok(());
    }
    // Locked in the order of ids first, because an update takes rows in any order.
    diesel::sql_query(
        "with locked as materialized (
             select id from component_groups where id = any($1) order by id for update)
         update component_groups g set version = version + 1 from locked l where g.id = l.id",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .prepared()
    .run(db.conn)?;
    Ok(())
}

/// Takes a group off the page.
pub fn archive(db: &mut Write<'_>, id: Uuid, now: DateTime<Utc>) -> Result<(), DbError> {
    diesel::update(groups::table.find(id)).set(groups::archived_at.eq(now)).execute(db.conn)?;
    Ok(())
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = groups, check_for_backend(diesel::pg::Pg), treat_none_as_null = true)]
struct Row {
    id: Uuid,
    slug: String,
    name: String,
    description: Option<String>,
    position: i32,
    collapsed: bool,
    visibility: Word<Visibility>,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Row> for Group {
    fn from(row: Row) -> Self {
        let Row {
            id,
            slug,
            name,
            description,
            position,
            collapsed,
            visibility: Word(visibility),
            version,
            created_at,
            updated_at,
        } = row;
        let status = Status::Operational;
        Self {
            id,
            slug,
            name,
            description,
            position,
            collapsed,
            visibility,
            status,
            version,
            created_at,
            updated_at,
        }
    }
}

impl From<&Group> for Row {
    fn from(group: &Group) -> Self {
        let Group {
            id,
            slug,
            name,
            description,
            position,
            collapsed,
            visibility,
            status: _,
            version,
            created_at,
            updated_at,
        } = group.clone();
        Self {
            id,
            slug,
            name,
            description,
            position,
            collapsed,
            visibility: Word(visibility),
            version,
            created_at,
            updated_at,
        }
    }
}
