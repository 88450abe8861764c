//! How a notice looks on each way out, and how to read the answer. Describes requests, sends none.
pub mod egress;
pub mod signature;

mod webhook;

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
use signature::SigningSecret;

/// Every channel there is. A new one is a file and a line here.
pub static ALL: &[&dyn Channel] = &[&On::<webhook::Webhook>::NEW];

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

/// One attempt: when it is made, and with which keys it is signed, the newest first.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    pub at: DateTime<Utc>,
    pub keys: &'a [SigningSecret],
}

/// A request to make, described but not made.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    type Config: DeserializeOwned + Serialize + ToSchema;

    /// What is wrong with the configuration beyond its shape.
    fn check(config: &Self::Config, egress: &EgressPolicy) -> Vec<Fault>;
    /// The configuration without its secrets.
    fn shown(config: &Self::Config) -> Value;
    fn render(config: &Self::Config, notice: &Notice<'_>, attempt: &Attempt<'_>) -> Outbound;

    /// What an answer means. Most channels mean by a status what RFC 9110 §15 says.
    fn judge(answer: &Answer) -> Outcome {
        match answer.status {
            200..=299 => Outcome::Delivered,
            408 | 425 | 429 | 500..=599 => Outcome::Transient,
            410 => Outcome::Gone,
            _ => Outcome::Misconfigured,
        }
    }
}

/// An [`Adapter`] with its configuration type erased, so that channels fit in one list.
pub trait Channel: Sync {
    /// The channel's name in the API.
    fn kind(&self) -> &'static str;
    /// Whether a signing secret belongs to each subscription.
    fn is_signed(&self) -> bool;
    /// The schema of its configuration for the OpenAPI document.
    fn config_schema(&self) -> RefOr<Schema>;
    /// The schemas that one refers to, by name.
    fn nested_schemas(&self) -> Vec<(String, RefOr<Schema>)>;
    /// What is wrong with a configuration; nothing when it can be stored.
    fn check(&self, config: &Value, egress: &EgressPolicy) -> Vec<Fault>;
    /// The configuration without its secrets.
    fn shown(&self, config: &Value) -> Result<Value, Unreadable>;
    /// The request that tells a notice.
    fn render(
        &self,
        config: &Value,
        notice: &Notice<'_>,
        attempt: &Attempt<'_>,
    ) -> Result<Outbound, Unreadable>;
    /// What an answer means.
    fn judge(&self, answer: &Answer) -> Outcome;
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

    fn render(
        &self,
        config: &Value,
        notice: &Notice<'_>,
        attempt: &Attempt<'_>,
    ) -> Result<Outbound, Unreadable> {
        Ok(A::render(&Self::parse(config)?, notice, attempt))
    }

    fn judge(&self, answer: &Answer) -> Outcome {
        A::judge(answer)
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
