//! How a notice looks on each way out, and how to read the answer. Describes requests, sends none.
pub mod address;
mod answer;
mod chat;
mod discord;
pub mod egress;
mod email;
mod googlechat;
mod hook;
pub mod leaf;
mod locale;
pub mod mail;
mod mattermost;
pub mod message;
mod ntfy;
mod rocketchat;
pub mod signature;
mod slack;
mod teams;
mod telegram;
#[cfg(test)]
mod testing;
mod text;
mod webhook;
mod whatsapp;
pub mod wording;

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use domain::delivery::Outcome;
use domain::event::Logged;
use domain::page::Page;
use serde::de::DeserializeOwned;
use serde::{Deserialize as _, Serialize};
use serde_json::Value;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use egress::EgressPolicy;
use mail::Mail;
use signature::SigningSecret;
use uuid::Uuid;
use wording::Wording;

pub use whatsapp::receipt;

/// Every channel there is. A new one is a file and a line here.
pub static ALL: &[&dyn Channel] = &[
    &On::<webhook::Webhook>::NEW,
    &On::<email::Email>::NEW,
    &On::<slack::Slack>::NEW,
    &On::<telegram::Telegram>::NEW,
    &On::<whatsapp::Whatsapp>::NEW,
    &On::<discord::Discord>::NEW,
    &On::<teams::Teams>::NEW,
    &On::<mattermost::Mattermost>::NEW,
    &On::<rocketchat::RocketChat>::NEW,
    &On::<googlechat::GoogleChat>::NEW,
    &On::<ntfy::Ntfy>::NEW,
];

/// The channel of this name.
pub fn find(kind: &str) -> Option<&'static dyn Channel> {
    ALL.iter().copied().find(|it| it.kind() == kind)
}

/// What is to be told, to whom it may be told.
#[derive(Clone, Copy, Debug)]
pub struct Notice<'a> {
    pub event: &'a Logged,
    pub page: &'a Page,
    /// The event's payload as this destination may see it.
    pub payload: &'a Value,
    /// Where the API is reached, without a trailing slash.
    pub api_url: &'a str,
    pub reader: Reader<'a>,
    /// The operator's own wording for this channel and event, where there is one.
    pub wording: Option<&'a Wording>,
    /// Events told along with this one, oldest first, when the reader asked for digests.
    pub earlier: &'a [Related<'a>],
    /// What was rendered of this payload for other destinations.
    pub bodies: &'a Bodies,
}

/// Bodies of one payload that are the same for every destination: rendered once.
#[derive(Debug, Default)]
pub struct Bodies(Mutex<Vec<(&'static str, Bytes)>>);

impl Bodies {
    /// The body in a shape, made by the first who asks for it.
    pub fn once(&self, shape: &'static str, render: impl FnOnce() -> Vec<u8>) -> Bytes {
        let mut rendered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, body)) = rendered.iter().find(|(of, _)| *of == shape) {
            return body.clone();
        }
        let body = Bytes::from(render());
        rendered.push((shape, body.clone()));
        body
    }
}

/// An event told in the same message as a later one.
#[derive(Clone, Copy, Debug)]
pub struct Related<'a> {
    pub event: &'a Logged,
    pub payload: &'a Value,
}

/// Whom a notice is for.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    /// BCP 47 language tag; falls back to English.
    pub locale: &'a str,
    pub time_zone: chrono_tz::Tz,
    /// Where the reader changes what they hear, and where they end it.
    pub manage_url: Option<&'a str>,
    pub unsubscribe_url: Option<&'a str>,
}

/// One attempt: when it is made, what it is called, and what is known from earlier ones.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    pub at: DateTime<Utc>,
    pub delivery: Uuid,
    /// The keys that sign it, the newest first.
    pub keys: &'a [SigningSecret],
    /// What [`Channel::anchor`] gave when this destination was last told of the same incident or
    /// maintenance.
    pub anchor: Option<&'a Value>,
}

