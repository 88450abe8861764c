//! How far telling of an event has come.
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Uuid as SqlUuid};
use domain::delivery::State;
use domain::event::Tallies;
use uuid::Uuid;

use crate::word::Word;
use crate::{DbError, Read};

/// How many deliveries of the event are in which state. Takes time in proportion to their number:
/// some 0.1 s for 100,000.
pub fn tally(db: &mut Read<'_>, event: Uuid) -> Result<Tallies, DbError> {
    let rows: Vec<Row> = diesel::sql_query(
        "select s.channel, d.state, count(*) as n
         from deliveries d join subscriptions s on s.id = d.subscription_id
         where d.event_id = $1 group by s.channel, d.state",
    )
    .bind::<SqlUuid, _>(event)
    .load(db.conn)?;
    let mut tallies = Tallies::default();
    for Row { channel, state: Word(state), n } in rows {
        tallies.add(channel, state, n);
    }
    Ok(tallies)
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    channel: String,
    #[diesel(sql_type = Text)]
    state: Word<State>,
    #[diesel(sql_type = BigInt)]
    n: i64,
}
