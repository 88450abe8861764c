//! A throw-away Postgres cluster per test process, and databases in it.
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::{Connection as _, PgConnection, RunQueryDsl as _, sql_query};
use nix::unistd::{Uid, User, chown};

use crate::folder::Folder;
use crate::node::{command, settings};

/// Survives a crash of the server, as tests want, but not one of the machine.
const CONFIGURATION: &str = "
listen_addresses = ''
fsync = off
full_page_writes = off
max_connections = 300
shared_buffers = 64MB
autovacuum = off
log_min_messages = fatal
";
/// Stays until the pipe from the test process breaks, then tidies up. Tests may die of anything.
const SEXTON: &str =
    r#"cat > /dev/null; "$1/pg_ctl" -D "$2/data" -s -m immediate stop; rm -rf "$2""#;
const TEMPLATE: &str = "farol_template";

static SHARED: LazyLock<Cluster> = LazyLock::new(Cluster::start);
static NEXT: AtomicU32 = AtomicU32::new(0);

/// A Postgres server with a migrated template database.
pub struct Cluster {
    folder: Folder,
    bin: PathBuf,
    user: Option<User>,
    sexton: Child,
    pipe: Option<ChildStdin>,
}

impl Cluster {
    /// The one that all tests share.
    pub fn shared() -> &'static Self {
        &SHARED
    }

    /// One for a test that wants to break it.
    ///
    /// # Panics
    /// When Postgres cannot be found or started.
    pub fn start() -> Self {
        let (folder, bin) = (Folder::new(), binaries());
        let user = Uid::effective()
            .is_root()
            .then(|| User::from_name("postgres").expect("the users").expect("a user `postgres`"));
        if let Some(user) = &user {
            chown(folder.path(), Some(user.uid), Some(user.gid)).expect("a folder for postgres");
        }
        let mut sexton = Command::new("sh");
        sexton.args(["-c", SEXTON, "sh"]).arg(&bin).arg(folder.path());
        sexton.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        let mut sexton = as_user(&mut sexton, user.as_ref()).spawn().expect("a shell");
        let pipe = sexton.stdin.take();
        let cluster = Self { folder, bin, user, sexton, pipe };
        cluster.initialise();
        cluster.resume();
        cluster.execute("postgres", &format!("create database {TEMPLATE}"));
        let mut env = settings();
        env.insert("DATABASE_URL".to_owned(), cluster.url(TEMPLATE));
        command(&env, cluster.folder.path(), &["migrate"]).run("").succeeded();
        cluster
    }

    fn initialise(&self) {
        self.run("initdb", &["-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-locale", "-N"]);
        let path = self.folder.path().join("data/postgresql.conf");
        let mut file = std::fs::File::options().append(true).open(path).expect("a configuration");
        let socket = self.folder.path().display();
        writeln!(file, "{CONFIGURATION}unix_socket_directories = '{socket}'").expect("a disk");
    }

    /// Starts the stopped server.
    pub fn resume(&self) {
        let log = self.folder.path().join("postgres.log");
        let log = log.to_str().expect("a readable path");
        self.run("pg_ctl", &["-s", "-w", "-l", log, "start"]);
    }

    /// Stops the server as a power cut would.
    pub fn crash(&self) {
        self.run("pg_ctl", &["-s", "-m", "immediate", "stop"]);
    }

    fn run(&self, program: &str, args: &[&str]) {
        let mut command = Command::new(self.bin.join(program));
        command.arg("-D").arg(self.folder.path().join("data")).args(args);
        command.current_dir(self.folder.path()).stdin(Stdio::null()).stdout(Stdio::null());
        let status = as_user(&mut command, self.user.as_ref()).status();
        assert!(status.is_ok_and(|it| it.success()), "{program} failed");
    }

    /// An address of a database in here.
    pub fn url(&self, database: &str) -> String {
        format!("postgresql://postgres@/{database}?host={}", self.folder.path().display())
    }

    /// A connection to a database in here.
    ///
    /// # Panics
    /// When there is no such database.
    pub fn connect(&self, database: &str) -> PgConnection {
        PgConnection::establish(&self.url(database)).expect("a connection")
    }

    fn execute(&self, database: &str, sql: &str) {
        sql_query(sql).execute(&mut self.connect(database)).expect(sql);
    }

    /// A database like the template.
    pub fn database(&self) -> Database<'_> {
        self.copy_of(TEMPLATE)
    }

    /// A database without anything.
    pub fn empty_database(&self) -> Database<'_> {
        self.copy_of("template0")
    }

    fn copy_of(&self, template: &str) -> Database<'_> {
        let name = format!("t_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let mut postgres = self.connect("postgres");
        let copy = format!("create database {name} template {template}");
        let quickly = format!("{copy} strategy file_copy");
        if sql_query(quickly).execute(&mut postgres).is_err() {
            // Before Postgres 15 this was the only strategy.
            sql_query(&copy).execute(&mut postgres).expect("a database");
        }
        Database { cluster: self, name }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.pipe.take());
        let _ = self.sexton.wait();
    }
}

/// A database of one test.
pub struct Database<'a> {
    cluster: &'a Cluster,
    name: String,
}

impl Database<'_> {
    pub fn url(&self) -> String {
        self.cluster.url(&self.name)
    }

    pub fn connect(&self) -> PgConnection {
        self.cluster.connect(&self.name)
    }
}

impl Drop for Database<'_> {
    fn drop(&mut self) {
        if let Ok(mut postgres) = PgConnection::establish(&self.cluster.url("postgres")) {
            let _ = sql_query(format!("drop database {} with (force)", self.name))
                .execute(&mut postgres);
        }
    }
}

fn as_user<'c>(command: &'c mut Command, user: Option<&User>) -> &'c mut Command {
    match user {
        Some(user) => command.uid(user.uid.as_raw()).gid(user.gid.as_raw()),
        None => command,
    }
}

fn binaries() -> PathBuf {
    let told = Command::new("pg_config").arg("--bindir").output();
    let told = told.map(|it| String::from_utf8_lossy(&it.stdout).trim().to_owned());
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut places: Vec<PathBuf> = debian.map(|it| it.path().join("bin")).collect();
    places.sort();
    places.extend(told.ok().map(PathBuf::from));
    let usable = |it: &PathBuf| Path::new(&it.join("initdb")).exists();
    places.into_iter().rfind(usable).expect("the Postgres server binaries")
}
