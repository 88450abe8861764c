//! What became of messages that a provider took, as it reports later.
use channels::receipt::{self as report, Fate};
use domain::delivery::{Attempt, Outcome};
use persistence::receipt::{self, Told};
use serde_json::Value;
use uuid::Uuid;

use crate::delivery::{GivenUp, disable};
use crate::subscription::config_place;
use crate::vault::Vault;
use crate::{Db, DbError, Error, Read, Write, credential};

/// Notes reports whose signature was found good; those of one provider account can be only about
/// the messages of this `subscription`.
pub fn note(db: &mut Write<'_>, fates: &[Fate], subscription: Option<Uuid>) -> Result<(), Error> {
    if fates.is_empty() {
        return Ok(());
    }
    let now = db.now()?;
    let failed = |it: &Fate| Attempt {
        at: now,
        outcome: it.outcome,
        status: None,
        latency_ms: 0,
        error: it.reason.clone(),
        answer: None,
    };
    let kept = fates.iter().map(|it| receipt::Fate {
        receipt: it.receipt.clone(),
        subscription,
        outcome: it.outcome,
        attempt: (it.outcome != Outcome::Delivered).then(|| failed(it)),
    });
    receipt::keep(db, &kept.collect::<Vec<_>>())?;
    let receipts: Vec<&str> = fates.iter().map(|it| it.receipt.as_str()).collect();
    let told = receipt::apply(db, Some(&receipts))?;
    follow(db, told)
}

/// Writes down reports that came before their deliveries were noted as accepted.
pub fn catch_up(db: &Db) -> Result<(), Error> {
    db.write(|db| {
        let told = receipt::apply(db, None)?;
        follow(db, told)
    })
}

/// What follows: a destination that is gone is given up, a credential that is refused waits.
fn follow(db: &mut Write<'_>, told: Vec<Told>) -> Result<(), Error> {
    for Told { subscription, credential, outcome, reason } in told {
        match (outcome, credential) {
            (Outcome::Gone, _) => {
                let reason = "the provider reports that the destination is gone".to_owned();
                disable(db, &GivenUp { subscription, reason })?;
            }
            (Outcome::Credential, Some(id)) => {
                credential::note_refusal(db, id, reason.as_deref().unwrap_or_default(), true)?;
            }
            (Outcome::Delivered, Some(id)) => credential::note_success(db, id, true)?,
            _ => {}
        }
    }
    Ok(())
}

/// Whose message a report of Twilio's is about, if it is signed with the token of the account that
/// sent it. `url` is the address that Twilio was given, with its query.
pub fn sender_by_twilio(
    db: &mut Read<'_>,
    vault: &Vault,
    delivery: Uuid,
    url: &str,
    form: &[(String, String)],
    signature: &str,
) -> Result<Option<Uuid>, Error> {
    let (subscription, sealed) = match receipt::sealed(db, delivery) {
        Ok(found) => found,
        Err(DbError::NotFound) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let config = vault.open(&config_place(subscription), &sealed)?;
    let config: Value = serde_json::from_slice(&config).map_err(|_not_json| Error::Vault)?;
    let is_signed = report::twilio::is_signed(&config, url, form, signature);
    Ok(is_signed.then_some(subscription))
}
