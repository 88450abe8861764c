//! Microsoft Teams: a Power Automate workflow that posts an Adaptive Card.
use domain::delivery::Outcome;
use serde_json::{Value, json};
use url::Url;

use crate::chat::TEAMS;
use crate::egress::EgressPolicy;
use crate::hook::{self, Config};
use crate::message::{Message, Tone};
use crate::text::{self, Unit};
use crate::{Adapter, Answer, Attempt, Done, Fault, Lane, Notice, Step, Verdict};

const BODY_MAX: usize = 28_000;
const TEXT_MAX: usize = 10_000;
const TITLE_MAX: usize = 300;
const FACTS_MAX: usize = 12;
const FACT_MAX: usize = 250;

pub struct Teams;

impl Adapter for Teams {
    const KIND: &'static str = "teams";
    const LANE: Lane = Lane::Latest;
    type Config = Config;

    fn check(config: &Config, egress: &EgressPolicy) -> Vec<Fault> {
        let mut faults = config.check(egress);
        let url = Url::parse(&config.webhook_url).ok();
        let host = url.as_ref().and_then(|it| it.host_str()).unwrap_or_default();
        if host.ends_with(".webhook.office.com") {
            faults.push(Fault {
                pointer: "/webhook_url".to_owned(),
                code: "retired",
                detail: "Microsoft has retired these connectors; make a workflow".to_owned(),
            });
        }
        faults
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
        let body = || body(&Message::of(notice));
        done.is_empty().then(|| Step::telling("post", hook::post(&config.webhook_url, &body())))
    }

    fn judge(_: &'static str, answer: &Answer) -> Verdict {
        match answer.status {
            413 => Verdict::of(Outcome::Blocked),
            status => Verdict::of_status(status),
        }
    }
}

fn body(message: &Message) -> Value {
    let heading = text::line(&message.heading());
    let heading = text::cut(&heading, TITLE_MAX, Unit::Utf16);
    hook::fitting(BODY_MAX, TEXT_MAX, |max| {
        json!({
            "type": "message",
            // What a notification shows.
            "summary": heading,
            "attachments": [{
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": null,
                "content": card(message, &heading, max),
            }],
        })
    })
}

fn card(message: &Message, heading: &str, text_max: usize) -> Value {
    let mut body = vec![
        json!({
            "type": "TextBlock",
            "size": "Medium",
            "weight": "Bolder",
            "wrap": true,
            "text": TEAMS.line(&message.title, TITLE_MAX),
        }),
        json!({
            "type": "TextBlock",
            "weight": "Bolder",
            "spacing": "None",
            "color": colour(message.tone),
            "wrap": true,
            "text": TEAMS.line(&message.state, TITLE_MAX),
        }),
    ];
    let facts = message.facts.iter().take(FACTS_MAX).map(|(label, value)| {
        json!({ "title": TEAMS.line(label, FACT_MAX), "value": TEAMS.line(value, FACT_MAX) })
    });
    let facts: Vec<Value> = facts.collect();
    if !facts.is_empty() {
        body.push(json!({ "type": "FactSet", "facts": facts }));
    }
    let said = TEAMS.body(&message.text, text_max);
    if !said.is_empty() {
        body.push(json!({ "type": "TextBlock", "wrap": true, "text": said }));
    }
    let actions = message.link.iter().map(|(label, url)| {
        json!({ "type": "Action.OpenUrl", "title": text::line(label), "url": url })
    });
    json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        // The latest version that Teams shows everywhere.
        "version": "1.4",
        "fallbackText": heading,
        "msteams": { "width": "Full" },
        "body": body,
        "actions": actions.collect::<Vec<_>>(),
    })
}

/// Of the colours that a card may name.
const fn colour(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "Good",
        Tone::Calm => "Default",
        Tone::Planned => "Accent",
        Tone::Minor | Tone::Major => "Warning",
        Tone::Critical => "Attention",
    }
}
