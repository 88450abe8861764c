//! While a chat fails, old news are passed over; machines get every one.
use chrono::Duration;
use serde_json::{Value, json};
use tests::sink::Answer;
use tests::{Chats, Sink, World};

use super::{SLACK_TOKEN, join, listen, slack};
use crate::check::each;
use crate::delivery::{deliveries, happens, kinds, reaches};
use crate::incident::update;

/// Nothing is tried again before the clock jumps.
fn broken() -> Value {
    json!({"status": 500, "body": {}, "headers": {"Retry-After": "600"}})
}

#[tokio::test]
async fn a_chat_that_recovers_is_told_the_latest_state_once() {
    let (world, chats, sink) = (World::new().await, Chats::start().await, Sink::start().await);
    let chat = join(&world, &slack(&chats, "C0123456789"), &json!({})).await;
    let hook = listen(&world, &sink, "/hook").await;
    chats.always("slack", SLACK_TOKEN, broken()).await;
    sink.always("/hook", Answer::from(500).with_header("retry-after", "600"));
    let incident = happens(&world, "Trouble").await;
    reaches(&world, &chat, 0, "retrying", 1).await;
    reaches(&world, &hook, 0, "retrying", 1).await;
    for (status, message) in
        [("identified", "First"), ("monitoring", "Second"), ("resolved", "Newest")]
    {
        let body = json!({"status": status, "message": message});
        update(&world, &incident, body).await.expect(201);
    }
    // Fanned out by the time that the webhook, which is told of it last, is owed it.
    reaches(&world, &hook, 3, "pending", 0).await;
    reaches(&world, &chat, 3, "pending", 0).await;
    chats.mend("slack", SLACK_TOKEN).await;
    sink.always("/hook", 204);
    world.set_clock(Duration::seconds(700));

    reaches(&world, &chat, 3, "delivered", 1).await;
    let owed = deliveries(&world, &chat).await;
    let expected = ["superseded", "superseded", "superseded", "delivered"];
    assert_eq!(each(&owed, "state"), expected);
    let told = chats.told("slack").await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].text().contains("Newest"), "{}", told[0].body);

    reaches(&world, &hook, 3, "delivered", 1).await;
    let owed = deliveries(&world, &hook).await;
    assert_eq!(each(&owed, "state"), ["delivered"; 4].map(Value::from).each_ref());
    let heard = sink.received("/hook");
    let [.., a, b, c, d] = heard.as_slice() else { panic!("{heard:?}") };
    let last = kinds(&[a.clone(), b.clone(), c.clone(), d.clone()]);
    let expected =
        ["incident.created", "incident.updated", "incident.updated", "incident.resolved"];
    assert_eq!(last, expected);
}

#[tokio::test]
async fn other_incidents_are_not_passed_over() {
    let (world, chats) = (World::new().await, Chats::start().await);
    let chat = join(&world, &slack(&chats, "C0123456789"), &json!({})).await;
    chats.always("slack", SLACK_TOKEN, broken()).await;
    let first = happens(&world, "First trouble").await;
    reaches(&world, &chat, 0, "retrying", 1).await;
    happens(&world, "Second trouble").await;
    let body = json!({"status": "resolved", "message": "First is over."});
    update(&world, &first, body).await.expect(201);
    reaches(&world, &chat, 2, "pending", 0).await;
    chats.mend("slack", SLACK_TOKEN).await;
    world.set_clock(Duration::seconds(700));
    reaches(&world, &chat, 2, "delivered", 1).await;
    let owed = deliveries(&world, &chat).await;
    assert_eq!(each(&owed, "state"), ["superseded", "delivered", "delivered"]);
    let told = chats.told("slack").await;
    assert!(told[0].text().contains("Second trouble") && told[1].text().contains("First is over."));
}