/// One message on the way of a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it is for; the channel reads it in [`Done`].
    pub name: &'static str,
    pub letter: Letter,
    /// Whether the delivery stands and falls with it. Touching up an earlier message does not count.
    pub counts: bool,
}

/// What goes out: over HTTP, or by e-mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Letter {
    Http(Outbound),
    Mail(Box<Mail>),
}

/// A step that was made, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    pub step: &'static str,
    pub counts: bool,
    pub verdict: Verdict,
}

/// What an answer means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub outcome: Outcome,
    /// How long the answer asks us to wait, where its body says so. Headers are read elsewhere.
    pub wait: Option<Duration>,
    /// Whether the wait is for everything that goes out with the same credential.
    pub wait_is_shared: bool,
    /// What the channel wants to know of the answer later: an id, a reason to go another way.
    pub learnt: Value,
}

/// How fast a provider takes messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Least time between two messages with one credential, in the long run.
    pub interval: Duration,
    /// How many may go out at once after a pause.
    pub burst: u32,
}

/// Which waiting messages are still worth sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Every one, in order.
    Strict,
    /// While the destination fails, only the latest state of each incident.
    Latest,
}

/// A request to make, described but not made. `Debug` keeps what may be secret: the path and query
/// of the URL, the headers' values and the body.
#[derive(Clone, PartialEq, Eq)]
pub struct Outbound {
    pub method: Method,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

/// How to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Patch,
}

/// An HTTP answer of any status; a redirect is an answer too. There is one as soon as its head
/// has arrived, because the destination has spoken then; `body` may be cut short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// How long the destination asks us to wait, at most six hours.
    pub retry_after: Option<Duration>,
    pub body: Vec<u8>,
}

/// What is wrong with a configuration. Pointers start at the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// JSON pointer, like `/url`.
    pub pointer: String,
    pub code: &'static str,
    pub detail: String,
}

/// A configuration that was stored and cannot be read any more.
#[derive(Debug, thiserror::Error)]
#[error("the stored configuration of {kind} is not valid")]
pub struct Unreadable {
    kind: &'static str,
    #[source]
    source: serde_json::Error,
}

/// What one channel file provides.
trait Adapter {
    const KIND: &'static str;
    /// Whether requests are signed: then a secret is made with each subscription.
    const SIGNED: bool = false;
    /// Whether it sends e-mail, for which the operator must have named a mail server.
    const BY_MAIL: bool = false;
    const LANE: Lane = Lane::Latest;
    type Config: DeserializeOwned + Serialize + ToSchema;

    /// What is wrong with the configuration beyond its shape.
    fn check(config: &Self::Config, egress: &EgressPolicy) -> Vec<Fault>;
    /// The configuration without its secrets.
    fn shown(config: &Self::Config) -> Value;

    /// The next message on the way of a notice, given what was done in this attempt; nothing when
    /// that was all. The first call has done nothing.
    fn next(
        config: &Self::Config,
        notice: &Notice<'_>,
        attempt: &Attempt<'_>,
        done: &[Done],
    ) -> Option<Step>;

    /// What an answer means. Most channels mean by a status what RFC 9110 §15 says.
    fn judge(_step: &'static str, answer: &Answer) -> Verdict {
        Verdict::of_status(answer.status)
    }

    /// What to know when the same incident is told of again, from a delivered attempt.
    fn anchor(_config: &Self::Config, _attempt: &Attempt<'_>, _done: &[Done]) -> Option<Value> {
        None
    }

    /// The configuration that the destination itself has asked for, in place of the present one.
    /// The steps go on with it.
    fn moved(_config: &Self::Config, _done: &[Done]) -> Option<Self::Config> {
        None
    }

    /// The provider's id of the message, when its fate is reported later.
    fn receipt(_done: &[Done]) -> Option<String> {
        None
    }

