//! Maintenances and their updates.
mod due;
mod list;
mod overlap;
mod row;
mod series;

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use domain::caller::Visibility;
use domain::maintenance::{Maintenance, Update};
use domain::timeline::Effect;
use uuid::Uuid;

use crate::prepared::Prepare as _;
use crate::schema::{maintenance_components, maintenance_updates, maintenances};
use crate::timeline::set_statuses;
use crate::word::Word;
use crate::{DbError, Read, Write};

pub use crate::timeline::Key;
pub use due::{lock_due, next_due};
pub use list::{Filter, State, among, is_any_public_active, page, within};
pub use overlap::overlaps;
use row::{Columns, NewRow, Row, UpdateRow};
pub use series::{
    ahead, find_series, insert_series, is_followed_by_missed, lock_due_series, lock_following,
    lock_series, update_series,
};

/// Name of the constraint that allows one open maintenance per deduplication key.
pub const DEDUP_KEY_TAKEN: &str = "maintenances_dedup_key";

/// The maintenance with its whole timeline.
pub fn find(db: &mut Read<'_>, key: Key) -> Result<Maintenance, DbError> {
    let live =
        maintenances::table.filter(maintenances::deleted_at.is_null()).select(Row::as_select());
    let row: Row = match key {
        Key::Id(id) => live.filter(maintenances::id.eq(id)).first(db.conn)?,
        Key::Number(number) => live.filter(maintenances::number.eq(number)).first(db.conn)?,
    };
    one(db, row)
}

/// The maintenance with its whole timeline, locked until the transaction ends.
pub fn lock(db: &mut Write<'_>, key: Key) -> Result<Maintenance, DbError> {
    let live = maintenances::table
        .filter(maintenances::deleted_at.is_null())
        .for_update()
        .select(Row::as_select());
    let row: Row = match key {
        Key::Id(id) => live.filter(maintenances::id.eq(id)).first(db.conn)?,
        Key::Number(number) => live.filter(maintenances::number.eq(number)).first(db.conn)?,
    };
    one(db, row)
}

fn one(db: &mut Read<'_>, row: Row) -> Result<Maintenance, DbError> {
    row::assemble(db, vec![row])?.pop().ok_or(DbError::NotFound)
}

/// Makes callers with the same deduplication key take turns until their transactions end.
pub fn lock_dedup_key(db: &mut Write<'_>, key: &str) -> Result<(), DbError> {
    crate::timeline::lock_keys(db, &[key], 10)
}

/// The open maintenance with this deduplication key; of a series the next.
pub fn with_dedup_key(db: &mut Read<'_>, key: &str) -> Result<Option<Maintenance>, DbError> {
    let row: Option<Row> = maintenances::table
        .filter(maintenances::deleted_at.is_null().and(maintenances::dedup_key.eq(key)))
        .filter(list::is_open())
        .order((maintenances::starts_at, maintenances::id))
        .select(Row::as_select())
        .limit(1)
        .prepared()
        .get_result(db.conn)
        .optional()?;
    row.map(|row| one(db, row)).transpose()
}

/// Adds a maintenance with its first update. Its number is the next one, whatever it says.
pub fn insert(
    db: &mut Write<'_>,
    new: &Maintenance,
    first: &Update,
    effects: &[Effect],
) -> Result<Maintenance, DbError> {
    diesel::insert_into(maintenances::table).values(NewRow::of(new)).prepared().run(db.conn)?;
    insert_update(db, new.id, first, effects)?;
    let inserted = find(db, Key::Id(new.id))?;
    set_components(db, &inserted)?;
    Ok(inserted)
}

/// Writes back what may be edited of a maintenance and what its updates make of it.
pub fn update(db: &mut Write<'_>, maintenance: &Maintenance) -> Result<(), DbError> {
    diesel::update(maintenances::table.find(maintenance.id))
        .set(Columns::of(maintenance))
        .prepared()
        .run(db.conn)?;
    set_components(db, maintenance)
}

