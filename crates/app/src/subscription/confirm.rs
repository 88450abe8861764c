//! Asking the owner of an address whether they want a subscription, and taking their word.
use aws_lc_rs::{constant_time, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use channels::signature::SigningSecret;
use chrono::{DateTime, Utc};
use domain::caller::Caller;
use domain::event::{About, Announcement, Event, Kind, Record};
use domain::page::Settings;
use domain::subscription::{OwnSubscription, State, Subscription};
use persistence::subscription::{self, Sealed, confirm};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::owner::owned;
use super::{lock, record};
use crate::link::{self, Purpose};
use crate::token::digest;
use crate::vault::Vault;
use crate::{Db, Error, Write};

/// Name of the member that holds what is for the owner alone.
const SEALED: &str = "sealed";

/// Asks the owner: by a link, and where messages are signed also by a challenge that the receiver
/// may answer with. The message holds the `secret` of the signatures. What is in it for the owner alone
/// is sealed until it is sent (see [`reveal`]), and wiped from the log once the owner has answered, or
/// did not for too long.
pub(super) fn ask(
    db: &mut Write<'_>,
    vault: &Vault,
    asked: &Subscription,
    secret: Option<&SigningSecret>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let mut payload = json!({ "id": asked.id, "channel": asked.channel, "already": false });
    let mut expected = None;
    if let (Some(secret), Some(members)) = (secret, payload.as_object_mut()) {
        let mut bytes = [0; 32];
        rand::fill(&mut bytes).map_err(|_unspecified| Error::Vault)?;
        let challenge = URL_SAFE_NO_PAD.encode(bytes);
        expected = Some(digest(&challenge));
        let own = json!({ "challenge": challenge, "secret": secret.to_string_secret() });
        let sealed = vault.seal(&own_place(asked.id), own.to_string().as_bytes())?;
        members.insert(SEALED.to_owned(), json!(URL_SAFE_NO_PAD.encode(sealed)));
    }
    confirm::challenge(db, asked.id, expected.as_ref().map(<[u8; 32]>::as_slice))?;
    tell(db, asked.id, payload, now)
}

/// Tells the owner that they are subscribed already.
pub(super) fn remind(
    db: &mut Write<'_>,
    reminded: &Subscription,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let payload = json!({ "id": reminded.id, "channel": reminded.channel, "already": true });
    tell(db, reminded.id, payload, now)
}

/// What is asked of an owner, as they get it: with the links and, as long as there is something to
/// confirm, with what was sealed.
pub fn reveal(vault: &Vault, page: &Settings, id: Uuid, asked: &Value) -> Result<Value, Error> {
    let mut told = asked.clone();
    let Some(members) = told.as_object_mut() else { return Ok(told) };
    let sealed = members.shift_remove(SEALED);
    if members.get("already") == Some(&json!(false)) {
        let confirm = link::confirm_url(vault, page, id);
        members.insert("confirm_url".to_owned(), json!(confirm));
    }
    members.insert("manage_url".to_owned(), json!(link::manage_url(vault, page, id)));
    if let Some(sealed) = sealed.as_ref().and_then(Value::as_str) {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).map_err(|_malformed| Error::Vault)?;
        let own = vault.open(&own_place(id), &sealed)?;
        let own: Map<String, Value> =
            serde_json::from_slice(&own).map_err(|_malformed| Error::Vault)?;
        members.extend(own);
    }
    Ok(told)
}

/// Where what is for an owner alone lies, for the vault.
fn own_place(id: Uuid) -> String {
    format!("subscriptions/{id}/confirm")
}

/// Takes the owner's word, by the token of the link they got. Answers with the subscription;
/// confirming once more changes nothing.
pub fn confirm(db: &mut Write<'_>, vault: &Vault, token: &str) -> Result<OwnSubscription, Error> {
    let gone = || Error::NotFound("subscription");
    let id = link::read(vault, Purpose::Confirm, token).ok_or_else(gone)?;
    let (found, sealed) = lock(db, id, None)?;
    if found.state == State::Disabled {
        return Err(Error::Conflict("the subscription was disabled; subscribe again"));
    }
    if found.state != State::Pending {
        return Ok(owned(found));
    }
    Ok(owned(activate(db, found, &sealed)?))
}

/// Takes the word of a destination that was sent `subscription.confirm` and answered 2xx with this
/// body: the challenge, as `{"challenge": "…"}` or as plain text. Whether the subscription is
/// active from now on; it stays as it was when the answer is another, was given before, or
/// belongs to an earlier question.
pub fn confirm_by_answer(db: &Db, id: Uuid, body: &[u8]) -> Result<bool, Error> {
    let Some(answer) = answered(body) else { return Ok(false) };
    db.write(|db| {
        let (found, sealed) = match subscription::lock(db, id) {
            Ok(found) => found,
            Err(crate::DbError::NotFound) => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        let Some(expected) = confirm::challenged(db, id)? else { return Ok(false) };
        let fits = constant_time::verify_slices_are_equal(&digest(&answer), &expected).is_ok();
        if !fits || found.state != State::Pending {
            return Ok(false);
        }
        activate(db, found, &sealed)?;
        Ok(true)
    })
}

fn activate(
    db: &mut Write<'_>,
    before: Subscription,
    sealed: &Sealed,
) -> Result<Subscription, Error> {
    let now = db.now()?;
    let version = before.version + 1;
    let after = Subscription { state: State::Active, version, updated_at: now, ..before };
    subscription::update(db, &after, sealed, false)?;
    close(db, after.id)?;
    db.emit(&Caller::system(), now, vec![record(Record::SubscriptionConfirmed, &after)])?;
    Ok(after)
}

/// There is nothing to ask any more.
pub(super) fn close(db: &mut Write<'_>, id: Uuid) -> Result<(), Error> {
    confirm::challenge(db, id, None)?;
    Ok(confirm::forget(db, id)?)
}

fn tell(db: &mut Write<'_>, id: Uuid, payload: Value, now: DateTime<Utc>) -> Result<(), Error> {
    let event = Event {
        kind: Kind::Announcement(Announcement::SubscriptionConfirm),
        announce: true,
        about: About { subscription: Some(id), ..About::default() },
        payload,
        public_payload: None,
    };
    Ok(db.emit(&Caller::system(), now, vec![event])?)
}

fn answered(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?.trim();
    let json = serde_json::from_str::<Value>(text).ok();
    let member = json.as_ref().and_then(|it| it.get("challenge")?.as_str());
    Some(member.unwrap_or(text).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_read_out_of_json_and_text() {
        for body in ["abc", " abc\n", "{\"challenge\": \"abc\"}", "{\"challenge\":\"abc\",\"x\":1}"]
        {
            assert_eq!(answered(body.as_bytes()).as_deref(), Some("abc"), "{body}");
        }
        assert_eq!(answered(b"\xff"), None);
        assert_ne!(answered(b"{\"challenge\": 1}").as_deref(), Some("1"));
    }
}
