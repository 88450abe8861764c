//! Days that are over, tallied.
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use domain::uptime::{DayTally, Tally};
use uuid::Uuid;

use crate::prepared::Prepare as _;
use crate::schema::component_days;
use crate::{DbError, Write};

/// Rows in one insert: a statement takes 65 535 values.
const DAYS_AT_ONCE: usize = 1_000;

/// A component whose days were not all tallied.
#[derive(Clone, Debug)]
pub struct Untallied {
    pub id: Uuid,
    pub ledger_from: DateTime<Utc>,
    /// The first day that is not; nothing when none is, or none in the page's zone.
    pub tallied_to: Option<NaiveDate>,
}

/// What was tallied of a component.
#[derive(Clone, Debug)]
pub struct Tallied {
    pub id: Uuid,
    /// The first day that was tallied now; nothing when all that was tallied before is void.
    pub from: Option<NaiveDate>,
    /// The first day that was not.
    pub to: NaiveDate,
    pub days: Vec<DayTally>,
}

/// Locks components of which a day before `today` is not tallied. What another transaction has is
/// left to it. Nothing happens to an archived one any more: it is done two days later, when it is
/// over in every zone.
pub fn lock_untallied(
    db: &mut Write<'_>,
    today: NaiveDate,
    limit: i64,
) -> Result<Vec<Untallied>, DbError> {
    let zone = db.page().zone().name();
    let found: Vec<UntalliedFound> = diesel::sql_query(
        "select id, ledger_from, case when tallied_zone = $2 then tallied_to end as tallied_to
         from components
         where ledger_from is not null
           and (tallied_zone is distinct from $2 or tallied_to is null
                or tallied_to < least($1, (archived_at at time zone 'UTC')::date + 2))
         order by id limit $3 for update skip locked",
    )
    .bind::<Date, _>(today)
    .bind::<Text, _>(zone)
    .bind::<BigInt, _>(limit)
    .prepared()
    .load(db.conn)?;
    let untallied = found.into_iter().map(|it| Untallied {
        id: it.id,
        ledger_from: it.ledger_from,
        tallied_to: it.tallied_to,
    });
    Ok(untallied.collect())
}

/// Keeps what was tallied of locked components.
pub fn keep(db: &mut Write<'_>, tallied: &[Tallied]) -> Result<(), DbError> {
    let zone = db.page().zone().name();
    diesel::sql_query(
        "with kept as (
             update components c set tallied_to = t.to_day, tallied_zone = $4
             from unnest($1, $3) as t (id, to_day) where c.id = t.id)
         delete from component_days d using unnest($1, $2) as t (id, from_day)
         where d.component_id = t.id and d.day >= coalesce(t.from_day, '-infinity')",
    )
    .bind::<Array<SqlUuid>, _>(tallied.iter().map(|it| it.id).collect::<Vec<_>>())
    .bind::<Array<Nullable<Date>>, _>(tallied.iter().map(|it| it.from).collect::<Vec<_>>())
    .bind::<Array<Date>, _>(tallied.iter().map(|it| it.to).collect::<Vec<_>>())
    .bind::<Text, _>(zone)
    .prepared()
    .run(db.conn)?;
    let days = tallied.iter().flat_map(|it| it.days.iter().map(|day| DayRow::new(it.id, day)));
    let days: Vec<DayRow> = days.collect();
    for days in days.chunks(DAYS_AT_ONCE) {
        diesel::insert_into(component_days::table).values(days).execute(db.conn)?;
    }
    Ok(())
}

#[derive(Insertable)]
#[diesel(table_name = component_days)]
struct DayRow {
    component_id: Uuid,
    day: NaiveDate,
    under_maintenance: i64,
    degraded_performance: i64,
    partial_outage: i64,
    major_outage: i64,
    incident_ids: Vec<Uuid>,
}

impl DayRow {
    fn new(component_id: Uuid, it: &DayTally) -> Self {
        let Tally { under_maintenance, degraded_performance, partial_outage, major_outage, .. } =
            it.tally;
        Self {
            component_id,
            day: it.day,
            under_maintenance,
            degraded_performance,
            partial_outage,
            major_outage,
            incident_ids: it.incidents.clone(),
        }
    }
}

#[derive(QueryableByName)]
struct UntalliedFound {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    ledger_from: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Date>)]
    tallied_to: Option<NaiveDate>,
}
