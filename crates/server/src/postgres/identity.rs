//! As whom Postgres runs: it refuses to be root.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::unistd::{User, geteuid};

use super::{StartError, shim};

/// The user that Postgres runs as, seen from Farol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The one that Farol runs as.
    Own,
    /// Another one; only root can do that.
    User { uid: u32, gid: u32 },
    /// The one that Farol runs as, under another name in a user namespace of its own.
    Namespace,
}

impl Identity {
    /// Chooses for a cluster in `dir`, whose data is or will be in `pgdata`.
    ///
    /// # Errors
    /// When Farol is root and nobody else can run it.
    pub fn choose(exe: &Path, dir: &Path, pgdata: &Path, bin: &Path) -> Result<Self, StartError> {
        let me = geteuid();
        if !me.is_root() {
            // initdb insists on a user with a name.
            let named = !cfg!(target_os = "linux") || User::from_uid(me).ok().flatten().is_some();
            return Ok(if named { Self::Own } else { Self::Namespace });
        }
        let owner = fs::metadata(pgdata).ok().map(|folder| (folder.uid(), folder.gid()));
        if cfg!(target_os = "linux") && owner.is_some_and(|(uid, _)| uid == 0) {
            return Ok(Self::Namespace);
        }
        let user = owner.or_else(|| named("postgres")).or_else(|| named("nobody"));
        let (uid, gid) = user.ok_or(StartError::NoUser)?;
        let user = Self::User { uid, gid };
        if shim::reaches(exe, user, &[dir, &bin.join("postgres"), &bin.join("initdb")]) {
            return Ok(user);
        }
        match owner {
            None if cfg!(target_os = "linux") => Ok(Self::Namespace),
            _ => Err(StartError::OutOfReach { pgdata: pgdata.to_owned(), uid }),
        }
    }

    /// Who owns the files that Postgres makes, as Farol sees it.
    pub fn owner(self) -> (u32, Option<u32>) {
        match self {
            Self::User { uid, gid } => (uid, Some(gid)),
            Self::Own | Self::Namespace => (geteuid().as_raw(), None),
        }
    }
}

fn named(name: &str) -> Option<(u32, u32)> {
    let user = User::from_name(name).ok().flatten()?;
    (!user.uid.is_root()).then(|| (user.uid.as_raw(), user.gid.as_raw()))
}
