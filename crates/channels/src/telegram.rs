//! Telegram: a bot that writes to a chat, and keeps the first message of each incident up to date.
mod html;
#[cfg(test)]
mod tests;
mod verdict;

use std::time::Duration;

use bytes::Bytes;
use domain::delivery::Outcome;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::egress::EgressPolicy;
use crate::message::{Message, is_aside};
use crate::text::{Plain, Unit};
use crate::{
    Adapter, Answer, Attempt, Done, Fault, Method, Notice, Outbound, Pace, Step, Verdict, last4,
};
use html::Html;

/// Where Telegram's Bot API is; it can also be run oneself.
const API: &str = "https://api.telegram.org";
const TOKEN_MAX: usize = 128;
const NAME_MAX: usize = 64;
/// The topic that every forum has must not be named (telegram-bot-api, `check_message_topic`).
const GENERAL_TOPIC: i64 = 1;
/// A bot may send some 30 messages a second.
const PACE: Pace = Pace { interval: Duration::from_millis(34), burst: 10 };

/// A message of an incident or maintenance; one of something else; an edit of the first one.
const SEND: &str = "send";
const ALONE: &str = "alone";
const EDIT: &str = "edit";

pub struct Telegram;

/// Which bot writes to which chat.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = TelegramConfig)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// As BotFather gave it. Secret.
    #[schema(max_length = 128)]
    bot_token: String,
    chat_id: ChatId,
    /// Of a topic in a forum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    message_thread_id: Option<i64>,
    /// In place of `https://api.telegram.org`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2048, format = "uri")]
    api_base: Option<String>,
}

/// Number of a chat, or `@name` of a public one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = TelegramChatId)]
#[serde(untagged)]
pub enum ChatId {
    Number(i64),
    Name(String),
}

/// The first message of an incident in a chat.
#[derive(Serialize, Deserialize)]
struct Root {
    chat: String,
    message_id: i64,
}

impl Adapter for Telegram {
    const KIND: &'static str = "telegram";
    type Config = Config;

    fn check(config: &Config, egress: &EgressPolicy) -> Vec<Fault> {
        let fault = |field: &str, code, detail: &str| Fault {
            pointer: format!("/{field}"),
            code,
            detail: detail.to_owned(),
        };
        let mut faults = Vec::new();
        if !is_token(&config.bot_token) {
            faults.push(fault("bot_token", "shape", "a token looks like `123456:ABC-DEF`"));
        }
        if !config.chat_id.is_valid() {
            faults.push(fault("chat_id", "shape", "a number, or `@` and the name of a chat"));
        }
        if config.message_thread_id.is_some_and(|it| it < 1) {
            faults.push(fault("message_thread_id", "shape", "a positive number"));
        }
        if let Some(base) = &config.api_base {
            if let Err(refusal) = egress.check(base) {
                faults.push(fault("api_base", refusal.code(), &refusal.to_string()));
            } else if base.contains(['?', '#']) {
                let detail = "the base URL has neither query nor fragment";
                faults.push(fault("api_base", "url_malformed", detail));
            }
        }
        faults
    }

    fn shown(config: &Config) -> Value {
        let mut shown = json!({
            "bot_token": last4(&config.bot_token),
            "chat_id": config.chat_id,
        });
        if let Some(shown) = shown.as_object_mut() {
            let topic = config.message_thread_id.map(|it| json!(it));
            let more = [
                ("message_thread_id", topic),
                ("api_base", config.api_base.clone().map(Value::from)),
            ];
            shown.extend(more.into_iter().filter_map(|(name, it)| Some((name.to_owned(), it?))));
        }
        shown
    }

    fn next(
        config: &Config,
        notice: &Notice<'_>,
        attempt: &Attempt<'_>,
        done: &[Done],
    ) -> Option<Step> {
        let root = attempt.anchor.and_then(|it| Root::read(it, config));
        let name = if Message::of(notice).subject.is_some() { SEND } else { ALONE };
        let Some(last) = done.last() else {
            return Some(Step::telling(name, send(config, notice, root.as_ref(), done)));
        };
        if again(last).is_some() {
            // Once for each reason; what fails the same way twice has failed.
            let once = done.iter().filter(|it| again(it) == again(last)).count() == 1;
            return once.then(|| Step::telling(name, send(config, notice, root.as_ref(), done)));
        }
        let told = last.step == SEND && last.verdict.outcome == Outcome::Delivered;
        let root = root.filter(|_| told && !is_aside(notice))?;
        Some(Step::touching_up(EDIT, edit(config, notice, &root, done)))
    }

    fn judge(step: &'static str, answer: &Answer) -> Verdict {
        verdict::judge(step, answer)
    }

