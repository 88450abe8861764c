//! Subscriptions that change, or hear more, while they are being told.
use std::time::Duration;

use diesel::{RunQueryDsl as _, sql_query};
use serde_json::{Value, json};
use tests::sink::Answer;
use tests::{Sink, World, eventually};

use super::{SOON, deliveries, happens, ids, number, reaches};
use crate::check::each;
use crate::subscription::{SUBSCRIPTIONS, path, shown, subscribe};

/// How long a destination takes that thinks about it.
const LONG: Duration = Duration::from_millis(1_500);

#[tokio::test]
async fn who_is_mended_is_told_after_what_is_under_way_and_not_blamed() {
    let (world, sink) = (World::new().await, Sink::start().await);
    let one = subscribe(&world, json!({"url": sink.url("/old")})).await;
    sink.script("/old", [Answer::from(410).after(LONG)]);
    for title in ["First", "Second", "Third"] {
        happens(&world, title).await;
    }
    sink.wait_for("/old", 1).await;
    let elsewhere = json!({"config": {"url": sink.url("/new")}});
    world.patch(&path(&one), &elsewhere).await.expect(200);
    let last = reaches(&world, &one, 2, "delivered", 1).await;
    assert_eq!(last["event"], "incident.created");
    let owed = deliveries(&world, &one).await;
    assert_eq!(each(owed[0]["attempts"].as_array().unwrap(), "status"), [410, 204]);
    let (old, new) = (sink.received("/old"), sink.received("/new"));
    let events: Vec<&str> = owed.iter().map(|it| it["event_id"].as_str().unwrap()).collect();
    assert_eq!((ids(&old), ids(&new)), (vec![events[0]], events));
    assert!(new[0].at >= old[0].at + LONG);
    let healthy = shown(&world, &one).await;
    assert_eq!((&healthy["state"], &healthy["failing_since"]), (&json!("active"), &Value::Null));
}

#[tokio::test]
async fn of_who_has_left_nothing_is_kept() {
    let (world, sink) = (World::new().await, Sink::start().await);
    let one = subscribe(&world, json!({"url": sink.url("/hook")})).await;
    sink.script("/hook", [Answer::from(500).with_body("my own words").after(LONG)]);
    happens(&world, "First").await;
    sink.wait_for("/hook", 1).await;
    world.delete(&path(&one)).await.expect(204);
    let ended = || async { world.stderr().contains("results came after their leases had ended") };
    eventually(SOON, ended).await;
    let owed = world.get("/api/v1/deliveries").await.expect(200);
    assert_eq!(each(owed.data(), "state"), ["dead"]);
    assert!(!owed.json.to_string().contains("my own words"));
    assert_eq!(sink.count(), 1);
}

#[tokio::test]
async fn who_leaves_while_news_are_on_their_way_is_owed_nothing() {
    let (world, sink) = (World::new().await, Sink::start().await);
    let one = subscribe(&world, json!({"url": sink.url("/one")})).await;
    let other = subscribe(&world, json!({"url": sink.url("/other")})).await;
    let mut leaving = world.db();
    let id = one["id"].as_str().expect("an id");
    let leave = format!("update destinations set ended = true where subscription_id = '{id}'");
    for statement in ["begin", &leave] {
        sql_query(statement).execute(&mut leaving).expect(statement);
    }
    happens(&world, "First").await;
    let waits = "select count(*) from pg_stat_activity
                 where datname = current_database() and wait_event_type = 'Lock'";
    eventually(SOON, || async { number(&world, waits) == 1 }).await;
    sql_query("commit").execute(&mut leaving).expect("an end");
    reaches(&world, &other, 0, "delivered", 1).await;
    assert_eq!(deliveries(&world, &one).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_success_counts_though_a_failure_follows() {
    let (world, sink) = (World::new().await, Sink::start().await);
    let one = subscribe(&world, json!({"url": sink.url("/hook")})).await;
    sink.script("/hook", [500, 204, 500]);
    for title in ["First", "Second"] {
        happens(&world, title).await;
    }
    reaches(&world, &one, 0, "retrying", 1).await;
    let before = shown(&world, &one).await;
    assert_eq!(before["last_success_at"], Value::Null);
    world.set_clock(chrono::Duration::seconds(10));
    reaches(&world, &one, 1, "retrying", 1).await;
    let after = shown(&world, &one).await;
    assert_ne!(after["last_success_at"], Value::Null);
    assert!(after["failing_since"].as_str() > before["failing_since"].as_str());
}

#[tokio::test]
async fn what_comes_during_a_digest_waits_for_the_next() {
    let (world, sink) = (World::new().await, Sink::start().await);
    let hook = sink.url("/hooks/abcdefghijklmnopqrstuvwxyz");
    let new =
        json!({"channel": "mattermost", "config": {"webhook_url": hook}, "digest_minutes": 15});
    let one = world.post(SUBSCRIPTIONS, &new).await.expect(201).json;
    let path = "/hooks/abcdefghijklmnopqrstuvwxyz";
    sink.always(path, Answer::from(200).with_body("ok").after(LONG));
    happens(&world, "First").await;
    reaches(&world, &one, 0, "pending", 0).await;
    world.set_clock(chrono::Duration::minutes(16));
    sink.wait_for(path, 1).await;
    happens(&world, "Second").await;
    reaches(&world, &one, 0, "delivered", 1).await;
    let waits = reaches(&world, &one, 1, "pending", 0).await;
    let at = |it: &Value| it.as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    let wait = at(&waits["next_attempt_at"]) - at(&waits["created_at"]);
    assert!(wait > chrono::Duration::minutes(14), "{wait}");
    world.set_clock(chrono::Duration::minutes(32));
    reaches(&world, &one, 1, "delivered", 1).await;
    assert_eq!(sink.received(path).len(), 2);
}
