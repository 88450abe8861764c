//! Deliveries as operators see them.
mod queue;
mod tally;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use domain::delivery::{Attempt, Delivery, State};
use uuid::Uuid;

use crate::cursor::{Cursor, Page, Window};
use crate::word::Word;
use crate::{DbError, Read, Write};

pub(crate) use queue::seconds;
pub use queue::{
    Backlog, DIGEST_MAX, Dropped, Job, Lease, Queue, Settled, Settlement, Target, backlog, claim,
    events, is_held, release, settle, sweep,
};
pub use tally::tally;

/// Which deliveries to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub state: Option<State>,
    pub subscription: Option<Uuid>,
    pub event: Option<Uuid>,
}

/// A destination's next attempt concerns the first delivery it is not done with.
const SELECT: &str = "
select q.id, q.subscription_id, q.event_id, e.kind, q.seq, q.state, q.attempts, q.created_at, q.finished_at,
       case when q.finished_at is null and q.seq = d.done_seq + 1 then d.ready_at end as next_attempt_at
from deliveries q
join events e on e.id = q.event_id
join destinations d on d.subscription_id = q.subscription_id";

/// The delivery with its attempts.
pub fn find(db: &mut Read<'_>, id: Uuid) -> Result<Delivery, DbError> {
    let row: Row = diesel::sql_query(format!("{SELECT} where q.id = $1"))
        .bind::<SqlUuid, _>(id)
        .get_result(db.conn)?;
    row.dress()
}

/// Deliveries, newest first.
pub fn page(db: &mut Read<'_>, filter: &Filter, window: Window) -> Result<Page<Delivery>, DbError> {
    let query = format!(
        "{SELECT} where ($1 is null or q.state = $1) and ($2 is null or q.subscription_id = $2)
           and ($3 is null or q.event_id = $3) and ($4 is null or q.id < $4)
         order by q.id desc limit $5"
    );
    let rows: Vec<Row> = diesel::sql_query(query)
        .bind::<Nullable<Text>, _>(filter.state.map(State::as_str))
        .bind::<Nullable<SqlUuid>, _>(filter.subscription)
        .bind::<Nullable<SqlUuid>, _>(filter.event)
        .bind::<Nullable<SqlUuid>, _>(window.after.map(|it| it.id))
        .bind::<BigInt, _>(window.fetch())
        .load(db.conn)?;
    let page = window.cut(rows, |row| Cursor { key: 0, id: row.id });
    let data: Result<Vec<Delivery>, DbError> = page.data.into_iter().map(Row::dress).collect();
    Ok(Page { data: data?, next: page.next })
}

/// Enqueues the events of these deliveries once more, at the end of their destination's queue
/// and in the order given. All belong to one subscription.
pub fn repeat(
    db: &mut Write<'_>,
    subscription: Uuid,
    events: &[Uuid],
) -> Result<Vec<Uuid>, DbError> {
    let rows: Vec<Id> = diesel::sql_query(
        "with bumped as (
             update destinations set last_seq = last_seq + cardinality($2),
                    ready_at = coalesce(ready_at, farol_now())
             where subscription_id = $1 returning last_seq - cardinality($2) as before)
         insert into deliveries (subscription_id, seq, event_id, created_at)
         select $1, b.before + e.place, e.id, farol_now()
         from bumped b, unnest($2) with ordinality as e (id, place)
         returning id",
    )
    .bind::<SqlUuid, _>(subscription)
    .bind::<Array<SqlUuid>, _>(events)
    .load(db.conn)?;
    db.commit.due = true;
    Ok(rows.into_iter().map(|it| it.id).collect())
}

/// Events that this subscription was owed since then and never got, oldest first.
pub fn missed(
    db: &mut Read<'_>,
    subscription: Uuid,
    since: DateTime<Utc>,
) -> Result<Vec<Uuid>, DbError> {
    let rows: Vec<Id> = diesel::sql_query(
        "select event_id as id from deliveries where subscription_id = $1 and created_at >= $2
         group by event_id having bool_and(state = 'dead') order by min(seq)",
    )
    .bind::<SqlUuid, _>(subscription)
    .bind::<Timestamptz, _>(since)
    .load(db.conn)?;
    Ok(rows.into_iter().map(|it| it.id).collect())
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    subscription_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    event_id: Uuid,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Text)]
    state: Word<State>,
    #[diesel(sql_type = Jsonb)]
    attempts: serde_json::Value,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    finished_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    next_attempt_at: Option<DateTime<Utc>>,
}

impl Row {
    fn dress(self) -> Result<Delivery, DbError> {
        let Self {
            id,
            subscription_id,
            event_id,
            kind,
            seq,
            state: Word(state),
            attempts,
            created_at,
            finished_at,
            next_attempt_at,
        } = self;
        let attempts: Vec<Attempt> =
            serde_json::from_value(attempts).map_err(DbError::unreadable)?;
        Ok(Delivery {
            id,
            subscription_id,
            event_id,
            event: kind,
            sequence: seq,
            state,
            attempts,
            next_attempt_at,
            created_at,
            finished_at,
        })
    }
}
