//! The outbox: facts leave a transaction only through [`Write::emit`].
mod log;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use domain::caller::Caller;
use domain::event::Event;
use uuid::Uuid;

use crate::prepared::Prepare as _;
use crate::schema::events;
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
        if facts.is_empty() {
            return Ok(());
        }
        let actor = caller.actor.to_string();
        let rows: Vec<_> = facts
            .into_iter()
            .map(|fact| {
                let Event { kind, announce, about, payload, public_payload } = fact;
                (
                    events::id.eq(Uuid::now_v7()),
                    events::kind.eq(kind.as_str()),
                    events::announce.eq(announce),
                    events::incident_id.eq(about.incident),
                    events::maintenance_id.eq(about.maintenance),
                    events::component_ids.eq(about.components),
                    events::group_ids.eq(about.groups),
                    events::subscription_id.eq(about.subscription),
                    events::impact.eq(about.impact.map(Word)),
                    events::payload.eq(payload),
                    events::public_payload.eq(public_payload),
                    events::actor.eq(actor.clone()),
                    events::request_id.eq(caller.request_id.clone()),
                    events::created_at.eq(now),
                )
            })
            .collect();
        let n_rows = rows.len();
        let insert = diesel::insert_into(events::table).values(rows);
        insert.prepared_if_few(n_rows).run(self.conn)?;
        self.commit.events = true;
        Ok(())
    }
}
