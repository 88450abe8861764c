//! What can go wrong below the use cases.
use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind as Kind, Error};

/// An error of the database, sorted by what a caller can do about it.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// There is no such row.
    #[error("no such row")]
    NotFound,
    /// A named constraint refused the row.
    #[error("constraint {0}")]
    Constraint(String),
    /// A time or number that Postgres cannot hold.
    #[error("a value is out of range")]
    OutOfRange,
    /// Another transaction holds what this one needs; trying again may help.
    #[error("locked by another transaction")]
    Locked,
    /// No connection, or the database is not up to it right now.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// Anything else: a mistake of ours.
    #[error(transparent)]
    Other(Error),
}

/// Sentences of Postgres (in the C locale) and libpq that mean "not now". diesel 2.3 gives no
/// SQLSTATE, so that the message is all there is.
const NOT_NOW: [&str; 14] = [
    "canceling statement due to statement timeout",
    "terminating connection",
    "server closed the connection",
    "connection to server",
    "no connection to the server",
    "SSL connection has been closed",
    "the database system is",
    "could not receive data from server",
    "could not send data to server",
    "could not extend file",
    "No space left on device",
    "too many clients",
    "remaining connection slots",
    "out of memory",
];

impl From<Error> for DbError {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::NotFound,
            Error::DatabaseError(kind, info) => of_database(kind, info),
            Error::SerializationError(_) => Self::OutOfRange,
            Error::BrokenTransactionManager => Self::Unavailable("broken transaction".to_owned()),
            other => Self::Other(other),
        }
    }
}

fn of_database(kind: Kind, info: Box<dyn DatabaseErrorInformation + Send + Sync>) -> DbError {
    match kind {
        Kind::UniqueViolation
        | Kind::ForeignKeyViolation
        | Kind::CheckViolation
        | Kind::ExclusionViolation => {
            DbError::Constraint(info.constraint_name().unwrap_or("unnamed").to_owned())
        }
        Kind::ClosedConnection | Kind::UnableToSendCommand | Kind::ReadOnlyTransaction => {
            DbError::Unavailable(info.message().to_owned())
        }
        Kind::SerializationFailure => DbError::Locked,
        _ if info.message().contains("lock timeout") || info.message().contains("deadlock") => {
            DbError::Locked
        }
        _ if info.message().ends_with("out of range") => DbError::OutOfRange,
        _ if NOT_NOW.iter().any(|it| info.message().contains(it)) => {
            DbError::Unavailable(info.message().to_owned())
        }
        other => DbError::Other(Error::DatabaseError(other, info)),
    }
}

impl From<diesel::r2d2::PoolError> for DbError {
    fn from(error: diesel::r2d2::PoolError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<diesel::ConnectionError> for DbError {
    fn from(error: diesel::ConnectionError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl DbError {
    /// A column holds what we never write.
    pub(crate) fn unreadable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Other(Error::DeserializationError(error.into()))
    }

    /// Whether the named constraint refused the row.
    pub fn is_constraint(&self, name: &str) -> bool {
        matches!(self, Self::Constraint(found) if found == name)
    }
}
