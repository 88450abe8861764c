//! The APIs of chat providers with their limits, errors and answers: `tests/counterparts/chats.py`.
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::Client;
use crate::smtp::{PYTHON, REPOSITORY};

/// Chats take a message a second, and a test may have a dozen for one.
const WAIT: Duration = Duration::from_secs(60);
const EVERY: Duration = Duration::from_millis(50);

/// One for all tests; each has a room of its own in it.
static SERVER: LazyLock<Server> = LazyLock::new(Server::start);
static NEXT_ROOM: AtomicU32 = AtomicU32::new(0);

struct Server {
    port: u64,
    /// Both are kept for as long as there are tests: the server ends with its standard input.
    _child: Child,
    _stdin: ChildStdin,
}

/// All providers, as one test sees them.
pub struct Chats {
    client: Client,
}

/// A request that a provider was sent.
#[derive(Clone, Debug)]
pub struct Seen {
    /// What it asked for: `chat.update`, `sendMessage`, `edit`.
    pub step: String,
    /// The chat, channel, topic or number it was for.
    pub to: String,
    pub query: Value,
    pub body: Value,
    pub status: u64,
    pub answer: Value,
    /// What was wrong about it, in the provider's eyes or in those of its readers.
    pub violations: Vec<String>,
}

impl Server {
    fn start() -> Self {
        let mut command = program("chats.py");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it");
        let stdin = child.stdin.take().expect("a pipe");
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        stdout.read_line(&mut line).expect("a line");
        let told: Value = serde_json::from_str(&line).expect("JSON");
        let port = told["port"].as_u64().expect("a port");
        Self { port, _child: child, _stdin: stdin }
    }
}

pub(crate) fn program(name: &str) -> Command {
    let mut command = Command::new(&*PYTHON);
    command.arg(Path::new(REPOSITORY).join("tests/counterparts").join(name));
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// Holds the counterparts to the providers' own clients.
///
/// # Panics
/// When a client sees that they are not the original.
pub async fn check() {
    let run = || program("check_chats.py").stdin(Stdio::null()).output().expect("a Python");
    let output = tokio::task::spawn_blocking(run).await.expect("an end");
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
}

impl Chats {
    /// # Panics
    /// When there is no Python, or the counterparts do not start.
    pub async fn start() -> Self {
        let port = tokio::task::spawn_blocking(|| SERVER.port).await.expect("a server");
        let room = NEXT_ROOM.fetch_add(1, Ordering::Relaxed);
        Self { client: Client::new(&format!("http://127.0.0.1:{port}/r{room}")) }
    }

    /// Where a provider is: the path begins with its name.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.client.base())
    }

    /// What a channel was sent, oldest first.
    pub async fn seen(&self, channel: &str) -> Vec<Seen> {
        let page = self.client.get(&format!("/_seen?channel={channel}")).await.expect(200);
        page.json["seen"].as_array().expect("a list").iter().map(Seen::of).collect()
    }

    /// The messages that a channel took: no edits, nothing that was refused.
    pub async fn told(&self, channel: &str) -> Vec<Seen> {
        let mut seen = self.seen(channel).await;
        seen.retain(|it| it.was_taken() && !it.is_edit());
        seen
    }

    /// The messages that a channel took, once there are at least `n`.
    ///
    /// # Panics
    /// When there are not so many in time.
    pub async fn wait_for(&self, channel: &str, n: usize) -> Vec<Seen> {
        let deadline = Instant::now() + WAIT;
        loop {
            let told = self.told(channel).await;
            if told.len() >= n {
                return told;
            }
            let seen = || async { format!("{:#?}", self.seen(channel).await) };
            assert!(Instant::now() < deadline, "{channel}: not {n} but {}", seen().await);
            tokio::time::sleep(EVERY).await;
        }
    }

    /// What the next requests for a destination or with a credential are answered.
    pub async fn script(&self, channel: &str, key: &str, answers: &[Value]) {
        let script = json!({"channel": channel, "key": key, "answers": answers});
        self.client.post("/_script", &script).await.expect(200);
    }

    /// What all requests for a destination or with a credential are answered, until [`Self::mend`].
    pub async fn always(&self, channel: &str, key: &str, answer: Value) {
        let script = json!({"channel": channel, "key": key, "always": answer});
        self.client.post("/_script", &script).await.expect(200);
    }

    /// Ends what [`Self::always`] began.
    pub async fn mend(&self, channel: &str, key: &str) {
        self.always(channel, key, Value::Null).await;
    }

    /// Somebody deletes every message of a channel.
    pub async fn forget(&self, channel: &str) {
        self.client.post("/_forget", &json!({"channel": channel})).await.expect(200);
    }
}

impl Seen {
    fn of(record: &Value) -> Self {
        let text = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
        let violations = record["violations"].as_array().cloned().unwrap_or_default();
        Self {
            step: text("step"),
            to: text("to"),
            query: record["query"].clone(),
            body: record["body"].clone(),
            status: record["status"].as_u64().unwrap_or_default(),
            answer: record["answer"].clone(),
            violations: violations.iter().map(ToString::to_string).collect(),
        }
    }

    /// Whether it was answered as a success. Slack says so in the body.
    pub fn was_taken(&self) -> bool {
        (200..300).contains(&self.status) && self.answer["ok"] != false
    }

    /// Whether it changes an earlier message.
    pub fn is_edit(&self) -> bool {
        matches!(self.step.as_str(), "chat.update" | "editMessageText" | "edit")
    }

    /// Everything it says, as JSON.
    pub fn text(&self) -> String {
        self.body.to_string()
    }
}
