//! Components.
mod row;

use chrono::{DateTime, SubsecRound as _, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Text, Timestamptz, Uuid as SqlUuid};
use domain::caller::Visibility;
use domain::component::{Component, Key, Status};
use uuid::Uuid;

use crate::cursor::{Cursor, Page, Window};
use crate::prepared::Prepare as _;
use crate::schema::{component_reports, components};
use crate::word::Word;
use crate::{DbError, Read, Write};

use row::Row;

/// Name of the constraint that keeps slugs unique.
pub const SLUG_TAKEN: &str = "components_slug_key";

/// The component, unless it was archived.
pub fn find(db: &mut Read<'_>, key: &Key) -> Result<Component, DbError> {
    let live = components::table.filter(components::archived_at.is_null());
    let row: Row = match key {
        Key::Id(id) => {
            live.filter(components::id.eq(id)).select(Row::as_select()).first(db.conn)?
        }
        Key::Slug(slug) => {
            live.filter(components::slug.eq(slug)).select(Row::as_select()).first(db.conn)?
        }
    };
    Ok(row.into())
}

/// The component, archived or not: its history outlives it.
pub fn find_ever(db: &mut Read<'_>, key: &Key) -> Result<Component, DbError> {
    match key {
        Key::Id(id) => {
            let row: Row = components::table.find(id).select(Row::as_select()).first(db.conn)?;
            Ok(row.into())
        }
        Key::Slug(_) => find(db, key),
    }
}

/// Every live component in page order.
pub fn all(db: &mut Read<'_>) -> Result<Vec<Component>, DbError> {
    let rows: Vec<Row> = components::table
        .filter(components::archived_at.is_null())
        .order((components::position, components::id))
        .select(Row::as_select())
        .load(db.conn)?;
    Ok(rows.into_iter().map(Component::from).collect())
}

/// These of the live components, in no order.
pub fn among(db: &mut Read<'_>, ids: &[Uuid]) -> Result<Vec<Component>, DbError> {
    let live = components::table.filter(components::archived_at.is_null());
    let rows: Vec<Row> =
        live.filter(components::id.eq_any(ids)).select(Row::as_select()).load(db.conn)?;
    Ok(rows.into_iter().map(Component::from).collect())
}

/// Which statuses the public sees on live components, and on how many.
pub fn public_statuses(db: &mut Read<'_>) -> Result<Vec<(Status, i64)>, DbError> {
    let rows: Vec<(Word<Status>, i64)> = components::table
        .filter(components::archived_at.is_null())
        .filter(components::visibility.eq(Word(Visibility::Public)))
        .group_by(components::status)
        .select((components::status, diesel::dsl::count_star()))
        .load(db.conn)?;
    Ok(rows.into_iter().map(|(status, n)| (status.0, n)).collect())
}

/// Live components by position, those with `visibility` only if it is given.
pub fn page(
    db: &mut Read<'_>,
    visibility: Option<Visibility>,
    group: Option<Uuid>,
    window: Window,
) -> Result<Page<Component>, DbError> {
    let mut query = components::table.filter(components::archived_at.is_null()).into_boxed();
    if let Some(visibility) = visibility {
        query = query.filter(components::visibility.eq(Word(visibility)));
    }
    if let Some(group) = group {
        query = query.filter(components::group_id.eq(group));
    }
    if let Some(Cursor { key, id }) = window.after {
        let position = i32::try_from(key).unwrap_or(i32::MAX);
        query = query.filter(
            components::position
                .gt(position)
                .or(components::position.eq(position).and(components::id.gt(id))),
        );
    }
    let rows: Vec<Row> = query
        .order((components::position, components::id))
        .limit(window.fetch())
        .select(Row::as_select())
        .load(db.conn)?;
    let page = window.cut(rows, |row| Cursor { key: row.position.into(), id: row.id });
    Ok(page.map(Component::from))
}