    /// The message that is told first, or the latest one once that is lost.
    fn anchor(config: &Config, attempt: &Attempt<'_>, done: &[Done]) -> Option<Value> {
        let sent =
            done.iter().find(|it| it.step == SEND && it.verdict.outcome == Outcome::Delivered);
        let sent = sent.and_then(|it| it.verdict.learnt.get("message_id")?.as_i64());
        let lost = done.iter().any(|it| it.step == EDIT && verdict::is_lost(&it.verdict));
        let kept = attempt.anchor.filter(|it| !lost && Root::read(it, config).is_some()).cloned();
        let new = |message_id| {
            serde_json::to_value(Root { chat: config.chat_id.to_string(), message_id }).ok()
        };
        kept.or_else(|| sent.and_then(new)).or_else(|| attempt.anchor.cloned())
    }

    fn moved(config: &Config, done: &[Done]) -> Option<Config> {
        let to = done.iter().rev().find_map(|it| it.verdict.learnt.get("migrate_to")?.as_i64())?;
        let chat_id = ChatId::Number(to);
        let Config { bot_token, message_thread_id, api_base, .. } = config;
        (config.chat_id != chat_id).then(|| Config {
            bot_token: bot_token.clone(),
            chat_id,
            message_thread_id: *message_thread_id,
            api_base: api_base.clone(),
        })
    }

    fn credential(config: &Config) -> Option<(String, Pace)> {
        Some((config.bot_token.clone(), PACE))
    }

    fn address(config: &Config) -> Option<String> {
        Some(config.chat_id.to_string())
    }
}

impl ChatId {
    fn is_valid(&self) -> bool {
        let word = |it: &str| {
            (1..=NAME_MAX).contains(&it.len())
                && it.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        };
        match self {
            Self::Number(number) => *number != 0,
            Self::Name(name) => name.strip_prefix('@').is_some_and(word) || self.number().is_some(),
        }
    }

    /// Numbers are sent as such, however they were configured.
    fn number(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Name(name) => name.parse().ok().filter(|it| *it != 0),
        }
    }

    fn to_json(&self) -> Value {
        self.number().map_or_else(|| json!(self), Value::from)
    }
}

impl std::fmt::Display for ChatId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl Root {
    /// Messages have their numbers within a chat.
    fn read(anchor: &Value, config: &Config) -> Option<Self> {
        Self::deserialize(anchor).ok().filter(|it| it.chat == config.chat_id.to_string())
    }
}

/// Why a message is to be sent once more in another way.
fn again(done: &Done) -> Option<&str> {
    done.verdict.learnt.get("again")?.as_str().filter(|_| done.counts)
}

fn send(config: &Config, notice: &Notice<'_>, root: Option<&Root>, done: &[Done]) -> Outbound {
    let mut body = text(notice, done, false);
    let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
    put("disable_notification", json!(false));
    let topic_is_lost = done.iter().any(|it| again(it) == Some("thread"));
    if let Some(topic) = config.message_thread_id
        && topic != GENERAL_TOPIC
        && !topic_is_lost
    {
        put("message_thread_id", json!(topic));
    }
    if let Some(root) = root {
        let reply = json!({ "message_id": root.message_id, "allow_sending_without_reply": true });
        put("reply_parameters", reply);
    }
    call(config, "sendMessage", body)
}

fn edit(config: &Config, notice: &Notice<'_>, root: &Root, done: &[Done]) -> Outbound {
    let mut body = text(notice, done, true);
    body.insert("message_id".to_owned(), json!(root.message_id));
    call(config, "editMessageText", body)
}

/// The text, without marks once Telegram could not read them.
fn text(notice: &Notice<'_>, done: &[Done], keep_opening: bool) -> Map<String, Value> {
    let mut body = Map::new();
    let text = if done.iter().any(|it| again(it) == Some("plain")) {
        html::compose(notice, &Plain(Unit::Utf16), keep_opening)
    } else {
        body.insert("parse_mode".to_owned(), json!("HTML"));
        html::own(notice).unwrap_or_else(|| html::compose(notice, &Html, keep_opening))
    };
    body.insert("text".to_owned(), json!(text));
    body.insert("link_preview_options".to_owned(), json!({ "is_disabled": true }));
    body
}

fn call(config: &Config, method: &str, mut body: Map<String, Value>) -> Outbound {
    body.insert("chat_id".to_owned(), config.chat_id.to_json());
    let base = config.api_base.as_deref().unwrap_or(API).trim_end_matches('/');
    Outbound {
        method: Method::Post,
        url: format!("{base}/bot{}/{method}", config.bot_token),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: Bytes::from(Value::Object(body).to_string()),
    }
}

/// The bot's number, a colon and a key: the token is part of the URL.
fn is_token(token: &str) -> bool {
    let key = |it: &str| {
        !it.is_empty() && it.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    };
    let number = |it: &str| !it.is_empty() && it.bytes().all(|b| b.is_ascii_digit());
    token.len() <= TOKEN_MAX && token.split_once(':').is_some_and(|(a, b)| number(a) && key(b))
}
