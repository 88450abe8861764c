//! The seam between channels and what carries their messages.
use std::marker::PhantomData;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize as _, Serialize};
use serde_json::Value;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::egress::EgressPolicy;
use crate::{Answer, Attempt, Done, Fault, Notice, Step, Unreadable, Verdict};

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

/// What one channel file provides.
pub(crate) trait Adapter: 'static {
    const KIND: &'static str;
    /// Whether requests are signed: then a secret is made with each subscription.
    const SIGNED: bool = false;
    /// Whether it sends e-mail, for which the operator must have named a mail server.
    const BY_MAIL: bool = false;
    const LANE: Lane = Lane::Latest;
    type Config: DeserializeOwned + Serialize + ToSchema + Send + Sync + 'static;

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
    /// The channel with a configuration, read once for any number of messages.
    fn ready(&self, config: &Value) -> Result<Box<dyn Ready>, Unreadable>;
    /// What an answer means.
    fn judge(&self, step: &'static str, answer: &Answer) -> Verdict;
    /// The provider's id of the message, when its fate is reported later.
    fn receipt(&self, done: &[Done]) -> Option<String>;
    /// What many subscriptions share with the provider, and how fast it takes messages.
    fn credential(&self, config: &Value) -> Option<(String, Pace)>;
    /// The address a person would name, to find and erase them by.
    fn address(&self, config: &Value) -> Option<String>;
}

/// A channel with the configuration of one destination.
pub trait Ready: Send + Sync {
    /// The next message on the way of a notice; nothing when `done` was all.
    fn next(&self, notice: &Notice<'_>, attempt: &Attempt<'_>, done: &[Done]) -> Option<Step>;
    /// What to know when the same incident is told of again.
    fn anchor(&self, attempt: &Attempt<'_>, done: &[Done]) -> Option<Value>;
    /// The configuration that the destination has asked for, in place of this one.
    fn moved(&self, done: &[Done]) -> Option<Value>;
}

pub(crate) struct On<A>(PhantomData<fn() -> A>);

struct With<A: Adapter>(A::Config);

impl<A: Adapter> On<A> {
    pub const NEW: Self = Self(PhantomData);

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

    fn ready(&self, config: &Value) -> Result<Box<dyn Ready>, Unreadable> {
        Ok(Box::new(With::<A>(Self::parse(config)?)))
    }

    fn judge(&self, step: &'static str, answer: &Answer) -> Verdict {
        A::judge(step, answer)
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

impl<A: Adapter> Ready for With<A> {
    fn next(&self, notice: &Notice<'_>, attempt: &Attempt<'_>, done: &[Done]) -> Option<Step> {
        A::next(&self.0, notice, attempt, done)
    }

    fn anchor(&self, attempt: &Attempt<'_>, done: &[Done]) -> Option<Value> {
        A::anchor(&self.0, attempt, done)
    }

    fn moved(&self, done: &[Done]) -> Option<Value> {
        serde_json::to_value(A::moved(&self.0, done)?).ok()
    }
}
