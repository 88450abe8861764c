//! Sessions: families of refresh tokens of which only the newest is good.
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::schema::{refresh_tokens, sessions};
use crate::{DbError, Read, Write};

/// A refresh token as it was found.
#[derive(Clone, Debug)]
pub struct Found {
    pub session: Uuid,
    pub user: Uuid,
    pub expires_at: DateTime<Utc>,
    pub revoked: bool,
    /// When it was traded for a newer one.
    pub rotated_at: Option<DateTime<Utc>>,
}

/// Begins a session.
pub fn begin(
    db: &mut Write<'_>,
    id: Uuid,
    user: Uuid,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<(), DbError> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::id.eq(id),
            sessions::user_id.eq(user),
            sessions::created_at.eq(now),
            sessions::expires_at.eq(expires_at),
        ))
        .execute(db.conn)?;
    Ok(())
}

/// Adds the newest refresh token of a session.
pub fn issue(
    db: &mut Write<'_>,
    session: Uuid,
    hash: &[u8],
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::hash.eq(hash),
            refresh_tokens::session_id.eq(session),
            refresh_tokens::issued_at.eq(now),
        ))
        .execute(db.conn)?;
    Ok(())
}

/// The refresh token, its session locked until the transaction ends.
pub fn find(db: &mut Write<'_>, hash: &[u8]) -> Result<Option<Found>, DbError> {
    let token: Option<(Uuid, Option<DateTime<Utc>>)> = refresh_tokens::table
        .find(hash)
        .for_update()
        .select((refresh_tokens::session_id, refresh_tokens::rotated_at))
        .first(db.conn)
        .optional()?;
    let Some((session, rotated_at)) = token else { return Ok(None) };
    let (user, expires_at, revoked_at): (Uuid, DateTime<Utc>, Option<DateTime<Utc>>) =
        sessions::table
            .find(session)
            .for_update()
            .select((sessions::user_id, sessions::expires_at, sessions::revoked_at))
            .first(db.conn)?;
    Ok(Some(Found { session, user, expires_at, revoked: revoked_at.is_some(), rotated_at }))
}

/// Marks a refresh token as traded in.
pub fn rotate(db: &mut Write<'_>, hash: &[u8], now: DateTime<Utc>) -> Result<(), DbError> {
    diesel::update(refresh_tokens::table.find(hash))
        .set(refresh_tokens::rotated_at.eq(now))
        .execute(db.conn)?;
    Ok(())
}

/// The user of a session that is still good.
pub fn user(db: &mut Read<'_>, id: Uuid) -> Result<Option<Uuid>, DbError> {
    let now = db.now()?;
    Ok(sessions::table
        .find(id)
        .filter(sessions::revoked_at.is_null().and(sessions::expires_at.gt(now)))
        .select(sessions::user_id)
        .first(db.conn)
        .optional()?)
}

/// Ends a session.
pub fn revoke(db: &mut Write<'_>, id: Uuid, now: DateTime<Utc>) -> Result<(), DbError> {
    diesel::update(sessions::table.find(id)).set(sessions::revoked_at.eq(now)).execute(db.conn)?;
    db.access_changed();
    Ok(())
}

/// Ends all sessions of a user, but for one.
pub fn revoke_others(
    db: &mut Write<'_>,
    user: Uuid,
    but: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let others = sessions::table
        .filter(sessions::user_id.eq(user).and(sessions::revoked_at.is_null()))
        .filter(sessions::id.is_distinct_from(but.unwrap_or(Uuid::nil())));
    diesel::update(others).set(sessions::revoked_at.eq(now)).execute(db.conn)?;
    db.access_changed();
    Ok(())
}
