//! Microsoft Teams: a Power Automate workflow that posts an Adaptive Card.
use std::iter;

use domain::delivery::Outcome;
use serde_json::{Value, json};
use url::Url;

use crate::chat::{Own, TEAMS};
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

    fn next(config: &Config, notice: &Notice<'_>, _: &Attempt<'_>, done: &[Done]) -> Option<Step> {
        let body = || body(notice, &Message::of(notice));
        done.is_empty().then(|| Step::telling("post", hook::post(&config.webhook_url, &body())))
    }

    fn judge(_: &'static str, answer: &Answer) -> Verdict {
        match answer.status {
            413 => Verdict::of(Outcome::Blocked),
            status => Verdict::of_status(status),
        }
    }
}

fn body(notice: &Notice<'_>, message: &Message) -> Value {
    let own = Own::of(notice, message, |it| TEAMS.plain(it));
    let heading = own.as_ref().and_then(|it| it.title.clone());
    let heading = text::line(&heading.unwrap_or_else(|| message.heading()));
    let heading = text::cut(&heading, TITLE_MAX, Unit::Utf16);
    hook::fitting(BODY_MAX, TEXT_MAX, |max| {
        json!({
            "type": "message",
            // What a notification shows.
            "summary": heading,
            "attachments": [{
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": null,
                "content": card(message, own.as_ref(), &heading, max),
            }],
        })
    })
}

fn card(message: &Message, own: Option<&Own>, heading: &str, text_max: usize) -> Value {
    let title = own.and_then(|it| it.title.as_deref()).unwrap_or(&message.title);
    let mut body = vec![json!({
        "type": "TextBlock",
        "size": "Medium",
        "weight": "Bolder",
        "wrap": true,
        "text": TEAMS.line(title, TITLE_MAX),
    })];
    let said = match own {
        Some(own) => text::cut(&own.text, text_max, Unit::Utf16).into_owned(),
        None => {
            body.extend(state_and_facts(message));
            TEAMS.body(&message.text, text_max)
        }
    };
    if !said.is_empty() {
        body.push(json!({ "type": "TextBlock", "wrap": true, "text": said }));
    }
    let actions = message.link.iter().map(
        |(label, url)| json!({ "type": "Action.OpenUrl", "title": text::line(label), "url": url }),
    );
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

fn state_and_facts(message: &Message) -> Vec<Value> {
    let state = json!({
        "type": "TextBlock",
        "weight": "Bolder",
        "spacing": "None",
        "color": colour(message.tone),
        "wrap": true,
        "text": TEAMS.line(&message.state, TITLE_MAX),
    });
    let facts = message.facts.iter().take(FACTS_MAX).map(|(label, value)| {
        json!({ "title": TEAMS.line(label, FACT_MAX), "value": TEAMS.line(value, FACT_MAX) })
    });
    let facts: Vec<Value> = facts.collect();
    let set = (!facts.is_empty()).then(|| json!({ "type": "FactSet", "facts": facts }));
    iter::once(state).chain(set).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{World, answer, full_message, hostile_bodies, incident, run};

    fn config() -> Value {
        json!({ "webhook_url": "https://prod-1.westeurope.logic.azure.com/workflows/a?sig=abcd1234" })
    }

    #[test]
    fn looks_as_recorded() {
        let recorded = include_str!("../fixtures/out_teams_workflow.json");
        let mut expected: Value = serde_json::from_str(recorded).unwrap();
        let state = json!({
            "type": "TextBlock", "weight": "Bolder", "spacing": "None", "color": "Attention",
            "wrap": true, "text": "Investigating",
        });
        let blocks = expected["attachments"][0]["content"]["body"].as_array_mut().unwrap();
        blocks.insert(1, state);
        let world = World::new("incident.created", incident("investigating", "", ""));
        assert_eq!(world.tell(|notice| body(notice, &full_message())), expected);
    }

    #[test]
    fn keeps_the_limit_and_escapes() {
        for body in hostile_bodies::<Teams>(&config()) {
            assert!(body.to_string().len() <= BODY_MAX, "{body}");
            let card = &body["attachments"][0]["content"];
            let blocks = card["body"].to_string();
            assert!(!blocks.contains("{{") && !blocks.contains("# a *b*"), "{blocks}");
        }
    }

    #[test]
    fn reads_answers() {
        let outcome = |status| Teams::judge("post", &answer(status, &Value::Null)).outcome;
        assert_eq!(outcome(200), Outcome::Delivered);
        assert_eq!(outcome(202), Outcome::Delivered);
        assert_eq!(outcome(413), Outcome::Blocked);
        assert_eq!(outcome(429), Outcome::Transient);
        assert_eq!(outcome(401), Outcome::Misconfigured);
    }

    #[test]
    fn operators_say_it_in_their_own_words() {
        let payload = incident("investigating", "Checkout *errors*", "We look.");
        let mut world = World::new("incident.created", payload);
        let body = "**{{ message.title }}** {{ message.link.url }}".to_owned();
        world.wording = Some(crate::wording::Wording { subject: None, body });
        let run = run::<Teams>(&config(), &world, None, |_, _| answer(202, &Value::Null));
        let blocks = &run.bodies()[0]["attachments"][0]["content"]["body"];
        assert_eq!(blocks.as_array().unwrap().len(), 2);
        let said = "**Checkout \\*errors\\*** https://status.example.net/i/7";
        assert_eq!(blocks[1]["text"], said);
    }

    #[test]
    fn retired_connectors_are_refused() {
        let url = "https://acme.webhook.office.com/webhookb2/1";
        let config = Config { webhook_url: url.to_owned() };
        let faults = Teams::check(&config, &EgressPolicy::default());
        assert_eq!(faults.first().map(|it| it.code), Some("retired"));
    }
}
