//! What a killed Farol or Postgres leaves behind.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{PORT, StartError};

const POLL: Duration = Duration::from_millis(10);
/// Never SIGKILL: it can leave shared memory behind.
const INSISTENCE: [(Signal, Duration); 2] =
    [(Signal::SIGINT, Duration::from_secs(15)), (Signal::SIGQUIT, Duration::from_secs(10))];

/// What `postmaster.pid` says.
#[derive(Debug, PartialEq, Eq)]
pub struct PidFile {
    pub pid: i32,
    pub ready: bool,
}

impl PidFile {
    pub fn read(pgdata: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(pgdata.join("postmaster.pid")).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let pid = lines.next()?.trim().parse().ok().filter(|pid| *pid > 0)?;
        Some(Self { pid, ready: lines.nth(6).is_some_and(|status| status.trim() == "ready") })
    }
}

/// Stops a server that still runs on `pgdata`, and removes what names a process that is not one.
/// The caller holds the cluster's lock, so no other Farol wants that server.
pub fn clear(pgdata: &Path, sockets: &Path) -> Result<(), StartError> {
    if let Some(PidFile { pid, .. }) = PidFile::read(pgdata) {
        if is_postmaster(pid, pgdata) {
            tracing::info!(pid, "stopping the Postgres that an earlier Farol left behind");
            stop(pid, pgdata)?;
        } else if exists(pid) {
            remove(&pgdata.join("postmaster.pid"))?;
        }
    }
    // The socket's lock holds a pid too, and Postgres would believe it.
    remove(&sockets.join(format!(".s.PGSQL.{PORT}.lock")))?;
    remove(&sockets.join(format!(".s.PGSQL.{PORT}")))
}

fn stop(pid: i32, pgdata: &Path) -> Result<(), StartError> {
    for (signal, patience) in INSISTENCE {
        let _ = kill(Pid::from_raw(pid), signal);
        let start = Instant::now();
        while start.elapsed() < patience {
            if !is_postmaster(pid, pgdata) {
                return Ok(());
            }
            thread::sleep(POLL);
        }
    }
    Err(StartError::Orphan { pid })
}

/// A reused pid must not pass for a server: a server works in its data folder.
fn is_postmaster(pid: i32, pgdata: &Path) -> bool {
    if !Path::new("/proc/self/cwd").exists() {
        return exists(pid);
    }
    match (fs::metadata(format!("/proc/{pid}/cwd")), fs::metadata(pgdata)) {
        (Ok(cwd), Ok(pgdata)) => (cwd.dev(), cwd.ino()) == (pgdata.dev(), pgdata.ino()),
        _ => false,
    }
}

fn exists(pid: i32) -> bool {
    matches!(kill(Pid::from_raw(pid), None), Ok(()) | Err(Errno::EPERM))
}

fn remove(path: &Path) -> Result<(), StartError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(StartError::file("remove", path)(error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eighth_line_is_the_status() {
        let lines = "123\n/x/pgdata\n1700000000\n5432\n/x/run\n\n  1234 5\n";
        assert_eq!(PidFile::parse(lines), Some(PidFile { pid: 123, ready: false }));
        let starting = format!("{lines}starting\n");
        assert_eq!(PidFile::parse(&starting), Some(PidFile { pid: 123, ready: false }));
        let ready = format!("{lines}ready   \n");
        assert_eq!(PidFile::parse(&ready), Some(PidFile { pid: 123, ready: true }));
        assert_eq!(PidFile::parse("-1\n"), None);
        assert_eq!(PidFile::parse(""), None);
    }
}
