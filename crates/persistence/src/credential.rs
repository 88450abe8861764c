//! What many destinations share with a provider: how fast it takes messages, whether it is refused.
use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel::sql_types::{
    BigInt, Binary, Bool, Double, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use domain::credential::{Credential, State};
use uuid::Uuid;

use crate::cursor::{Cursor, Page, Window};
use crate::delivery::seconds;
use crate::schema::destinations;
use crate::{DbError, Read, Write};

/// A credential as it is met in configurations.
#[derive(Clone, Debug)]
pub struct Known {
    pub channel: String,
    /// Keyed digest of the credential.
    pub digest: Vec<u8>,
    /// Least time between two messages, in the long run.
    pub interval: Duration,
    /// Messages that may go out at once after a pause.
    pub burst: i32,
}

/// A credential that a provider refuses.
#[derive(Clone, Debug, QueryableByName)]
pub struct Refused {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = Text)]
    pub channel: String,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub failing_since: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    pub reason: Option<String>,
    #[diesel(sql_type = Integer)]
    n_failures: i32,
}

/// Those of the subscriptions there are, with how many each serves.
const SELECT: &str = "
select c.id, c.channel, c.failing_since, c.reason, n.subscriptions,
       case when c.failing_since is not null then c.next_free_at end as next_attempt_at
from credentials c
join (select d.credential_id, count(*) as subscriptions
      from destinations d join subscriptions s on s.id = d.subscription_id
      where d.credential_id is not null and s.deleted_at is null
      group by d.credential_id) n on n.credential_id = c.id";

/// The credential.
pub fn find(db: &mut Read<'_>, id: Uuid) -> Result<Credential, DbError> {
    let row: Row = diesel::sql_query(format!("{SELECT} where c.id = $1"))
        .bind::<SqlUuid, _>(id)
        .get_result(db.conn)?;
    Ok(row.dress())
}

/// Credentials, newest first.
pub fn page(
    db: &mut Read<'_>,
    state: Option<State>,
    window: Window,
) -> Result<Page<Credential>, DbError> {
    let query = format!(
        "{SELECT} where ($1 is null or (c.failing_since is not null) = $1)
           and ($2 is null or c.id < $2)
         order by c.id desc limit $3"
    );
    let rows: Vec<Row> = diesel::sql_query(query)
        .bind::<Nullable<Bool>, _>(state.map(|it| it == State::Refused))
        .bind::<Nullable<SqlUuid>, _>(window.after.map(|it| it.id))
        .bind::<BigInt, _>(window.fetch())
        .load(db.conn)?;
    Ok(window.cut(rows, |row| Cursor { key: 0, id: row.id }).map(Row::dress))
}

/// Says with which credential a destination is reached, if with a shared one.
pub fn assign(
    db: &mut Write<'_>,
    subscription: Uuid,
    known: Option<&Known>,
) -> Result<(), DbError> {
    let id = known.map(|it| ensure(db, it)).transpose()?;
    diesel::update(destinations::table.find(subscription))
        .set(destinations::credential_id.eq(id))
        .execute(db.conn)?;
    Ok(())
}

fn ensure(db: &mut Write<'_>, known: &Known) -> Result<Uuid, DbError> {
    let found: Id = diesel::sql_query(
        "insert into credentials (channel, digest, interval_us, burst, next_free_at, created_at)
         values ($1, $2, $3, $4, farol_now(), farol_now())
         on conflict (digest) do update set interval_us = excluded.interval_us, burst = excluded.burst
         returning id",
    )
    .bind::<Text, _>(&known.channel)
    .bind::<Binary, _>(&known.digest)
    .bind::<BigInt, _>(known.interval.num_microseconds().unwrap_or(i64::MAX))
    .bind::<Integer, _>(known.burst)
    .get_result(db.conn)?;
    Ok(found.id)
}

/// Sends nothing with the credential for a while, as its provider asked.
pub fn hold(db: &mut Write<'_>, id: Uuid, wait: Duration) -> Result<(), DbError> {
    diesel::sql_query(
        "update credentials
         set next_free_at = greatest(next_free_at, farol_now() + make_interval(secs => $2))
         where id = $1",
    )
    .bind::<SqlUuid, _>(id)
    .bind::<Double, _>(seconds(wait))
    .execute(db.conn)?;
    Ok(())
}

/// Notes that the provider refuses the credential. It is tried again after a minute, then after
/// twice the time, up to an hour. Returns what is known if this is the first refusal. One that was
/// `reported` of a message that had been taken ends by a report only.
pub fn refuse(
    db: &mut Write<'_>,
    id: Uuid,
    reason: &str,
    reported: bool,
) -> Result<Option<Refused>, DbError> {
    let refused: Option<Refused> = diesel::sql_query(
        "update credentials
         set failing_since = coalesce(failing_since, farol_now()), reason = $2,
             n_failures = n_failures + 1, reported = reported or $3,
             next_free_at = greatest(next_free_at, farol_now()
                 + least(interval '1 hour', interval '1 minute' * power(2, least(n_failures, 6))))
         where id = $1
         returning id, channel, failing_since, reason, n_failures",
    )
    .bind::<SqlUuid, _>(id)
    .bind::<Text, _>(reason)
    .bind::<Bool, _>(reported)
    .get_result(db.conn)
    .optional()?;
    Ok(refused.filter(|it| it.n_failures == 1))
}

/// Notes that the credential works: its provider took a message, or has `reported` that one arrived.
/// What waits for it goes out at once.
pub fn accept(db: &mut Write<'_>, id: Uuid, reported: bool) -> Result<(), DbError> {
    diesel::sql_query(
        "update credentials
         set failing_since = null, reason = null, n_failures = 0, reported = false,
             next_free_at = farol_now()
         where id = $1 and failing_since is not null and (not reported or $2)",
    )
    .bind::<SqlUuid, _>(id)
    .bind::<Bool, _>(reported)
    .execute(db.conn)?;
    wake(db, id, i64::MAX)
}

/// Lets a message with the credential be tried at once.
pub fn hasten(db: &mut Write<'_>, id: Uuid) -> Result<(), DbError> {
    diesel::sql_query("update credentials set next_free_at = farol_now() where id = $1")
        .bind::<SqlUuid, _>(id)
        .execute(db.conn)?;
    wake(db, id, 1)
}

/// Lets destinations go on whose last message was not sent because the credential was refused.
fn wake(db: &mut Write<'_>, id: Uuid, at_most: i64) -> Result<(), DbError> {
    diesel::sql_query(
        "update destinations set ready_at = farol_now()
         where subscription_id in (
             select d.subscription_id
             from destinations d
             join deliveries q on q.subscription_id = d.subscription_id and q.seq = d.done_seq + 1
             where d.credential_id = $1 and d.leased_until is null and d.ready_at > farol_now()
               and q.attempts -> -1 ->> 'outcome' = 'credential'
             order by d.subscription_id limit $2 for update of d)",
    )
    .bind::<SqlUuid, _>(id)
    .bind::<BigInt, _>(at_most)
    .execute(db.conn)?;
    db.commit.due = true;
    Ok(())
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    channel: String,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    failing_since: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
    #[diesel(sql_type = BigInt)]
    subscriptions: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    next_attempt_at: Option<DateTime<Utc>>,
}

impl Row {
    fn dress(self) -> Credential {
        let Self { id, channel, failing_since, reason, subscriptions, next_attempt_at } = self;
        let state = if failing_since.is_some() { State::Refused } else { State::Working };
        Credential { id, channel, state, failing_since, reason, next_attempt_at, subscriptions }
    }
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}
