//! Signing in and out, and staying signed in.
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use domain::caller::{Actor, Caller, Role};
use domain::event::{Event, Record};
use domain::user::User;
use persistence::{session, user};
use serde_json::json;
use uuid::Uuid;

use crate::token::digest;
use crate::{Db, Error, Read, Write, password};

/// How long a session lives at most.
const SESSION_FOR: Duration = Duration::days(30);
/// A refresh token that was traded in is still taken for this long: the answer may have been
/// lost, or two tabs may have asked at once. Later it means that somebody else has it.
const GRACE: Duration = Duration::seconds(20);
/// Failed sign-ins that cost nothing, per account and per address.
const FREE_PER_ACCOUNT: i64 = 5;
const FREE_PER_ADDRESS: i64 = 20;

/// A session, as its owner needs it.
#[derive(Clone, Debug)]
pub struct Begun {
    pub session: Uuid,
    pub user: User,
    /// Good for one refresh.
    pub refresh_token: RefreshToken,
}

/// A refresh token. `Debug` does not show it.
#[derive(Clone)]
pub struct RefreshToken(pub String);

impl std::fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RefreshToken(redacted)")
    }
}

/// Checks an e-mail address and password. It takes as long for an address nobody has, and
/// failures slow down the account and the address they come from, for all replicas together.
pub fn check(db: &Db, email: &str, given: &str, address: &str) -> Result<User, Error> {
    let keys = [
        (format!("email:{}", email.to_lowercase()), FREE_PER_ACCOUNT),
        (format!("address:{address}"), FREE_PER_ADDRESS),
    ];
    let found = db.read::<_, Error>(|db| {
        for (key, _) in &keys {
            wait_for(db, key)?;
        }
        Ok(user::by_email(db, email)?)
    })?;
    let hash = found.as_ref().map(|(_, hash)| hash.as_str());
    let fits = password::verify(given, hash)?;
    match found {
        Some((user, _)) if fits && !user.disabled => {
            db.write::<_, Error>(|db| Ok(user::forgive(db, &keys[0].0)?))?;
            Ok(user)
        }
        found => {
            db.write::<_, Error>(|db| {
                for (key, free) in &keys {
                    user::count_failure(db, key, *free)?;
                }
                let now = db.now()?;
                let about =
                    json!({ "user_id": found.map(|(user, _)| user.id), "address": address });
                Ok(db.emit(&Caller::system(), now, vec![record(Record::SignInFailed, about)])?)
            })?;
            Err(Error::SignInRefused)
        }
    }
}

/// Refuses while failures have blocked the key.
fn wait_for(db: &mut Read<'_>, key: &str) -> Result<(), Error> {
    let Some(until) = user::blocked_until(db, key)? else { return Ok(()) };
    let wait = (until - db.now()?).num_seconds() + 1;
    Err(Error::Throttled { retry_after_seconds: wait })
}

/// Begins a session for a user whose password was checked.
pub fn begin(db: &mut Write<'_>, caller: &Caller, id: Uuid) -> Result<Begun, Error> {
    let mut user = user::lock(db, id).map_err(|_gone| Error::SignInRefused)?;
    let now = db.now()?;
    user.last_login_at = Some(now);
    user::update(db, &user)?;
    let session = Uuid::now_v7();
    session::begin(db, session, user.id, now, now + SESSION_FOR)?;
    let refresh_token = issue(db, session, now)?;
    db.emit(caller, now, vec![record(Record::SignedIn, json!({ "user_id": user.id }))])?;
    Ok(Begun { session, user, refresh_token })
}

/// What came of trading in a refresh token.
#[derive(Debug)]
pub enum Refreshed {
    Renewed(Box<Begun>),
    /// It was no good; its session, if there was one, has ended. This must be committed.
    Refused,
}

/// Trades a refresh token for a new one. One that was traded in before ends the session, because
/// one of the two who have it stole it (RFC 9700 §4.14.2).
pub fn refresh(db: &mut Write<'_>, token: &str) -> Result<Refreshed, Error> {
    let hash = digest(token);
    let Some(found) = session::find(db, &hash)? else { return Ok(Refreshed::Refused) };
    let now = db.now()?;
    if found.revoked || found.expires_at <= now {
        return Ok(Refreshed::Refused);
    }
    if found.rotated_at.is_some_and(|at| now - at > GRACE) {
        session::revoke(db, found.session, now)?;
        let about = json!({ "user_id": found.user, "session_id": found.session });
        db.emit(&Caller::system(), now, vec![record(Record::SessionReused, about)])?;
        return Ok(Refreshed::Refused);
    }
    let user = user::find(db, found.user)?;
    if user.disabled {
        return Ok(Refreshed::Refused);
    }
    if found.rotated_at.is_none() {
        session::rotate(db, &hash, now)?;
    }
    let refresh_token = issue(db, found.session, now)?;
    Ok(Refreshed::Renewed(Box::new(Begun { session: found.session, user, refresh_token })))
}

/// Ends the caller's session.
pub fn end(db: &mut Write<'_>, caller: &Caller) -> Result<(), Error> {
    let (_, session) = person(caller)?;
    let now = db.now()?;
    Ok(session::revoke(db, session, now)?)
}

/// What came of changing a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    Done,
    /// The current password was wrong, which is counted. This must be committed.
    Refused,
}

/// Changes the caller's own password; all their other sessions end. Wrong current passwords slow
/// down like failed sign-ins, but do not keep the owner from signing in elsewhere.
pub fn change_password(
    db: &mut Write<'_>,
    caller: &Caller,
    current: &str,
    new: &str,
) -> Result<Changed, Error> {
    let (id, session) = person(caller)?;
    let key = format!("password:{id}");
    wait_for(db, &key)?;
    if !password::verify(current, Some(&user::password_hash(db, id)?))? {
        user::count_failure(db, &key, FREE_PER_ACCOUNT)?;
        return Ok(Changed::Refused);
    }
    user::forgive(db, &key)?;
    let now = db.now()?;
    user::set_password(db, id, &password::hash(new)?)?;
    session::revoke_others(db, id, Some(session), now)?;
    let about = json!({ "user_id": id });
    db.emit(caller, now, vec![record(Record::PasswordChanged, about)])?;
    Ok(Changed::Done)
}

/// The user and session behind a caller who is a person.
pub fn person(caller: &Caller) -> Result<(Uuid, Uuid), Error> {
    match caller.actor {
        Actor::User { id, session } => Ok((id, session)),
        Actor::Token { .. } | Actor::System => Err(Error::NotAPerson),
    }
}

/// Somebody who has not signed in yet, for the record of their signing in.
pub fn stranger(user: &User) -> Caller {
    let actor = Actor::User { id: user.id, session: Uuid::nil() };
    let scopes = Role::Viewer.scopes().to_vec();
    Caller { actor, name: user.name.clone(), scopes, request_id: None }
}

fn issue(db: &mut Write<'_>, session: Uuid, now: DateTime<Utc>) -> Result<RefreshToken, Error> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(|_unspecified| Error::Vault)?;
    let token = URL_SAFE_NO_PAD.encode(bytes);
    session::issue(db, session, &digest(&token), now)?;
    Ok(RefreshToken(token))
}

fn record(kind: Record, about: serde_json::Value) -> Event {
    Event::unseen(kind, about)
}