    /// What many subscriptions share with the provider (a bot, an account), and how fast it takes
    /// messages. The text is never shown or stored in clear.
    fn credential(_config: &Self::Config) -> Option<(String, Pace)> {
        None
    }

    /// The address a person would name, to find and erase them by.
    fn address(_config: &Self::Config) -> Option<String> {
        None
    }
}

/// An [`Adapter`] with its configuration type erased, so that channels fit in one list.
pub trait Channel: Sync {
    /// The channel's name in the API.
    fn kind(&self) -> &'static str;
    /// Whether a signing secret belongs to each subscription.
    fn is_signed(&self) -> bool;
    /// Whether it needs a mail server.
    fn is_by_mail(&self) -> bool;
    /// The schema of its configuration for the OpenAPI document.
    fn config_schema(&self) -> RefOr<Schema>;
    /// The schemas that one refers to, by name.
    fn nested_schemas(&self) -> Vec<(String, RefOr<Schema>)>;
    /// What is wrong with a configuration; nothing when it can be stored.
    fn check(&self, config: &Value, egress: &EgressPolicy) -> Vec<Fault>;
    /// The configuration without its secrets.
    fn shown(&self, config: &Value) -> Result<Value, Unreadable>;
    /// Which waiting messages are still worth sending.
    fn lane(&self) -> Lane;
    /// The next message on the way of a notice; nothing when `done` was all.
    fn next(
        &self,
        config: &Value,
        notice: &Notice<'_>,
        attempt: &Attempt<'_>,
        done: &[Done],
    ) -> Result<Option<Step>, Unreadable>;
    /// What an answer means.
    fn judge(&self, step: &'static str, answer: &Answer) -> Verdict;
    /// What to know when the same incident is told of again.
    fn anchor(&self, config: &Value, attempt: &Attempt<'_>, done: &[Done]) -> Option<Value>;
    /// The configuration that the destination has asked for, in place of the present one.
    fn moved(&self, config: &Value, done: &[Done]) -> Option<Value>;
    /// The provider's id of the message, when its fate is reported later.
    fn receipt(&self, done: &[Done]) -> Option<String>;
    /// What many subscriptions share with the provider, and how fast it takes messages.
    fn credential(&self, config: &Value) -> Option<(String, Pace)>;
    /// The address a person would name, to find and erase them by.
    fn address(&self, config: &Value) -> Option<String>;
}

struct On<A>(std::marker::PhantomData<fn() -> A>);

impl<A: Adapter> On<A> {
    const NEW: Self = Self(std::marker::PhantomData);

    fn parse(config: &Value) -> Result<A::Config, Unreadable> {
        A::Config::deserialize(config).map_err(|source| Unreadable { kind: A::KIND, source })
    }
}

impl<A: Adapter> Channel for On<A> {
    fn kind(&self) -> &'static str {
        A::KIND
    }

    fn is_signed(&self) -> bool {
        A::SIGNED
    }

    fn is_by_mail(&self) -> bool {
        A::BY_MAIL
    }

    fn config_schema(&self) -> RefOr<Schema> {
        A::Config::schema()
    }

    fn nested_schemas(&self) -> Vec<(String, RefOr<Schema>)> {
        let mut nested = Vec::new();
        A::Config::schemas(&mut nested);
        nested
    }

    fn check(&self, config: &Value, egress: &EgressPolicy) -> Vec<Fault> {
        if !config.is_object() {
            // serde would read a list by position.
            let detail = "must be an object".to_owned();
            return vec![Fault { pointer: String::new(), code: "shape", detail }];
        }
        match serde_path_to_error::deserialize::<_, A::Config>(config) {
            Ok(config) => A::check(&config, egress),
            Err(error) => vec![Fault::of_shape(&error)],
        }
    }

    fn shown(&self, config: &Value) -> Result<Value, Unreadable> {
        Ok(A::shown(&Self::parse(config)?))
    }

    fn lane(&self) -> Lane {
        A::LANE
    }

    fn next(
        &self,
        config: &Value,
        notice: &Notice<'_>,
        attempt: &Attempt<'_>,
        done: &[Done],
    ) -> Result<Option<Step>, Unreadable> {
        Ok(A::next(&Self::parse(config)?, notice, attempt, done))
    }

    fn judge(&self, step: &'static str, answer: &Answer) -> Verdict {
        A::judge(step, answer)
    }

    fn anchor(&self, config: &Value, attempt: &Attempt<'_>, done: &[Done]) -> Option<Value> {
        A::anchor(&Self::parse(config).ok()?, attempt, done)
    }

    fn moved(&self, config: &Value, done: &[Done]) -> Option<Value> {
        let moved = A::moved(&Self::parse(config).ok()?, done)?;
        serde_json::to_value(moved).ok()
    }

    fn receipt(&self, done: &[Done]) -> Option<String> {
        A::receipt(done)
    }

    fn credential(&self, config: &Value) -> Option<(String, Pace)> {
        A::credential(&Self::parse(config).ok()?)
    }

    fn address(&self, config: &Value) -> Option<String> {
        A::address(&Self::parse(config).ok()?)
    }
}

impl fmt::Debug for Outbound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = url::Url::parse(&self.url).ok();
        let headers: Vec<&str> = self.headers.iter().map(|it| it.0.as_str()).collect();
        formatter
            .debug_struct("Outbound")
            .field("method", &self.method)
            .field("host", &url.as_ref().and_then(url::Url::host_str))
            .field("headers", &headers)
            .field("n_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl Step {
    /// The message itself.
    fn telling(name: &'static str, request: Outbound) -> Self {
        Self { name, letter: Letter::Http(request), counts: true }
    }

    /// A change to an earlier message; whether it works does not matter much.
    fn touching_up(name: &'static str, request: Outbound) -> Self {
        Self { name, letter: Letter::Http(request), counts: false }
    }
}

impl Verdict {
    /// Nothing but what became of it.
    pub const fn of(outcome: Outcome) -> Self {
        Self { outcome, wait: None, wait_is_shared: false, learnt: Value::Null }
    }

