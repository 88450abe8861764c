//! Subscriptions.
mod life;

use serde_json::{Value, json};
use tests::{Sink, World};

use crate::check::{invalid, problem};
use crate::delivery::{happens, told_so_far};

pub const SUBSCRIPTIONS: &str = "/api/v1/subscriptions";

/// A new webhook subscription with this configuration, its secret included.
pub async fn subscribe(world: &World, config: Value) -> Value {
    subscribe_to(world, json!({"config": config})).await
}

/// A new webhook subscription with these members, its secret included.
pub async fn subscribe_to(world: &World, mut new: Value) -> Value {
    new["channel"] = json!("webhook");
    world.post(SUBSCRIPTIONS, &new).await.expect(201).json
}

/// Where a subscription is.
pub fn path(subscription: &Value) -> String {
    format!("{SUBSCRIPTIONS}/{}", subscription["id"].as_str().expect("an id"))
}

/// The subscription as it is now.
pub async fn shown(world: &World, subscription: &Value) -> Value {
    world.get(&path(subscription)).await.expect(200).json
}

#[tokio::test]
async fn a_secret_is_shown_once() {
    let world = World::new().await;
    let new = json!({"channel": "webhook", "label": "Ops",
        "config": {"url": "https://hooks.example.org/x?token=abcdefghijkl",
                   "headers": {"Authorization": "Bearer abcdefghijkl"}}});
    let made = world.post(SUBSCRIPTIONS, &new).await.expect(201);
    assert_eq!(made.header("location"), path(&made.json));
    assert_eq!(made.header("etag"), "\"v1\"");
    let mut expected = made.json.clone();
    let secret = expected.as_object_mut().and_then(|it| it.remove("secret"));
    assert!(secret.and_then(|it| it.as_str().map(|it| it.starts_with("whsec_"))) == Some(true));
    assert_eq!(expected["state"], "active");
    assert_eq!(expected["config"]["headers"]["Authorization"], "…ijkl");
    assert_eq!(expected["config"]["url"], "https://hooks.example.org/x?…ijkl");
    assert_eq!(shown(&world, &made.json).await, expected);
    assert_eq!(world.get(SUBSCRIPTIONS).await.expect(200).data(), &[expected]);
}

#[tokio::test]
async fn what_cannot_be_subscribed_is_refused_by_field() {
    let world = World::new().await;
    let url = "https://hooks.example.org/x";
    let nobody = json!([uuid::Uuid::nil()]);
    let many: serde_json::Map<String, Value> =
        (0..21).map(|n| (format!("X-{n}"), json!("v"))).collect();
    for (new, pointer) in [
        (json!({"channel": "pigeon", "config": {}}), "/channel"),
        // Nobody has named a mail server.
        (json!({"channel": "email", "config": {"to": "ana@example.org"}}), "/channel"),
        (json!({"channel": "webhook", "config": {}}), "/config"),
        (json!({"channel": "webhook", "config": []}), "/config"),
        (json!({"channel": "webhook", "config": {"url": 7}}), "/config/url"),
        (json!({"channel": "webhook", "config": {"url": url, "foo": 1}}), "/config/foo"),
        (json!({"channel": "webhook", "config": {"url": url, "format": "x"}}), "/config/format"),
        (json!({"channel": "webhook", "config": {"url": url, "headers": many}}), "/config/headers"),
        (json!({"channel": "webhook", "config": {"url": url}, "time_zone": "Mars"}), "/time_zone"),
        (json!({"channel": "webhook", "config": {"url": url}, "urll": url}), "/urll"),
    ] {
        invalid(&world.post(SUBSCRIPTIONS, &new).await, &[pointer]);
    }
    for list in ["components", "groups", "incidents"] {
        let new = json!({"channel": "webhook", "config": {"url": url}, "filter": {list: nobody}});
        let pointer = format!("/filter/{list}/0");
        invalid(&world.post(SUBSCRIPTIONS, &new).await, &[&pointer]);
    }
}

