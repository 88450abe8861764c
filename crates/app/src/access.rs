//! Who is calling: from a credential to a [`Caller`], remembered for a few seconds.
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use domain::caller::{Actor, Caller};
use persistence::{session, token, user};
use uuid::Uuid;

use crate::token::digest;
use crate::{Db, Error};

/// How long a caller is remembered. Revoking forgets everybody at once here, and on other replicas
/// as soon as they hear of it; this is the longest it can take when they do not.
const REMEMBERED_FOR: Duration = Duration::from_secs(5);
/// Most callers remembered.
const REMEMBERED: usize = 10_000;

/// A credential that may be good.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Credential {
    /// The digest of an API token that is well-formed.
    Token([u8; 32]),
    /// The session an access token of ours was issued for.
    Session(Uuid),
}

/// The callers that were identified lately: those of the last seconds are let in unasked.
#[derive(Default)]
pub struct Callers {
    remembered: Mutex<HashMap<Credential, Remembered>>,
    /// Counts how often everybody was forgotten.
    forgotten: AtomicU64,
}

struct Remembered {
    caller: Caller,
    expires_at: Option<DateTime<Utc>>,
    since: Instant,
}

impl Credential {
    /// An API token, if it has the form and the checksum of one.
    pub fn of_token(secret: &str) -> Option<Self> {
        crate::token::is_well_formed(secret).then(|| Self::Token(digest(secret)))
    }
}

impl Callers {
    /// The caller, if it was identified a moment ago.
    pub fn recall(&self, credential: &Credential, now: DateTime<Utc>) -> Option<Caller> {
        self.remembered_for(REMEMBERED_FOR, credential, now)
    }

    /// The caller as it was identified last, however long ago: for while nobody can be asked, so that
    /// nobody can be shut out either.
    pub fn recall_last(&self, credential: &Credential, now: DateTime<Utc>) -> Option<Caller> {
        self.remembered_for(Duration::MAX, credential, now)
    }

    fn remembered_for(
        &self,
        at_most: Duration,
        credential: &Credential,
        now: DateTime<Utc>,
    ) -> Option<Caller> {
        let remembered = self.lock();
        let it = remembered.get(credential)?;
        let is_good = it.since.elapsed() < at_most && it.expires_at.is_none_or(|at| at > now);
        is_good.then(|| it.caller.clone())
    }

    /// Asks the database who it is; nothing when the credential is no good.
    pub fn identify(&self, db: &Db, credential: &Credential) -> Result<Option<Caller>, Error> {
        let since = Instant::now();
        let forgotten = self.forgotten.load(Ordering::SeqCst);
        let found = match credential {
            Credential::Token(digest) => by_token(db, digest)?,
            Credential::Session(id) => by_session(db, *id)?,
        };
        let Some((caller, expires_at)) = found else { return Ok(None) };
        let mut remembered = self.lock();
        // Whoever was looked up before a revocation may be somebody else after it.
        if self.forgotten.load(Ordering::SeqCst) != forgotten {
            return Ok(Some(caller));
        }
        if remembered.len() >= REMEMBERED {
            remembered.clear();
        }
        let entry = Remembered { caller: caller.clone(), expires_at, since };
        remembered.insert(credential.clone(), entry);
        Ok(Some(caller))
    }

    /// Rises whenever somebody may do less than before: who was let in earlier is asked again.
    pub fn generation(&self) -> u64 {
        self.forgotten.load(Ordering::SeqCst)
    }

    /// Forgets everybody: somebody may do less than before.
    pub fn forget(&self) {
        let mut remembered = self.lock();
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        remembered.clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Credential, Remembered>> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Found = Option<(Caller, Option<DateTime<Utc>>)>;

fn by_token(db: &Db, digest: &[u8; 32]) -> Result<Found, Error> {
    let (found, now) = db.read::<_, Error>(|db| Ok((token::by_hash(db, digest)?, db.now()?)))?;
    let Some(token) = found.filter(|it| it.expires_at.is_none_or(|at| at > now)) else {
        return Ok(None);
    };
    if token.last_used_at.is_none_or(|at| now - at > chrono::Duration::seconds(60)) {
        db.write::<_, Error>(|db| Ok(token::used(db, token.id, now)?))?;
    }
    let caller = Caller {
        actor: Actor::Token { id: token.id },
        name: token.name,
        scopes: token.scopes,
        request_id: None,
    };
    Ok(Some((caller, token.expires_at)))
}

fn by_session(db: &Db, id: Uuid) -> Result<Found, Error> {
    db.read(|db| {
        let Some(user) = session::user(db, id)? else { return Ok(None) };
        let user = user::find(db, user)?;
        if user.disabled {
            return Ok(None);
        }
        let caller = Caller {
            actor: Actor::User { id: user.id, session: id },
            name: user.name,
            scopes: user.role.scopes().to_vec(),
            request_id: None,
        };
        Ok(Some((caller, None)))
    })
}
