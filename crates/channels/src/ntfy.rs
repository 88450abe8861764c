//! ntfy: push notifications by topic, at ntfy.sh or one's own server.
use std::time::Duration;

use domain::delivery::Outcome;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::egress::EgressPolicy;
use crate::hook::{self, check_url};
use crate::message::{Message, Tone};
use crate::text::{self, Unit};
use crate::{
    Adapter, Answer, Attempt, Done, Fault, Lane, Notice, Outbound, Pace, Step, Verdict, last4,
};

/// Longer messages become attachments.
const MESSAGE_MAX: usize = 4_096;
const FACTS_SHARE: usize = 1_500;
const TITLE_MAX: usize = 250;
const TOKEN_MAX: usize = 256;
/// What ntfy.sh grants to one caller: 60 requests, then one every five seconds.
const PACE: Pace = Pace { interval: Duration::from_secs(5), burst: 60 };

pub struct Ntfy;

/// A topic. Whoever knows its name can read and write it, unless it is protected.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The server.
    #[serde(default = "ntfy_sh")]
    #[schema(max_length = 2048, format = "uri", default = "https://ntfy.sh")]
    url: String,
    /// Secret, because it is the key to itself.
    #[schema(max_length = 64, pattern = "^[-_A-Za-z0-9]+$", example = "acme-status-x7k2")]
    topic: String,
    /// An access token, for protected topics. Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 256, example = "tk_abcdefghijklmnopqrstuvwxyz123")]
    token: Option<String>,
}

fn ntfy_sh() -> String {
    "https://ntfy.sh".to_owned()
}

impl Adapter for Ntfy {
    const KIND: &'static str = "ntfy";
    const LANE: Lane = Lane::Latest;
    type Config = Config;

    fn check(config: &Config, egress: &EgressPolicy) -> Vec<Fault> {
        let Config { url, topic, token } = config;
        let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        let is_topic = (1..=64).contains(&topic.len()) && topic.bytes().all(is_name);
        let topic = (!is_topic).then(|| Fault {
            pointer: "/topic".to_owned(),
            code: "format",
            detail: "1 to 64 letters, digits, - and _".to_owned(),
        });
        let token = token.as_ref().and_then(|it| hook::check_secret("/token", it, TOKEN_MAX));
        [check_url("/url", url, egress), topic, token].into_iter().flatten().collect()
    }

    fn shown(config: &Config) -> Value {
        let shown = json!({ "url": config.url, "topic": last4(&config.topic) });
        match &config.token {
            Some(token) => hook::with(shown, "token", last4(token)),
            None => shown,
        }
    }

    fn next(config: &Config, notice: &Notice<'_>, _: &Attempt<'_>, done: &[Done]) -> Option<Step> {
        let request = || request(config, notice, &Message::of(notice));
        done.is_empty().then(|| Step::telling("publish", request()))
    }

    fn judge(_: &'static str, answer: &Answer) -> Verdict {
        match (answer.status, answer.json().get("code").and_then(Value::as_i64)) {
            // 401 is about the token; 403 about the topic, for this subscription alone.
            (401, _) => Verdict::of(Outcome::Credential),
            (403, _) | (400, Some(40_009 | 40_010)) => Verdict::of(Outcome::Misconfigured),
            (400 | 413, Some(_)) => Verdict::of(Outcome::Blocked),
            // The day's messages are spent.
            (429, Some(42_908)) => Verdict {
                wait: Some(Duration::from_secs(3_600)),
                wait_is_shared: true,
                ..Verdict::of(Outcome::Transient)
            },
            (429, _) => Verdict {
                wait: Some(PACE.interval),
                wait_is_shared: true,
                ..Verdict::of(Outcome::Transient)
            },
            (status, _) => Verdict::of_status(status),
        }
    }

    fn credential(config: &Config) -> Option<(String, Pace)> {
        Some((format!("{} {}", config.url, config.token.as_deref().unwrap_or_default()), PACE))
    }
}

fn request(config: &Config, notice: &Notice<'_>, message: &Message) -> Outbound {
    let own = notice.wording.and_then(|it| it.render(notice, message, str::to_owned));
    let (title, said) = match own {
        Some((title, said)) => (title, text::cut(&said, MESSAGE_MAX, Unit::Bytes).into_owned()),
        None => (None, said(message)),
    };
    let title = text::line(&title.unwrap_or_else(|| message.heading()));
    let body = json!({
        "topic": config.topic,
        "title": text::cut(&title, TITLE_MAX, Unit::Bytes),
        "message": said,
        "tags": [tag(message.tone)],
        "priority": priority(message.tone),
    });
    let body = match &message.link {
        Some((_, url)) => hook::with(body, "click", url.as_str()),
        None => body,
    };
    let mut request = hook::post(&config.url, &body);
    if let Some(token) = &config.token {
        request.headers.push(("authorization".to_owned(), format!("Bearer {token}")));
    }
    request
}

