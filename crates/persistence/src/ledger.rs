//! The ledger, and the facts it is derived from.
//!
//! What is asked of several components is asked of one after the other, in sub-queries that
//! Postgres may not take apart: it plans once, perhaps while the tables are nearly empty, and would then
//! rather walk all of a table than believe that few rows are wanted.
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use domain::calendar::day_of;
use domain::component::Status;
use domain::ledger::{Cause, Interval, Piece, Plan, Row};
use domain::timeline::{Entry, Step};
use domain::{incident, maintenance};
use uuid::Uuid;

use crate::prepared::Prepare as _;
use crate::schema::component_statuses as statuses;
use crate::uptime::{Changed, take_back};
use crate::word::Word;
use crate::{DbError, Read, Write};

type Range = (Bound<DateTime<Utc>>, Bound<DateTime<Utc>>);

/// An incident as the ledger needs it.
#[derive(Clone, Debug)]
pub struct Told {
    pub incident: Uuid,
    pub started_at: DateTime<Utc>,
    pub entries: Vec<incident::Entry>,
}

/// A maintenance as the ledger needs it.
#[derive(Clone, Debug)]
pub struct Planned {
    pub maintenance: Uuid,
    pub entries: Vec<maintenance::Entry>,
}

/// Rows in force that reach `from` or later, oldest first, by component. That is mostly the last
/// alone, which is found without the index that all of them are in.
pub fn rows(
    db: &mut Read<'_>,
    components: &[Uuid],
    from: DateTime<Utc>,
) -> Result<HashMap<Uuid, Vec<Row>>, DbError> {
    let found: Vec<RowFound> = diesel::sql_query(
        "with last as materialized (
             select s.* from unnest($1) as it (id) cross join lateral (
                 select * from component_statuses
                 where component_id = it.id and superseded_at is null
                 order by lower(during) desc limit 1) s)
         select r.id, r.component_id, r.status, lower(r.during) as start, upper(r.during) as finish,
                r.cause, r.incident_id, r.maintenance_id
         from (select * from last
               where lower(during) < $2 and during && tstzrange($2 - interval '1 microsecond', null)
               union all
               select s.* from unnest($1) as it (id) cross join lateral (
                   select * from component_statuses
                   where component_id = it.id and superseded_at is null
                     and during && tstzrange($2 - interval '1 microsecond', null) offset 0) s
               where not exists (select from last
                                 where component_id = it.id and lower(during) < $2)) r
         order by start",
    )
    .bind::<Array<SqlUuid>, _>(components)
    .bind::<Timestamptz, _>(from)
    .prepared()
    .load(db.conn)?;
    let mut rows: HashMap<Uuid, Vec<Row>> = HashMap::new();
    for it in found {
        let RowFound {
            id,
            component_id,
            status,
            start,
            finish,
            cause,
            incident_id: incident,
            maintenance_id: maintenance,
        } = it;
        let piece = Piece { from: start, status: status.0, cause: cause.0, incident, maintenance };
        rows.entry(component_id).or_default().push(Row { id, piece, to: finish });
    }
    Ok(rows)
}

/// What was said of the baselines: the last report at or before `from`, and all later ones.
pub fn reports(
    db: &mut Read<'_>,
    components: &[Uuid],
    from: DateTime<Utc>,
) -> Result<HashMap<Uuid, Vec<Step>>, DbError> {
    let found: Vec<ReportFound> = diesel::sql_query(
        "select r.component_id, r.status, r.at from unnest($1) as it (id) cross join lateral (
             select * from component_reports
             where component_id = it.id
               and at >= coalesce((select max(at) from component_reports
                                   where component_id = it.id and at <= $2), '-infinity')
             offset 0) r
         order by r.at, r.id",
    )
    .bind::<Array<SqlUuid>, _>(components)
    .bind::<Timestamptz, _>(from)
    .prepared()
    .load(db.conn)?;
    let mut reports: HashMap<Uuid, Vec<Step>> = HashMap::new();
    for ReportFound { component_id, status, at } in found {
        reports.entry(component_id).or_default().push(Step { at, status: status.0 });
    }
    Ok(reports)
}

