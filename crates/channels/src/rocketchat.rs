//! Rocket.Chat: an incoming webhook.
use domain::delivery::Outcome;
use serde_json::Value;

use crate::chat::{Own, ROCKET_CHAT};
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

    fn next(config: &Config, notice: &Notice<'_>, _: &Attempt<'_>, done: &[Done]) -> Option<Step> {
        let body = || body(notice, &Message::of(notice));
        done.is_empty().then(|| Step::telling("post", hook::post(&config.webhook_url, &body())))
    }

    fn judge(_: &'static str, answer: &Answer) -> Verdict {
        let body = &answer.json();
        let error = body["error"].as_str().unwrap_or_default();
        match answer.status {
            _ if error.starts_with("Invalid integration id or token") => Verdict::of(Outcome::Gone),
            200..=299 if body["success"] == false => Verdict::of(Outcome::Misconfigured),
            status => Verdict::of_status(status),
        }
    }
}

fn body(notice: &Notice<'_>, message: &Message) -> Value {
    let own = Own::of(notice, message, |it| ROCKET_CHAT.plain(it));
    hook::fitting(BODY_MAX, TEXT_MAX, |max| {
        hook::with_attachment(&ROCKET_CHAT, message, own.as_ref(), max)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{answer, calls_somebody, full_message, hostile_bodies};

    #[test]
    fn reads_answers() {
        let unknown =
            json!({ "success": false, "error": "Invalid integration id or token provided." });
        let other = json!({ "success": false, "error": "unknown-error" });
        for (status, body, outcome) in [
            (200, &json!({ "success": true }), Outcome::Delivered),
            (200, &other, Outcome::Misconfigured),
            (404, &unknown, Outcome::Gone),
            (400, &unknown, Outcome::Gone),
            (400, &other, Outcome::Misconfigured),
            (429, &Value::Null, Outcome::Transient),
        ] {
            let verdict = RocketChat::judge("post", &answer(status, body));
            assert_eq!(verdict.outcome, outcome, "{status} {body}");
        }
    }

    #[test]
    fn says_it_in_an_attachment() {
        let mut message = full_message();
        message.text = "**Fixed** for @all".to_owned();
        let body = hook::with_attachment(&ROCKET_CHAT, &message, None, 1_000);
        assert_eq!(body["text"], "🔴 [Investigating] Checkout errors");
        let said = "*Fixed* for @\u{200b}all\n\n[View incident](https://status.example.net/i/7)";
        assert_eq!(body["attachments"][0]["text"], said);
    }

    #[test]
    fn keeps_the_limit_and_calls_nobody() {
        let config = json!({ "webhook_url": "https://chat.example.org/hooks/abcdefgh1234" });
        for body in hostile_bodies::<RocketChat>(&config) {
            assert!(body.to_string().len() <= BODY_MAX, "{body}");
            assert!(!calls_somebody(&body), "{body}");
        }
    }
}
