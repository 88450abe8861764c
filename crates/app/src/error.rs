//! Why a use case was refused.
use domain::caller::Denied;
use domain::{incident, maintenance};
use persistence::DbError;

/// Why a use case was refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Only people can do this, not tokens.
    #[error("only a signed-in user can do this")]
    NotAPerson,
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// `If-Match` names another version than the present one.
    #[error("the version is {current} by now")]
    Stale { current: i64 },
    /// The state of things does not allow it.
    #[error("{0}")]
    Conflict(&'static str),
    /// The span that was asked for.
    #[error("{0}")]
    Span(&'static str),
    /// Something else has this value, which must be unique.
    #[error("{0} is taken")]
    Taken(&'static str),
    /// Fields that do not make sense.
    #[error("some fields are not valid")]
    Invalid(Vec<FieldError>),
    /// Wrong e-mail address or password, or a refresh token that is no good.
    #[error("the credentials are not valid")]
    SignInRefused,
    /// Too many attempts.
    #[error("too many attempts")]
    Throttled { retry_after_seconds: i64 },
    /// The `Idempotency-Key` came with another body before.
    #[error("this Idempotency-Key was used with another request body")]
    KeyReused,
    /// A secret cannot be read with the keys there are.
    #[error("a stored secret cannot be decrypted")]
    Vault,
    #[error(transparent)]
    Db(#[from] DbError),
}

/// A field that does not make sense, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// JSON pointer (RFC 6901).
    pub pointer: String,
    pub code: &'static str,
    pub detail: String,
}

impl Error {
    /// One field that does not make sense.
    pub fn invalid(
        pointer: impl Into<String>,
        code: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self::Invalid(vec![FieldError { pointer: pointer.into(), code, detail: detail.into() }])
    }

    /// A missing row of a kind of thing.
    pub fn missing(kind: &'static str) -> impl FnOnce(DbError) -> Self {
        move |error| match error {
            DbError::NotFound => Self::NotFound(kind),
            other => Self::Db(other),
        }
    }

    /// A violated constraint that means the value is taken.
    pub fn taken(constraint: &'static str, value: &'static str) -> impl FnOnce(DbError) -> Self {
        move |error| match error {
            error if error.is_constraint(constraint) => Self::Taken(value),
            other => Self::Db(other),
        }
    }
}

impl From<incident::Unsound> for Error {
    fn from(unsound: incident::Unsound) -> Self {
        Self::invalid(unsound.pointer(), "unsound", unsound.to_string())
    }
}

impl From<maintenance::Unsound> for Error {
    fn from(unsound: maintenance::Unsound) -> Self {
        Self::invalid(unsound.pointer(), "unsound", unsound.to_string())
    }
}

impl From<domain::recurrence::Fault> for Error {
    fn from(fault: domain::recurrence::Fault) -> Self {
        Self::invalid(format!("/{}", fault.member), "unsound", fault.detail)
    }
}

/// Refuses when `If-Match` asked for another version.
pub(crate) fn check_version(expected: Option<i64>, current: i64) -> Result<(), Error> {
    match expected {
        Some(expected) if expected != current => Err(Error::Stale { current }),
        _ => Ok(()),
    }
}
