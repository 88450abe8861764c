//! A real mail server that remembers what it was sent; recipients say how it answers, see
//! `tests/counterparts/smtp.py`.
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use crate::poll::eventually;

const WAIT: Duration = Duration::from_secs(20);
pub(crate) const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A Python that has the counterparts' packages.
pub(crate) static PYTHON: LazyLock<String> = LazyLock::new(|| {
    let script = Path::new(REPOSITORY).join(".ci/counterparts");
    let output = Command::new(script).stderr(Stdio::inherit()).output().expect("a script");
    assert!(output.status.success(), "the counterparts cannot be installed");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
});

/// A mail that was taken.
#[derive(Clone, Debug)]
pub struct Mail {
    pub sender: String,
    pub to: String,
    /// What `MAIL FROM` was given besides the sender.
    pub options: Vec<String>,
    pub is_encrypted: bool,
    /// Who had logged in.
    pub user: String,
    /// Headers and body as they came.
    pub raw: Vec<u8>,
}

/// What the server is like; the default takes everything from everybody in clear.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `user:password` that clients must log in with.
    pub login: Option<&'static str>,
    pub tls: Tls,
    /// Whether addresses beyond ASCII are refused.
    pub is_ascii_only: bool,
    /// Mails that one connection is good for; the next is answered 421.
    pub per_line: Option<u32>,
    /// Whether it hangs up without a word after each mail.
    pub drops: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tls {
    #[default]
    None,
    StartTls,
    Implicit,
}

/// A mail server of one's own. It tells what it did a moment after it did it.
pub struct Smtp {
    port: u16,
    settings: Settings,
    facts: Arc<Mutex<Vec<Value>>>,
    child: Child,
    /// The server ends when this is closed, however the test ends.
    _stdin: ChildStdin,
}

fn lock(facts: &Mutex<Vec<Value>>) -> MutexGuard<'_, Vec<Value>> {
    facts.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Smtp {
    /// Takes everything from everybody in clear.
    pub async fn start() -> Self {
        Self::with(Settings::default()).await
    }

    /// # Panics
    /// When there is no Python, or the server does not start.
    pub async fn with(settings: Settings) -> Self {
        let tls = match settings.tls {
            Tls::None => "none",
            Tls::StartTls => "starttls",
            Tls::Implicit => "implicit",
        };
        let options = json!({
            "login": settings.login,
            "tls": tls,
            "utf8": !settings.is_ascii_only,
            "per_line": settings.per_line,
            "drops": settings.drops,
        });
        let python = tokio::task::spawn_blocking(|| PYTHON.as_str()).await.expect("a Python");
        let mut command = Command::new(python);
        command.arg(Path::new(REPOSITORY).join("tests/counterparts/smtp.py"));
        command.arg(options.to_string()).env("PYTHONDONTWRITEBYTECODE", "1");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it");
        let stdin = child.stdin.take().expect("a pipe");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let facts = Arc::<Mutex<Vec<Value>>>::default();
        let shared = Arc::clone(&facts);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                lock(&shared).push(serde_json::from_str(&line).expect("JSON"));
            }
        });
        let mut smtp = Self { port: 0, settings, facts, child, _stdin: stdin };
        eventually(WAIT, || async { !lock(&smtp.facts).is_empty() }).await;
        let port = smtp.all("listening").first().and_then(|it| it["port"].as_u64());
        smtp.port = port.and_then(|it| it.try_into().ok()).expect("a port");
        smtp
    }

    /// A value for `FAROL_SMTP_URL` that reaches it.
    pub fn url(&self) -> String {
        let login = self.settings.login.map(|it| format!("{it}@")).unwrap_or_default();
        let (scheme, query) = match self.settings.tls {
            Tls::None => ("smtp", "?tls=none"),
            // Nobody has signed its certificate.
            Tls::StartTls => ("smtp", "?tls=opportunistic"),
            Tls::Implicit => ("smtps", ""),
        };
        format!("{scheme}://{login}127.0.0.1:{}{query}", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The certificate of the server, as PEM. It has signed itself.
    ///
    /// # Panics
    /// When the file is missing.
    pub fn certificate() -> Vec<u8> {
        std::fs::read(Path::new(REPOSITORY).join("tests/counterparts/localhost.pem"))
            .expect("a certificate")
    }

    /// How many connections were made so far.
    pub fn connections(&self) -> usize {
        self.all("connection").len()
    }

    /// How often a client said goodbye.
    pub fn goodbyes(&self) -> usize {
        self.all("quit").len()
    }

    /// How often a mail from or to this address was refused.
    pub fn refused(&self, address: &str) -> usize {
        self.all("refused").iter().filter(|it| it["address"] == address).count()
    }

    /// The mails to everybody, oldest first.
    pub fn received(&self) -> Vec<Mail> {
        self.all("mail").iter().map(Mail::of).collect()
    }

    /// The mails to this address, oldest first.
    pub fn received_by(&self, to: &str) -> Vec<Mail> {
        self.received().into_iter().filter(|it| it.to == to).collect()
    }

    /// The mails to everybody, once there are at least `n`. Whatever happened before the last of
    /// them is known then, too.
    #[track_caller]
    pub fn wait_for_all(&self, n: usize) -> impl Future<Output = Vec<Mail>> {
        let enough = eventually(WAIT, move || async move { self.received().len() >= n });
        async move {
            enough.await;
            self.received()
        }
    }

    /// The mails to this address, once there are at least `n`.
    #[track_caller]
    pub fn wait_for(&self, to: &str, n: usize) -> impl Future<Output = Vec<Mail>> {
        let enough = eventually(WAIT, move || async move { self.received_by(to).len() >= n });
        async move {
            enough.await;
            self.received_by(to)
        }
    }

    fn all(&self, event: &str) -> Vec<Value> {
        lock(&self.facts).iter().filter(|it| it["event"] == event).cloned().collect()
    }
}

impl Mail {
    fn of(fact: &Value) -> Self {
        let text = |name: &str| fact[name].as_str().unwrap_or_default().to_owned();
        let options = fact["options"].as_array().cloned().unwrap_or_default();
        Self {
            sender: text("sender"),
            to: text("to"),
            options: options.iter().filter_map(|it| it.as_str().map(str::to_owned)).collect(),
            is_encrypted: fact["is_encrypted"] == true,
            user: text("user"),
            // Bytes came as the characters of the same numbers.
            raw: text("raw").chars().filter_map(|it| u8::try_from(it).ok()).collect(),
        }
    }
}

impl Drop for Smtp {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
