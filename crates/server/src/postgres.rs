//! A private PostgreSQL that lives and dies with Farol, for those who run no database of their own.

mod binaries;
mod cluster;
mod error;
mod folder;
mod identity;
mod log;
mod orphan;
mod program;
mod shim;
mod supervisor;

use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

pub use error::StartError;
pub use shim::exec_if_asked;

use cluster::Cluster;
use supervisor::Supervisor;

/// The superuser and the database that Farol uses.
const USER: &str = "farol";
const DATABASE: &str = "farol";
/// Fixed, so that neither `postgresql.conf` nor `PGPORT` can move the socket.
const PORT: u16 = 5432;

/// What is needed to start.
#[derive(Clone, Debug)]
pub struct Options {
    /// Farol's data folder; the cluster is kept in `postgres` below it.
    pub dir: PathBuf,
    /// Folder with `postgres` and `initdb`; `None` looks in the usual places.
    pub bin: Option<PathBuf>,
    /// A Farol executable whose `main` calls [`exec_if_asked`] first.
    pub shim: PathBuf,
}

/// A running server. Dropping it stops it.
#[derive(Debug)]
pub struct Postgres {
    supervisor: Supervisor,
    url: String,
    // Held until the server is down.
    _lock: File,
}

impl Postgres {
    /// Creates the cluster if there is none, starts it and waits until it takes connections.
    /// From then on a server that dies is started again until [`Postgres::stop`].
    /// Blocks: about a second for a new cluster, longer when a crash has to be recovered from.
    ///
    /// # Errors
    /// A sentence for the person at the terminal, see [`StartError`].
    pub fn start(options: &Options) -> Result<Self, StartError> {
        let (cluster, lock) = Cluster::open(options)?;
        cluster.create_if_missing()?;
        let url = url(cluster.sockets());
        Ok(Self { supervisor: Supervisor::start(cluster)?, url, _lock: lock })
    }

    /// Address for libpq and everything built on it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Ends all sessions and waits until the server is gone, at most half a minute.
    /// Call it after everything that uses the database has stopped; again is harmless.
    pub fn stop(&mut self) {
        self.supervisor.stop();
    }
}

/// Address of the cluster in `data_dir` while another Farol runs it, if its socket is in its
/// usual place.
pub fn running(data_dir: &Path) -> Option<String> {
    let sockets = data_dir.join("postgres/run").canonicalize().ok()?;
    sockets.join(format!(".s.PGSQL.{PORT}")).exists().then(|| url(&sockets))
}

fn url(sockets: &Path) -> String {
    let host: String = sockets.as_os_str().as_bytes().iter().map(|byte| encoded(*byte)).collect();
    format!("postgresql://{USER}@{host}:{PORT}/{DATABASE}")
}

fn encoded(byte: u8) -> String {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
            char::from(byte).to_string()
        }
        byte => format!("%{byte:02X}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_the_host() {
        assert_eq!(
            url(Path::new("/srv/my data/é/run")),
            "postgresql://farol@%2Fsrv%2Fmy%20data%2F%C3%A9%2Frun:5432/farol"
        );
    }
}
