//! Passwords: argon2id with OWASP's parameters, a few at a time.
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

use crate::Error;

/// How many hashes may be computed at once: each takes 19 MiB and some 50 ms of one core
/// (argon2's defaults are OWASP's minimum, m=19456 KiB, t=2, p=1).
const AT_ONCE: usize = 2;
/// Longest wait for a turn.
const PATIENCE: Duration = Duration::from_secs(2);

static PERMITS: (Mutex<usize>, Condvar) = (Mutex::new(AT_ONCE), Condvar::new());

/// Hashes a password.
pub fn hash(password: &str) -> Result<String, Error> {
    let _turn = Turn::wait()?;
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|it| it.to_string())
        .map_err(|_malformed| Error::Vault)
}

/// Whether the password belongs to the hash. Without a hash the same work is done for nothing,
/// so that time does not tell who exists.
pub fn verify(password: &str, hash: Option<&str>) -> Result<bool, Error> {
    let _turn = Turn::wait()?;
    let Some(parsed) = hash.and_then(|it| PasswordHash::new(it).ok()) else {
        // The result is of no interest, only the time it takes.
        let _: Result<PasswordHash, _> = Argon2::default().hash_password(password.as_bytes());
        return Ok(false);
    };
    Ok(Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
}

struct Turn;

impl Turn {
    fn wait() -> Result<Self, Error> {
        let (free, freed) = &PERMITS;
        let guard = free.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut guard, waited) = freed
            .wait_timeout_while(guard, PATIENCE, |free| *free == 0)
            .unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            return Err(Error::Throttled { retry_after_seconds: 1 });
        }
        *guard -= 1;
        Ok(Self)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let (free, freed) = &PERMITS;
        *free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_fits() {
        let hash = hash("correct horse battery").unwrap();
        assert!(verify("correct horse battery", Some(&hash)).unwrap());
        assert!(!verify("wrong horse battery", Some(&hash)).unwrap());
        assert!(!verify("correct horse battery", None).unwrap());
    }
}
