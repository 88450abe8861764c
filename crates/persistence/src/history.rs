//! What happened, found without looking at all that ever did.
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Timestamptz, Uuid as SqlUuid};
use domain::incident::Incident;
use domain::maintenance::Maintenance;
use uuid::Uuid;

use crate::prepared::Prepare as _;
use crate::{DbError, Read, incident, maintenance};

/// A time, the end not included.
pub type Span = (DateTime<Utc>, DateTime<Utc>);

/// Of a component, so many are looked at for those that may be shown.
const LOOKED_AT: i64 = 200;

/// Incidents that were open at any time of the span, newest first.
pub fn incidents(
    db: &mut Read<'_>,
    only_public: bool,
    span: Span,
    limit: i64,
) -> Result<Vec<Incident>, DbError> {
    let ids = within(db, INCIDENTS_WITHIN, only_public, span, limit)?;
    newest_incidents(db, &ids)
}

/// Maintenances that were in progress at any time of the span, the last to begin first.
pub fn maintenances(
    db: &mut Read<'_>,
    only_public: bool,
    span: Span,
    limit: i64,
) -> Result<Vec<Maintenance>, DbError> {
    let ids = within(db, MAINTENANCES_WITHIN, only_public, span, limit)?;
    newest_maintenances(db, &ids)
}

/// Whether anything happened before.
pub fn has_any_before(
    db: &mut Read<'_>,
    only_public: bool,
    time: DateTime<Utc>,
) -> Result<bool, DbError> {
    let found: Found = diesel::sql_query(
        "select exists (select from incidents where deleted_at is null and started_at < $2
                        and (visibility = 'public' or not $1))
             or exists (select from maintenances where deleted_at is null and started_at < $2
                        and (visibility = 'public' or not $1)) as found",
    )
    .bind::<Bool, _>(only_public)
    .bind::<Timestamptz, _>(time)
    .prepared()
    .get_result(db.conn)?;
    Ok(found.found)
}

/// The newest incidents, of all or of those that touch any of the components.
pub fn recent_incidents(
    db: &mut Read<'_>,
    only_public: bool,
    touching: Option<&[Uuid]>,
    limit: i64,
) -> Result<Vec<Incident>, DbError> {
    let ids = match touching {
        Some(components) => touched(db, INCIDENTS_TOUCHING, only_public, components, limit)?,
        None => newest(db, NEWEST_INCIDENTS, only_public, limit)?,
    };
    newest_incidents(db, &ids)
}

/// The newest maintenances, likewise; none that is planned for later than those on the page.
pub fn recent_maintenances(
    db: &mut Read<'_>,
    only_public: bool,
    touching: Option<&[Uuid]>,
    limit: i64,
) -> Result<Vec<Maintenance>, DbError> {
    let ids = match touching {
        Some(components) => touched(db, MAINTENANCES_TOUCHING, only_public, components, limit)?,
        None => newest(db, NEWEST_MAINTENANCES, only_public, limit)?,
    };
    newest_maintenances(db, &ids)
}

fn newest_incidents(db: &mut Read<'_>, ids: &[Uuid]) -> Result<Vec<Incident>, DbError> {
    let mut found = incident::among(db, ids)?;
    found.sort_by_key(|it| std::cmp::Reverse((it.started_at, it.id)));
    Ok(found)
}

fn newest_maintenances(db: &mut Read<'_>, ids: &[Uuid]) -> Result<Vec<Maintenance>, DbError> {
    let mut found = maintenance::among(db, ids)?;
    found.sort_by_key(|it| std::cmp::Reverse((it.starts_at, it.id)));
    Ok(found)
}

fn within(
    db: &mut Read<'_>,
    statement: &'static str,
    only_public: bool,
    (from, to): Span,
    limit: i64,
) -> Result<Vec<Uuid>, DbError> {
    let ids: Vec<Id> = diesel::sql_query(statement)
        .bind::<Bool, _>(only_public)
        .bind::<Timestamptz, _>(from)
        .bind::<Timestamptz, _>(to)
        .bind::<BigInt, _>(limit)
        .prepared()
        .load(db.conn)?;
    Ok(ids.into_iter().map(|it| it.id).collect())
}

