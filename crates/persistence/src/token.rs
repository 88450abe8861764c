//! API tokens. Secrets never come here, only their hashes.
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use domain::caller::Scope;
use domain::token::Token;
use uuid::Uuid;

use crate::cursor::{Cursor, Page, Window};
use crate::schema::api_tokens as tokens;
use crate::word::Word;
use crate::{DbError, Read, Write};

/// The token with this hash, unless it was revoked.
pub fn by_hash(db: &mut Read<'_>, hash: &[u8]) -> Result<Option<Token>, DbError> {
    let row: Option<Row> = tokens::table
        .filter(tokens::hash.eq(hash).and(tokens::revoked_at.is_null()))
        .select(Row::as_select())
        .first(db.conn)
        .optional()?;
    Ok(row.map(Token::from))
}

/// The token, unless it was revoked.
pub fn find(db: &mut Read<'_>, id: Uuid) -> Result<Token, DbError> {
    let row: Row = tokens::table
        .filter(tokens::id.eq(id).and(tokens::revoked_at.is_null()))
        .select(Row::as_select())
        .first(db.conn)?;
    Ok(row.into())
}

/// Tokens that were not revoked, newest first; those of one creator if given.
pub fn page(
    db: &mut Read<'_>,
    created_by: Option<&str>,
    window: Window,
) -> Result<Page<Token>, DbError> {
    let mut query = tokens::table.filter(tokens::revoked_at.is_null()).into_boxed();
    if let Some(creator) = created_by {
        query = query.filter(tokens::created_by.eq(creator));
    }
    if let Some(Cursor { id, .. }) = window.after {
        query = query.filter(tokens::id.lt(id));
    }
    let rows: Vec<Row> = query
        .order(tokens::id.desc())
        .limit(window.fetch())
        .select(Row::as_select())
        .load(db.conn)?;
    Ok(window.cut(rows, |row| Cursor { key: 0, id: row.id }).map(Token::from))
}

/// Adds a token.
pub fn insert(db: &mut Write<'_>, token: &Token, hash: &[u8]) -> Result<(), DbError> {
    diesel::insert_into(tokens::table)
        .values((Row::from(token), tokens::hash.eq(hash)))
        .execute(db.conn)?;
    Ok(())
}

/// Makes a token worthless.
pub fn revoke(db: &mut Write<'_>, id: Uuid, now: DateTime<Utc>) -> Result<(), DbError> {
    diesel::update(tokens::table.find(id)).set(tokens::revoked_at.eq(now)).execute(db.conn)?;
    db.access_changed();
    Ok(())
}

/// Notes that a token was used, at most once a minute.
pub fn used(db: &mut Write<'_>, id: Uuid, now: DateTime<Utc>) -> Result<(), DbError> {
    let stale = tokens::last_used_at
        .is_null()
        .or(tokens::last_used_at.lt(now - chrono::Duration::seconds(60)));
    diesel::update(tokens::table.find(id).filter(stale.assume_not_null()))
        .set(tokens::last_used_at.eq(now))
        .execute(db.conn)?;
    Ok(())
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = tokens, check_for_backend(diesel::pg::Pg))]
struct Row {
    id: Uuid,
    name: String,
    prefix: String,
    scopes: Vec<Word<Scope>>,
    created_by: String,
    expires_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl From<Row> for Token {
    fn from(row: Row) -> Self {
        let Row { id, name, prefix, scopes, created_by, expires_at, last_used_at, created_at } =
            row;
        let scopes = scopes.into_iter().map(|it| it.0).collect();
        let version = 1;
        Self { id, name, prefix, scopes, expires_at, last_used_at, created_by, created_at, version }
    }
}

impl From<&Token> for Row {
    fn from(token: &Token) -> Self {
        let Token {
            id,
            name,
            prefix,
            scopes,
            expires_at,
            last_used_at,
            created_by,
            created_at,
            version: _,
        } = token.clone();
        let scopes = scopes.into_iter().map(Word).collect();
        Self { id, name, prefix, scopes, created_by, expires_at, last_used_at, created_at }
    }
}
