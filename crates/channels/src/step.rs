//! The way of a notice: one attempt, message by message.
use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::mail::Mail;
use crate::signature::SigningSecret;
use crate::{Outbound, Verdict};

/// One attempt: when it is made, what it is called, and what is known from earlier ones.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    pub at: DateTime<Utc>,
    pub delivery: Uuid,
    /// The keys that sign it, the newest first.
    pub keys: &'a [SigningSecret],
    /// What [`Ready::anchor`] gave when this destination was last told of the same incident or
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

impl Step {
    /// The message itself.
    pub(crate) fn telling(name: &'static str, request: Outbound) -> Self {
        Self { name, letter: Letter::Http(request), counts: true }
    }

    /// A change to an earlier message; whether it works does not matter much.
    pub(crate) fn touching_up(name: &'static str, request: Outbound) -> Self {
        Self { name, letter: Letter::Http(request), counts: false }
    }
}