#[tokio::test]
async fn an_edit_leaves_what_it_does_not_name() {
    let world = World::new().await;
    let api = world.component("api").await;
    let new = json!({"config": {"url": "https://a.example.org/x", "format": "statuspage",
                                "headers": {"X-Key": "planted-key", "X-Of": "something"}},
                     "filter": {"components": [api["id"]], "min_impact": "major"}});
    let one = subscribe_to(&world, new).await;
    let edit = async |patch: Value| world.patch(&path(&one), &patch).await;
    let moved = json!({"config": {"url": "https://a.example.org/y", "headers": {"X-Of": null}},
                       "filter": {"min_impact": "critical"}});
    let edited = edit(moved).await.expect(200).json;
    assert_eq!(edited["config"]["url"], "https://a.example.org/y");
    assert_eq!(edited["config"]["format"], "statuspage");
    assert_eq!(edited["config"]["headers"], json!({"X-Key": "…-key"}));
    assert_eq!(edited["filter"]["components"], json!([api["id"]]));
    assert_eq!(edited["filter"]["min_impact"], "critical");

    // What nobody may read is not sent to whom it was not given for.
    let elsewhere =
        |headers: Value| json!({"config": {"url": "https://b.example.org/y", "headers": headers}});
    invalid(&edit(elsewhere(json!({}))).await, &["/config/headers/X-Key"]);
    invalid(&edit(elsewhere(json!({"X-Of": "more"}))).await, &["/config/headers/X-Key"]);
    edit(elsewhere(json!({"X-Key": "another-key"}))).await.expect(200);
    let without = json!({"config": {"url": "https://c.example.org/", "headers": null}});
    assert_eq!(edit(without).await.expect(200).json["config"]["headers"], json!({}));

    for (patch, pointer) in [
        (json!({"config": null}), "/config"),
        (json!({"config": []}), "/config"),
        (json!({"config": {"url": null}}), "/config"),
        (json!({"filter": {"events": ["foo"]}}), "/filter/events/0"),
        (json!({"filter": {"min_impact": "huge"}}), "/filter/min_impact"),
        (json!({"filter": {"components": "a"}}), "/filter/components"),
        (json!({"filter": []}), "/filter"),
    ] {
        invalid(&edit(patch).await, &[pointer]);
    }
    let all = edit(json!({"filter": null})).await.expect(200).json;
    assert_eq!(all["filter"]["components"], json!([]));
    assert_eq!(all["filter"]["min_impact"], Value::Null);
}

#[tokio::test]
async fn headers_that_are_ours_cannot_be_set() {
    let world = World::new().await;
    for name in [
        "Host",
        "content-length",
        "Transfer-Encoding",
        "Connection",
        "Content-Type",
        "User-Agent",
        "Webhook-Id",
        "webhook-signature",
        "X Y",
        "X:Y",
    ] {
        let config = json!({"url": "https://hooks.example.org/", "headers": {name: "v"}});
        let reply =
            world.post(SUBSCRIPTIONS, &json!({"channel": "webhook", "config": config})).await;
        invalid(&reply, &[&format!("/config/headers/{name}")]);
    }
    for value in ["a\r\nX-Injected: b", "ü", "\u{7f}"] {
        let config = json!({"url": "https://hooks.example.org/", "headers": {"X-Team": value}});
        let reply =
            world.post(SUBSCRIPTIONS, &json!({"channel": "webhook", "config": config})).await;
        invalid(&reply, &["/config/headers/X-Team"]);
    }
}

#[tokio::test]
async fn headers_of_ones_own_arrive() {
    let (world, sink) = (World::new().await, Sink::start().await);
    let headers = json!({"X-Team": "sre, on call", "authorization": "Bearer abc"});
    subscribe(&world, json!({"url": sink.url("/hook"), "headers": headers})).await;
    happens(&world, "Trouble").await;
    let received = sink.wait_for("/hook", 1).await;
    assert_eq!(received[0].header("x-team"), "sre, on call");
    assert_eq!(received[0].header("authorization"), "Bearer abc");
}

#[tokio::test]
async fn a_test_message_goes_to_one_alone() {
    let (world, sink) = (World::new().await, Sink::start().await);
    let one = subscribe(&world, json!({"url": sink.url("/one")})).await;
    let other = subscribe(&world, json!({"url": sink.url("/other")})).await;
    assert!(told_so_far(&world, &sink, &one, "/one").await.is_empty());
    let test = sink.received("/one")[0].json();
    assert_eq!(test["data"]["subscription"]["id"], one["id"]);
    assert!(told_so_far(&world, &sink, &other, "/other").await.is_empty());
    assert_eq!(sink.received("/one").len(), 1);
    world.patch(&path(&one), &json!({"state": "paused"})).await.expect(200);
    problem(&world.post(&format!("{}/test", path(&one)), &json!({})).await, 409);
}

#[tokio::test]
async fn only_those_who_may_see_subscriptions() {
    let world = World::new().await;
    let one = subscribe(&world, json!({"url": "https://hooks.example.org/"})).await;
    let (reader, clerk) = (world.token(&["read"]).await, world.token(&["subscriptions"]).await);
    for path in [SUBSCRIPTIONS, &path(&one)] {
        problem(&world.anonymous().get(path).await, 401);
        problem(&reader.get(path).await, 403);
        clerk.get(path).await.expect(200);
    }
}