/// Incidents and maintenances that touch any of the components and were not over before `from`.
/// What it costs depends neither on how many incidents a component had nor on how many are open
/// elsewhere.
pub fn told(
    db: &mut Read<'_>,
    components: &[Uuid],
    from: DateTime<Utc>,
) -> Result<(Vec<Told>, Vec<Planned>), DbError> {
    let found: Vec<EntryFound> = diesel::sql_query(
        "with touching as materialized (
             select c.incident_id as id from unnest($1) as it (id) cross join lateral (
                 select incident_id from incident_components
                 where component_id = it.id and not is_over offset 0) c
             union
             select r.id from (
                 select id from incidents where resolved_at >= $2 and deleted_at is null
                 order by resolved_at offset 0) r
             where exists (select from incident_components
                           where incident_id = r.id and component_id = any($1) offset 0)),
         planned as materialized (
             select distinct c.maintenance_id as id from unnest($1) as it (id) cross join lateral (
                 select maintenance_id from maintenance_components
                 where component_id = it.id offset 0) c)
         select u.id, i.id as subject, i.started_at, u.status, u.display_at, u.effects
         from touching t cross join lateral (
             select id, started_at from incidents
             where id = t.id and deleted_at is null and (status <> 'resolved' or resolved_at >= $2)
             offset 0) i
         cross join lateral (select * from incident_updates where incident_id = i.id offset 0) u
         union all
         select u.id, m.id, null, u.status, u.display_at, u.effects
         from planned p cross join lateral (
             select id from maintenances
             where id = p.id and deleted_at is null and started_at is not null
               and (ended_at is null or ended_at >= $2)
             offset 0) m
         cross join lateral (select * from maintenance_updates where maintenance_id = m.id offset 0) u",
    )
    .bind::<Array<SqlUuid>, _>(components)
    .bind::<Timestamptz, _>(from)
    .prepared()
    .load(db.conn)?;
    let mut told: BTreeMap<Uuid, Told> = BTreeMap::new();
    let mut planned: BTreeMap<Uuid, Planned> = BTreeMap::new();
    for it in found {
        let id = it.subject;
        if let Some(started_at) = it.started_at {
            let new = || Told { incident: id, started_at, entries: Vec::new() };
            told.entry(id).or_insert_with(new).entries.push(it.entry()?);
        } else {
            let new = || Planned { maintenance: id, entries: Vec::new() };
            planned.entry(id).or_insert_with(new).entries.push(it.entry()?);
        }
    }
    Ok((told.into_values().collect(), planned.into_values().collect()))
}

/// Carries out the plans of several components, and takes back what was tallied of days that they
/// change.
pub fn apply(
    db: &mut Write<'_>,
    plans: &[(Uuid, Plan)],
    actor: &str,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let superseded: Vec<i64> = plans.iter().flat_map(|(_, it)| it.supersede.clone()).collect();
    if !superseded.is_empty() {
        diesel::update(statuses::table.filter(statuses::id.eq_any(superseded)))
            .set(statuses::superseded_at.eq(now))
            .prepared()
            .run(db.conn)?;
    }
    let shortened = plans.iter().flat_map(|(_, it)| &it.shorten).map(|(id, to)| (*id, Some(*to)));
    set_ends(db, shortened.collect())?;
    let lengthened = plans.iter().flat_map(|(_, it)| it.lengthen.clone());
    set_ends(db, lengthened.collect())?;
    let inserted: Vec<_> = plans
        .iter()
        .flat_map(|(component, plan)| {
            plan.insert.iter().map(move |(piece, to)| (*component, *piece, *to))
        })
        .map(|(component, piece, to)| {
            let Piece { from, status, cause, incident, maintenance } = piece;
            let during: Range =
                (Bound::Included(from), to.map_or(Bound::Unbounded, Bound::Excluded));
            (
                statuses::component_id.eq(component),
                statuses::status.eq(Word(status)),
                statuses::during.eq(during),
                statuses::cause.eq(Word(cause)),
                statuses::incident_id.eq(incident),
                statuses::maintenance_id.eq(maintenance),
                statuses::actor.eq(actor),
                statuses::recorded_at.eq(now),
            )
        })
        .collect();
    if !inserted.is_empty() {
        let n_rows = inserted.len();
        let insert = diesel::insert_into(statuses::table).values(inserted);
        insert.prepared_if_few(n_rows).run(db.conn)?;
    }
    let zone = db.page().zone();
    let changed = plans.iter().filter_map(|(component, plan)| {
        let day = day_of(plan.changed_from?, zone);
        let begins = plan.insert.iter().map(|(piece, _)| piece.from).min();
        Some(Changed { component: *component, day, begins })
    });
    take_back(db, &changed.collect::<Vec<_>>())
}

