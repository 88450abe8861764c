//! What providers reported of messages they took, and which deliveries those were.
use diesel::prelude::*;
use diesel::sql_types::{Array, Binary, Jsonb, Nullable, Text, Uuid as SqlUuid};
use domain::delivery::{Attempt, Outcome};
use uuid::Uuid;

use crate::word::Word;
use crate::{DbError, Read, Write};

/// What became of a message.
#[derive(Clone, Debug)]
pub struct Fate {
    /// The provider's id of the message.
    pub receipt: String,
    /// Whose message it must be, where that is known.
    pub subscription: Option<Uuid>,
    pub outcome: Outcome,
    /// What to add to the attempts of the delivery, unless it arrived.
    pub attempt: Option<Attempt>,
}

/// A subscription whose message a report was about.
#[derive(Clone, Debug)]
pub struct Told {
    pub subscription: Uuid,
    /// What it shares with others.
    pub credential: Option<Uuid>,
    pub outcome: Outcome,
    pub reason: Option<String>,
}

/// Keeps reports. They come in any order and more than once, so the first of a message counts.
pub fn keep(db: &mut Write<'_>, fates: &[Fate]) -> Result<(), DbError> {
    let (mut receipts, mut subscriptions, mut outcomes, mut attempts) =
        (vec![], vec![], vec![], vec![]);
    for Fate { receipt, subscription, outcome, attempt } in fates {
        receipts.push(receipt);
        subscriptions.push(*subscription);
        outcomes.push(outcome.as_str());
        attempts.push(attempt.as_ref().map(|it| serde_json::json!(it)));
    }
    diesel::sql_query(
        "insert into fates (receipt, subscription_id, outcome, attempt, created_at)
         select r.*, farol_now() from unnest($1, $2, $3, $4) as r order by 1
         on conflict (receipt) do nothing",
    )
    .bind::<Array<Text>, _>(receipts)
    .bind::<Array<Nullable<SqlUuid>>, _>(subscriptions)
    .bind::<Array<Text>, _>(outcomes)
    .bind::<Array<Nullable<Jsonb>>, _>(attempts)
    .execute(db.conn)?;
    Ok(())
}

/// Writes down the reports whose messages are known by now, of these or of all: their deliveries
/// are delivered or dead. A delivery has one fate; what is reported of it later is dropped.
pub fn apply(db: &mut Write<'_>, receipts: Option<&[&str]>) -> Result<Vec<Told>, DbError> {
    let rows: Vec<Row> = diesel::sql_query(
        "with known as materialized (
             select * from fates f
             where ($1 is null or f.receipt = any($1)) and exists (
                 select from deliveries d where d.receipt = f.receipt
                   and d.subscription_id = coalesce(f.subscription_id, d.subscription_id))
             order by f.receipt for update skip locked),
         gone as (delete from fates f using known k where f.receipt = k.receipt),
         told as (
             update deliveries d
             set state = case k.outcome when 'delivered' then 'delivered' else 'dead' end,
                 attempts = case when k.attempt is null then d.attempts
                                 else d.attempts || k.attempt end
             from known k
             where d.receipt = k.receipt and d.state = 'accepted'
               and d.subscription_id = coalesce(k.subscription_id, d.subscription_id)
             returning d.subscription_id, k.outcome, k.attempt ->> 'error' as reason)
         select distinct t.subscription_id as subscription, q.credential_id as credential,
                t.outcome, t.reason
         from told t left join destinations q on q.subscription_id = t.subscription_id",
    )
    .bind::<Nullable<Array<Text>>, _>(receipts)
    .load(db.conn)?;
    let told = rows.into_iter().map(|it| {
        let Row { subscription, credential, outcome: Word(outcome), reason } = it;
        Told { subscription, credential, outcome, reason }
    });
    Ok(told.collect())
}

/// The subscription of a delivery, with its sealed configuration.
pub fn sealed(db: &mut Read<'_>, delivery: Uuid) -> Result<(Uuid, Vec<u8>), DbError> {
    let found: Sealed = diesel::sql_query(
        "select s.id, s.secrets from deliveries d join subscriptions s on s.id = d.subscription_id
         where d.id = $1 and s.deleted_at is null",
    )
    .bind::<SqlUuid, _>(delivery)
    .get_result(db.conn)?;
    Ok((found.id, found.secrets))
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    subscription: Uuid,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    credential: Option<Uuid>,
    #[diesel(sql_type = Text)]
    outcome: Word<Outcome>,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
}

#[derive(QueryableByName)]
struct Sealed {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Binary)]
    secrets: Vec<u8>,
}
