//! Discord: an incoming webhook. Every update is a message of its own, and the first message
//! about an incident is kept at the present state.
mod embed;

use std::time::Duration;

use domain::delivery::Outcome;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;
use utoipa::ToSchema;

use crate::chat::{DISCORD, Own};
use crate::egress::EgressPolicy;
use crate::hook::{self, check_url, shown_url};
use crate::message::{Message, is_aside};
use crate::text::{self, Unit};
use crate::{
    Adapter, Answer, Attempt, Done, Fault, Lane, Method, Notice, Outbound, Pace, Step, Verdict,
};

/// Steps.
const POST: &str = "post";
const EDIT: &str = "edit";

const USERNAME_MAX: usize = 80;
/// Requests without a bot are counted by where they come from: 50 a second.
const PACE: Pace = Pace { interval: Duration::from_millis(20), burst: 50 };

pub struct Discord;

/// A channel's webhook.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// As Discord shows it, token included. Secret.
    #[schema(
        max_length = 2048,
        format = "uri",
        example = "https://discord.com/api/webhooks/1234567890/abcdefgh"
    )]
    webhook_url: String,
    /// A thread of the channel to write to; a forum channel needs one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 20, pattern = "^[0-9]+$")]
    thread_id: Option<String>,
}

impl Adapter for Discord {
    const KIND: &'static str = "discord";
    const LANE: Lane = Lane::Latest;
    type Config = Config;

    fn check(config: &Config, egress: &EgressPolicy) -> Vec<Fault> {
        let Config { webhook_url, thread_id } = config;
        let is_hook = Url::parse(webhook_url).is_ok_and(|it| is_webhook(&it));
        let is_id = |it: &str| {
            (1..=20).contains(&it.len()) && it.bytes().all(|digit| digit.is_ascii_digit())
        };
        let fault = |pointer: &str, detail: &str| Fault {
            pointer: pointer.to_owned(),
            code: "format",
            detail: detail.to_owned(),
        };
        let of_url = check_url("/webhook_url", webhook_url, egress).or_else(|| {
            let detail = "not a Discord webhook: …/webhooks/{id}/{token}";
            (!is_hook).then(|| fault("/webhook_url", detail))
        });
        let of_thread = thread_id.as_ref().filter(|it| !is_id(it));
        let of_thread = of_thread.map(|_| fault("/thread_id", "1 to 20 digits"));
        of_url.into_iter().chain(of_thread).collect()
    }

    fn shown(config: &Config) -> Value {
        json!({ "webhook_url": shown_url(&config.webhook_url), "thread_id": config.thread_id })
    }

    fn next(
        config: &Config,
        notice: &Notice<'_>,
        attempt: &Attempt<'_>,
        done: &[Done],
    ) -> Option<Step> {
        let first = attempt.anchor.and_then(|it| it["id"].as_str());
        match (done, first) {
            ([], _) => Some(Step::telling(POST, post(config, notice)?)),
            ([posted], Some(id))
                if posted.verdict.outcome == Outcome::Delivered && !is_aside(notice) =>
            {
                Some(Step::touching_up(EDIT, edit(config, id, notice)?))
            }
            _ => None,
        }
    }

    fn judge(step: &'static str, answer: &Answer) -> Verdict {
        let body = answer.json();
        match (answer.status, body["code"].as_i64()) {
            (200..=299, _) => {
                Verdict { learnt: json!({ "id": body["id"] }), ..Verdict::of(Outcome::Delivered) }
            }
            (429, _) => limited(&body),
            // The message to edit, or what it was in, was deleted.
            (_, Some(10_008)) if step == EDIT => {
                Verdict { learnt: json!({ "gone": true }), ..Verdict::of(Outcome::Blocked) }
            }
            // Unknown channel, unknown webhook, invalid token of a webhook.
            (_, Some(10_003 | 10_015 | 50_027)) => Verdict::of(Outcome::Gone),
            // Empty message, invalid form.
            (_, Some(50_006 | 50_035)) | (413, _) => Verdict::of(Outcome::Blocked),
            (status, _) => Verdict::of_status(status),
        }
    }

    fn anchor(_: &Config, attempt: &Attempt<'_>, done: &[Done]) -> Option<Value> {
        let is_gone = done.iter().any(|it| it.verdict.learnt["gone"] == true);
        let known = attempt.anchor.filter(|_| !is_gone);
        let posted = done.iter().find(|it| it.step == POST)?;
        known.cloned().or_else(|| {
            let id = posted.verdict.learnt["id"].as_str()?;
            Some(json!({ "id": id }))
        })
    }