fn set_ends(db: &mut Write<'_>, ends: Vec<(i64, Option<DateTime<Utc>>)>) -> Result<(), DbError> {
    if ends.is_empty() {
        return Ok(());
    }
    let (ids, ends): (Vec<i64>, Vec<Option<DateTime<Utc>>>) = ends.into_iter().unzip();
    diesel::sql_query(
        "update component_statuses s set during = tstzrange(lower(s.during), e.finish)
         from unnest($1, $2) as e (id, finish) where s.id = e.id",
    )
    .bind::<Array<BigInt>, _>(ids)
    .bind::<Array<Nullable<Timestamptz>>, _>(ends)
    .prepared()
    .run(db.conn)?;
    Ok(())
}

/// The intervals of a component that overlap `from..to`, oldest first, not cut at the ends.
pub fn history(
    db: &mut Read<'_>,
    component: Uuid,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    limit: i64,
) -> Result<Vec<Interval>, DbError> {
    let found: Vec<IntervalFound> = diesel::sql_query(
        "select status, lower(during) as start, upper(during) as finish, cause, incident_id,
                maintenance_id, actor
         from component_statuses
         where component_id = $1 and superseded_at is null and during && tstzrange($2, $3)
         order by start limit $4",
    )
    .bind::<SqlUuid, _>(component)
    .bind::<Nullable<Timestamptz>, _>(from)
    .bind::<Nullable<Timestamptz>, _>(to)
    .bind::<BigInt, _>(limit)
    .load(db.conn)?;
    let interval = |it: IntervalFound| Interval {
        status: it.status.0,
        from: it.start,
        to: it.finish,
        cause: it.cause.0,
        incident_id: it.incident_id,
        maintenance_id: it.maintenance_id,
        actor: Some(it.actor),
    };
    Ok(found.into_iter().map(interval).collect())
}

#[derive(QueryableByName)]
struct RowFound {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = SqlUuid)]
    component_id: Uuid,
    #[diesel(sql_type = Text)]
    status: Word<Status>,
    #[diesel(sql_type = Timestamptz)]
    start: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    finish: Option<DateTime<Utc>>,
    #[diesel(sql_type = Text)]
    cause: Word<Cause>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    incident_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    maintenance_id: Option<Uuid>,
}

#[derive(QueryableByName)]
struct ReportFound {
    #[diesel(sql_type = SqlUuid)]
    component_id: Uuid,
    #[diesel(sql_type = Text)]
    status: Word<Status>,
    #[diesel(sql_type = Timestamptz)]
    at: DateTime<Utc>,
}

#[derive(QueryableByName)]
struct EntryFound {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    subject: Uuid,
    /// Only of incidents.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    started_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Timestamptz)]
    display_at: DateTime<Utc>,
    #[diesel(sql_type = diesel::sql_types::Jsonb)]
    effects: serde_json::Value,
}

impl EntryFound {
    fn entry<S: FromStr<Err = String>>(&self) -> Result<Entry<S>, DbError> {
        let status = self.status.parse().map_err(DbError::unreadable)?;
        let effects = crate::timeline::effects(&self.effects);
        Ok(Entry { id: self.id, status, display_at: self.display_at, effects })
    }
}

#[derive(QueryableByName)]
struct IntervalFound {
    #[diesel(sql_type = Text)]
    status: Word<Status>,
    #[diesel(sql_type = Timestamptz)]
    start: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    finish: Option<DateTime<Utc>>,
    #[diesel(sql_type = Text)]
    cause: Word<Cause>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    incident_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    maintenance_id: Option<Uuid>,
    #[diesel(sql_type = Text)]
    actor: String,
}