fn touched(
    db: &mut Read<'_>,
    statement: &'static str,
    only_public: bool,
    components: &[Uuid],
    limit: i64,
) -> Result<Vec<Uuid>, DbError> {
    let ids: Vec<Id> = diesel::sql_query(statement)
        .bind::<Bool, _>(only_public)
        .bind::<Array<SqlUuid>, _>(components)
        .bind::<BigInt, _>(limit)
        .bind::<BigInt, _>(LOOKED_AT)
        .prepared()
        .load(db.conn)?;
    Ok(ids.into_iter().map(|it| it.id).collect())
}

fn newest(
    db: &mut Read<'_>,
    statement: &'static str,
    only_public: bool,
    limit: i64,
) -> Result<Vec<Uuid>, DbError> {
    let ids: Vec<Id> = diesel::sql_query(statement)
        .bind::<Bool, _>(only_public)
        .bind::<BigInt, _>(limit)
        .prepared()
        .load(db.conn)?;
    Ok(ids.into_iter().map(|it| it.id).collect())
}

/// By the time they began, but for those that last: each part has an index of its own.
const INCIDENTS_WITHIN: &str = "
select id from (
    select id, started_at from incidents
    where started_at >= $2 - interval '30 days' and started_at < $3 and deleted_at is null
      and (resolved_at is null or resolved_at >= $2) and (visibility = 'public' or not $1)
    union
    select id, started_at from incidents
    where resolved_at - started_at > interval '30 days' and deleted_at is null
      and started_at < $3 and resolved_at >= $2 and (visibility = 'public' or not $1)
    union
    select id, started_at from incidents
    where status <> 'resolved' and deleted_at is null
      and started_at < $3 and (visibility = 'public' or not $1)) it
order by started_at desc, id desc limit $4";

const MAINTENANCES_WITHIN: &str = "
select id from (
    select id, starts_at from maintenances
    where started_at is not null and deleted_at is null
      and started_at >= $2 - interval '30 days' and started_at < $3
      and (ended_at is null or ended_at >= $2) and (visibility = 'public' or not $1)
    union
    select id, starts_at from maintenances
    where ended_at - started_at > interval '30 days' and deleted_at is null
      and started_at < $3 and ended_at >= $2 and (visibility = 'public' or not $1)
    union
    select id, starts_at from maintenances
    where status in ('scheduled', 'in_progress', 'verifying') and deleted_at is null
      and started_at < $3 and (visibility = 'public' or not $1)) it
order by starts_at desc, id desc limit $4";

const NEWEST_INCIDENTS: &str = "
select id from incidents
where deleted_at is null and (visibility = 'public' or not $1)
order by started_at desc, id desc limit $2";

const NEWEST_MAINTENANCES: &str = "
select id from maintenances
where deleted_at is null and (visibility = 'public' or not $1)
  and (listed or status <> 'scheduled')
order by starts_at desc, id desc limit $2";

/// Who may not know of a component does not learn what touched it: callers name only what the
/// reader may see.
const INCIDENTS_TOUCHING: &str = "
select i.id from (
    select distinct c.incident_id from unnest($2) as asked (id)
    cross join lateral (
        select incident_id from incident_components
        where component_id = asked.id order by incident_id desc limit $4) c) c
join incidents i on i.id = c.incident_id
where i.deleted_at is null and (i.visibility = 'public' or not $1)
order by i.started_at desc, i.id desc limit $3";

const MAINTENANCES_TOUCHING: &str = "
select m.id from (
    select distinct c.maintenance_id from unnest($2) as asked (id)
    cross join lateral (
        select maintenance_id from maintenance_components
        where component_id = asked.id order by maintenance_id desc limit $4) c) c
join maintenances m on m.id = c.maintenance_id
where m.deleted_at is null and (m.visibility = 'public' or not $1)
  and (m.listed or m.status <> 'scheduled')
order by m.starts_at desc, m.id desc limit $3";

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Bool)]
    found: bool,
}
