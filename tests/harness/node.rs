//! The real binary as a process.
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

pub const ADMIN_EMAIL: &str = "admin@example.org";
pub const ADMIN_PASSWORD: &str = "correct horse battery staple";
pub const SECRET_KEY: &str = "a key for tests that is long enough to be taken";

static BINARY: LazyLock<PathBuf> = LazyLock::new(build);
/// Below the ports that the kernel gives to clients, and apart for each test process.
static NEXT_PORT: LazyLock<AtomicU16> = LazyLock::new(|| {
    let apart = u16::try_from(std::process::id() % 200).unwrap_or(0);
    AtomicU16::new(10_000 + apart * 100)
});

pub type Env = BTreeMap<String, String>;

/// Builds the binary as the tests were built, and says where it is.
fn build() -> PathBuf {
    let tests = std::env::current_exe().expect("a path");
    let folder = tests.parent().and_then(Path::parent).expect("a target folder").to_owned();
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "-q", "--bin", "farol", "--target-dir"]).arg(folder.join(".."));
    if folder.ends_with("release") {
        cargo.arg("--release");
    }
    cargo.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    assert!(cargo.status().expect("cargo").success(), "the binary cannot be built");
    folder.join("farol")
}

/// What every Farol under test is told.
pub fn settings() -> Env {
    [
        ("FAROL_SECRET_KEY", SECRET_KEY),
        ("FAROL_ADMIN_EMAIL", ADMIN_EMAIL),
        ("FAROL_ADMIN_PASSWORD", ADMIN_PASSWORD),
        ("FAROL_PUBLIC_URL", "https://status.example.org"),
        ("FAROL_EGRESS_ALLOW", "127.0.0.0/8"),
        ("FAROL_RATE_LIMIT", "10000000"),
        ("FAROL_LOG", "warn"),
        ("FAROL_DATABASE_POOL", "4"),
        ("FAROL_HTTP_WORKERS", "2"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// A port that nobody listens on.
///
/// # Panics
/// When all are taken.
pub fn free_port() -> u16 {
    let mut ports = std::iter::repeat_with(|| NEXT_PORT.fetch_add(1, Ordering::Relaxed));
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    ports.by_ref().take(1000).find(is_free).expect("a free port")
}

/// `farol` with these arguments, this environment and nothing else.
pub fn command(env: &Env, dir: &Path, args: &[&str]) -> Runnable {
    let mut command = if cfg!(target_os = "linux") {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]).arg(&*BINARY);
        command
    } else {
        Command::new(&*BINARY)
    };
    command.args(args).current_dir(dir).env_clear().envs(env);
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    Runnable(command)
}

/// A command line that waits to be run.
pub struct Runnable(Command);

/// What came out of a run.
#[derive(Debug)]
pub struct Output {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Runnable {
    /// Runs to the end with this on standard input.
    ///
    /// # Panics
    /// When it cannot be run.
    pub fn run(mut self, input: &str) -> Output {
        self.0.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.0.spawn().expect("a process");
        let mut stdin = child.stdin.take().expect("a pipe");
        let input = input.to_owned();
        let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
        let output = child.wait_with_output().expect("an end");
        let _ = writer.join();
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        Output { status: output.status, stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }
}

impl Output {
    /// Standard output of a run that went well.
    ///
    /// # Panics
    /// When it did not.
    #[track_caller]
    pub fn succeeded(self) -> String {
        assert!(self.status.success(), "{}\n{}", self.stdout, self.stderr);
        self.stdout
    }

    /// Standard error of a run that failed.
    ///
    /// # Panics
    /// When it went well.
    #[track_caller]
    pub fn failed(self) -> String {
        assert!(!self.status.success(), "{}", self.stdout);
        self.stderr
    }
}

/// A serving Farol on a port of its own.
pub struct Node {
    pub port: u16,
    args: Vec<&'static str>,
    env: Env,
    dir: PathBuf,
    child: Option<Child>,
}

impl Node {
    /// Starts it in `dir`; its output goes to files there, named after the port.
    pub fn start(env: Env, dir: &Path) -> Self {
        Self::start_as(&["serve"], env, dir)
    }

    /// Likewise with arguments of one's own.
    pub fn start_as(args: &[&'static str], mut env: Env, dir: &Path) -> Self {
        let port = free_port();
        env.insert("FAROL_LISTEN".to_owned(), format!("127.0.0.1:{port}"));
        let mut node = Self { port, args: args.to_vec(), env, dir: dir.to_owned(), child: None };
        node.spawn();
        node
    }

    /// Starts it again after an end.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn spawn(&mut self) {
        let output = |name| {
            let path = self.output_path(name);
            File::options().create(true).append(true).open(path).expect("an output file")
        };
        let mut serve = command(&self.env, &self.dir, &self.args).0;
        serve.stdin(Stdio::null()).stdout(output("out")).stderr(output("err"));
        self.child = Some(serve.spawn().expect("a process"));
    }

    fn output_path(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{}.{name}", self.port))
    }

    pub fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn stderr(&self) -> String {
        std::fs::read_to_string(self.output_path("err")).unwrap_or_default()
    }

    pub fn stdout(&self) -> String {
        std::fs::read_to_string(self.output_path("out")).unwrap_or_default()
    }

    /// Its process id.
    ///
    /// # Panics
    /// When it does not run.
    pub fn pid(&self) -> Pid {
        let id = self.child.as_ref().expect("a running Farol").id();
        Pid::from_raw(i32::try_from(id).expect("a process id"))
    }

    /// Whether it has come to an end by itself.
    ///
    /// # Panics
    /// When it was not running.
    pub fn has_ended(&mut self) -> Option<ExitStatus> {
        self.child.as_mut().expect("a running Farol").try_wait().expect("a child")
    }

    /// Kills it without a word.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Asks it to stop, and tells how it went and how long it took.
    ///
    /// # Panics
    /// When it does not run.
    pub fn stop(&mut self, signal: Signal) -> (ExitStatus, Duration) {
        let asked = Instant::now();
        kill(self.pid(), signal).expect("a process");
        let status = self.child.take().expect("a running Farol").wait().expect("an end");
        (status, asked.elapsed())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("--- farol on port {}\n{}", self.port, self.stderr());
        }
    }
}
