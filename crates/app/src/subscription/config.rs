//! Configurations: judged, sealed, and what else is known by them.
use channels::{Channel, holds, texts};
use chrono::Duration;
use domain::caller::Caller;
use domain::event::Record;
use domain::subscription::Subscription;
use persistence::subscription::Sealed;
use persistence::{credential, delivery, subscription};
use serde_json::{Map, Value};
use url::{Origin, Url};
use uuid::Uuid;

use super::{Means, address, record};
use crate::vault::Vault;
use crate::{Error, FieldError, Write};

/// The configuration as it may be shown, and as it is kept.
pub(super) fn accept(
    channel: &dyn Channel,
    means: Means<'_>,
    id: Uuid,
    config: &Value,
) -> Result<(Value, Vec<u8>), Error> {
    if channel.is_by_mail() && !means.mail {
        let detail = "no mail server is configured: FAROL_SMTP_URL is not set";
        return Err(Error::invalid("/channel", "unavailable", detail));
    }
    let faults = channel.check(config, means.egress);
    if !faults.is_empty() {
        let field = |it: channels::Fault| FieldError {
            pointer: format!("/config{}", it.pointer),
            code: it.code,
            detail: it.detail,
        };
        return Err(Error::Invalid(faults.into_iter().map(field).collect()));
    }
    let shown = channel.shown(config).map_err(|_unreadable| Error::Vault)?;
    let sealed = means.vault.seal(&config_place(id), config.to_string().as_bytes())?;
    Ok((shown, sealed))
}

/// The present configuration with a patch.
///
/// Secrets are written and never read. Whoever lets them go to another host than before must therefore
/// give them anew: otherwise one could have them sent to oneself.
pub(super) fn patched(
    channel: &dyn Channel,
    vault: &Vault,
    id: Uuid,
    sealed: &Sealed,
    patch: Map<String, Value>,
) -> Result<Value, Error> {
    let before = vault.open(&config_place(id), &sealed.config)?;
    let before: Value = serde_json::from_slice(&before).map_err(|_not_json| Error::Vault)?;
    let shown = channel.shown(&before).map_err(|_unreadable| Error::Vault)?;
    let mut after = before.clone();
    domain::patch::merge(after.as_object_mut().ok_or(Error::Vault)?, patch);
    let known: Vec<Origin> = texts(&before).into_iter().filter_map(|(_, it)| origin(it)).collect();
    let leads_elsewhere =
        |(_, it): &(String, &str)| origin(it).is_some_and(|it| !known.contains(&it));
    if !texts(&after).iter().any(leads_elsewhere) {
        return Ok(after);
    }
    let is_kept_secret =
        |it: &(String, &str)| origin(it.1).is_none() && holds(&before, it) && !holds(&shown, it);
    let kept = texts(&after).into_iter().filter(is_kept_secret);
    let faults: Vec<FieldError> = kept
        .map(|(pointer, _)| FieldError {
            pointer: format!("/config{pointer}"),
            code: "required",
            detail: "give it anew, because it would go to another host".to_owned(),
        })
        .collect();
    if faults.is_empty() { Ok(after) } else { Err(Error::Invalid(faults)) }
}

/// Where an address leads, if it is one.
fn origin(text: &str) -> Option<Origin> {
    Url::parse(text).ok().filter(Url::has_host).map(|it| it.origin())
}

/// Destinations with the same credential share its rate and its fate.
pub(super) fn assign_credential(
    db: &mut Write<'_>,
    vault: &Vault,
    channel: &dyn Channel,
    id: Uuid,
    config: &Value,
) -> Result<(), Error> {
    let known = channel.credential(config).map(|(text, pace)| credential::Known {
        channel: channel.kind().to_owned(),
        digest: vault.digest(&format!("credentials/{}", channel.kind()), &text),
        interval: Duration::from_std(pace.interval).unwrap_or_default(),
        burst: i32::try_from(pace.burst).unwrap_or(i32::MAX),
    });
    Ok(credential::assign(db, id, known.as_ref())?)
}

/// Follows a destination that asked, under this lease, to be called elsewhere from now on; unless
/// somebody said meanwhile where it is to be called.
pub fn follow(
    db: &mut Write<'_>,
    vault: &Vault,
    id: Uuid,
    lease: i64,
    config: &Value,
) -> Result<(), Error> {
    let Ok((before, mut sealed)) = subscription::lock(db, id) else { return Ok(()) };
    if !delivery::is_held(db, id, lease)? {
        return Ok(());
    }
    let channel = channels::find(&before.channel).ok_or(Error::Vault)?;
    let shown = channel.shown(config).map_err(|_unreadable| Error::Vault)?;
    sealed.config = vault.seal(&config_place(id), config.to_string().as_bytes())?;
    keep_address(db, id, address::digest(vault, channel, config).as_deref())?;
    let now = db.now()?;
    let after =
        Subscription { config: shown, version: before.version + 1, updated_at: now, ..before };
    subscription::update(db, &after, &sealed, false)?;
    db.emit(&Caller::system(), now, vec![record(Record::SubscriptionEdited, &after)])?;
    Ok(())
}

pub(super) fn keep_address(
    db: &mut Write<'_>,
    id: Uuid,
    digest: Option<&[u8]>,
) -> Result<(), Error> {
    subscription::address::keep(db, id, digest)
        .map_err(Error::taken(subscription::address::ADDRESS_TAKEN, "this address"))
}

/// Where a configuration lies, for the vault.
pub(crate) fn config_place(id: Uuid) -> String {
    format!("subscriptions/{id}/config")
}
