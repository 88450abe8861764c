//! Writing new incidents.
use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use domain::component::Component;
use domain::incident::{Incident, Status};
use serde_json::Value;
use uuid::Uuid;

use super::{Row, UpdateRow};
use crate::column::column;
use crate::incident::New;
use crate::prepared::Prepare as _;
use crate::timeline::{Named, rehearsed_number};
use crate::word::Word;
use crate::{DbError, Write};

/// Adds incidents with their first updates, and returns what [`find`] will find. `touched` are the
/// components that they name. May violate [`DEDUP_KEY_TAKEN`].
///
/// [`find`]: crate::incident::find
/// [`DEDUP_KEY_TAKEN`]: crate::incident::DEDUP_KEY_TAKEN
pub fn insert(
    db: &mut Write<'_>,
    new: &[New<'_>],
    touched: &[Component],
) -> Result<Vec<Incident>, DbError> {
    let rows: Vec<(Row, UpdateRow)> = new.iter().map(rows).collect();
    let numbers: Vec<_> = new.iter().map(|it| rehearsed_number(db, it.id)).collect();
    let said: Vec<Said<'_>> = new.iter().flat_map(Said::of).collect();
    let inserted: Vec<Inserted> = diesel::sql_query(INSERT)
        .bind::<Array<SqlUuid>, _>(column(&rows, |(it, _)| it.id))
        .bind::<Array<Nullable<BigInt>>, _>(numbers)
        .bind::<Array<Text>, _>(column(&rows, |(it, _)| &it.title))
        .bind::<Array<Text>, _>(column(&rows, |(it, _)| it.status))
        .bind::<Array<Text>, _>(column(&rows, |(it, _)| it.impact))
        .bind::<Array<Nullable<Text>>, _>(column(&rows, |(it, _)| it.impact_override))
        .bind::<Array<Text>, _>(column(&rows, |(it, _)| it.visibility))
        .bind::<Array<Timestamptz>, _>(column(&rows, |(it, _)| it.started_at))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(&rows, |(it, _)| it.identified_at))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(&rows, |(it, _)| it.monitoring_at))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(&rows, |(it, _)| it.resolved_at))
        .bind::<Array<Nullable<Text>>, _>(column(&rows, |(it, _)| it.dedup_key.as_ref()))
        .bind::<Array<Text>, _>(column(&rows, |(it, _)| &it.source))
        .bind::<Array<Jsonb>, _>(column(&rows, |(it, _)| &it.metadata))
        .bind::<Array<Timestamptz>, _>(column(&rows, |(it, _)| it.created_at))
        .bind::<Array<SqlUuid>, _>(column(&rows, |(_, it)| it.id))
        .bind::<Array<Text>, _>(column(&rows, |(_, it)| &it.message))
        .bind::<Array<Text>, _>(column(&rows, |(_, it)| &it.message_html))
        .bind::<Array<Jsonb>, _>(column(&rows, |(_, it)| &it.effects))
        .bind::<Array<Bool>, _>(column(&rows, |(_, it)| it.notify))
        .bind::<Array<Timestamptz>, _>(column(&rows, |(_, it)| it.display_at))
        .bind::<Array<Text>, _>(column(&rows, |(_, it)| &it.author))
        .bind::<Array<SqlUuid>, _>(column(&said, |it| it.incident))
        .bind::<Array<SqlUuid>, _>(column(&said, |it| it.component))
        .bind::<Array<Text>, _>(column(&said, |it| it.status))
        .bind::<Array<Bool>, _>(column(&said, |it| it.is_over))
        .prepared()
        .load(db.conn)?;
    let mut inserted: HashMap<Uuid, Inserted> =
        inserted.into_iter().map(|it| (it.id, it)).collect();
    let named = touched.iter().map(|it| (it.id, Named::from(it))).collect();
    let opened = rows.into_iter().map(|(row, update)| {
        let Inserted { id: _, number, metadata } =
            inserted.remove(&row.id).ok_or(DbError::NotFound)?;
        Ok(Row { number, metadata, ..row }.dress(vec![update], &named, db.page()))
    });
    opened.collect()
}

/// One statement for all of it: to send one costs as much as what it does.
const INSERT: &str = "
with new as (
    select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
                         $18, $19, $20, $21, $22)
        as n (id, number, title, status, impact, impact_override, visibility, started_at,
              identified_at, monitoring_at, resolved_at, dedup_key, source, metadata, at, update_id,
              message, message_html, effects, notify, display_at, author)),
opened as (
    insert into incidents (id, number, title, status, impact, impact_override, visibility, started_at,
        identified_at, monitoring_at, resolved_at, dedup_key, source, metadata, search_text,
        created_at, updated_at)
    select id, coalesce(number, nextval('incidents_number_seq')), title, status, impact,
        impact_override, visibility, started_at, identified_at, monitoring_at, resolved_at, dedup_key,
        source, metadata, title || E'\\n' || message, at, at
    from new
    returning id, number, metadata),
touched as (
    insert into incident_components (incident_id, component_id, status, is_over)
    select * from unnest($23, $24, $25, $26)),
told as (
    insert into incident_updates (id, incident_id, status, message, message_html, effects, notify,
        display_at, author, created_at, updated_at)
    select update_id, id, status, message, message_html, effects, notify, display_at, author, at, at
    from new)
select id, number, metadata from opened";

/// What a new incident says of a component.
struct Said<'n> {
    incident: Uuid,
    component: Uuid,
    status: &'n str,
    is_over: bool,
}

impl<'n> Said<'n> {
    fn of(new: &'n New<'_>) -> impl Iterator<Item = Self> + use<'n> {
        let (incident, is_over) = (new.id, new.timeline.status == Status::Resolved);
        let said = move |(component, status): (&Uuid, &'n domain::component::Status)| Self {
            incident,
            component: *component,
            status: status.as_str(),
            is_over,
        };
        new.timeline.said.components.iter().map(said)
    }
}

#[derive(QueryableByName)]
struct Inserted {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = BigInt)]
    number: i64,
    /// Postgres puts members into an order of its own.
    #[diesel(sql_type = Jsonb)]
    metadata: Value,
}

/// A new incident, which has no number yet, and its update.
fn rows(new: &New<'_>) -> (Row, UpdateRow) {
    let New { id, draft, started_at, source, now, first, timeline } = new;
    let row = Row {
        id: *id,
        number: 0,
        title: draft.title.clone(),
        status: Word(timeline.status),
        impact: Word(draft.impact_override.unwrap_or(timeline.impact)),
        impact_override: draft.impact_override.map(Word),
        visibility: Word(draft.visibility),
        started_at: *started_at,
        identified_at: timeline.identified_at,
        monitoring_at: timeline.monitoring_at,
        resolved_at: timeline.resolved_at,
        dedup_key: draft.dedup_key.clone(),
        source: source.clone(),
        pinned: false,
        metadata: Value::Object(draft.metadata.clone()),
        postmortem_body: None,
        postmortem_html: None,
        postmortem_published_at: None,
        postmortem_updated_at: None,
        version: 1,
        created_at: *now,
        updated_at: *now,
    };
    (row, UpdateRow::of(*id, first, &draft.effects))
}
