//! Mattermost: an incoming webhook.
use domain::delivery::Outcome;
use serde_json::Value;

use crate::chat::{MATTERMOST, Own};
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

    fn next(config: &Config, notice: &Notice<'_>, _: &Attempt<'_>, done: &[Done]) -> Option<Step> {
        let body = || body(notice, &Message::of(notice));
        done.is_empty().then(|| Step::telling("post", hook::post(&config.webhook_url, &body())))
    }

    /// The answers of `HandleIncomingWebhook` in Mattermost's server.
    fn judge(_: &'static str, answer: &Answer) -> Verdict {
        let body = &answer.json();
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

fn body(notice: &Notice<'_>, message: &Message) -> Value {
    let own = Own::of(notice, message, |it| MATTERMOST.plain(it));
    hook::fitting(BODY_MAX, TEXT_MAX, |max| {
        hook::with_attachment(&MATTERMOST, message, own.as_ref(), max)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{answer, calls_somebody, full_message, hostile_bodies};

    #[test]
    fn reads_answers() {
        for (status, id, outcome) in [
            (400, "web.incoming_webhook.invalid.app_error", Outcome::Gone),
            (400, "web.incoming_webhook.text.app_error", Outcome::Blocked),
            (501, "web.incoming_webhook.disabled.app_error", Outcome::Misconfigured),
            (403, "web.incoming_webhook.permissions.app_error", Outcome::Misconfigured),
            (404, "app.channel.get.existing.app_error", Outcome::Misconfigured),
            (500, "web.incoming_webhook.channel.app_error", Outcome::Transient),
        ] {
            let verdict = Mattermost::judge("post", &answer(status, &json!({ "id": id })));
            assert_eq!(verdict.outcome, outcome, "{id}");
        }
        let ok = Answer { status: 200, retry_after: None, body: b"ok".to_vec() };
        assert_eq!(Mattermost::judge("post", &ok).outcome, Outcome::Delivered);
    }

    #[test]
    fn says_it_in_an_attachment() {
        let body = hook::with_attachment(&MATTERMOST, &full_message(), None, 1_000);
        assert_eq!(
            body,
            json!({
                "text": "🔴 \\[Investigating\\] Checkout errors",
                "attachments": [{
                    "fallback": "\\[Investigating\\] Checkout errors",
                    "color": "#e11d48",
                    "text": "5xx above 5% and rising\n\n\
                        [View incident](https://status.example.net/i/7)",
                    "fields": [
                        { "title": "Status", "value": "Investigating", "short": true },
                        { "title": "Components", "value": "Checkout: partial outage", "short": true },
                    ],
                }],
            })
        );
    }

    #[test]
    fn keeps_the_limit_and_calls_nobody() {
        let config = json!({ "webhook_url": "https://chat.example.org/hooks/abcdefgh1234" });
        for body in hostile_bodies::<Mattermost>(&config) {
            assert!(body.to_string().len() <= BODY_MAX, "{body}");
            assert!(!calls_somebody(&body), "{body}");
        }
    }
}
