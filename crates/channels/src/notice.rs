//! What is to be told.
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use domain::event::Logged;
use domain::page::Page;
use serde_json::Value;

use crate::wording::Wording;

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
