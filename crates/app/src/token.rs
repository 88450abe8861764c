//! API tokens: made once, shown once, kept as a hash.
use aws_lc_rs::{digest as hashes, rand};
use chrono::{DateTime, Utc};
use domain::caller::{Actor, Caller, Denied, Scope};
use domain::event::{Event, Record};
use domain::token::Token;
use persistence::token;
use serde_json::json;
use uuid::Uuid;

use crate::{Error, Page, Read, Window, Write};

/// What every token begins with, so that secret scanners know it.
const PREFIX: &str = "farol_";
/// Random characters, and characters of their CRC-32, both in base 62.
const RANDOM_LEN: usize = 32;
const CHECKSUM_LEN: usize = 6;
/// How much of a token is kept to recognise it by.
const SHOWN_LEN: usize = PREFIX.len() + 4;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// What it takes to make a token.
#[derive(Clone, Debug)]
pub struct NewToken {
    pub name: String,
    pub scopes: Vec<Scope>,
    pub expires_at: Option<DateTime<Utc>>,
}

/// Makes a token that can do no more than the caller. The secret is in this answer alone.
pub fn create(
    db: &mut Write<'_>,
    caller: &Caller,
    new: NewToken,
) -> Result<(Token, String), Error> {
    may_mint(caller)?;
    for scope in &new.scopes {
        caller.must(*scope)?;
    }
    let now = db.now()?;
    if new.expires_at.is_some_and(|at| at <= now) {
        return Err(Error::invalid("/expires_at", "past", "`expires_at` is not in the future"));
    }
    let secret = mint()?;
    let mut scopes = new.scopes;
    scopes.sort_unstable();
    scopes.dedup();
    let created = Token {
        id: Uuid::now_v7(),
        name: new.name,
        prefix: secret.chars().take(SHOWN_LEN).collect(),
        scopes,
        expires_at: new.expires_at,
        last_used_at: None,
        created_by: creator(caller),
        created_at: now,
        version: 1,
    };
    token::insert(db, &created, &digest(&secret))?;
    db.emit(caller, now, vec![record(Record::TokenCreated, &created)])?;
    Ok((created, secret))
}

/// Tokens the caller may see: all for an admin, their own for other people.
pub fn page(db: &mut Read<'_>, caller: &Caller, window: Window) -> Result<Page<Token>, Error> {
    may_mint(caller)?;
    let own = (!caller.may(Scope::Admin)).then(|| creator(caller));
    Ok(token::page(db, own.as_deref(), window)?)
}

/// A token the caller may see.
pub fn find(db: &mut Read<'_>, caller: &Caller, id: Uuid) -> Result<Token, Error> {
    may_mint(caller)?;
    let token = token::find(db, id).map_err(Error::missing("token"))?;
    if caller.may(Scope::Admin) || token.created_by == creator(caller) {
        Ok(token)
    } else {
        Err(Error::NotFound("token"))
    }
}

/// Makes a token worthless, at once.
pub fn revoke(
    db: &mut Write<'_>,
    caller: &Caller,
    id: Uuid,
    expected: Option<i64>,
) -> Result<(), Error> {
    let found = find(db, caller, id)?;
    crate::error::check_version(expected, found.version)?;
    let now = db.now()?;
    token::revoke(db, id, now)?;
    db.emit(caller, now, vec![record(Record::TokenRevoked, &found)])?;
    Ok(())
}

/// People may make tokens for what they may do themselves. A token may not, unless it is an
/// admin's: otherwise a leaked one could outlive its revocation in a sibling.
fn may_mint(caller: &Caller) -> Result<(), Denied> {
    match caller.actor {
        Actor::User { .. } | Actor::System => Ok(()),
        Actor::Token { .. } => caller.must(Scope::Admin),
    }
}

fn creator(caller: &Caller) -> String {
    caller.actor.to_string()
}

fn record(kind: Record, token: &Token) -> Event {
    Event::unseen(kind, json!(token))
}

/// A new secret: `farol_`, 32 random characters, 6 of checksum.
fn mint() -> Result<String, Error> {
    let mut random = String::with_capacity(RANDOM_LEN);
    while random.len() < RANDOM_LEN {
        let mut bytes = [0; RANDOM_LEN];
        rand::fill(&mut bytes).map_err(|_unspecified| Error::Vault)?;
        // 248 is the largest multiple of 62 in a byte: beyond it some characters were likelier.
        let fair = bytes.iter().filter(|byte| **byte < 248);
        let letters = fair.filter_map(|byte| ALPHABET.get(usize::from(*byte) % 62));
        random.extend(letters.map(|letter| char::from(*letter)).take(RANDOM_LEN - random.len()));
    }
    let checksum = checksum(&random);
    Ok(format!("{PREFIX}{random}{checksum}"))
}

fn checksum(random: &str) -> String {
    let mut rest = crc32fast::hash(random.as_bytes());
    let mut letters = Vec::with_capacity(CHECKSUM_LEN);
    for _ in 0..CHECKSUM_LEN {
        let digit = usize::try_from(rest % 62).unwrap_or(0);
        letters.extend(ALPHABET.get(digit).map(|letter| char::from(*letter)));
        rest /= 62;
    }
    letters.into_iter().rev().collect()
}

/// Whether this could be a token of ours: the database need not be asked about others.
pub fn is_well_formed(secret: &str) -> bool {
    let Some(rest) = secret.strip_prefix(PREFIX) else { return false };
    match rest.split_at_checked(RANDOM_LEN) {
        Some((random, found)) => found.len() == CHECKSUM_LEN && checksum(random) == found,
        None => false,
    }
}

/// What is kept of a secret that has 190 bits of chance in it: a plain digest is enough.
pub(crate) fn digest(secret: &str) -> [u8; 32] {
    let digest = hashes::digest(&hashes::SHA256, secret.as_bytes());
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.as_ref());
    bytes
}

/// Whether any token was ever made; the first start makes one.
pub fn any(db: &mut Read<'_>) -> Result<bool, Error> {
    let window = Window { after: None, limit: 1 };
    Ok(!token::page(db, None, window)?.data.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_carries_its_checksum() {
        let secret = mint().unwrap();
        assert_eq!(secret.len(), PREFIX.len() + RANDOM_LEN + CHECKSUM_LEN);
        assert!(is_well_formed(&secret));
        let last = if secret.ends_with('0') { "1" } else { "0" };
        let tampered = format!("{}{last}", &secret[..secret.len() - 1]);
        assert!(!is_well_formed(&tampered));
        assert!(!is_well_formed("farol_short"));
        assert_ne!(mint().unwrap(), secret);
    }
}
