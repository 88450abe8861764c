//! What providers refuse, and what follows from it.
pub mod limits;

use chrono::Duration;
use serde_json::{Value, json};
use tests::{Chats, World, eventually};

use super::{
    CHAT, Place, SLACK_CHANNEL, SLACK_TOKEN, cloud, facts, flawless, join, places, slack, telegram,
};
use crate::delivery::{SOON, happens, reaches};
use crate::incident::{opening, update};
use crate::subscription::shown;

const SUPERGROUP: i64 = -1_009_876_543_210;

#[tokio::test]
async fn telegram_moves_a_chat_and_the_message_follows() {
    let (world, chats) = (World::new().await, Chats::start().await);
    let subscription = join(&world, &telegram(&chats, "-4987654321"), &json!({})).await;
    let moved = json!({"error": "migrated", "to": SUPERGROUP});
    chats.always("telegram", "-4987654321", moved).await;
    let incident = happens(&world, "Trouble").await;
    reaches(&world, &subscription, 0, "delivered", 1).await;
    let seen = chats.seen("telegram").await;
    let went: Vec<(&str, u64)> = seen.iter().map(|it| (it.to.as_str(), it.status)).collect();
    let there = SUPERGROUP.to_string();
    assert_eq!(went, [("-4987654321", 400), (there.as_str(), 200)]);

    let follows = || async { chat_of(&shown(&world, &subscription).await) == there };
    eventually(SOON, follows).await;
    let body = json!({"status": "resolved", "message": "m"});
    update(&world, &incident, body).await.expect(201);
    reaches(&world, &subscription, 1, "delivered", 1).await;
    let later = chats.seen("telegram").await.split_off(2);
    assert!(later.iter().all(|it| it.to == there), "{later:?}");
    flawless("telegram", &later);
}

fn chat_of(subscription: &Value) -> String {
    let chat = &subscription["config"]["chat_id"];
    chat.as_str().map_or_else(|| chat.to_string(), str::to_owned)
}

#[tokio::test]
async fn a_destination_that_is_gone_is_told_no_more() {
    let (world, chats) = (World::new().await, Chats::start().await);
    let all = places(&chats);
    let of = |name: &str| all.iter().find(|it| it.name == name).cloned().expect("a place");
    for (place, key, error) in [
        (of("telegram"), CHAT, "blocked"),
        (of("slack"), "C0123456789", "channel_not_found"),
        (of("slack_webhook"), "services/T0/B0/abcdefgh", "no_service"),
        (of("whatsapp"), "4915112345678", "undeliverable"),
        (of("evolution"), "4915112345678", "nobody"),
        (of("twilio"), "whatsapp:+4915112345678", "invalid_to"),
        (of("discord"), "1234567890", "unknown_webhook"),
        (of("rocketchat"), "abcdefgh", "invalid"),
        (of("mattermost"), "abcdefghijklmnopqrstuvwxyz", "invalid"),
        (of("googlechat"), "AAAAxyz", "gone"),
    ] {
        let subscription = join(&world, &place, &json!({})).await;
        chats.always(place.name, key, json!({"error": error})).await;
        happens(&world, "Trouble").await;
        reaches(&world, &subscription, 0, "dead", 1).await;
        let is_disabled = || async { shown(&world, &subscription).await["state"] == "disabled" };
        eventually(SOON, is_disabled).await;
        let now = shown(&world, &subscription).await;
        assert_eq!(now["disabled_reason"], "the destination is gone for good", "{}", place.name);
        happens(&world, "More trouble").await;
        assert_eq!(chats.seen(place.name).await.len(), 1, "{}", place.name);
    }
}

/// A subscription that hears of one component alone.
pub async fn reader_of(world: &World, place: &Place, component: &Value) -> Value {
    let filter = json!({"events": ["incident.created"], "components": [component["id"]]});
    join(world, place, &json!({"filter": filter})).await
}

