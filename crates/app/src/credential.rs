//! Credentials that many subscriptions share: what their providers say of them.
use chrono::Duration;
use domain::caller::{Caller, Scope};
use domain::credential::{Credential, State};
use domain::event::{About, Announcement, Event, Kind, Record};
use persistence::credential;
use serde_json::json;
use uuid::Uuid;

use crate::{Db, Error, Page, Read, Window, Write};

/// The credential.
pub fn find(db: &mut Read<'_>, caller: &Caller, id: Uuid) -> Result<Credential, Error> {
    caller.must(Scope::Subscriptions)?;
    credential::find(db, id).map_err(Error::missing("credential"))
}

/// Credentials in this state or any, newest first.
pub fn page(
    db: &mut Read<'_>,
    caller: &Caller,
    state: Option<State>,
    window: Window,
) -> Result<Page<Credential>, Error> {
    caller.must(Scope::Subscriptions)?;
    Ok(credential::page(db, state, window)?)
}

/// Tries a refused credential now, with one of the messages that wait.
pub fn retry(db: &mut Write<'_>, caller: &Caller, id: Uuid) -> Result<Credential, Error> {
    let found = find(db, caller, id)?;
    if found.state == State::Working {
        return Err(Error::Conflict("the credential is not refused"));
    }
    credential::hasten(db, id)?;
    let now = db.now()?;
    let about = json!({ "id": id, "channel": found.channel });
    db.emit(caller, now, vec![Event::unseen(Record::CredentialRetried, about)])?;
    Ok(credential::find(db, id)?)
}

/// Sends nothing with the credential for as long as its provider asked.
pub fn hold(db: &Db, id: Uuid, wait: Duration) -> Result<(), Error> {
    db.write(|db| Ok(credential::hold(db, id, wait)?))
}

/// The provider refuses the credential.
pub fn refuse(db: &Db, id: Uuid, reason: &str) -> Result<(), Error> {
    db.write(|db| note_refusal(db, id, reason, false))
}

/// The provider takes the credential again.
pub fn accept(db: &Db, id: Uuid) -> Result<(), Error> {
    db.write(|db| note_success(db, id, false))
}

/// Whatever goes out with a refused credential waits, nobody is unsubscribed, and internal
/// subscriptions are told once. Some refusals are `reported` only after a message was taken.
pub(crate) fn note_refusal(
    db: &mut Write<'_>,
    id: Uuid,
    reason: &str,
    reported: bool,
) -> Result<(), Error> {
    let Some(refused) = credential::refuse(db, id, reason, reported)? else { return Ok(()) };
    let now = db.now()?;
    let payload = json!({
        "id": refused.id,
        "channel": refused.channel,
        "reason": refused.reason,
        "failing_since": refused.failing_since,
    });
    let kind = Kind::Announcement(Announcement::CredentialRefused);
    let about = About::default();
    let alarm = Event { kind, announce: true, about, payload, public_payload: None };
    db.emit(&Caller::system(), now, vec![alarm])?;
    Ok(())
}

/// What waited for the credential goes out.
pub(crate) fn note_success(db: &mut Write<'_>, id: Uuid, reported: bool) -> Result<(), Error> {
    Ok(credential::accept(db, id, reported)?)
}
