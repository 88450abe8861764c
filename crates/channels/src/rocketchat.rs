//! Rocket.Chat: an incoming webhook.
use domain::delivery::Outcome;
use serde_json::Value;

use crate::chat::ROCKET_CHAT;
use crate::egress::EgressPolicy;
use crate::hook::{self, Config};
use crate::message::Message;
use crate::{Adapter, Answer, Attempt, Done, Fault, Lane, Notice, Step, Verdict};

/// Longest message, unless the server is set up otherwise.
const BODY_MAX: usize = 5_000;
const TEXT_MAX: usize = 4_000;

pub struct RocketChat;

impl Adapter for RocketChat {
    const KIND: &'static str = "rocketchat";
    const LANE: Lane = Lane::Latest;
    type Config = Config;

    fn check(config: &Config, egress: &EgressPolicy) -> Vec<Fault> {
        config.check(egress)
    }

    fn shown(config: &Config) -> Value {
        config.shown()
    }

    fn next(
        config: &Config,
        notice: &Notice<'_>,
        _: &Attempt<'_>,
        done: &[Done],
    ) -> Option<Step> {
        let body = || body(&Message::of(notice));
        done.is_empty().then(|| Step::telling("post", hook::post(&config.webhook_url, &body())))
    }

    fn judge(_: &'static str, answer: &Answer) -> Verdict {
        let body = hook::json_of(answer);
        let error = body["error"].as_str().unwrap_or_default();
        match answer.status {
            _ if error.starts_with("Invalid integration id or token") => Verdict::of(Outcome::Gone),
            200..=299 if body["success"] == false => Verdict::of(Outcome::Misconfigured),
            status => Verdict::of_status(status),
        }
    }
}

fn body(message: &Message) -> Value {
    hook::fitting(BODY_MAX, TEXT_MAX, |max| hook::with_attachment(&ROCKET_CHAT, message, max))
}