    fn credential(config: &Config) -> Option<(String, Pace)> {
        let host = Url::parse(&config.webhook_url).ok()?.host_str()?.to_owned();
        Some((host, PACE))
    }
}

/// `…/webhooks/{id}/{token}`, and none of the forms that take another service's bodies.
fn is_webhook(url: &Url) -> bool {
    let path: Vec<&str> = url.path_segments().into_iter().flatten().collect();
    matches!(path.as_slice(), [.., "webhooks", id, token] if !id.is_empty() && !token.is_empty())
}

fn post(config: &Config, notice: &Notice<'_>) -> Option<Outbound> {
    let mut url = target(config, None)?;
    url.query_pairs_mut().append_pair("wait", "true");
    let mut body = body(notice, None);
    body["username"] = json!(username(&notice.page.name));
    Some(hook::post(url, &body))
}

fn edit(config: &Config, id: &str, notice: &Notice<'_>) -> Option<Outbound> {
    let url = target(config, Some(id))?;
    let body = body(notice, Message::opening(notice));
    Some(Outbound { method: Method::Patch, ..hook::post(url, &body) })
}

/// `opening` is how the incident began, which a first message should not lose.
fn body(notice: &Notice<'_>, opening: Option<(String, String)>) -> Value {
    let message = Message::of(notice);
    let own = Own::of(notice, &message, |it| DISCORD.plain(it));
    json!({
        "allowed_mentions": { "parse": [] },
        "embeds": [embed::of(&message, own.as_ref(), opening)],
    })
}

/// Discord refuses names that have its own in them.
fn username(page: &str) -> String {
    let name = text::line(page);
    let lower = name.to_lowercase();
    if name.is_empty() || lower.contains("discord") || lower.contains("clyde") {
        return "Status".to_owned();
    }
    text::cut(&name, USERNAME_MAX, Unit::Utf16).into_owned()
}

fn target(config: &Config, message: Option<&str>) -> Option<Url> {
    let mut url = Url::parse(&config.webhook_url).ok()?;
    url.set_query(None);
    if let Some(id) = message {
        url.path_segments_mut().ok()?.pop_if_empty().extend(["messages", id]);
    }
    if let Some(thread) = &config.thread_id {
        url.query_pairs_mut().append_pair("thread_id", thread);
    }
    Some(url)
}

