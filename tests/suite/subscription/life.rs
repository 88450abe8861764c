//! From pausing to the end of a subscription.
use serde_json::{Value, json};
use tests::{Reply, Sink, World};

use super::{path, shown, subscribe};
use crate::check::{invalid, problem};
use crate::delivery::{deliveries, happens, is_signed, kinds, number, reaches, told_so_far};

async fn set_state(world: &World, subscription: &Value, state: &str) {
    let set = world.patch(&path(subscription), &json!({"state": state})).await.expect(200);
    assert_eq!(set.json["state"], state);
}

#[tokio::test]
async fn a_paused_subscription_hears_nothing_until_it_resumes() {
    let (world, sink) = (World::new().await, Sink::start().await);
    let one = subscribe(&world, json!({"url": sink.url("/one")})).await;
    let other = subscribe(&world, json!({"url": sink.url("/other")})).await;
    set_state(&world, &one, "paused").await;
    happens(&world, "First").await;
    assert_eq!(told_so_far(&world, &sink, &other, "/other").await.len(), 1);
    assert_eq!(deliveries(&world, &one).await, Vec::<Value>::new());
    set_state(&world, &one, "active").await;
    happens(&world, "Second").await;
    let told = told_so_far(&world, &sink, &one, "/one").await;
    assert_eq!(kinds(&told), ["incident.created"]);
    assert_eq!(told[0].json()["data"]["incident"]["title"], "Second");
    for state in ["disabled", "pending"] {
        let reply = world.patch(&path(&one), &json!({"state": state})).await;
        invalid(&reply, &["/state"]);
    }
}

#[tokio::test]
async fn what_is_queued_waits_for_the_end_of_a_pause() {
    let (world, sink) = (World::new().await, Sink::start().await);
    let one = subscribe(&world, json!({"url": sink.url("/one")})).await;
    let other = subscribe(&world, json!({"url": sink.url("/other")})).await;
    sink.script("/one", [500]);
    happens(&world, "First").await;
    reaches(&world, &one, 0, "retrying", 1).await;
    set_state(&world, &one, "paused").await;
    world.set_clock(chrono::Duration::hours(1));
    told_so_far(&world, &sink, &other, "/other").await;
    assert_eq!(sink.received("/one").len(), 1);
    set_state(&world, &one, "active").await;
    reaches(&world, &one, 0, "delivered", 2).await;
}

#[tokio::test]
async fn a_deleted_subscription_is_left_alone_and_forgotten() {
    let (world, sink) = (World::new().await, Sink::start().await);
    let one = subscribe(&world, json!({"url": sink.url("/one")})).await;
    let other = subscribe(&world, json!({"url": sink.url("/other")})).await;
    sink.script("/one", [500]);
    happens(&world, "First").await;
    reaches(&world, &one, 0, "retrying", 1).await;
    world.delete(&path(&one)).await.expect(204);
    world.set_clock(chrono::Duration::hours(1));
    happens(&world, "Second").await;
    assert_eq!(told_so_far(&world, &sink, &other, "/other").await.len(), 2);
    assert_eq!(sink.received("/one").len(), 1);
    problem(&world.get(&path(&one)).await, 404);
    problem(&world.get(&format!("{}/deliveries", path(&one))).await, 404);
    problem(&world.delete(&path(&one)).await, 404);
    let wiped = "select count(*) from subscriptions where deleted_at is not null and config = '{}'
        and label is null and secrets = '' and signing_secret is null and previous_secret is null";
    assert_eq!(number(&world, wiped), 1);
}

#[tokio::test]
async fn a_new_url_takes_over_with_the_same_secret() {
    let (world, sink) = (World::new().await, Sink::start().await);
    let one = subscribe(&world, json!({"url": sink.url("/old")})).await;
    happens(&world, "First").await;
    sink.wait_for("/old", 1).await;
    let guarded = |tag: &'static str, body: Value| {
        let request = world.raw(reqwest::Method::PATCH, &path(&one)).header("if-match", tag);
        Reply::of(request.json(&body))
    };
    let new = json!({"config": {"url": sink.url("/new")}, "label": "Moved"});
    let edited = guarded("\"v1\"", new.clone()).await.expect(200);
    assert_eq!(edited.json["version"], 2);
    assert_eq!(edited.json["config"]["url"], sink.url("/new"));
    assert!(edited.json.get("secret").is_none());
    problem(&guarded("\"v1\"", new).await, 412);
    happens(&world, "Second").await;
    let received = sink.wait_for("/new", 1).await;
    assert!(is_signed(&received[0], &one["secret"]));
    assert_eq!(sink.received("/old").len(), 1);
    let wrong = json!({"config": {"url": "http://10.0.0.1/"}});
    invalid(&world.patch(&path(&one), &wrong).await, &["/config/url"]);
    let cleared = world.patch(&path(&one), &json!({"label": null})).await.expect(200);
    assert_eq!(cleared.json["label"], Value::Null);
    assert_eq!(shown(&world, &one).await["config"]["url"], sink.url("/new"));
}

#[tokio::test]
async fn a_rotated_secret_signs_along_for_a_day() {
    let (world, sink) = (World::new().await, Sink::start().await);
    let one = subscribe(&world, json!({"url": sink.url("/hook")})).await;
    let rotate = format!("{}/rotate-secret", path(&one));
    let rotated = world.post(&rotate, &json!({})).await.expect(200).json;
    let (old, new) = (&one["secret"], &rotated["secret"]);
    assert_ne!(old, new);
    assert_eq!(rotated["version"], 2);
    for (hours, n_signatures) in [(0, 2), (23, 2), (25, 1)] {
        world.set_clock(chrono::Duration::hours(hours));
        let n_before = sink.received("/hook").len();
        happens(&world, "Trouble").await;
        let received = sink.wait_for("/hook", n_before + 1).await;
        let last = received.last().expect("a webhook");
        let n_found = last.header("webhook-signature").split(' ').count();
        assert_eq!(n_found, n_signatures, "after {hours} hours");
        assert!(is_signed(last, new));
        assert_eq!(is_signed(last, old), n_signatures == 2);
    }
}

#[tokio::test]
async fn its_health_is_never_called_unchanged() {
    let (world, sink) = (World::new().await, Sink::start().await);
    let one = subscribe(&world, json!({"url": sink.url("/one")})).await;
    let tag = world.get(&path(&one)).await.expect(200).header("etag").to_owned();
    let again =
        || Reply::of(world.raw(reqwest::Method::GET, &path(&one)).header("if-none-match", &tag));
    again().await.expect(304);
    happens(&world, "First").await;
    reaches(&world, &one, 0, "delivered", 1).await;
    assert!(again().await.expect(200).json["last_success_at"].is_string());
}
