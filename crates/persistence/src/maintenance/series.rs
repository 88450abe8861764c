//! Series of maintenances.
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use domain::maintenance::{Maintenance, Series, Status, Window};
use domain::recurrence::Recurrence;
use serde_json::{Value, json};
use uuid::Uuid;

use super::row::{self, Row};
use crate::schema::{maintenance_series as series, maintenances};
use crate::word::Word;
use crate::{DbError, Read, Write};

/// The series.
pub fn find_series(db: &mut Read<'_>, id: Uuid) -> Result<Series, DbError> {
    series::table.find(id).select(SeriesRow::as_select()).first(db.conn).map(SeriesRow::dress)?
}

/// The series, locked until the transaction ends. Series are locked before maintenances.
pub fn lock_series(db: &mut Write<'_>, id: Uuid) -> Result<Series, DbError> {
    let row = series::table.find(id).for_update().select(SeriesRow::as_select());
    row.first(db.conn).map(SeriesRow::dress)?
}

/// Locks a series that needs more occurrences at `now` and that nobody else has.
pub fn lock_due_series(db: &mut Write<'_>, now: DateTime<Utc>) -> Result<Option<Series>, DbError> {
    let row: Option<SeriesRow> = series::table
        .filter(series::extend_at.le(now).assume_not_null())
        .order((series::extend_at, series::id))
        .for_update()
        .skip_locked()
        .select(SeriesRow::as_select())
        .first(db.conn)
        .optional()?;
    row.map(SeriesRow::dress).transpose()
}

/// Adds a series, of which nothing was made yet.
pub fn insert_series(db: &mut Write<'_>, new: &Series, now: DateTime<Utc>) -> Result<(), DbError> {
    diesel::insert_into(series::table)
        .values((
            series::id.eq(new.id),
            series::recurrence.eq(new.recurrence.rule()),
            series::time_zone.eq(new.recurrence.time_zone()),
            series::starts_at.eq(new.window.starts_at),
            series::ends_at.eq(new.window.ends_at),
            series::template.eq(json!(new.template)),
            series::made_to.eq(new.made_to),
            series::source.eq(&new.source),
            series::created_at.eq(now),
            series::updated_at.eq(now),
        ))
        .execute(db.conn)?;
    Ok(())
}

/// Writes back the rule, what occurrences begin with, and how far they are made.
pub fn update_series(
    db: &mut Write<'_>,
    it: &Series,
    extend_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    diesel::update(series::table.find(it.id))
        .set((
            series::recurrence.eq(it.recurrence.rule()),
            series::template.eq(json!(it.template)),
            series::made_to.eq(it.made_to),
            series::extend_at.eq(extend_at),
            series::updated_at.eq(now),
        ))
        .execute(db.conn)?;
    Ok(())
}

/// When the occurrences of a series begin that are to begin after `now`, oldest first.
pub fn ahead(
    db: &mut Read<'_>,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<Vec<DateTime<Utc>>, DbError> {
    Ok(maintenances::table
        .filter(maintenances::series_id.eq(id).and(maintenances::deleted_at.is_null()))
        .filter(maintenances::status.eq(Word(Status::Scheduled)))
        .filter(maintenances::starts_at.gt(now))
        .order(maintenances::starts_at)
        .select(maintenances::starts_at)
        .load(db.conn)?)
}

/// Locks the scheduled occurrences that the rule has begin at `from` or later, oldest first.
pub fn lock_following(
    db: &mut Write<'_>,
    id: Uuid,
    from: DateTime<Utc>,
) -> Result<Vec<Maintenance>, DbError> {
    let mut rows: Vec<Row> = maintenances::table
        .filter(maintenances::series_id.eq(id).and(maintenances::deleted_at.is_null()))
        .filter(maintenances::recurrence_id.ge(from).assume_not_null())
        .filter(maintenances::status.eq(Word(Status::Scheduled)))
        .order(maintenances::id)
        .for_update()
        .select(Row::as_select())
        .load(db.conn)?;
    rows.sort_by_key(|it| it.recurrence_id);
    row::assemble(db, rows)
}

/// Whether a later occurrence of the series passed, too, by `now`.
pub fn is_followed_by_missed(
    db: &mut Read<'_>,
    id: Uuid,
    starts_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let later = maintenances::table
        .filter(maintenances::series_id.eq(id).and(maintenances::deleted_at.is_null()))
        .filter(maintenances::starts_at.gt(starts_at).and(maintenances::ends_at.le(now)))
        .filter(maintenances::status.ne(Word(Status::Cancelled)));
    Ok(diesel::select(diesel::dsl::exists(later)).get_result(db.conn)?)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = series, check_for_backend(diesel::pg::Pg))]
struct SeriesRow {
    id: Uuid,
    recurrence: String,
    time_zone: String,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    template: Value,
    made_to: DateTime<Utc>,
    source: String,
}

impl SeriesRow {
    fn dress(self) -> Result<Series, DbError> {
        let Self { id, recurrence, time_zone, starts_at, ends_at, template, made_to, source } =
            self;
        let recurrence = Recurrence::new(&recurrence, &time_zone, starts_at);
        Ok(Series {
            id,
            recurrence: recurrence.map_err(|fault| DbError::unreadable(fault.detail))?,
            window: Window { starts_at, ends_at },
            template: serde_json::from_value(template).map_err(DbError::unreadable)?,
            made_to,
            source,
        })
    }
}
