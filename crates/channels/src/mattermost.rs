//! Mattermost: an incoming webhook.
use domain::delivery::Outcome;
use serde_json::Value;

use crate::chat::MATTERMOST;
use crate::egress::EgressPolicy;
use crate::hook::{self, Config};
use crate::message::Message;
use crate::{Adapter, Answer, Attempt, Done, Fault, Lane, Notice, Step, Verdict};

/// Servers before 5.0 refuse larger attachments.
const BODY_MAX: usize = 7_900;
const TEXT_MAX: usize = 6_000;

pub struct Mattermost;

impl Adapter for Mattermost {
    const KIND: &'static str = "mattermost";
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

    /// The answers of `HandleIncomingWebhook` in Mattermost's server.
    fn judge(_: &'static str, answer: &Answer) -> Verdict {
        let body = hook::json_of(answer);
        let id = body["id"].as_str().unwrap_or_default();
        match id.strip_prefix("web.incoming_webhook.").and_then(|it| it.strip_suffix(".app_error"))
        {
            Some("invalid") => Verdict::of(Outcome::Gone),
            Some("disabled") => Verdict::of(Outcome::Misconfigured),
            Some("decode" | "parse" | "text" | "split_props_length") => {
                Verdict::of(Outcome::Blocked)
            }
            // The channel was deleted, but the hook can be pointed elsewhere.
            _ => Verdict::of_status(answer.status),
        }
    }
}

fn body(message: &Message) -> Value {
    hook::fitting(BODY_MAX, TEXT_MAX, |max| hook::with_attachment(&MATTERMOST, message, max))
}
