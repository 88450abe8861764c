//! A Slack bot: the first message of an incident is its root, kept at the present state; every
//! update is a reply in its thread.
//!
//! The root is edited before it is replied to. Slack takes a reply to a root that somebody has
//! deleted and shows it in the channel, but an edit it refuses: then the news become the new root.
use bytes::Bytes;
use domain::delivery::Outcome;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Bot, blocks};
use crate::message::{Message, is_aside};
use crate::{Answer, Attempt, Done, Method, Notice, Outbound, Step, Verdict};

/// A message that begins a thread; one that never will.
const ROOT: &str = "root";
const ALONE: &str = "alone";
const REPLY: &str = "reply";
const UPDATE: &str = "update";

/// What Slack's errors mean (slack-api-ref, grouped). The channel is not for us.
const DESTINATION: [&str; 9] = [
    "cannot_reply_to_message",
    "channel_is_archived",
    "channel_not_found",
    "ekm_access_denied",
    "is_archived",
    "messages_tab_disabled",
    "not_in_channel",
    "restricted_action",
    "user_not_found",
];
const CREDENTIAL: [&str; 11] = [
    "account_inactive",
    "app_access_restricted",
    "invalid_auth",
    "missing_scope",
    "no_permission",
    "not_allowed_token_type",
    "not_authed",
    "token_expired",
    "token_revoked",
    "two_factor_setup_required",
    "two_factor_required",
];
const PAYLOAD: [&str; 13] = [
    "attachment_payload_limit_exceeded",
    "invalid_arg_name",
    "invalid_blocks",
    "invalid_blocks_format",
    "invalid_charset",
    "invalid_metadata_format",
    "invalid_metadata_schema",
    "invalid_post_type",
    "markdown_text_conflict",
    "metadata_too_large",
    "msg_blocks_too_long",
    "msg_too_long",
    "no_text",
];
const RETRY: [&str; 11] = [
    "external_channel_migrating",
    "fatal_error",
    "internal_error",
    "message_limit_exceeded",
    "org_login_required",
    "rate_limited",
    "ratelimited",
    "request_timeout",
    "service_unavailable",
    "team_added_to_org",
    "update_failed",
];
/// The message we want to edit or to answer cannot be any more.
const ROOT_GONE: [&str; 7] = [
    "block_mismatch",
    "cant_update_message",
    "edit_window_closed",
    "is_inactive",
    "message_not_found",
    "streaming_state_conflict",
    "thread_not_found",
];

/// Where the thread of an incident is.
#[derive(Serialize, Deserialize)]
struct Thread {
    /// The id Slack gave, which is what editing asks for.
    channel: String,
    ts: String,
    /// The channel as configured then: the thread stays behind when the bot moves.
    asked: String,
}

pub(super) fn next(
    bot: &Bot<'_>,
    notice: &Notice<'_>,
    attempt: &Attempt<'_>,
    done: &[Done],
) -> Option<Step> {
    let thread = attempt.anchor.and_then(|it| Thread::read(it, bot));
    match (done.last(), thread) {
        (None, _) if Message::of(notice).subject.is_none() => {
            Some(Step::telling(ALONE, post(bot, notice)))
        }
        (None, None) => Some(Step::telling(ROOT, post(bot, notice))),
        (None, Some(thread)) if is_aside(notice) => {
            Some(Step::telling(REPLY, reply(bot, notice, &thread)))
        }
        (None, Some(thread)) => Some(Step::touching_up(UPDATE, update(bot, notice, &thread))),
        (Some(last), Some(thread)) => after(bot, notice, &thread, last),
        (Some(_), None) => None,
    }
}

fn after(bot: &Bot<'_>, notice: &Notice<'_>, thread: &Thread, last: &Done) -> Option<Step> {
    let is_gone = last.verdict.learnt.get("root_gone") == Some(&Value::Bool(true));
    match (last.step, last.verdict.outcome) {
        (UPDATE | REPLY, _) if is_gone => Some(Step::telling(ROOT, post(bot, notice))),
        // The reply would fare no better; both are tried again together.
        (UPDATE, Outcome::Transient | Outcome::Credential) => None,
        // An edit that cannot be made is not worth keeping news back for.
        (UPDATE, _) => Some(Step::telling(REPLY, reply(bot, notice, thread))),
        _ => None,
    }
}

pub(super) fn anchor(bot: &Bot<'_>, attempt: &Attempt<'_>, done: &[Done]) -> Option<Value> {
    let posted = |it: &&Done| it.step == ROOT && it.verdict.outcome == Outcome::Delivered;
    let root = done.iter().rev().find(posted).and_then(|it| {
        let text = |field: &str| Some(it.verdict.learnt.get(field)?.as_str()?.to_owned());
        let asked = bot.channel.to_owned();
        serde_json::to_value(Thread { channel: text("channel")?, ts: text("ts")?, asked }).ok()
    });
    root.or_else(|| attempt.anchor.cloned())
}

