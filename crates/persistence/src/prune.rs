//! Forgetting what may be forgotten, a bounded number of rows at a time.
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::{DbError, Write};

/// Each deletes at most `$1` rows. Deliveries and events are kept for 30 days, answers to
/// `Idempotency-Key`s for 24 hours, threads for 90 days after their last message, reports of unknown
/// messages for an hour, sessions for 7 days after their end; the last event that the public may know of stays, because it dates the
/// page. Whoever asked to be subscribed and did not confirm it within 7 days is forgotten, the
/// secrets in the message too.
const STATEMENTS: [&str; 9] = [
    "delete from idempotency_keys where (principal, route, key_hash) in (
         select principal, route, key_hash from idempotency_keys
         where created_at < farol_now() - interval '24 hours' limit $1)",
    // Ids begin with the millisecond in which they were made, and finished they were later.
    "delete from deliveries where id in (
         select id from deliveries
         where id < rpad(lpad(to_hex(floor(extract(epoch from
                       farol_now() - interval '30 days') * 1000)::bigint), 12, '0'), 32, '0')::uuid
           and finished_at < farol_now() - interval '30 days'
         order by id limit $1)",
    "delete from events e where position in (
         select position from events
         where created_at < farol_now() - interval '30 days' and sequence is not null
           and (not announce or expanded_at is not null)
           and position < (select max(position) from events where public_payload is not null)
           and not exists (select from deliveries d where d.event_id = events.id) limit $1)",
    "delete from sessions where id in (
         select id from sessions
         where least(expires_at, revoked_at) < farol_now() - interval '7 days' limit $1)",
    "delete from sign_in_failures where key in (
         select key from sign_in_failures
         where updated_at < farol_now() - interval '1 day' limit $1)",
    "delete from throttles where key in (
         select key from throttles
         where updated_at < farol_now() - interval '1 day' limit $1)",
    "with unconfirmed as materialized (
         select id from subscriptions
         where state = 'pending' and origin = 'public'
           and updated_at < farol_now() - interval '7 days'
         limit $1 for update skip locked),
     asked as (
         update events e set payload = json_build_object('id', e.subscription_id)
         from unconfirmed u where e.subscription_id = u.id and e.kind = 'subscription.confirm'),
     owed as (
         delete from deliveries q using unconfirmed u where q.subscription_id = u.id),
     scheduled as (
         delete from destinations d using unconfirmed u where d.subscription_id = u.id)
     delete from subscriptions s using unconfirmed u where s.id = u.id",
    "delete from threads where (subscription_id, subject_id) in (
         select subscription_id, subject_id from threads
         where updated_at < farol_now() - interval '90 days' limit $1)",
    "delete from fates where receipt in (
         select receipt from fates where created_at < farol_now() - interval '1 hour' limit $1)",
];

/// How many kinds of rows there are to forget.
pub const KINDS: usize = STATEMENTS.len();

/// Deletes at most `limit` rows of one kind; how many.
pub fn prune(db: &mut Write<'_>, kind: usize, limit: i64) -> Result<usize, DbError> {
    let Some(statement) = STATEMENTS.get(kind) else { return Ok(0) };
    Ok(diesel::sql_query(*statement).bind::<BigInt, _>(limit).execute(db.conn)?)
}
