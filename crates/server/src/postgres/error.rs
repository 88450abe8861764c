//! Why the embedded Postgres did not start.

use std::fmt::Display;
use std::path::{Path, PathBuf};

/// Each is a whole explanation for whoever started Farol; there is no further `source`.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("cannot {action} {}: {reason}", path.display())]
    File { action: &'static str, path: PathBuf, reason: String },
    #[error("another Farol is running on {}{}", dir.display(), pid.as_ref().map_or_else(String::new, |pid| format!(" (pid {pid})")))]
    Busy { dir: PathBuf, pid: Option<String> },
    #[error(
        "{wanted} is not installed here{}. Install it (Debian, Ubuntu: `apt-get install {package}`; Fedora: `dnf install postgresql-server`; macOS: `brew install {formula}`), or set FAROL_POSTGRES_BIN to the folder that holds `postgres` and `initdb`, or DATABASE_URL to a Postgres of your own",
        found.as_ref().map_or_else(String::new, |found| format!(" (found {found})"))
    )]
    NotInstalled { wanted: String, package: String, formula: String, found: Option<String> },
    #[error("FAROL_POSTGRES_BIN: {} {reason}", dir.display())]
    WrongBinaries { dir: PathBuf, reason: String },
    #[error(
        "Postgres refuses to run as root, and there is no user `postgres` or `nobody` to run it as; create one, or start Farol as an ordinary user"
    )]
    NoUser,
    #[error(
        "the data in {} belongs to user {uid}, who cannot reach it or Postgres; move it to a folder that this user can enter, or start Farol as the user who owns it",
        pgdata.display()
    )]
    OutOfReach { pgdata: PathBuf, uid: u32 },
    #[error("{} {problem}", path.display())]
    Suspicious { path: PathBuf, problem: String },
    #[error("a new database could not be created with {program}:\n{output}")]
    Create { program: &'static str, output: String },
    #[error("Postgres did not start; the end of {} says:\n{output}", log.display())]
    Start { log: PathBuf, output: String },
    #[error("Postgres is not ready after {seconds} s; see {}", log.display())]
    Slow { log: PathBuf, seconds: u64 },
    #[error(
        "a Postgres that an earlier Farol left behind (pid {pid}) does not stop; stop it by hand"
    )]
    Orphan { pid: i32 },
}

impl StartError {
    pub(super) fn file<E: Display>(action: &'static str, path: &Path) -> impl FnOnce(E) -> Self {
        move |error| Self::File { action, path: path.to_owned(), reason: error.to_string() }
    }
}
