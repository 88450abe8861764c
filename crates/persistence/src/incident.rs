//! Incidents and their updates.
mod list;
mod row;

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use domain::caller::Visibility;
use domain::incident::{Incident, Postmortem, Timeline, Update};
use domain::timeline::Effect;
use uuid::Uuid;

use crate::prepared::Prepare as _;
use crate::schema::{incident_components, incident_updates, incidents};
use crate::timeline::{searchable, set_statuses};
use crate::word::Word;
use crate::{DbError, Read, Write};

pub use list::{Filter, State, among, open, page};
pub use row::insert;
use row::{Row, UpdateRow};

/// Name of the constraint that allows one open incident per deduplication key.
pub const DEDUP_KEY_TAKEN: &str = "incidents_dedup_key";

pub use crate::timeline::Key;

/// An incident about to be written.
#[derive(Clone, Debug)]
pub struct New<'a> {
    pub id: Uuid,
    pub draft: &'a domain::incident::Draft,
    pub started_at: DateTime<Utc>,
    pub source: String,
    pub now: DateTime<Utc>,
    /// Its only update, and what that makes of it.
    pub first: &'a Update,
    pub timeline: &'a Timeline,
}

/// The incident with its whole timeline.
pub fn find(db: &mut Read<'_>, key: Key) -> Result<Incident, DbError> {
    let live = incidents::table.filter(incidents::deleted_at.is_null()).select(Row::as_select());
    let row: Row = match key {
        Key::Id(id) => live.filter(incidents::id.eq(id)).first(db.conn)?,
        Key::Number(number) => live.filter(incidents::number.eq(number)).first(db.conn)?,
    };
    one(db, row)
}

/// The incident with its whole timeline, locked until the transaction ends.
pub fn lock(db: &mut Write<'_>, key: Key) -> Result<Incident, DbError> {
    let live = incidents::table
        .filter(incidents::deleted_at.is_null())
        .for_update()
        .select(Row::as_select());
    let row: Row = match key {
        Key::Id(id) => live.filter(incidents::id.eq(id)).first(db.conn)?,
        Key::Number(number) => live.filter(incidents::number.eq(number)).first(db.conn)?,
    };
    one(db, row)
}

fn one(db: &mut Read<'_>, row: Row) -> Result<Incident, DbError> {
    row::assemble(db, vec![row])?.pop().ok_or(DbError::NotFound)
}

/// Makes callers with the same deduplication keys take turns until their transactions end.
pub fn lock_dedup_keys(db: &mut Write<'_>, keys: &[&str]) -> Result<(), DbError> {
    crate::timeline::lock_keys(db, keys, 7)
}

/// The open incidents with these deduplication keys.
pub fn with_dedup_keys(db: &mut Read<'_>, keys: &[&str]) -> Result<Vec<Incident>, DbError> {
    let rows: Vec<Row> = incidents::table
        .filter(incidents::deleted_at.is_null().and(incidents::dedup_key.eq_any(keys)))
        .filter(list::is_open())
        .select(Row::as_select())
        .prepared()
        .load(db.conn)?;
    row::assemble(db, rows)
}

/// Writes back what may be edited of an incident and what its updates make of it.
/// May violate [`DEDUP_KEY_TAKEN`] when it reopens.
pub fn update(db: &mut Write<'_>, incident: &Incident, timeline: &Timeline) -> Result<(), DbError> {
    let search = std::iter::once(incident.title.as_str())
        .chain(incident.updates.iter().map(|it| it.message.as_str()));
    let postmortem = incident.postmortem.as_ref();
    diesel::update(incidents::table.find(incident.id))
        .set((
            incidents::title.eq(&incident.title),
            incidents::status.eq(Word(incident.status)),
            incidents::impact.eq(Word(incident.impact)),
            incidents::impact_override.eq(incident.impact_override.map(Word)),
            incidents::visibility.eq(Word(incident.visibility)),
            incidents::started_at.eq(incident.started_at),
            incidents::identified_at.eq(incident.identified_at),
            incidents::monitoring_at.eq(incident.monitoring_at),
            incidents::resolved_at.eq(incident.resolved_at),
            incidents::pinned.eq(incident.pinned),
            incidents::metadata.eq(serde_json::Value::Object(incident.metadata.clone())),
            incidents::postmortem_body.eq(postmortem.map(|it| &it.body)),
            incidents::postmortem_html.eq(postmortem.map(|it| &it.body_html)),
            incidents::postmortem_published_at.eq(postmortem.and_then(|it| it.published_at)),
            incidents::postmortem_updated_at.eq(postmortem.map(|it| it.updated_at)),
            incidents::search_text.eq(searchable(search)),
            incidents::version.eq(incident.version),
            incidents::updated_at.eq(incident.updated_at),
        ))
        .prepared()
        .run(db.conn)?;
    set_components(db, incident.id, timeline)
}

