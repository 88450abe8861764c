//! What the ledger of components says from an instant on, and what it must follow from.
use std::collections::{BTreeMap, HashMap};
use std::str::FromStr;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use domain::component::Status;
use domain::ledger::{Cause, Piece, Row};
use domain::timeline::{Entry, Step};
use domain::{incident, maintenance};
use serde_json::Value;
use uuid::Uuid;

use crate::prepared::Prepare as _;
use crate::word::Word;
use crate::{DbError, Read};

/// What is known of several components from an instant on.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Rows in force that reach the instant or later, oldest first, by component.
    pub rows: HashMap<Uuid, Vec<Row>>,
    /// What was reported of the baseline at the instant and later, oldest first, by component.
    pub reports: HashMap<Uuid, Vec<Step>>,
    /// Incidents that touch any of the components and were not over before the instant.
    pub told: BTreeMap<Uuid, Told>,
    /// Maintenances likewise, by their ids.
    pub planned: BTreeMap<Uuid, Planned>,
}

/// An incident as the ledger needs it.
#[derive(Clone, Debug)]
pub struct Told {
    pub started_at: DateTime<Utc>,
    pub entries: Vec<incident::Entry>,
}

/// A maintenance as the ledger needs it.
pub type Planned = Vec<maintenance::Entry>;

/// Looks up what there is from `from` on. What it costs depends neither on how long the history of
/// the components is, nor on what is open elsewhere.
pub fn facts(
    db: &mut Read<'_>,
    components: &[Uuid],
    from: DateTime<Utc>,
) -> Result<Facts, DbError> {
    let found: Vec<Found> = diesel::sql_query(FACTS)
        .bind::<Array<SqlUuid>, _>(components)
        .bind::<Timestamptz, _>(from)
        .prepared()
        .load(db.conn)?;
    let mut facts = Facts::default();
    for it in found {
        facts.add(it)?;
    }
    Ok(facts)
}

/// Postgres plans this once, perhaps while the tables are nearly empty and all ways through them cost
/// the same. So nothing is left to it: each thing is asked of after the other, in sub-queries that it
/// may not take apart (`offset 0`), and each of these names what one index alone is good for.
const FACTS: &str = "
with asked as (select * from unnest($1) as it (id)),
touching as materialized (
    select c.incident_id as id from asked a cross join lateral (
        select incident_id from incident_components
        where component_id = a.id and not is_over offset 0) c
    union
    select r.id from (select id from incidents where resolved_at >= $2 offset 0) r
    where exists (select from incident_components
                  where incident_id = r.id and component_id = any($1) offset 0)),
planned as materialized (
    select distinct c.maintenance_id as id from asked a cross join lateral (
        select maintenance_id from maintenance_components where component_id = a.id offset 0) c)
select 'row' as kind, a.id as subject, r.status, lower(r.during) as at, r.id as nth,
       upper(r.during) as finish, r.cause, r.incident_id, r.maintenance_id,
       null::uuid as entry, null::timestamptz as started_at, null::jsonb as effects
from asked a cross join lateral (
    select * from component_statuses
    where component_id = a.id and superseded_at is null
      and lower(during) >= coalesce(
          (select lower(during) from component_statuses
           where component_id = a.id and superseded_at is null and lower(during) < $2
           order by lower(during) desc limit 1), '-infinity')
    order by lower(during) offset 0) r
where r.during && tstzrange($2 - interval '1 microsecond', null)
union all
select 'report', a.id, r.status, r.at, r.id, null, null, null, null, null, null, null
from asked a cross join lateral (
    select * from component_reports
    where component_id = a.id
      and at >= coalesce((select max(at) from component_reports
                          where component_id = a.id and at <= $2), '-infinity')
    offset 0) r
union all
select 'incident', i.id, u.status, u.display_at, null, null, null, null, null,
       u.id, i.started_at, u.effects
from touching t
cross join lateral (select * from incidents where id = t.id offset 0) i
cross join lateral (select * from incident_updates where incident_id = i.id offset 0) u
where i.deleted_at is null and (i.status <> 'resolved' or i.resolved_at >= $2)
union all
select 'maintenance', m.id, u.status, u.display_at, null, null, null, null, null,
       u.id, null, u.effects
from planned p
cross join lateral (select * from maintenances where id = p.id offset 0) m
cross join lateral (select * from maintenance_updates where maintenance_id = m.id offset 0) u
where m.deleted_at is null and m.started_at is not null and (m.ended_at is null or m.ended_at >= $2)
order by at, nth";

impl Facts {
    fn add(&mut self, it: Found) -> Result<(), DbError> {
        let subject = it.subject;
        match it.kind.as_str() {
            "row" => self.rows.entry(subject).or_default().push(it.row()?),
            "report" => {
                let step = Step { at: it.at, status: it.said()? };
                self.reports.entry(subject).or_default().push(step);
            }
            "incident" => {
                let started_at = it.started_at.ok_or(DbError::NotFound)?;
                let new = || Told { started_at, entries: Vec::new() };
                self.told.entry(subject).or_insert_with(new).entries.push(it.entry()?);
            }
            _ => self.planned.entry(subject).or_default().push(it.entry()?),
        }
        Ok(())
    }
}

/// A fact of any kind.
#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Text)]
    kind: String,
    /// The component of rows and reports, the incident or maintenance of what they say.
    #[diesel(sql_type = SqlUuid)]
    subject: Uuid,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Timestamptz)]
    at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<BigInt>)]
    nth: Option<i64>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    finish: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    cause: Option<Word<Cause>>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    incident_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    maintenance_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    entry: Option<Uuid>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    started_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    effects: Option<Value>,
}

impl Found {
    fn said<S: FromStr<Err = String>>(&self) -> Result<S, DbError> {
        self.status.parse().map_err(DbError::unreadable)
    }

    fn row(&self) -> Result<Row, DbError> {
        let (id, Word(cause)) = self.nth.zip(self.cause).ok_or(DbError::NotFound)?;
        let piece = Piece {
            from: self.at,
            status: self.said::<Status>()?,
            cause,
            incident: self.incident_id,
            maintenance: self.maintenance_id,
        };
        Ok(Row { id, piece, to: self.finish })
    }

    fn entry<S: FromStr<Err = String>>(&self) -> Result<Entry<S>, DbError> {
        let (id, effects) = self.entry.zip(self.effects.as_ref()).ok_or(DbError::NotFound)?;
        let effects = crate::timeline::effects(effects);
        Ok(Entry { id, status: self.said()?, display_at: self.at, effects })
    }
}