impl Thread {
    fn read(anchor: &Value, bot: &Bot<'_>) -> Option<Self> {
        Self::deserialize(anchor).ok().filter(|it| it.asked == bot.channel)
    }
}

fn post(bot: &Bot<'_>, notice: &Notice<'_>) -> Outbound {
    let more = [("channel", json!(bot.channel)), ("metadata", metadata(notice))];
    call(bot, "chat.postMessage", folded(blocks::whole(notice)), more)
}

fn reply(bot: &Bot<'_>, notice: &Notice<'_>, thread: &Thread) -> Outbound {
    let more = [
        ("channel", json!(thread.channel)),
        ("thread_ts", json!(thread.ts)),
        ("text", json!(blocks::reply(notice))),
        ("metadata", metadata(notice)),
        // The last word is for the whole channel.
        ("reply_broadcast", json!(Message::of(notice).closes)),
    ];
    call(bot, "chat.postMessage", folded(Map::new()), more)
}

/// Without previews of links, which only new messages can have.
fn folded(mut body: Map<String, Value>) -> Map<String, Value> {
    for off in ["unfurl_links", "unfurl_media"] {
        body.insert(off.to_owned(), json!(false));
    }
    body
}

/// Editing resets what is not sent, so everything is.
fn update(bot: &Bot<'_>, notice: &Notice<'_>, thread: &Thread) -> Outbound {
    let more = [("channel", json!(thread.channel)), ("ts", json!(thread.ts))];
    call(bot, "chat.update", blocks::whole(notice), more)
}

/// For those who search for or listen to our messages by machine.
fn metadata(notice: &Notice<'_>) -> Value {
    let subject = Message::of(notice).subject.map(|it| it.to_string());
    json!({
        "event_type": "status_update",
        "event_payload": {
            "event": notice.event.kind.as_str(),
            "event_id": notice.event.id,
            "subject_id": subject.unwrap_or_default(),
        },
    })
}

fn call<const N: usize>(
    bot: &Bot<'_>,
    method: &str,
    mut body: Map<String, Value>,
    more: [(&str, Value); N],
) -> Outbound {
    body.extend(more.map(|(name, value)| (name.to_owned(), value)));
    body.insert("parse".to_owned(), json!("none"));
    body.insert("link_names".to_owned(), json!(false));
    Outbound {
        method: Method::Post,
        url: format!("{}/{method}", bot.api),
        headers: vec![
            ("authorization".to_owned(), format!("Bearer {}", bot.token)),
            ("content-type".to_owned(), "application/json; charset=utf-8".to_owned()),
        ],
        body: Bytes::from(Value::Object(body).to_string()),
    }
}

/// The Web API answers 200 to nearly everything; `ok` and `error` say what came of it.
pub(super) fn judge(step: &'static str, answer: &Answer) -> Verdict {
    let said = answer.json();
    let of = |field: &str| said.get(field).unwrap_or(&Value::Null);
    match (answer.status, of("ok").as_bool()) {
        (200, Some(true)) => Verdict {
            learnt: json!({ "channel": of("channel"), "ts": of("ts") }),
            ..Verdict::of(Outcome::Delivered)
        },
        (429, _) => Verdict { wait_is_shared: true, ..Verdict::of(Outcome::Transient) },
        (_, Some(false)) => refused(step, of("error").as_str().unwrap_or_default()),
        (401 | 403, _) => Verdict::of(Outcome::Credential),
        // Not Slack's API, whatever it says.
        (200..=299, _) => Verdict::of(Outcome::Misconfigured),
        (status, _) => Verdict::of_status(status),
    }
}

fn refused(step: &str, error: &str) -> Verdict {
    let is_gone = ROOT_GONE.contains(&error) && step != ROOT
        // The thread may be in a channel that is no more, while the one we are to write to is.
        || matches!(step, UPDATE | REPLY) && is_destination(error);
    let outcome = match error {
        _ if is_gone => Outcome::Misconfigured,
        _ if is_destination(error) => Outcome::Gone,
        _ if CREDENTIAL.contains(&error) => Outcome::Credential,
        _ if PAYLOAD.contains(&error) || error.starts_with("invalid_metadata_") => Outcome::Blocked,
        "too_many_attachments" => Outcome::Blocked,
        _ if RETRY.contains(&error) => Outcome::Transient,
        _ => Outcome::Misconfigured,
    };
    let learnt = json!({ "error": error, "root_gone": is_gone });
    Verdict {
        wait_is_shared: matches!(error, "ratelimited" | "rate_limited"),
        learnt,
        ..Verdict::of(outcome)
    }
}

fn is_destination(error: &str) -> bool {
    DESTINATION.contains(&error) || error.starts_with("restricted_action_")
}