fn set_components(db: &mut Write<'_>, id: Uuid, timeline: &Timeline) -> Result<(), DbError> {
    const STATEMENT: &str =
        "insert into incident_components (incident_id, component_id, status, is_over)
         select i.id, said.component, said.status, i.status = 'resolved'
         from incidents i, unnest($2, $3) as said (component, status) where i.id = $1
         on conflict (incident_id, component_id) do update set status = excluded.status";
    set_statuses(db, STATEMENT, id, &timeline.said.components)
}

/// Forgets components that no update of the incident names any more.
pub fn keep_components(db: &mut Write<'_>, id: Uuid, timeline: &Timeline) -> Result<(), DbError> {
    let named: Vec<Uuid> = timeline.said.components.keys().copied().collect();
    diesel::delete(
        incident_components::table
            .filter(incident_components::incident_id.eq(id))
            .filter(incident_components::component_id.ne_all(named)),
    )
    .execute(db.conn)?;
    Ok(())
}

/// Adds an update.
pub fn insert_update(
    db: &mut Write<'_>,
    incident: Uuid,
    update: &Update,
    effects: &[Effect],
) -> Result<(), DbError> {
    diesel::insert_into(incident_updates::table)
        .values(UpdateRow::of(incident, update, effects))
        .execute(db.conn)?;
    Ok(())
}

/// Writes an update back.
pub fn update_update(
    db: &mut Write<'_>,
    incident: Uuid,
    update: &Update,
    effects: &[Effect],
) -> Result<(), DbError> {
    diesel::update(incident_updates::table.find(update.id))
        .set(UpdateRow::of(incident, update, effects))
        .execute(db.conn)?;
    Ok(())
}

/// Removes an update.
pub fn delete_update(db: &mut Write<'_>, id: Uuid) -> Result<(), DbError> {
    diesel::delete(incident_updates::table.find(id)).execute(db.conn)?;
    Ok(())
}

/// The updates as the state machine reads them.
pub fn entries(db: &mut Read<'_>, id: Uuid) -> Result<Vec<domain::incident::Entry>, DbError> {
    let rows: Vec<UpdateRow> = incident_updates::table
        .filter(incident_updates::incident_id.eq(id))
        .select(UpdateRow::as_select())
        .load(db.conn)?;
    Ok(rows.iter().map(UpdateRow::entry).collect())
}

/// Hides an incident from everybody. Its ledger follows separately.
pub fn delete(db: &mut Write<'_>, id: Uuid, now: DateTime<Utc>) -> Result<(), DbError> {
    diesel::update(incidents::table.find(id))
        .set(incidents::deleted_at.eq(now))
        .execute(db.conn)?;
    Ok(())
}

/// What incidents show depends on the names and places of their components: a change there is a
/// new version here. Call it before locking components: incidents are locked first everywhere.
pub fn touch_by_components(db: &mut Write<'_>, components: &[Uuid]) -> Result<(), DbError> {
    let touching = incident_components::table
        .filter(incident_components::component_id.eq_any(components))
        .select(incident_components::incident_id);
    let ids: Vec<Uuid> = incidents::table
        .filter(incidents::id.eq_any(touching))
        .order(incidents::id)
        .for_update()
        .select(incidents::id)
        .load(db.conn)?;
    diesel::update(incidents::table.filter(incidents::id.eq_any(ids)))
        .set(incidents::version.eq(incidents::version + 1))
        .execute(db.conn)?;
    Ok(())
}

/// Which of these incidents are public.
pub fn public_among(db: &mut Read<'_>, ids: &[Uuid]) -> Result<HashSet<Uuid>, DbError> {
    let public: Vec<Uuid> = incidents::table
        .filter(incidents::id.eq_any(ids).and(incidents::deleted_at.is_null()))
        .filter(incidents::visibility.eq(Word(Visibility::Public)))
        .select(incidents::id)
        .load(db.conn)?;
    Ok(public.into_iter().collect())
}

/// How many incidents are open, for metrics.
pub fn count_open(db: &mut Read<'_>) -> Result<i64, DbError> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    let count: Count = diesel::sql_query(
        "select count(*) as n from incidents where status <> 'resolved' and deleted_at is null",
    )
    .get_result(db.conn)?;
    Ok(count.n)
}

fn postmortem(
    body: Option<String>,
    html: Option<String>,
    published_at: Option<DateTime<Utc>>,
    updated_at: Option<DateTime<Utc>>,
) -> Option<Postmortem> {
    Some(Postmortem { body: body?, body_html: html?, published_at, updated_at: updated_at? })
}
