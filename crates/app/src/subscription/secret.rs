//! The secrets that sign messages.
use aws_lc_rs::rand;
use channels::signature::SigningSecret;
use chrono::Duration;
use domain::caller::{Caller, Scope};
use domain::event::Record;
use domain::subscription::Subscription;
use persistence::subscription::{self, Sealed};
use uuid::Uuid;

use super::{Means, lock, record};
use crate::vault::Vault;
use crate::{Error, Write};

/// For how long a replaced signing secret still signs along.
pub const ROTATION: Duration = Duration::hours(24);

/// Replaces the signing secret. For [`ROTATION`] messages carry both signatures.
pub fn rotate_secret(
    db: &mut Write<'_>,
    caller: &Caller,
    means: Means<'_>,
    id: Uuid,
) -> Result<(Subscription, SigningSecret), Error> {
    caller.must(Scope::Subscriptions)?;
    let (before, sealed) = lock(db, id, None)?;
    if sealed.signing_secret.is_none() {
        return Err(Error::Conflict("this channel does not sign its messages"));
    }
    let now = db.now()?;
    let secret = new_secret()?;
    let sealed = Sealed {
        config: sealed.config,
        previous_secret: sealed.signing_secret,
        previous_secret_until: Some(now + ROTATION),
        signing_secret: Some(seal_secret(means.vault, id, &secret)?),
    };
    let after = Subscription { version: before.version + 1, updated_at: now, ..before };
    subscription::update(db, &after, &sealed, false)?;
    db.emit(caller, now, vec![record(Record::SecretRotated, &after)])?;
    Ok((after, secret))
}

pub(super) fn new_secret() -> Result<SigningSecret, Error> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(|_unspecified| Error::Vault)?;
    Ok(SigningSecret::from_bytes(bytes))
}

pub(super) fn seal_secret(
    vault: &Vault,
    id: Uuid,
    secret: &SigningSecret,
) -> Result<Vec<u8>, Error> {
    vault.seal(&secret_place(id), secret.to_string_secret().as_bytes())
}

/// Where a signing secret lies, for the vault.
pub(crate) fn secret_place(id: Uuid) -> String {
    format!("subscriptions/{id}/secret")
}
