//! The outbox: facts leave a transaction only through [`Write::emit`].
mod log;

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, Bool, Json, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use domain::caller::Caller;
use domain::event::Event;
use uuid::Uuid;

use crate::column::{column, list};
use crate::prepared::Prepare as _;
use crate::word::Word;
use crate::{DbError, Write};

pub use log::{Filter, find, page};

impl Write<'_> {
    /// Writes facts into the transaction that makes them true; they are told once it committed.
    pub fn emit(
        &mut self,
        caller: &Caller,
        now: DateTime<Utc>,
        facts: Vec<Event>,
    ) -> Result<(), DbError> {
        self.emit_for(now, facts.into_iter().map(|it| (caller, it)).collect())
    }

    /// The same for facts that several callers caused.
    pub fn emit_for(
        &mut self,
        now: DateTime<Utc>,
        facts: Vec<(&Caller, Event)>,
    ) -> Result<(), DbError> {
        if facts.is_empty() {
            return Ok(());
        }
        self.commit.events = true;
        self.commit.planned |= facts.iter().any(|(_, it)| it.about.maintenance.is_some());
        diesel::sql_query(EMIT)
            .bind::<Array<SqlUuid>, _>(column(&facts, |_| Uuid::now_v7()))
            .bind::<Array<Text>, _>(column(&facts, |(_, it)| it.kind.as_str()))
            .bind::<Array<Bool>, _>(column(&facts, |(_, it)| it.announce))
            .bind::<Array<Nullable<SqlUuid>>, _>(column(&facts, |(_, it)| it.about.incident))
            .bind::<Array<Nullable<SqlUuid>>, _>(column(&facts, |(_, it)| it.about.maintenance))
            .bind::<Array<Text>, _>(column(&facts, |(_, it)| list(&it.about.components)))
            .bind::<Array<Text>, _>(column(&facts, |(_, it)| list(&it.about.groups)))
            .bind::<Array<Nullable<SqlUuid>>, _>(column(&facts, |(_, it)| it.about.subscription))
            .bind::<Array<Nullable<Text>>, _>(column(&facts, |(_, it)| it.about.impact.map(Word)))
            .bind::<Array<Json>, _>(column(&facts, |(_, it)| &it.payload))
            .bind::<Array<Nullable<Json>>, _>(column(&facts, |(_, it)| it.public_payload.as_ref()))
            .bind::<Array<Text>, _>(column(&facts, |(caller, _)| caller.actor.to_string()))
            .bind::<Array<Nullable<Text>>, _>(column(&facts, |(caller, _)| {
                caller.request_id.clone()
            }))
            .bind::<Timestamptz, _>(now)
            .prepared()
            .run(self.conn)?;
        Ok(())
    }
}

const EMIT: &str = "
insert into events (id, kind, announce, incident_id, maintenance_id, component_ids, group_ids,
    subscription_id, impact, payload, public_payload, actor, request_id, created_at)
select id, kind, announce, incident, maintenance, components::uuid[], groups::uuid[], subscription,
       impact, payload, public_payload, actor, request, $14
from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
     as e (id, kind, announce, incident, maintenance, components, groups, subscription, impact,
           payload, public_payload, actor, request)";
