//! Telling people: signed, in order, at least once.
mod audience;
mod crash;
mod egress;
mod fan_out;
mod filter;
mod meanwhile;
mod repeat;
mod replicas;
mod retry;
mod secrecy;
mod statuspage;

use std::time::Duration;

use diesel::RunQueryDsl as _;
use diesel::dsl::sql;
use diesel::sql_types::{BigInt, Text};
use serde_json::{Value, json};
use tests::{Received, Sink, World, eventually};

use crate::check::each;
use crate::incident::{INCIDENTS, opening, update};
use crate::subscription::{path, subscribe};

pub const DELIVERIES: &str = "/api/v1/deliveries";
/// For what happens by itself, on a busy machine.
pub const SOON: Duration = Duration::from_secs(20);

/// Whether the official library takes a webhook for one signed with `secret`.
pub fn is_signed(webhook: &Received, secret: &Value) -> bool {
    let secret = secret.as_str().expect("a secret");
    let verifier = standardwebhooks::Webhook::new(secret).expect("a verifier");
    verifier.verify(&webhook.body, &webhook.headers).is_ok()
}

/// What is owed to a subscription or was, in order.
pub async fn deliveries(world: &World, subscription: &Value) -> Vec<Value> {
    let page = world.get(&format!("{}/deliveries?limit=200", path(subscription))).await.expect(200);
    let mut found = page.data().clone();
    found.sort_by_key(|it| it["sequence"].as_i64());
    found
}

/// The `index`th delivery to a subscription, once it is in that state after so many attempts.
#[track_caller]
pub fn reaches(
    world: &World,
    subscription: &Value,
    index: usize,
    state: &'static str,
    attempts: usize,
) -> impl Future<Output = Value> {
    let there = eventually(SOON, move || async move {
        deliveries(world, subscription).await.get(index).is_some_and(|it| {
            it["state"] == state && it["attempts"].as_array().is_some_and(|it| it.len() == attempts)
        })
    });
    async move {
        there.await;
        deliveries(world, subscription).await.swap_remove(index)
    }
}

/// Opens an incident without components: one event.
pub async fn happens(world: &World, title: &str) -> Value {
    let mut new = opening(&[], "");
    new["title"] = json!(title);
    world.incident(new).await
}

/// Asks for a test message and waits for it: whatever was told before has arrived by then.
pub async fn told_so_far(
    world: &World,
    sink: &Sink,
    subscription: &Value,
    at: &str,
) -> Vec<Received> {
    world.post(&format!("{}/test", path(subscription)), &json!({})).await.expect(202);
    let is_test = |it: &Received| it.json()["type"] == "subscription.test";
    eventually(SOON, || async { sink.received(at).last().is_some_and(is_test) }).await;
    let mut received = sink.received(at);
    received.pop();
    received
}

/// The types of what came.
pub fn kinds(received: &[Received]) -> Vec<String> {
    received.iter().map(|it| it.json()["type"].as_str().unwrap_or_default().to_owned()).collect()
}

/// The ids of what came.
pub fn ids(received: &[Received]) -> Vec<&str> {
    received.iter().map(|it| it.header("webhook-id")).collect()
}

/// A number out of the database.
pub fn number(world: &World, query: &str) -> i64 {
    sql::<BigInt>(query).get_result(&mut world.db()).unwrap_or_else(|it| panic!("{query}: {it}"))
}

/// Texts out of the database.
pub fn texts(world: &World, query: &str) -> Vec<String> {
    sql::<Text>(query).load(&mut world.db()).expect(query)
}

