//! Google Chat: a space's incoming webhook, one thread per incident.
use domain::delivery::Outcome;
use serde_json::{Value, json};
use url::Url;

use crate::chat::GOOGLE_CHAT;
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

    fn next(
        config: &Config,
        notice: &Notice<'_>,
        _: &Attempt<'_>,
        done: &[Done],
    ) -> Option<Step> {
        let request = || request(config, &Message::of(notice));
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
fn request(config: &Config, message: &Message) -> Outbound {
    let mut body = json!({ "text": GOOGLE_CHAT.letter(message, TEXT_MAX) });
    let mut url = config.webhook_url.clone();
    if let Some(subject) = message.subject {
        body["thread"] = json!({ "threadKey": subject });
        if let Ok(mut parsed) = Url::parse(&url) {
            let option = ("messageReplyOption", "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD");
            parsed.query_pairs_mut().append_pair(option.0, option.1);
            url = parsed.into();
        }
    }
    hook::post(url, &body)
}