/// Members of groups, live ones only.
pub fn of_groups(db: &mut Read<'_>, groups: &[Uuid]) -> Result<Vec<Component>, DbError> {
    let rows: Vec<Row> = components::table
        .filter(components::archived_at.is_null().and(components::group_id.eq_any(groups)))
        .select(Row::as_select())
        .load(db.conn)?;
    Ok(rows.into_iter().map(Component::from).collect())
}

/// Components that are locked until the transaction ends, and when all of them were.
#[derive(Clone, Debug)]
pub struct Locked {
    pub components: Vec<Component>,
    pub at: DateTime<Utc>,
}

/// Locks the live ones among the components named or in `also` until the transaction ends: what is
/// archived does not change any more. Rows are locked in the order of their ids, so take all that
/// are needed at once.
pub fn lock(db: &mut Write<'_>, keys: &[Key], also: &[Uuid]) -> Result<Locked, DbError> {
    let (mut ids, mut slugs) = (also.to_vec(), Vec::new());
    for key in keys {
        match key {
            Key::Id(id) => ids.push(*id),
            Key::Slug(slug) => slugs.push(slug.as_str()),
        }
    }
    let found: Vec<Found> = diesel::sql_query(
        "with wanted as (
             select unnest($1) as id
             union
             select c.id from unnest($2) as named (slug) cross join lateral (
                 select id from components where slug = named.slug and archived_at is null offset 0) c),
         locked as materialized (
             select * from components where id = any(array(select id from wanted))
             order by id for update)
         select *, farol_now() as at from locked where archived_at is null",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<Text>, _>(slugs)
    .prepared()
    .load(db.conn)?;
    let at = match found.iter().map(|it| it.at).max() {
        Some(last) => last.trunc_subsecs(6),
        None => db.now()?,
    };
    Ok(Locked { components: found.into_iter().map(|it| it.component.into()).collect(), at })
}

/// The place after the last member of the group, or after the last ungrouped component.
pub fn next_position(db: &mut Read<'_>, group: Option<Uuid>) -> Result<i32, DbError> {
    let last: Option<i32> = components::table
        .filter(components::archived_at.is_null())
        .filter(components::group_id.is_not_distinct_from(group))
        .select(diesel::dsl::max(components::position))
        .first(db.conn)?;
    Ok(last.unwrap_or(0).saturating_add(1))
}

/// Whether the slug is free.
pub fn slug_is_free(db: &mut Read<'_>, slug: &str) -> Result<bool, DbError> {
    let taken =
        components::table.filter(components::slug.eq(slug).and(components::archived_at.is_null()));
    let taken: bool = diesel::select(diesel::dsl::exists(taken)).get_result(db.conn)?;
    Ok(!taken)
}

/// Adds a component. May violate [`SLUG_TAKEN`].
pub fn insert(db: &mut Write<'_>, component: &Component) -> Result<(), DbError> {
    diesel::insert_into(components::table).values(Row::from(component)).execute(db.conn)?;
    Ok(())
}

/// Writes a component back. May violate [`SLUG_TAKEN`].
pub fn update(db: &mut Write<'_>, component: &Component) -> Result<(), DbError> {
    diesel::update(components::table.find(component.id))
        .set(Row::from(component))
        .prepared()
        .run(db.conn)?;
    Ok(())
}

/// Takes a component off the page; its history stays.
pub fn archive(db: &mut Write<'_>, id: Uuid, now: DateTime<Utc>) -> Result<(), DbError> {
    diesel::update(components::table.find(id))
        .set(components::archived_at.eq(now))
        .execute(db.conn)?;
    Ok(())
}

/// Records what was said of the baseline.
pub fn report(
    db: &mut Write<'_>,
    component: Uuid,
    status: Status,
    at: DateTime<Utc>,
    actor: &str,
) -> Result<(), DbError> {
    diesel::insert_into(component_reports::table)
        .values((
            component_reports::component_id.eq(component),
            component_reports::status.eq(Word(status)),
            component_reports::at.eq(at),
            component_reports::actor.eq(actor),
        ))
        .execute(db.conn)?;
    Ok(())
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(embed)]
    component: Row,
    #[diesel(sql_type = Timestamptz)]
    at: DateTime<Utc>,
}