    /// By the status alone, as RFC 9110 §15 has it.
    pub const fn of_status(status: u16) -> Self {
        Self::of(match status {
            200..=299 => Outcome::Delivered,
            408 | 425 | 429 | 500..=599 => Outcome::Transient,
            410 => Outcome::Gone,
            _ => Outcome::Misconfigured,
        })
    }
}

impl Fault {
    fn of_shape(error: &serde_path_to_error::Error<serde_json::Error>) -> Self {
        Self { pointer: pointer(error.path()), code: "shape", detail: error.inner().to_string() }
    }
}

/// A JSON pointer (RFC 6901) to where deserialisation failed.
pub fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        let part = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => key.replace('~', "~0").replace('/', "~1"),
            Segment::Enum { variant } => variant.clone(),
            Segment::Unknown => continue,
        };
        pointer.push('/');
        pointer.push_str(&part);
    }
    pointer
}

/// The last four characters of a secret, to recognise it by.
fn last4(secret: &str) -> String {
    let n_chars = secret.chars().count();
    let shown: String = secret.chars().skip(n_chars.saturating_sub(4).max(n_chars / 2)).collect();
    format!("…{shown}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_unique() {
        let mut kinds: Vec<&str> = ALL.iter().map(|it| it.kind()).collect();
        kinds.sort_unstable();
        let n_kinds = kinds.len();
        kinds.dedup();
        assert_eq!(kinds.len(), n_kinds);
    }

    #[test]
    fn a_short_secret_shows_at_most_half_of_itself() {
        assert_eq!(last4("correct horse"), "…orse");
        assert_eq!(last4("abc"), "…bc");
        assert_eq!(last4(""), "…");
    }
}
