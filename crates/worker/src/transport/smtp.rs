//! The one SMTP client. The mail server is the operator's own choice, so no egress policy applies.

use std::sync::Arc;
use std::time::{Duration, Instant};

use channels::Answer;
use channels::mail::Mail;
use chrono::{DateTime, Utc};
use domain::delivery::Outcome;
use thiserror::Error;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::{Failure, Reply};
use compose::Letter;
use line::{Dialler, Line, Trouble};
use pool::Pool;

mod compose;
mod line;
mod pool;
mod server;
#[cfg(test)]
mod tests;

pub use lettre::Address;
pub use lettre::message::Mailbox;
pub use server::{Security, Server};

/// Connections to the mail server at most; mails beyond that wait for one.
const CONNECTIONS: usize = 8;

/// The mail server, and in whose name mails go out.
#[derive(Clone, Debug)]
pub struct Settings {
    pub server: Server,
    /// Whom readers see; its host also ends every Message-ID.
    pub from: Mailbox,
    pub reply_to: Option<Mailbox>,
    /// Where bounces go; `from` without it.
    pub envelope_from: Option<Address>,
    /// What the `Date` header says.
    pub clock: fn() -> DateTime<Utc>,
    /// From waiting for a connection to the server's last word.
    pub total_timeout: Duration,
    /// How long a connection waits for the next mail before it is ended.
    pub idle_for: Duration,
}

/// No TLS client could be set up: there are no usable roots.
#[derive(Debug, Error)]
#[error("the mail client could not be built")]
pub struct Unbuildable(#[source] lettre::transport::smtp::Error);

/// The mail client. Clones share connections.
#[derive(Clone)]
pub struct Smtp(Arc<Inner>);

struct Inner {
    settings: Settings,
    dialler: Dialler,
    pool: Arc<Pool>,
    slots: Semaphore,
}

impl Settings {
    pub fn new(server: Server, from: Mailbox, clock: fn() -> DateTime<Utc>) -> Self {
        Self {
            server,
            from,
            reply_to: None,
            envelope_from: None,
            clock,
            total_timeout: Duration::from_secs(30),
            idle_for: Duration::from_secs(30),
        }
    }
}

impl Smtp {
    pub fn new(settings: Settings) -> Result<Self, Unbuildable> {
        let dialler = Dialler::new(&settings.server, None).map_err(Unbuildable)?;
        Ok(Self::with(settings, dialler))
    }

    /// Sends the mail once. What the server answered comes as [`channels::mail::answer`] has it.
    ///
    /// May be dropped at any point: a connection in the middle of a mail goes with it.
    pub async fn send(&self, mail: &Mail) -> Reply {
        let started = Instant::now();
        let outcome = timeout(self.0.settings.total_timeout, self.0.attempt(mail)).await;
        let outcome = outcome.unwrap_or(Err(Failure::Timeout));
        Reply { outcome, elapsed: started.elapsed() }
    }

    /// What it means to have no answer. The server is the operator's, so its troubles are no
    /// fault of the destination and pass.
    pub const fn outcome_of(failure: Failure) -> Outcome {
        match failure {
            Failure::Blocked(_) | Failure::Unsendable => Outcome::Blocked,
            Failure::Dns
            | Failure::DnsTimeout
            | Failure::Connect
            | Failure::Tls
            | Failure::Timeout
            | Failure::Interrupted
            | Failure::Malformed => Outcome::Transient,
        }
    }

    fn with(settings: Settings, dialler: Dialler) -> Self {
        let pool = Arc::new(Pool::new(settings.idle_for));
        Self(Arc::new(Inner { settings, dialler, pool, slots: Semaphore::new(CONNECTIONS) }))
    }
}

impl Inner {
    async fn attempt(&self, mail: &Mail) -> Result<Answer, Failure> {
        let letter = compose::letter(&self.settings, mail).ok_or(Failure::Unsendable)?;
        let _slot = self.slots.acquire().await;
        while let Some(mut line) = self.pool.take() {
            // A server may end what is idle, and says so when it is spoken to, if at all.
            if line.begin_again(&letter).await.is_ok() {
                return self.go_on(line, &letter).await;
            }
        }
        let mut line = match self.dialler.dial().await {
            Ok(line) => line,
            Err(trouble) => return trouble.told(),
        };
        match line.begin(&letter).await {
            Ok(()) => self.go_on(line, &letter).await,
            Err(trouble) => self.put_back(line, Err(trouble)),
        }
    }

    async fn go_on(&self, mut line: Line, letter: &Letter) -> Result<Answer, Failure> {
        let told = line.finish(letter).await;
        self.put_back(line, told)
    }

    fn put_back(&self, line: Line, told: Result<Answer, Trouble>) -> Result<Answer, Failure> {
        if told.as_ref().map_or_else(Trouble::leaves_the_line_open, |_| true) {
            self.pool.park(line);
        }
        told.or_else(Trouble::told)
    }
}
