//! Asking the owner of an address, and forgetting what was asked.
use diesel::prelude::*;
use diesel::sql_types::Uuid as SqlUuid;
use uuid::Uuid;

use crate::schema::subscriptions;
use crate::{DbError, Read, Write};

/// Keeps the digest of what the destination must answer.
pub fn challenge(db: &mut Write<'_>, id: Uuid, digest: Option<&[u8]>) -> Result<(), DbError> {
    diesel::update(subscriptions::table.find(id))
        .set(subscriptions::challenge.eq(digest))
        .execute(db.conn)?;
    Ok(())
}

/// The digest of what the destination must answer, if it was asked.
pub fn challenged(db: &mut Read<'_>, id: Uuid) -> Result<Option<Vec<u8>>, DbError> {
    let found: Option<Option<Vec<u8>>> = subscriptions::table
        .find(id)
        .filter(subscriptions::deleted_at.is_null())
        .select(subscriptions::challenge)
        .first(db.conn)
        .optional()?;
    Ok(found.flatten())
}

/// Wipes what was asked: the challenge and the secret of the message. What of it was not sent yet says
/// that there is nothing left to confirm.
pub fn forget(db: &mut Write<'_>, id: Uuid) -> Result<(), DbError> {
    diesel::sql_query(
        "update events
         set payload = json_build_object('id', subscription_id, 'channel', payload -> 'channel',
                 'already', true)
         where subscription_id = $1 and kind = 'subscription.confirm'",
    )
    .bind::<SqlUuid, _>(id)
    .execute(db.conn)?;
    Ok(())
}