fn set_components(db: &mut Write<'_>, maintenance: &Maintenance) -> Result<(), DbError> {
    const STATEMENT: &str =
        "insert into maintenance_components (maintenance_id, component_id, status)
         select $1, said.component, said.status from unnest($2, $3) as said (component, status)
         on conflict (maintenance_id, component_id) do update set status = excluded.status";
    let statuses = maintenance.components.iter().map(|it| (it.id, it.status)).collect();
    set_statuses(db, STATEMENT, maintenance.id, &statuses)
}

/// Plans what there is to plan once more: `first` says all of it, the other updates nothing.
pub fn replan(
    db: &mut Write<'_>,
    maintenance: Uuid,
    first: Uuid,
    effects: &[Effect],
) -> Result<(), DbError> {
    let of_it =
        maintenance_updates::table.filter(maintenance_updates::maintenance_id.eq(maintenance));
    let nothing = crate::timeline::as_column(&[]);
    diesel::update(of_it).set(maintenance_updates::effects.eq(nothing)).execute(db.conn)?;
    diesel::update(maintenance_updates::table.find(first))
        .set(maintenance_updates::effects.eq(crate::timeline::as_column(effects)))
        .execute(db.conn)?;
    diesel::delete(
        maintenance_components::table
            .filter(maintenance_components::maintenance_id.eq(maintenance)),
    )
    .execute(db.conn)?;
    Ok(())
}

/// Adds an update.
pub fn insert_update(
    db: &mut Write<'_>,
    maintenance: Uuid,
    update: &Update,
    effects: &[Effect],
) -> Result<(), DbError> {
    diesel::insert_into(maintenance_updates::table)
        .values(UpdateRow::of(maintenance, update, effects))
        .prepared()
        .run(db.conn)?;
    Ok(())
}

/// Corrects what an update says in words.
pub fn update_message(db: &mut Write<'_>, update: &Update) -> Result<(), DbError> {
    diesel::update(maintenance_updates::table.find(update.id))
        .set((
            maintenance_updates::message.eq(&update.message),
            maintenance_updates::message_html.eq(&update.message_html),
            maintenance_updates::updated_at.eq(update.updated_at),
        ))
        .execute(db.conn)?;
    Ok(())
}

/// Hides a maintenance from everybody. Its ledger follows separately.
pub fn delete(db: &mut Write<'_>, id: Uuid, now: DateTime<Utc>) -> Result<(), DbError> {
    let nothing: Option<DateTime<Utc>> = None;
    diesel::update(maintenances::table.find(id))
        .set((maintenances::deleted_at.eq(now), maintenances::due_at.eq(nothing)))
        .execute(db.conn)?;
    Ok(())
}

/// What maintenances show depends on the names and places of their components: a change there is a
/// new version here. Call it before locking components, and after locking incidents.
pub fn touch_by_components(db: &mut Write<'_>, components: &[Uuid]) -> Result<(), DbError> {
    let touching = maintenance_components::table
        .filter(maintenance_components::component_id.eq_any(components))
        .select(maintenance_components::maintenance_id);
    let ids: Vec<Uuid> = maintenances::table
        .filter(maintenances::id.eq_any(touching))
        .order(maintenances::id)
        .for_update()
        .select(maintenances::id)
        .load(db.conn)?;
    diesel::update(maintenances::table.filter(maintenances::id.eq_any(ids)))
        .set(maintenances::version.eq(maintenances::version + 1))
        .execute(db.conn)?;
    Ok(())
}

/// Which of these maintenances are public.
pub fn public_among(db: &mut Read<'_>, ids: &[Uuid]) -> Result<HashSet<Uuid>, DbError> {
    let public: Vec<Uuid> = maintenances::table
        .filter(maintenances::id.eq_any(ids).and(maintenances::deleted_at.is_null()))
        .filter(maintenances::visibility.eq(Word(Visibility::Public)))
        .select(maintenances::id)
        .load(db.conn)?;
    Ok(public.into_iter().collect())
}
