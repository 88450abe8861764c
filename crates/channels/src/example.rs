//! Example: an incoming webhook that takes plain text.
use serde_json::{Value, json};

use crate::egress::EgressPolicy;
use crate::hook::{self, Config};
use crate::message::Message;
use crate::text::{self, Unit};
use crate::{Adapter, Attempt, Done, Fault, Lane, Notice, Step};

/// Longer messages are refused (docs.example.com, "Limits").
const TEXT_MAX: usize = 2_000;

pub struct Example;

impl Adapter for Example {
    const KIND: &'static str = "example";
    const LANE: Lane = Lane::Latest;
    type Config = Config;

    fn check(config: &Config, egress: &EgressPolicy) -> Vec<Fault> {
        config.check(egress)
    }

    fn shown(config: &Config) -> Value {
        config.shown()
    }

    fn next(config: &Config, notice: &Notice<'_>, _: &Attempt<'_>, done: &[Done]) -> Option<Step> {
        done.is_empty().then(|| {
            let heading = Message::of(notice).heading();
            let text = text::cut(&heading, TEXT_MAX, Unit::Chars);
            Step::telling("post", hook::post(&config.webhook_url, &json!({ "text": text })))
        })
    }
}
