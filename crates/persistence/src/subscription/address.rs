//! Finding subscriptions by the address a person would name, of which only a digest is kept.
use diesel::prelude::*;
use uuid::Uuid;

use crate::schema::subscriptions;
use crate::{DbError, Read, Write};

/// Name of the constraint that keeps the addresses of public subscriptions unique.
pub const ADDRESS_TAKEN: &str = "subscriptions_public_address_key";

/// A subscription whose digest of the address is missing.
#[derive(Clone, Debug)]
pub struct Undigested {
    pub id: Uuid,
    pub channel: String,
    /// The sealed configuration.
    pub config: Vec<u8>,
}

/// Keeps the digest of a subscription's address. May violate [`ADDRESS_TAKEN`].
pub fn keep(db: &mut Write<'_>, id: Uuid, digest: Option<&[u8]>) -> Result<(), DbError> {
    diesel::update(subscriptions::table.find(id))
        .set(subscriptions::address_hash.eq(digest))
        .execute(db.conn)?;
    Ok(())
}

/// The subscription of an address, by the digests it may have; what people made themselves first.
pub fn find(
    db: &mut Read<'_>,
    channel: &str,
    digests: &[Vec<u8>],
) -> Result<Option<Uuid>, DbError> {
    Ok(subscriptions::table
        .filter(subscriptions::address_hash.eq_any(digests))
        .filter(subscriptions::channel.eq(channel).and(subscriptions::deleted_at.is_null()))
        .order((subscriptions::origin.desc(), subscriptions::id))
        .select(subscriptions::id)
        .first(db.conn)
        .optional()?)
}

/// Every subscription of an address, on whichever channel, in the order of their ids.
pub fn all(db: &mut Read<'_>, digests: &[Vec<u8>]) -> Result<Vec<Uuid>, DbError> {
    Ok(subscriptions::table
        .filter(subscriptions::address_hash.eq_any(digests))
        .filter(subscriptions::deleted_at.is_null())
        .order(subscriptions::id)
        .select(subscriptions::id)
        .load(db.conn)?)
}

/// Which of these digests belong to a subscription of the channel.
pub fn known(
    db: &mut Read<'_>,
    channel: &str,
    digests: &[Vec<u8>],
) -> Result<Vec<Vec<u8>>, DbError> {
    let found: Vec<Option<Vec<u8>>> = subscriptions::table
        .filter(subscriptions::address_hash.eq_any(digests))
        .filter(subscriptions::channel.eq(channel).and(subscriptions::deleted_at.is_null()))
        .select(subscriptions::address_hash)
        .load(db.conn)?;
    Ok(found.into_iter().flatten().collect())
}

/// Subscriptions after `after` whose digest is missing, in the order of their ids.
pub fn undigested(db: &mut Read<'_>, after: Uuid, limit: i64) -> Result<Vec<Undigested>, DbError> {
    let rows: Vec<(Uuid, String, Vec<u8>)> = subscriptions::table
        .filter(subscriptions::address_hash.is_null().and(subscriptions::deleted_at.is_null()))
        .filter(subscriptions::id.gt(after))
        .order(subscriptions::id)
        .limit(limit)
        .select((subscriptions::id, subscriptions::channel, subscriptions::secrets))
        .load(db.conn)?;
    let dress = |(id, channel, config)| Undigested { id, channel, config };
    Ok(rows.into_iter().map(dress).collect())
}
