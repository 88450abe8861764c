//! Slack's incoming webhooks: one URL, one channel, no way back to a message.
use bytes::Bytes;
use domain::delivery::Outcome;
use serde_json::Value;

use super::blocks;
use crate::{Answer, Method, Notice, Outbound, Step, Verdict};

pub(super) const STEP: &str = "hook";

/// The hook, its maker or its channel is no more, or may not be written to.
const GONE: [&str; 11] = [
    "action_prohibited",
    "channel_is_archived",
    "channel_not_found",
    "invalid_token",
    "no_active_hooks",
    "no_service",
    "no_service_id",
    "no_team",
    "posting_to_general_channel_denied",
    "team_disabled",
    "user_not_found",
];
/// What we sent is at fault.
const BLOCKED: [&str; 7] = [
    "invalid_blocks",
    "invalid_blocks_format",
    "invalid_payload",
    "missing_text_or_fallback_or_attachments",
    "msg_blocks_too_long",
    "no_text",
    "too_many_attachments",
];

pub(super) fn post(url: &str, notice: &Notice<'_>) -> Step {
    let body = Value::Object(blocks::whole(notice)).to_string();
    let headers = vec![("content-type".to_owned(), "application/json; charset=utf-8".to_owned())];
    let body = Bytes::from(body);
    Step::telling(STEP, Outbound { method: Method::Post, url: url.to_owned(), headers, body })
}

/// Success is 200 and the text `ok`, nothing else.
pub(super) fn judge(answer: &Answer) -> Verdict {
    let said = String::from_utf8_lossy(&answer.body);
    let said = said.trim();
    Verdict::of(match answer.status {
        200 if said == "ok" => Outcome::Delivered,
        200..=299 => Outcome::Misconfigured,
        429 | 500..=599 => Outcome::Transient,
        _ if GONE.contains(&said) => Outcome::Gone,
        _ if BLOCKED.contains(&said) => Outcome::Blocked,
        // Slack takes hooks away without always saying so.
        404 | 410 => Outcome::Gone,
        status => return Verdict::of_status(status),
    })
}
