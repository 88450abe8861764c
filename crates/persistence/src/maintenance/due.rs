//! What the clock has to do.
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Timestamptz};
use domain::maintenance::Maintenance;

use super::row::{self, Row};
use crate::prepared::Prepare as _;
use crate::schema::maintenances;
use crate::{DbError, Read, Write};

/// Locks maintenances with which the clock has something to do at `now`, the longest overdue
/// first, but for the first `skipped`. What another transaction has is left to it.
pub fn lock_due(
    db: &mut Write<'_>,
    now: DateTime<Utc>,
    skipped: i64,
    limit: i64,
) -> Result<Vec<Maintenance>, DbError> {
    let rows: Vec<Row> = maintenances::table
        .filter(maintenances::due_at.le(now).assume_not_null())
        .order((maintenances::due_at, maintenances::id))
        .offset(skipped)
        .limit(limit)
        .for_update()
        .skip_locked()
        .select(Row::as_select())
        .load(db.conn)?;
    row::assemble(db, rows)
}

/// When the clock has something to do next, with a maintenance or a series, and the time now.
pub fn next_due(db: &mut Read<'_>) -> Result<(Option<DateTime<Utc>>, DateTime<Utc>), DbError> {
    let found: Found = diesel::sql_query(
        "select least((select min(due_at) from maintenances where due_at is not null),
                      (select min(extend_at) from maintenance_series where extend_at is not null))
                as due_at,
                farol_now() as now",
    )
    .prepared()
    .get_result(db.conn)?;
    Ok((found.due_at, found.now))
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Nullable<Timestamptz>)]
    due_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Timestamptz)]
    now: DateTime<Utc>,
}