#[tokio::test]
async fn a_refused_credential_disables_nobody() {
    let (world, chats) = (World::new().await, Chats::start().await);
    let (api, web) = (world.component("api").await, world.component("web").await);
    let one = reader_of(&world, &slack(&chats, SLACK_CHANNEL), &api).await;
    let other = reader_of(&world, &slack(&chats, "C0123456780"), &web).await;
    let alarms = json!({"audience": "internal", "filter": {"events": ["credential.refused"]}});
    let alarms = join(&world, &telegram(&chats, CHAT), &alarms).await;
    chats.always("slack", SLACK_TOKEN, json!({"error": "invalid_auth"})).await;
    world.incident(opening(&["api"], "major_outage")).await;
    reaches(&world, &one, 0, "retrying", 1).await;
    reaches(&world, &alarms, 0, "delivered", 1).await;
    // It is tried again after a minute, then less and less often, at last every hour.
    for (n_attempts, n_hours) in [(2, 2), (3, 4), (4, 6)] {
        world.set_clock(Duration::hours(n_hours));
        reaches(&world, &one, 0, "retrying", n_attempts).await;
    }
    world.incident(opening(&["web"], "major_outage")).await;
    reaches(&world, &other, 0, "pending", 0).await;
    let told = chats.seen("telegram").await;
    flawless("telegram", &told);
    assert_eq!((told.len(), facts(&world, "credential.refused").len()), (1, 1));
    assert_eq!(facts(&world, "credential.refused")[0]["channel"], "slack");

    chats.mend("slack", SLACK_TOKEN).await;
    world.set_clock(Duration::hours(8));
    for (it, n_attempts) in [(&one, 5), (&other, 1)] {
        reaches(&world, it, 0, "delivered", n_attempts).await;
        assert_eq!(shown(&world, it).await["state"], "active");
    }
    let told = chats.told("slack").await;
    assert_eq!(told.len(), 2, "{told:?}");
    flawless("slack", &told);
}

#[tokio::test]
async fn an_expired_token_of_a_bridge_waits_too() {
    let (world, chats) = (World::new().await, Chats::start().await);
    let all = places(&chats);
    for (name, key, error) in [
        ("whatsapp", "EAAJBexample", "expired"),
        ("waha", "abcdefgh1234", "stopped"),
        ("twilio", "abcdefgh1234", "unauthorized"),
        ("ntfy", "tk_abcdefgh", "unauthorized"),
    ] {
        let place = all.iter().find(|it| it.name == name).expect("a place");
        let subscription = join(&world, place, &json!({})).await;
        chats.always(name, key, json!({"error": error})).await;
        happens(&world, "Trouble").await;
        let refused = reaches(&world, &subscription, 0, "retrying", 1).await;
        assert_eq!(refused["attempts"][0]["outcome"], "credential", "{name}: {refused}");
        assert_eq!(shown(&world, &subscription).await["state"], "active", "{name}");
        world.delete(&crate::subscription::path(&subscription)).await.expect(204);
    }
}

#[tokio::test]
async fn whatsapp_sends_the_template_when_the_window_is_closed() {
    let (world, chats) = (World::new().await, Chats::start().await);
    let mut config = cloud(&chats, "incident_update_button");
    config["use_session"] = json!(true);
    config["template"]["link"] = json!("button");
    let place = Place { name: "whatsapp", channel: "whatsapp", config };
    join(&world, &place, &json!({})).await;
    chats.script("whatsapp", "4915112345678", &[json!({"error": "window_closed"})]).await;
    happens(&world, "Trouble").await;
    chats.wait_for("whatsapp", 1).await;
    let seen = chats.seen("whatsapp").await;
    let steps: Vec<(&str, u64)> = seen.iter().map(|it| (it.step.as_str(), it.status)).collect();
    assert_eq!(steps, [("text", 400), ("template incident_update_button", 200)]);
    assert!(seen.iter().all(|it| it.violations.is_empty()), "{seen:?}");
}