fn limited(body: &Value) -> Verdict {
    let wait = body["retry_after"].as_f64();
    Verdict {
        wait: wait.and_then(|it| Duration::try_from_secs_f64(it).ok()),
        wait_is_shared: body["global"] == true,
        ..Verdict::of(Outcome::Transient)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{World, answer, calls_somebody, hostile_bodies, incident, run};
    use crate::text::Unit;

    fn config() -> Value {
        json!({ "webhook_url": "https://discord.com/api/webhooks/1/abcdefgh1234" })
    }

    fn world(status: &str) -> World {
        World::new("incident.updated", incident(status, "Checkout errors", "We look."))
    }

    fn outcome(step: &'static str, status: u16, body: &Value) -> Outcome {
        Discord::judge(step, &answer(status, body)).outcome
    }

    #[test]
    fn the_first_message_is_kept_up_to_date() {
        let posted = |_: &str, _: &Outbound| answer(200, &json!({ "id": "100" }));
        let first = run::<Discord>(&config(), &world("investigating"), None, posted);
        assert_eq!(first.sent.len(), 1);
        let url = "https://discord.com/api/webhooks/1/abcdefgh1234";
        assert_eq!(first.sent[0].1.url, format!("{url}?wait=true"));
        assert_eq!(first.anchor, Some(json!({ "id": "100" })));

        let mut threaded = config();
        threaded["thread_id"] = json!("7");
        let posted = |_: &str, _: &Outbound| answer(200, &json!({ "id": "101" }));
        let anchor = first.anchor.as_ref();
        let second = run::<Discord>(&threaded, &world("resolved"), anchor, posted);
        let sent: Vec<(Method, &str)> =
            second.sent.iter().map(|(_, it)| (it.method, it.url.as_str())).collect();
        assert_eq!(
            sent,
            [
                (Method::Post, format!("{url}?thread_id=7&wait=true").as_str()),
                (Method::Patch, format!("{url}/messages/100?thread_id=7").as_str()),
            ]
        );
        let bodies = second.bodies();
        assert_eq!(bodies[0]["embeds"], bodies[1]["embeds"]);
        assert_eq!(bodies[0]["username"], "Example");
        assert_eq!(bodies[1].get("username"), None);
        assert_eq!(second.anchor, first.anchor);
    }

    #[test]
    fn a_deleted_first_message_is_replaced() {
        let answers = |step: &str, _: &Outbound| match step {
            POST => answer(200, &json!({ "id": "101" })),
            _ => answer(404, &json!({ "code": 10_008, "message": "Unknown Message" })),
        };
        let anchor = json!({ "id": "100" });
        let run = run::<Discord>(&config(), &world("monitoring"), Some(&anchor), answers);
        assert_eq!(run.verdict().outcome, Outcome::Delivered);
        assert_eq!(run.anchor, Some(json!({ "id": "101" })));
    }

    #[test]
    fn what_was_not_posted_changes_nothing() {
        let anchor = json!({ "id": "100" });
        let run = run::<Discord>(&config(), &world("monitoring"), Some(&anchor), |_, _| {
            answer(500, &Value::Null)
        });
        assert_eq!(run.sent.len(), 1);
    }

    #[test]
    fn reads_answers() {
        for (status, code, expected) in [
            (404, 10_015, Outcome::Gone),
            (404, 10_003, Outcome::Gone),
            (401, 50_027, Outcome::Gone),
            (400, 50_035, Outcome::Blocked),
            (400, 50_006, Outcome::Blocked),
            (401, 0, Outcome::Misconfigured),
            (403, 50_013, Outcome::Misconfigured),
            (500, 0, Outcome::Transient),
        ] {
            assert_eq!(
                outcome(POST, status, &json!({ "code": code })),
                expected,
                "{status} {code}"
            );
        }
        assert_eq!(outcome(POST, 204, &Value::Null), Outcome::Delivered);
        let limits = json!({ "message": "slow down", "retry_after": 1.337, "global": true });
        let verdict = Discord::judge(POST, &answer(429, &limits));
        assert_eq!(verdict.wait, Some(Duration::from_millis(1_337)));
        assert!(verdict.wait_is_shared);
        let verdict = Discord::judge(POST, &answer(429, &json!({ "retry_after": -1.0 })));
        assert_eq!((verdict.outcome, verdict.wait), (Outcome::Transient, None));
    }

    #[test]
    fn keeps_the_limits_and_calls_nobody() {
        for body in hostile_bodies::<Discord>(&config()) {
            assert!(!calls_somebody(&body), "{body}");
            assert_eq!(body["allowed_mentions"], json!({ "parse": [] }));
            let embed = &body["embeds"][0];
            let size = |it: &Value| it.as_str().map_or(0, |it| Unit::Utf16.of(it));
            let (title, said) = (size(&embed["title"]), size(&embed["description"]));
            let mut sum = title + said + size(&embed["footer"]["text"]);
            for field in embed["fields"].as_array().unwrap() {
                let (name, value) = (size(&field["name"]), size(&field["value"]));
                assert!((1..=256).contains(&name) && (1..=1_024).contains(&value), "{field}");
                sum += name + value;
            }
            assert!(title <= 256 && (1..=4_096).contains(&said) && sum <= 6_000, "{embed}");
        }
    }

    #[test]
    fn configurations_are_checked_and_their_secrets_hidden() {
        let faults = |url: &str, thread: Option<&str>| {
            let config =
                Config { webhook_url: url.to_owned(), thread_id: thread.map(str::to_owned) };
            let faults = Discord::check(&config, &EgressPolicy::default());
            faults.into_iter().map(|it| it.pointer).collect::<Vec<_>>()
        };
        let good = "https://discord.com/api/webhooks/1/abcdefgh1234";
        assert!(faults(good, Some("123")).is_empty());
        assert_eq!(faults(&format!("{good}/slack"), None), ["/webhook_url"]);
        assert_eq!(faults("http://127.0.0.1/webhooks/1/a", None), ["/webhook_url"]);
        assert_eq!(faults(good, Some("a")), ["/thread_id"]);
        let shown = Discord::shown(&serde_json::from_value(config()).unwrap());
        assert_eq!(shown, json!({ "webhook_url": "https://discord.com/…1234", "thread_id": null }));
    }
}
