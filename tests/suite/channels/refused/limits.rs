//! Providers that have enough of us for a while.
use chrono::Duration;
use serde_json::{Value, json};
use tests::{Chats, Sink, World, eventually};

use super::super::{CHAT, Place, SLACK_CHANNEL, join, places, slack, telegram};
use super::reader_of;
use crate::delivery::{SOON, deliveries, happens, reaches};
use crate::incident::opening;
use crate::subscription::{path, subscribe};

/// Waits until a webhook that is told after everybody else has heard of it.
pub async fn passes(world: &World, sink: &Sink, fence: &Value) {
    let n_before = sink.received("/fence").len();
    world.post(&format!("{}/test", path(fence)), &json!({})).await.expect(202);
    let is_told = || async {
        let later = sink.received("/fence").split_off(n_before);
        later.iter().any(|it| it.json()["type"] == "subscription.test")
    };
    eventually(SOON, is_told).await;
}

/// One reader meets a limit that asks for five minutes; the other, with the same bot, waits too.
async fn pauses_the_bot(chats: &Chats, key: &str, limit: Value, [one, other]: [Place; 2]) {
    let (world, sink) = (World::new().await, Sink::start().await);
    let fence = subscribe(&world, json!({"url": sink.url("/fence")})).await;
    let (api, web) = (world.component("api").await, world.component("web").await);
    let channel = one.name;
    let one = reader_of(&world, &one, &api).await;
    let other = reader_of(&world, &other, &web).await;
    chats.script(channel, key, &[limit]).await;
    world.incident(opening(&["api"], "major_outage")).await;
    reaches(&world, &one, 0, "retrying", 1).await;
    world.incident(opening(&["web"], "major_outage")).await;
    reaches(&world, &other, 0, "pending", 0).await;
    passes(&world, &sink, &fence).await;
    assert_eq!(chats.seen(channel).await.len(), 1);

    world.set_clock(Duration::seconds(290));
    passes(&world, &sink, &fence).await;
    assert_eq!(chats.seen(channel).await.len(), 1);
    world.set_clock(Duration::seconds(330));
    reaches(&world, &one, 0, "delivered", 2).await;
    reaches(&world, &other, 0, "delivered", 1).await;
    assert_eq!(chats.told(channel).await.len(), 2);
}

#[tokio::test]
async fn telegrams_limit_is_for_the_whole_bot() {
    let chats = Chats::start().await;
    let limit = json!({"error": "limited", "after": 300});
    let places = [telegram(&chats, CHAT), telegram(&chats, "215")];
    pauses_the_bot(&chats, CHAT, limit, places).await;
}

#[tokio::test]
async fn slacks_limit_is_for_the_whole_bot() {
    let chats = Chats::start().await;
    let limit = json!({"error": "ratelimited", "after": 300});
    let places = [slack(&chats, SLACK_CHANNEL), slack(&chats, "C0123456780")];
    pauses_the_bot(&chats, SLACK_CHANNEL, limit, places).await;
}

#[tokio::test]
async fn other_limits_are_waited_for() {
    let (world, chats) = (World::new().await, Chats::start().await);
    let all = places(&chats);
    let mut waiting = Vec::new();
    for (name, key, limit) in [
        ("discord", "1234567890", json!({"error": "limited", "after": 2.65})),
        ("teams", "a1b2", json!({"error": "limited", "after": 7})),
        ("whatsapp", "4915112345678", json!({"error": "pair_rate"})),
        ("slack_webhook", "services/T0/B0/abcdefgh", json!({"error": "ratelimited", "after": 9})),
        ("ntfy", "acme-status_7", json!({"error": "limited"})),
        ("googlechat", "AAAAxyz", json!({"error": "limited"})),
    ] {
        let place = all.iter().find(|it| it.name == name).expect("a place");
        waiting.push((name, join(&world, place, &json!({})).await));
        chats.script(name, key, &[limit]).await;
    }
    happens(&world, "Trouble").await;
    for (name, subscription) in &waiting {
        let limited = reaches(&world, subscription, 0, "retrying", 1).await;
        assert_eq!(limited["attempts"][0]["outcome"], "transient", "{name}: {limited}");
    }
    // Their waits are short: a clock that jumps would meet messages on their way.
    for (name, subscription) in &waiting {
        chats.wait_for(name, 1).await;
        let owed = deliveries(&world, subscription).await;
        assert_eq!(owed.len(), 1, "{name}");
        assert_eq!(chats.seen(name).await.len(), 2, "{name}");
    }
}