fn said(message: &Message) -> String {
    let facts = message.facts.iter().map(|(label, value)| {
        let fact = text::line(&format!("{label}: {value}"));
        text::cut(&fact, TITLE_MAX, Unit::Bytes).into_owned()
    });
    let facts: Vec<String> = facts.collect();
    let facts = text::cut(&facts.join("\n"), FACTS_SHARE, Unit::Bytes).into_owned();
    let room = MESSAGE_MAX.saturating_sub(facts.len() + 2);
    let said = text::plain(&message.text, room, Unit::Bytes);
    let parts = [said, facts].into_iter().filter(|it| !it.is_empty());
    match parts.collect::<Vec<_>>().join("\n\n") {
        // ntfy would say "triggered".
        empty if empty.is_empty() => text::line(&message.state),
        said => said,
    }
}

/// A short code of ntfy's that becomes an emoji before the title.
const fn tag(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "green_circle",
        Tone::Calm => "information_source",
        Tone::Planned => "wrench",
        Tone::Minor => "yellow_circle",
        Tone::Major => "orange_circle",
        Tone::Critical => "red_circle",
    }
}

/// 1 is the least, 3 is usual, 5 does not let one sleep.
const fn priority(tone: Tone) -> u8 {
    match tone {
        Tone::Calm => 2,
        Tone::Good | Tone::Planned | Tone::Minor => 3,
        Tone::Major => 4,
        Tone::Critical => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{World, answer, hostile_bodies, incident, run};

    fn config() -> Value {
        json!({ "topic": "acme-status-x7k2", "token": "tk_abcdefgh1234" })
    }

    #[test]
    fn publishes_json() {
        let payload = incident("investigating", "Checkout errors", "We *look*.");
        let world = World::new("incident.created", payload);
        let run = run::<Ntfy>(&config(), &world, None, |_, _| answer(200, &json!({})));
        let request = &run.sent[0].1;
        assert_eq!(request.url, "https://ntfy.sh");
        let bearer = ("authorization".to_owned(), "Bearer tk_abcdefgh1234".to_owned());
        assert!(request.headers.contains(&bearer));
        let body = &run.bodies()[0];
        assert_eq!(body["topic"], "acme-status-x7k2");
        assert_eq!(body["title"], "[Investigating] Checkout errors");
        assert!(body["message"].as_str().unwrap().starts_with("We look.\n\n"));
        assert_eq!(body["click"], "https://status.example.net/i/7");
        assert_eq!((&body["tags"], &body["priority"]), (&json!(["orange_circle"]), &json!(4)));
    }

    #[test]
    fn keeps_the_limits() {
        for body in hostile_bodies::<Ntfy>(&config()) {
            let size = |it: &Value| it.as_str().unwrap().len();
            assert!((1..=MESSAGE_MAX).contains(&size(&body["message"])), "{body}");
            assert!((1..=TITLE_MAX).contains(&size(&body["title"])), "{body}");
        }
    }

    #[test]
    fn reads_answers() {
        for (status, code, outcome) in [
            (200, 0, Outcome::Delivered),
            (400, 40_009, Outcome::Misconfigured),
            (400, 40_024, Outcome::Blocked),
            (401, 40_101, Outcome::Credential),
            (403, 40_301, Outcome::Misconfigured),
            (413, 41_303, Outcome::Blocked),
            (429, 42_901, Outcome::Transient),
            (507, 50_701, Outcome::Transient),
        ] {
            let verdict = Ntfy::judge("publish", &answer(status, &json!({ "code": code })));
            assert_eq!(verdict.outcome, outcome, "{code}");
        }
        let spent = Ntfy::judge("publish", &answer(429, &json!({ "code": 42_908 })));
        assert_eq!(spent.wait, Some(Duration::from_secs(3_600)));
    }

    #[test]
    fn configurations_are_checked_and_their_secrets_hidden() {
        let bad: Config = serde_json::from_value(json!({
            "url": "http://localhost", "topic": "a/b", "token": "a\nb",
        }))
        .unwrap();
        let faults = Ntfy::check(&bad, &EgressPolicy::default());
        let pointers: Vec<&str> = faults.iter().map(|it| it.pointer.as_str()).collect();
        assert_eq!(pointers, ["/url", "/topic", "/token"]);
        let good: Config = serde_json::from_value(config()).unwrap();
        assert!(Ntfy::check(&good, &EgressPolicy::default()).is_empty());
        let shown = json!({ "url": "https://ntfy.sh", "topic": "…x7k2", "token": "…1234" });
        assert_eq!(Ntfy::shown(&good), shown);
    }
}
