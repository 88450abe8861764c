//! Configurations: judged, sealed, and what else is known by them.
use channels::Channel;
use chrono::Duration;
use domain::caller::Caller;
use domain::event::Record;
use domain::subscription::Subscription;
use persistence::{credential, delivery, subscription};
use serde_json::Value;
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