/// The members of an object, sorted.
pub fn members(object: &Value) -> Vec<&str> {
    let mut names: Vec<&str> =
        object.as_object().into_iter().flatten().map(|it| it.0.as_str()).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn an_incident_reaches_its_subscriber_signed_and_in_order() {
    let (world, sink) = (World::new().await, Sink::start().await);
    world.component("api").await;
    let subscription = subscribe(&world, json!({"url": sink.url("/hook")})).await;
    let incident = world.incident(opening(&["api"], "major_outage")).await;
    update(&world, &incident, json!({"status": "identified", "message": "m"})).await.expect(201);
    update(&world, &incident, json!({"status": "resolved", "message": "m"})).await.expect(201);
    let received = sink.wait_for("/hook", 5).await;
    let expected = [
        "incident.created",
        "component.status_changed",
        "incident.updated",
        "incident.resolved",
        "component.status_changed",
    ];
    assert_eq!(kinds(&received), expected);
    let sequences: Vec<i64> =
        received.iter().map(|it| it.json()["sequence"].as_i64().expect("a number")).collect();
    assert!(sequences.is_sorted_by(|a, b| a < b), "{sequences:?}");
    for it in &received {
        assert!(is_signed(it, &subscription["secret"]), "{it:?}");
        assert_eq!(it.header("content-type"), "application/json");
        assert!(it.header("user-agent").starts_with("Farol/"), "{it:?}");
    }
    reaches(&world, &subscription, 4, "delivered", 1).await;
    let owed = deliveries(&world, &subscription).await;
    assert_eq!(each(&owed, "event_id"), ids(&received));
    assert_eq!(each(&owed, "event"), expected);
}

#[tokio::test]
async fn a_webhook_shows_what_the_api_shows() {
    let (world, sink) = (World::new().await, Sink::start().await);
    world.component("api").await;
    subscribe(&world, json!({"url": sink.url("/hook")})).await;
    let incident = world.incident(opening(&["api"], "partial_outage")).await;
    let received = sink.wait_for("/hook", 2).await;
    let (created, turned) = (received[0].json(), received[1].json());
    for body in [&created, &turned] {
        assert_eq!(members(body), ["data", "sequence", "timestamp", "type"]);
        assert!(body["timestamp"].as_str().is_some_and(|it| it.ends_with('Z')));
    }
    let public = world.anonymous();
    let id = incident["id"].as_str().expect("an id");
    let shown = public.get(&format!("{INCIDENTS}/{id}")).await.expect(200).json;
    let page = public.get("/api/v1/status").await.expect(200).json["page"].clone();
    assert_eq!(created["data"], json!({"incident": shown, "page": page}));
    assert_eq!(members(&turned["data"]), ["component", "page"]);
    let mut component = turned["data"]["component"].clone();
    let before = component.as_object_mut().and_then(|it| it.remove("previous_status"));
    assert_eq!(before, Some(json!("operational")));
    assert_eq!(component, public.get("/api/v1/components/api").await.expect(200).json);
}

#[tokio::test]
async fn a_published_postmortem_is_told_once() {
    let (world, sink) = (World::new().await, Sink::start().await);
    let subscription = subscribe(&world, json!({"url": sink.url("/hook")})).await;
    let incident = happens(&world, "Trouble").await;
    update(&world, &incident, json!({"status": "resolved", "message": "m"})).await.expect(201);
    let id = incident["id"].as_str().expect("an id");
    for published in [false, true, true] {
        let body = json!({"body": "Why", "published": published});
        let put = world.put(&format!("{INCIDENTS}/{id}/postmortem"), &body).await;
        assert!(put.status < 300, "{}", put.text);
    }
    let told = told_so_far(&world, &sink, &subscription, "/hook").await;
    let expected = ["incident.created", "incident.resolved", "incident.postmortem_published"];
    assert_eq!(kinds(&told), expected);
    assert_eq!(told[2].json()["data"]["incident"]["postmortem"]["body"], "Why");
}

#[tokio::test]
async fn silence_and_history_are_told_to_nobody() {
    let (world, sink) = (World::new().await, Sink::start().await);
    world.component("api").await;
    let subscription = subscribe(&world, json!({"url": sink.url("/hook")})).await;
    let mut silent = opening(&["api"], "major_outage");
    silent["notify"] = json!(false);
    let silent = world.incident(silent).await;
    let quiet = json!({"status": "resolved", "message": "m", "notify": false});
    update(&world, &silent, quiet).await.expect(201);
    let mut history = opening(&["api"], "major_outage");
    let ago = |hours| json!(chrono::Utc::now() - chrono::Duration::hours(hours));
    (history["started_at"], history["resolved_at"]) = (ago(9), ago(8));
    world.incident(history).await;
    let told = told_so_far(&world, &sink, &subscription, "/hook").await;
    assert_eq!(kinds(&told), Vec::<String>::new());
}

#[tokio::test]
async fn deliveries_are_found_by_state_subscription_and_event() {
    let (world, sink) = (World::new().await, Sink::start().await);
    let well = subscribe(&world, json!({"url": sink.url("/well")})).await;
    let ill = subscribe(&world, json!({"url": sink.url("/ill")})).await;
    sink.always("/ill", 500);
    happens(&world, "Trouble").await;
    let (good, bad) = tokio::join!(
        reaches(&world, &well, 0, "delivered", 1),
        reaches(&world, &ill, 0, "retrying", 1)
    );
    let found = |query: String| {
        let world = &world;
        async move {
            let page = world.get(&format!("{DELIVERIES}?{query}")).await.expect(200);
            page.data().iter().map(|it| it["id"].clone()).collect::<Vec<_>>()
        }
    };
    assert_eq!(found("state=delivered".to_owned()).await, [good["id"].clone()]);
    assert_eq!(found("state=retrying".to_owned()).await, [bad["id"].clone()]);
    assert_eq!(found("state=dead".to_owned()).await, Vec::<Value>::new());
    let of = ill["id"].as_str().expect("an id");
    assert_eq!(found(format!("subscription={of}")).await, [bad["id"].clone()]);
    let event = good["event_id"].as_str().expect("an id");
    assert_eq!(found(format!("event={event}")).await.len(), 2);
    let one = world.get(&format!("{DELIVERIES}/{}", good["id"].as_str().expect("an id"))).await;
    assert_eq!(one.expect(200).json, good);
    let stranger = world.token(&["read", "incidents"]).await;
    crate::check::problem(&stranger.get(DELIVERIES).await, 403);
    crate::check::problem(&world.anonymous().get(DELIVERIES).await, 401);
}
