//! Sending again what was sent or lost before.
use chrono::Duration;
use serde_json::{Value, json};
use tests::{Sink, World, eventually};

use super::{DELIVERIES, SOON, deliveries, happens, ids, is_signed, reaches, told_so_far};
use crate::check::{each, problem};
use crate::subscription::{path, shown, subscribe};

#[tokio::test]
async fn a_delivery_is_repeated_as_a_new_one_under_the_same_id() {
    let (world, sink) = (World::new().await, Sink::start().await);
    let one = subscribe(&world, json!({"url": sink.url("/hook")})).await;
    happens(&world, "First").await;
    happens(&world, "Second").await;
    let first = reaches(&world, &one, 0, "delivered", 1).await;
    reaches(&world, &one, 1, "delivered", 1).await;
    let again = format!("{DELIVERIES}/{}/redeliver", first["id"].as_str().expect("an id"));
    let repeated = world.post(&again, &json!({})).await.expect(202).json;
    assert_ne!(repeated["id"], first["id"]);
    assert_eq!((&repeated["event_id"], &repeated["sequence"]), (&first["event_id"], &json!(3)));
    reaches(&world, &one, 2, "delivered", 1).await;
    let received = sink.received("/hook");
    assert_eq!(received.len(), 3);
    assert_eq!(received[2].header("webhook-id"), received[0].header("webhook-id"));
    assert_eq!(received[2].body, received[0].body);
    assert!(is_signed(&received[2], &one["secret"]));
}

#[tokio::test]
async fn what_is_under_way_or_unknown_cannot_be_repeated() {
    let (world, sink) = (World::new().await, Sink::start().await);
    let one = subscribe(&world, json!({"url": sink.url("/hook")})).await;
    sink.always("/hook", 500);
    happens(&world, "First").await;
    let waiting = reaches(&world, &one, 0, "retrying", 1).await;
    let again = |id: &str| format!("{DELIVERIES}/{id}/redeliver");
    let path = again(waiting["id"].as_str().expect("an id"));
    problem(&world.post(&path, &json!({})).await, 409);
    problem(&world.post(&again(&uuid::Uuid::nil().to_string()), &json!({})).await, 404);
}

/// Loses an incident to a destination that says it is gone, and brings the destination back.
async fn lose(world: &World, sink: &Sink, one: &Value, title: &str, after: Duration) {
    sink.script("/hook", [410]);
    happens(world, title).await;
    eventually(SOON, || async { shown(world, one).await["state"] == "disabled" }).await;
    world.patch(&path(one), &json!({"state": "active"})).await.expect(200);
    world.set_clock(after);
}

#[tokio::test]
async fn what_was_lost_is_recovered_once_and_oldest_first() {
    let (world, sink) = (World::new().await, Sink::start().await);
    let one = subscribe(&world, json!({"url": sink.url("/hook")})).await;
    lose(&world, &sink, &one, "Early", Duration::hours(1)).await;
    lose(&world, &sink, &one, "First", Duration::hours(2)).await;
    lose(&world, &sink, &one, "Second", Duration::hours(3)).await;
    happens(&world, "Fine").await;
    reaches(&world, &one, 3, "delivered", 1).await;
    let recover = |since: Value| {
        let world = &world;
        let path = format!("{}/recover", path(&one));
        async move { world.post(&path, &json!({"since": since})).await.expect(202).json }
    };
    let owed = deliveries(&world, &one).await;
    assert_eq!(each(&owed, "state"), ["dead", "dead", "dead", "delivered"]);
    assert_eq!(recover(owed[3]["created_at"].clone()).await, json!({"enqueued": 0}));
    assert_eq!(recover(owed[1]["created_at"].clone()).await, json!({"enqueued": 2}));
    reaches(&world, &one, 5, "delivered", 1).await;
    let owed = deliveries(&world, &one).await;
    assert_eq!(each(&owed[4..], "event_id"), each(&owed[1..3], "event_id"));
    assert_eq!(recover(owed[1]["created_at"].clone()).await, json!({"enqueued": 0}));
    assert_eq!(recover(owed[0]["created_at"].clone()).await, json!({"enqueued": 1}));
    let told = told_so_far(&world, &sink, &one, "/hook").await;
    let ids = ids(&told);
    assert_eq!(ids[4..], [ids[1], ids[2], ids[0]]);
}
