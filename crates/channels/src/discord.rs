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
        let body = &answer.json();
        match (answer.status, body["code"].as_i64()) {
            (200..=299, _) => {
                Verdict { learnt: json!({ "id": body["id"] }), ..Verdict::of(Outcome::Delivered) }
            }
            (429, _) => limited(body),
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
        let is_gone = done.iter().any(|it| it.verdict.learnt.get("gone").is_some());
        let known = attempt.anchor.filter(|_| !is_gone);
        let posted = done.iter().find(|it| it.step == POST)?;
        known.cloned().or_else(|| {
            let id = posted.verdict.learnt.get("id")?.as_str()?;
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
    let body = hook::with(body(notice, None), "username", username(&notice.page.name));
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
mod tests;
