//! Slack: an incoming webhook, or a bot that keeps each incident in one thread.
mod blocks;
mod bot;
mod hook;
mod mrkdwn;
#[cfg(test)]
mod tests;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::egress::EgressPolicy;
use crate::{Adapter, Answer, Attempt, Done, Fault, Notice, Pace, Step, Verdict, last4};

/// Where Slack's Web API is.
const API: &str = "https://slack.com/api";
/// Longest token, and longest name or id of a channel (a name has at most 80 characters and `#`).
const TOKEN_MAX: usize = 255;
const CHANNEL_MAX: usize = 81;
/// Slack takes one message a second and tolerates short bursts.
const PACE: Pace = Pace { interval: Duration::from_secs(1), burst: 5 };

pub struct Slack;

/// Either `webhook_url`, or `bot_token` and `channel`. Only a bot can keep an incident in one thread.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = SlackConfig)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Of an incoming webhook. The whole URL is secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        max_length = 2048,
        format = "uri",
        example = "https://hooks.slack.com/services/T0/B0/x"
    )]
    webhook_url: Option<String>,
    /// `xoxb-…`, with the scope `chat:write`. Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 255)]
    bot_token: Option<String>,
    /// Id or `#name` of the channel that the bot writes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 81, example = "C0123456789")]
    channel: Option<String>,
    /// In place of `https://slack.com/api`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2048, format = "uri")]
    api_base: Option<String>,
}

/// Which way a configuration goes.
enum Way<'a> {
    Hook(&'a str),
    Bot(Bot<'a>),
}

/// A bot and where it writes.
struct Bot<'a> {
    token: &'a str,
    channel: &'a str,
    /// Without a trailing slash.
    api: &'a str,
}

impl Config {
    fn way(&self) -> Option<Way<'_>> {
        match self {
            Self { webhook_url: Some(url), bot_token: None, channel: None, api_base: None } => {
                Some(Way::Hook(url))
            }
            Self {
                webhook_url: None,
                bot_token: Some(token),
                channel: Some(channel),
                api_base,
            } => {
                let api = api_base.as_deref().unwrap_or(API).trim_end_matches('/');
                Some(Way::Bot(Bot { token, channel, api }))
            }
            _ => None,
        }
    }
}

impl Adapter for Slack {
    const KIND: &'static str = "slack";
    type Config = Config;

    fn check(config: &Config, egress: &EgressPolicy) -> Vec<Fault> {
        let fault = |field: &str, code, detail: String| Fault {
            pointer: format!("/{field}"),
            code,
            detail,
        };
        let mut faults = Vec::new();
        if config.way().is_none() {
            let detail = "give `webhook_url`, or `bot_token` and `channel`".to_owned();
            faults.push(Fault { pointer: String::new(), code: "shape", detail });
        }
        for (field, url) in [("webhook_url", &config.webhook_url), ("api_base", &config.api_base)] {
            if let Some(Err(refusal)) = url.as_ref().map(|it| egress.check(it)) {
                faults.push(fault(field, refusal.code(), refusal.to_string()));
            }
        }
        if config.api_base.as_ref().is_some_and(|it| it.contains(['?', '#'])) {
            let detail = "the base URL has neither query nor fragment".to_owned();
            faults.push(fault("api_base", "url_malformed", detail));
        }
        if config.bot_token.as_ref().is_some_and(|it| !is_visible(it, TOKEN_MAX)) {
            let detail = format!("a token has 1 to {TOKEN_MAX} visible ASCII characters");
            faults.push(fault("bot_token", "shape", detail));
        }
        if config.channel.as_ref().is_some_and(|it| !is_channel(it)) {
            let detail = "the id of a channel, or `#` and its name".to_owned();
            faults.push(fault("channel", "shape", detail));
        }
        faults
    }

    fn shown(config: &Config) -> Value {
        let shown = [
            ("webhook_url", config.webhook_url.as_deref().map(last4)),
            ("bot_token", config.bot_token.as_deref().map(last4)),
            ("channel", config.channel.clone()),
            ("api_base", config.api_base.clone()),
        ];
        let shown = shown.into_iter().filter_map(|(name, it)| Some((name.to_owned(), json!(it?))));
        Value::Object(shown.collect())
    }

    fn next(
        config: &Config,
        notice: &Notice<'_>,
        attempt: &Attempt<'_>,
        done: &[Done],
    ) -> Option<Step> {
        match config.way()? {
            Way::Hook(url) => done.is_empty().then(|| hook::post(url, notice)),
            Way::Bot(bot) => bot::next(&bot, notice, attempt, done),
        }
    }

    fn judge(step: &'static str, answer: &Answer) -> Verdict {
        if step == hook::STEP { hook::judge(answer) } else { bot::judge(step, answer) }
    }

    fn anchor(config: &Config, attempt: &Attempt<'_>, done: &[Done]) -> Option<Value> {
        match config.way()? {
            Way::Hook(_) => None,
            Way::Bot(bot) => bot::anchor(&bot, attempt, done),
        }
    }

    fn credential(config: &Config) -> Option<(String, Pace)> {
        Some((config.bot_token.clone()?, PACE))
    }
}

fn is_visible(text: &str, max: usize) -> bool {
    (1..=max).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_graphic())
}

fn is_channel(text: &str) -> bool {
    let plain = |it: char| !it.is_whitespace() && !it.is_control();
    !text.trim_start_matches('#').is_empty()
        && text.chars().count() <= CHANNEL_MAX
        && text.chars().all(plain)
}
