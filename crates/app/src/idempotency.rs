//! Answering the same request the same way.
use aws_lc_rs::digest;
use persistence::idempotency::{self, Claim, Known};
use serde::{Deserialize, Serialize};

use crate::vault::Vault;
use crate::{DbError, Error, Write};

/// Longest `Idempotency-Key`, in characters.
pub const KEY_MAX: usize = 255;

/// A request that carried an `Idempotency-Key`.
#[derive(Clone, Debug)]
pub struct Request {
    /// Who asks: `user:<id>`, `token:<id>` or `address:<ip>`.
    pub principal: String,
    /// Method and path, without any secret that the path bears.
    pub route: String,
    pub key: String,
    pub body_digest: [u8; 32],
}

/// An answer as it goes out, to be given again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub status: u16,
    pub location: Option<String>,
    pub etag: Option<String>,
    pub body: String,
}

/// An answer, and whether it was given before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    First(Answer),
    Again(Answer),
}

/// The digest of a request body.
pub fn body_digest(body: &[u8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest::digest(&digest::SHA256, body).as_ref());
    bytes
}

/// Runs `job` once per key: a request that came before gets the answer it got then. The answer is
/// written in the transaction of the effect, so that neither can be there without the other.
/// While the first is still running this waits for it, up to the lock time-out.
pub fn once(
    db: &mut Write<'_>,
    vault: &Vault,
    request: Option<&Request>,
    job: impl FnOnce(&mut Write<'_>) -> Result<Answer, Error>,
) -> Result<Answered, Error> {
    let Some(request) = request else { return job(db).map(Answered::First) };
    let claim = Claim {
        principal: request.principal.clone(),
        route: request.route.clone(),
        key_hash: body_digest(request.key.as_bytes()).to_vec(),
        fingerprint: request.body_digest.to_vec(),
    };
    let place = format!("idempotency/{}/{}", claim.principal, claim.route);
    let known = idempotency::claim(db, &claim).map_err(|error| match error {
        DbError::Locked => {
            Error::Conflict("the first request with this Idempotency-Key still runs")
        }
        other => Error::Db(other),
    })?;
    match known {
        Known::Other => Err(Error::KeyReused),
        Known::Again(sealed) => {
            let answer = serde_json::from_slice(&vault.open(&place, &sealed)?);
            Ok(Answered::Again(answer.map_err(|_not_ours| Error::Vault)?))
        }
        Known::First => {
            let answer = job(db)?;
            let plain = serde_json::to_vec(&answer).map_err(|_not_json| Error::Vault)?;
            idempotency::keep(db, &claim, vault.seal(&place, &plain)?)?;
            Ok(Answered::First(answer))
        }
    }
}
