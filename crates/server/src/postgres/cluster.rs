//! The cluster on disk: its folder, its lock, its creation, and the command that serves it.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Child;

use nix::unistd::geteuid;

use super::identity::Identity;
use super::log::Log;
use super::program::Programs;
use super::{Options, PORT, StartError, binaries, folder, orphan};

/// What the command line fixes, whatever `postgresql.conf` says.
const SETTINGS: [&str; 9] = [
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "max_connections=64",
    "autovacuum_naptime=10s",
    "logging_collector=off",
    "log_destination=stderr",
    "log_checkpoints=off",
    "log_timezone=UTC",
    "timezone=UTC",
];

/// How the name of an unfinished cluster begins.
const DRAFT: &str = "pgdata.new.";

/// A cluster that this process has locked.
#[derive(Debug)]
pub struct Cluster {
    dir: PathBuf,
    pgdata: PathBuf,
    sockets: PathBuf,
    log: Log,
    programs: Programs,
}

impl Cluster {
    /// Makes and locks the folder, then settles which programs run, and as whom.
    pub fn open(options: &Options) -> Result<(Self, File), StartError> {
        let data_dir = &options.dir;
        fs::create_dir_all(data_dir).map_err(StartError::file("create the folder", data_dir))?;
        let data_dir = fs::canonicalize(data_dir).map_err(StartError::file("use", data_dir))?;
        let dir = data_dir.join("postgres");
        make_folder(&dir).map_err(StartError::file("create the folder", &dir))?;
        let lock = lock(&data_dir, &dir.join("lock"))?;

        let pgdata = dir.join("pgdata");
        let bin = binaries::find(options.bin.as_deref(), data_major(&pgdata)?)?;
        let exe = options.shim.clone();
        let identity = Identity::choose(&exe, &dir, &pgdata, &bin)?;
        let sockets = folder::sockets(&dir, identity)?;
        folder::private(&sockets, identity)?;
        let log = Log::new(dir.join("postgres.log"));
        let programs = Programs { exe, bin, identity };
        Ok((Self { dir, pgdata, sockets, log, programs }, lock))
    }

    /// Creates the cluster beside its place and moves it there, so that an interrupted creation
    /// leaves nothing that looks like a cluster.
    pub fn create_if_missing(&self) -> Result<(), StartError> {
        if self.pgdata.join("PG_VERSION").exists() {
            return Ok(());
        }
        tracing::info!(dir = %self.dir.display(), "creating a new database");
        self.remove_drafts();
        // The process id keeps it apart from that of a killed Farol, whose initdb may still clean up.
        let draft = self.dir.join(format!("{DRAFT}{}", std::process::id()));
        folder::private(&draft, self.programs.identity)?;
        self.programs.create_cluster(&draft)?;
        nix::unistd::sync();
        fs::rename(&draft, &self.pgdata)
            .and_then(|()| File::open(&self.dir)?.sync_all())
            .map_err(StartError::file("put the new database into", &self.pgdata))
    }

    /// As far as possible: what a dying initdb still writes to is removed at the next creation.
    fn remove_drafts(&self) {
        for entry in fs::read_dir(&self.dir).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(DRAFT) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }

    pub fn pgdata(&self) -> &Path {
        &self.pgdata
    }

    /// The folder of the socket.
    pub fn sockets(&self) -> &Path {
        &self.sockets
    }

    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Starts a server, after clearing away an earlier one. Also tells how long the log was.
    pub fn spawn(&self) -> Result<(Child, u64), StartError> {
        orphan::clear(&self.pgdata, &self.sockets)?;
        let log = self.log.path();
        let write = StartError::file("write", log);
        self.log.trim().map_err(StartError::file("write", log))?;
        let (out, length) = self.log.open().map_err(write)?;
        let copy = out.try_clone().map_err(StartError::file("write", log))?;
        let mut command = self.programs.command("postgres");
        command.arg("-D").arg(&self.pgdata).arg("-k").arg(&self.sockets);
        command.args(["-p", &PORT.to_string()]);
        command.args(SETTINGS.iter().flat_map(|setting| ["-c", setting]));
        // A group of its own, so that Ctrl-C reaches Farol alone, which stops it in good order.
        command.stdout(out).stderr(copy).process_group(0);
        let child = command.spawn().map_err(StartError::file("run", &self.programs.exe))?;
        Ok((child, length))
    }
}

/// Root's folder lets the user through who runs Postgres; what is inside shuts others out.
fn make_folder(dir: &Path) -> io::Result<()> {
    let mode = if geteuid().is_root() { 0o711 } else { 0o700 };
    match DirBuilder::new().mode(mode).create(dir) {
        Ok(()) => fs::set_permissions(dir, PermissionsExt::from_mode(mode)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

fn lock(data_dir: &Path, path: &Path) -> Result<File, StartError> {
    let failed = StartError::file("lock", path);
    let opened = folder::open(path, OpenOptions::new().read(true).write(true));
    let mut file = opened.map_err(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => StartError::Suspicious {
            path: data_dir.to_owned(),
            problem: "was made by another user; start Farol as that user, or set FAROL_DATA_DIR to another folder".to_owned(),
        },
        _ => StartError::file("open", path)(error),
    })?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            let _ = file.read_to_string(&mut text);
            let pid = text.trim().parse().ok().map(|pid: u32| pid.to_string());
            return Err(StartError::Busy { dir: data_dir.to_owned(), pid });
        }
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    let written = file
        .set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| writeln!(file, "{}", std::process::id()));
    written.map(|()| file).map_err(failed)
}

/// The version that made the data; `None` when there is no data.
fn data_major(pgdata: &Path) -> Result<Option<u32>, StartError> {
    let path = pgdata.join("PG_VERSION");
    match fs::read_to_string(&path) {
        Ok(text) => text.trim().parse().map(Some).map_err(StartError::file("understand", &path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StartError::file("read", &path)(error)),
    }
}
