//! Telling people where they are: every channel at its provider's counterpart.
mod digest;
mod edited;
mod flow;
mod hostile;
mod language;
mod latest;
mod receipt;
pub mod refused;

use diesel::RunQueryDsl as _;
use diesel::dsl::sql;
use diesel::sql_types::Jsonb;
use serde_json::{Value, json};
use tests::{Chats, Seen, Sink, World};

use crate::subscription::SUBSCRIPTIONS;

pub const BOT: &str = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";
pub const CHAT: &str = "-1001234567890";
pub const SLACK_TOKEN: &str = "xoxb-17653672481-19874698323";
pub const SLACK_CHANNEL: &str = "C0123456789";
const PHONE: &str = "4915112345678";
/// What is told of an incident itself.
const INCIDENT_EVENTS: [&str; 3] = ["incident.created", "incident.updated", "incident.resolved"];

/// A channel with a configuration that leads to its counterpart.
#[derive(Clone, Debug)]
pub struct Place {
    /// As the counterpart calls it.
    pub name: &'static str,
    /// As Farol calls it.
    pub channel: &'static str,
    pub config: Value,
}

/// Every chat there is, in every way it can be reached.
pub fn places(chats: &Chats) -> Vec<Place> {
    let place = |name, channel, config| Place { name, channel, config };
    let hook = |name, path| place(name, name, json!({"webhook_url": chats.url(path)}));
    vec![
        place(
            "slack_webhook",
            "slack",
            json!({"webhook_url": chats.url("/slack/services/T0/B0/abcdefgh")}),
        ),
        slack(chats, SLACK_CHANNEL),
        telegram(chats, CHAT),
        place("whatsapp", "whatsapp", cloud(chats, "incident_update")),
        bridge(chats, "waha", json!({"session": "default", "chat_id": format!("{PHONE}@c.us")})),
        bridge(chats, "evolution", json!({"instance": "our status", "number": PHONE})),
        bridge(chats, "wwebjs", json!({"session": "status", "chat_id": "4915112345678-1401@g.us"})),
        place("twilio", "whatsapp", twilio(chats)),
        place("gateway", "whatsapp", gateway(chats)),
        hook("discord", "/discord/api/webhooks/1234567890/abcdefgh-_1"),
        hook(
            "teams",
            "/teams/workflows/a1b2/triggers/manual/paths/invoke?api-version=1&sig=abcdefgh",
        ),
        hook("mattermost", "/mattermost/hooks/abcdefghijklmnopqrstuvwxyz"),
        hook("rocketchat", "/rocketchat/hooks/abcdefgh/ijklmnop"),
        hook("googlechat", "/googlechat/v1/spaces/AAAAxyz/messages?key=abc&token=abcdefgh"),
        place(
            "ntfy",
            "ntfy",
            json!({"url": chats.url("/ntfy"), "topic": "acme-status_7", "token": "tk_abcdefgh"}),
        ),
    ]
}

/// A channel of Slack's that a bot writes to.
pub fn slack(chats: &Chats, channel: &str) -> Place {
    let base = chats.url("/slack/api");
    let config = json!({"bot_token": SLACK_TOKEN, "channel": channel, "api_base": base});
    Place { name: "slack", channel: "slack", config }
}

/// A chat of Telegram's.
pub fn telegram(chats: &Chats, chat: &str) -> Place {
    let chat: Value = chat.parse().expect("a number");
    let config = json!({"bot_token": BOT, "chat_id": chat, "api_base": chats.url("/telegram")});
    Place { name: "telegram", channel: "telegram", config }
}

/// The Cloud API with one of the templates that the counterpart knows.
pub fn cloud(chats: &Chats, template: &str) -> Value {
    json!({
        "provider": "cloud",
        "phone_number_id": "106540352242922",
        "access_token": "EAAJBexample",
        "to": PHONE,
        "template": {"name": template, "language": "en_US"},
        "api_base": chats.url("/whatsapp/v23.0"),
    })
}

fn bridge(chats: &Chats, provider: &'static str, mut config: Value) -> Place {
    config["provider"] = json!(provider);
    config["base_url"] = json!(chats.url(&format!("/{provider}")));
    config["api_key"] = json!("abcdefgh1234");
    Place { name: provider, channel: "whatsapp", config }
}

fn twilio(chats: &Chats) -> Value {
    json!({
        "provider": "twilio",
        "account_sid": "AC00000000000000000000000000000001",
        "auth_token": "abcdefgh1234",
        "from": "+14155238886",
        "to": PHONE,
        "api_base": chats.url("/twilio"),
    })
}

fn gateway(chats: &Chats) -> Value {
    json!({
        "provider": "template",
        "method": "POST",
        "url": chats.url("/gateway/send?via={{ event }}"),
        "headers": {"X-Api-Key": "abcdefgh1234"},
        "body": r#"{"to": "4915112345678", "text": "{{ message.heading }}: {{ message.text }}"}"#,
    })
}

/// A subscription to incidents at this place, with these further members.
pub async fn join(world: &World, place: &Place, more: &Value) -> Value {
    let mut new = json!({
        "channel": place.channel,
        "config": place.config,
        "filter": {"events": INCIDENT_EVENTS},
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        new[name] = value.clone();
    }
    world.post(SUBSCRIPTIONS, &new).await.expect(201).json
}

/// Subscriptions to incidents at all these places.
pub async fn join_all(world: &World, places: &[Place], more: &Value) {
    for place in places {
        join(world, place, more).await;
    }
}

/// A webhook subscription to incidents.
pub async fn listen(world: &World, sink: &Sink, path: &str) -> Value {
    let config = json!({"url": sink.url(path)});
    join(world, &Place { name: "webhook", channel: "webhook", config }, &json!({})).await
}

/// Fails unless a channel took everything it was sent, and nothing was wrong with any of it.
#[track_caller]
pub fn flawless(channel: &str, seen: &[Seen]) {
    let faults: Vec<String> = seen.iter().filter_map(|it| fault(channel, it)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

/// Fails unless all these places took everything they were sent, and nothing was wrong with it.
pub async fn all_flawless(chats: &Chats, places: &[Place]) {
    let mut faults = Vec::new();
    for Place { name, .. } in places {
        faults.extend(chats.seen(name).await.iter().filter_map(|it| fault(name, it)));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

fn fault(channel: &str, seen: &Seen) -> Option<String> {
    let Seen { step, status, answer, violations, .. } = seen;
    let faulty = !violations.is_empty() || !seen.was_taken();
    let body: String = seen.text().chars().take(2_000).collect();
    faulty.then(|| format!("{channel} {step}: {violations:#?}\n{status} {answer}\n{body}"))
}

/// The payloads of the facts of this kind.
pub fn facts(world: &World, kind: &str) -> Vec<Value> {
    let query =
        format!("select payload::jsonb from events where kind = '{kind}' order by created_at");
    sql::<Jsonb>(&query).load(&mut world.db()).expect("facts")
}

#[tokio::test]
async fn the_counterparts_are_what_the_providers_own_clients_expect() {
    tests::chats::check().await;
}
