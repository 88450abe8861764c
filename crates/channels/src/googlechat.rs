//! Google Chat: a space's incoming webhook, one thread per incident.
use domain::delivery::Outcome;
use serde_json::{Value, json};
use url::Url;

use crate::chat::{GOOGLE_CHAT, Own};
use crate::egress::EgressPolicy;
use crate::hook::{self, Config};
use crate::message::Message;
use crate::{Adapter, Answer, Attempt, Done, Fault, Lane, Notice, Outbound, Step, Verdict};

const TEXT_MAX: usize = 4_096;

pub struct GoogleChat;

impl Adapter for GoogleChat {
    const KIND: &'static str = "googlechat";
    const LANE: Lane = Lane::Latest;
    type Config = Config;

    fn check(config: &Config, egress: &EgressPolicy) -> Vec<Fault> {
        config.check(egress)
    }

    fn shown(config: &Config) -> Value {
        config.shown()
    }

    fn next(config: &Config, notice: &Notice<'_>, _: &Attempt<'_>, done: &[Done]) -> Option<Step> {
        let request = || request(config, notice, &Message::of(notice));
        done.is_empty().then(|| Step::telling("post", request()))
    }

    /// Errors are `google.rpc.Status`.
    fn judge(_: &'static str, answer: &Answer) -> Verdict {
        match answer.status {
            400 => Verdict::of(Outcome::Blocked),
            // The space or its webhook was deleted.
            404 => Verdict::of(Outcome::Gone),
            status => Verdict::of_status(status),
        }
    }
}

/// The key makes the thread, so that nothing needs to be remembered.
fn request(config: &Config, notice: &Notice<'_>, message: &Message) -> Outbound {
    let own = Own::of(notice, message, |it| GOOGLE_CHAT.plain(it));
    let body = json!({ "text": GOOGLE_CHAT.letter(message, own.as_ref(), TEXT_MAX) });
    let (Some(subject), Ok(mut url)) = (message.subject, Url::parse(&config.webhook_url)) else {
        return hook::post(&config.webhook_url, &body);
    };
    let option = ("messageReplyOption", "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD");
    url.query_pairs_mut().append_pair(option.0, option.1);
    hook::post(url, &hook::with(body, "thread", json!({ "threadKey": subject })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{
        INCIDENT, World, answer, calls_somebody, full_message, hostile_bodies, incident, run,
    };
    use crate::text::Unit;

    fn config() -> Value {
        json!({ "webhook_url": "https://chat.googleapis.com/v1/spaces/A/messages?key=k&token=t" })
    }

    #[test]
    fn one_thread_per_incident() {
        let payload = incident("monitoring", "Checkout errors", "Fix deployed.");
        let world = World::new("incident.updated", payload);
        let run = run::<GoogleChat>(&config(), &world, None, |_, _| answer(200, &json!({})));
        assert_eq!(
            run.sent[0].1.url,
            "https://chat.googleapis.com/v1/spaces/A/messages?key=k&token=t\
            &messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD"
        );
        assert_eq!(run.bodies()[0]["thread"], json!({ "threadKey": INCIDENT }));
    }

    #[test]
    fn says_it_in_one_text() {
        assert_eq!(
            GOOGLE_CHAT.letter(&full_message(), None, 1_000),
            "*Investigating*: Checkout errors\n5xx above 5% and rising\nStatus: Investigating\n\
            Components: Checkout: partial outage\n<https://status.example.net/i/7|View incident>"
        );
    }

    #[test]
    fn keeps_the_limit_and_calls_nobody() {
        for body in hostile_bodies::<GoogleChat>(&config()) {
            assert!(Unit::Utf16.of(body["text"].as_str().unwrap()) <= TEXT_MAX, "{body}");
            assert!(!calls_somebody(&body), "{body}");
        }
    }

    #[test]
    fn reads_answers() {
        let outcome = |status| GoogleChat::judge("post", &answer(status, &json!({}))).outcome;
        assert_eq!(outcome(200), Outcome::Delivered);
        assert_eq!(outcome(400), Outcome::Blocked);
        assert_eq!(outcome(403), Outcome::Misconfigured);
        assert_eq!(outcome(404), Outcome::Gone);
        assert_eq!(outcome(429), Outcome::Transient);
    }
}
