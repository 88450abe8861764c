//! What Telegram's answers mean (telegram-bot-api, descriptions as the server writes them).
use std::time::Duration;

use domain::delivery::Outcome;
use serde_json::{Value, json};

use super::EDIT;
use crate::{Answer, Verdict};

/// The chat is not for this bot, and will not be by itself.
const GONE: [&str; 9] = [
    "bot is not a member of",
    "bot was blocked by the user",
    "bot was kicked from",
    "chat not found",
    "chat_id is empty",
    "group chat was deactivated",
    "peer_id_invalid",
    "the group chat was deleted",
    "user is deactivated",
];
/// Our markup was not understood, or was too long in a way we did not foresee.
const UNREADABLE: [&str; 4] =
    ["can't parse entities", "message is too long", "message text is empty", "message_too_long"];
/// The message to edit is no more, or not ours to edit any more.
const LOST: [&str; 3] =
    ["message to edit not found", "message can't be edited", "message_id_invalid"];

pub(super) fn judge(step: &'static str, answer: &Answer) -> Verdict {
    let said = answer.json();
    let is_ok = said.get("ok").and_then(Value::as_bool);
    if is_ok == Some(true) {
        let id = said.pointer("/result/message_id").cloned().unwrap_or_default();
        return Verdict { learnt: json!({ "message_id": id }), ..Verdict::of(Outcome::Delivered) };
    }
    let description = said.get("description").and_then(Value::as_str).unwrap_or_default();
    let description = description.to_lowercase();
    let says = |known: &[&str]| known.iter().any(|it| description.contains(it));
    if let Some(to) = said.pointer("/parameters/migrate_to_chat_id") {
        return once_more("migrated", Outcome::Misconfigured, to);
    }
    match answer.status {
        429 => limited(&said),
        401 | 404 => Verdict::of(Outcome::Credential),
        400 | 403 if says(&GONE) => Verdict::of(Outcome::Gone),
        400 if says(&["message is not modified"]) => Verdict::of(Outcome::Delivered),
        400 if step == EDIT => {
            let learnt = json!({ "lost": says(&LOST) });
            Verdict { learnt, ..Verdict::of(Outcome::Blocked) }
        }
        400 if says(&["message thread not found"]) => {
            once_more("thread", Outcome::Misconfigured, &Value::Null)
        }
        400 | 413 if says(&UNREADABLE) => once_more("plain", Outcome::Blocked, &Value::Null),
        // Not Telegram's API, whatever it says.
        200..=299 => Verdict::of(Outcome::Misconfigured),
        status => Verdict::of_status(status),
    }
}

/// Whether an edit found nothing to edit.
pub(super) fn is_lost(verdict: &Verdict) -> bool {
    verdict.learnt.get("lost") == Some(&Value::Bool(true))
}

/// A limit holds for everything the bot sends.
fn limited(said: &Value) -> Verdict {
    let seconds = said.pointer("/parameters/retry_after").and_then(Value::as_u64);
    Verdict {
        wait: seconds.map(Duration::from_secs),
        wait_is_shared: true,
        ..Verdict::of(Outcome::Transient)
    }
}

fn once_more(why: &str, outcome: Outcome, migrate_to: &Value) -> Verdict {
    let learnt = json!({ "again": why, "migrate_to": migrate_to });
    Verdict { learnt, ..Verdict::of(outcome) }
}
