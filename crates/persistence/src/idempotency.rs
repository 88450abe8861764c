//! What was answered to requests that carried an `Idempotency-Key`.
use diesel::prelude::*;
use diesel::sql_types::{Binary, Text};

use crate::schema::idempotency_keys as keys;
use crate::{DbError, Write};

/// A request that may have come before.
#[derive(Clone, Debug)]
pub struct Claim {
    pub principal: String,
    pub route: String,
    pub key_hash: Vec<u8>,
    pub fingerprint: Vec<u8>,
}

/// What is known of a claim.
#[derive(Debug, PartialEq, Eq)]
pub enum Known {
    /// The first of its kind; the answer is owed by [`keep`].
    First,
    /// It came before with the same body: the sealed answer.
    Again(Vec<u8>),
    /// It came before with another body.
    Other,
}

/// Takes the key. While another transaction holds it this waits, up to the lock time-out.
pub fn claim(db: &mut Write<'_>, claim: &Claim) -> Result<Known, DbError> {
    let Claim { principal, route, key_hash, fingerprint } = claim;
    // A key that is older than 24 hours counts as new, whether or not it was pruned yet.
    let taken = diesel::sql_query(
        "insert into idempotency_keys as k (principal, route, key_hash, fingerprint)
         values ($1, $2, $3, $4)
         on conflict (principal, route, key_hash) do update
             set fingerprint = excluded.fingerprint, answer = null, created_at = excluded.created_at
             where k.created_at < excluded.created_at - interval '24 hours'",
    )
    .bind::<Text, _>(principal)
    .bind::<Text, _>(route)
    .bind::<Binary, _>(key_hash)
    .bind::<Binary, _>(fingerprint)
    .execute(db.conn)?;
    if taken == 1 {
        return Ok(Known::First);
    }
    let (before, answer): (Vec<u8>, Option<Vec<u8>>) = keys::table
        .find((principal, route, key_hash))
        .select((keys::fingerprint, keys::answer))
        .first(db.conn)?;
    Ok(match answer {
        Some(answer) if before == *fingerprint => Known::Again(answer),
        _ => Known::Other,
    })
}

/// Keeps the sealed answer in the transaction of its effect.
pub fn keep(db: &mut Write<'_>, claim: &Claim, answer: Vec<u8>) -> Result<(), DbError> {
    let row = keys::table.find((&claim.principal, &claim.route, &claim.key_hash));
    diesel::update(row).set(keys::answer.eq(answer)).execute(db.conn)?;
    Ok(())
}
