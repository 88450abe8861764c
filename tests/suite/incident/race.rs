//! Many callers at once.
use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Client, Reply, World};

use super::{INCIDENTS, now, opening, update};
use crate::check::problem;

async fn hundred(client: &Client, key: Option<&str>, body: &Value) -> Vec<Reply> {
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let request = client.raw(Method::POST, INCIDENTS).json(body);
            let request = match key {
                Some(key) => request.header("idempotency-key", key),
                None => request,
            };
            tokio::spawn(Reply::of(request))
        })
        .collect();
    let mut replies = Vec::new();
    for call in calls {
        replies.push(call.await.expect("an answer"));
    }
    replies
}

fn ids(replies: &[Reply]) -> BTreeSet<String> {
    replies.iter().map(Reply::id).collect()
}

#[tokio::test]
async fn a_hundred_monitors_open_one_incident() {
    let world = World::new().await;
    world.component("api").await;
    let mut body = opening(&["api"], "major_outage");
    body["dedup_key"] = json!("api-down");
    let replies = hundred(&world, None, &body).await;
    assert_eq!(replies.iter().filter(|it| it.status == 201).count(), 1);
    assert_eq!(replies.iter().filter(|it| it.status == 200).count(), 99);
    assert_eq!(ids(&replies).len(), 1);
    assert_eq!(world.get(INCIDENTS).await.data().len(), 1);

    update(&world, &replies[0].json, json!({"status": "resolved", "message": "m"}))
        .await
        .expect(201);
    let next = world.post(INCIDENTS, &body).await.expect(201);
    assert_ne!(next.id(), replies[0].id());
    let reopen = json!({"status": "investigating", "message": "m"});
    problem(&update(&world, &replies[0].json, reopen).await, 409);
    assert_eq!(now(&world, &replies[0].json).await["status"], "resolved");
}

#[tokio::test]
async fn one_idempotency_key_has_one_effect() {
    let world = World::new().await;
    let body = opening(&[], "");
    let mut replies = hundred(&world, Some("one"), &body).await;
    let waited: Vec<u16> = replies.iter().map(|it| it.status).filter(|it| *it != 201).collect();
    assert_eq!(waited, Vec::<u16>::new());
    assert_eq!(ids(&replies).len(), 1);
    assert_eq!(world.get(INCIDENTS).await.data().len(), 1);
    replies.retain(|it| it.header("idempotency-replayed") == "true");
    assert_eq!(replies.len(), 99);
}

#[tokio::test]
async fn a_key_answers_the_same_again_and_refuses_another_body() {
    let world = World::new().await;
    let send = |client: &Client, key: &str, body: &Value| {
        let request = client.raw(Method::POST, INCIDENTS).header("idempotency-key", key);
        Reply::of(request.json(body))
    };
    let (body, other) = (opening(&[], ""), json!({"title": "Other", "message": "m"}));
    let first = send(&world, "k", &body).await.expect(201);
    assert_eq!(first.header("idempotency-replayed"), "");
    let again = send(&world, "k", &body).await.expect(201);
    assert_eq!(again.header("idempotency-replayed"), "true");
    for name in ["location", "etag", "content-type"] {
        assert_eq!(again.header(name), first.header(name), "{name}");
    }
    assert_eq!(again.text, first.text);
    problem(&send(&world, "k", &other).await, 422);
    let somebody = world.token(&["incidents"]).await;
    assert_ne!(send(&somebody, "k", &body).await.expect(201).id(), first.id());
    let long = "k".repeat(255);
    send(&world, &long, &body).await.expect(201);
    for bad in ["k".repeat(256), String::new()] {
        problem(&send(&world, &bad, &body).await, 400);
    }
}

#[tokio::test]
async fn a_failed_attempt_leaves_its_key_free() {
    let world = World::new().await;
    let send = || {
        let request = world.raw(Method::POST, INCIDENTS).header("idempotency-key", "k");
        Reply::of(request.json(&opening(&["api"], "major_outage")))
    };
    problem(&send().await, 422);
    world.component("api").await;
    send().await.expect(201);
}

#[tokio::test]
async fn opposite_writes_at_once_leave_a_sound_ledger() {
    let world = World::new().await;
    for name in ["a", "b"] {
        world.component(name).await;
    }
    let incident = world.incident(opening(&["a", "b"], "major_outage")).await;
    let path = format!("{INCIDENTS}/{}/updates", incident["id"].as_str().unwrap());
    let calls: Vec<_> = (0..12)
        .map(|n| {
            let request = if n % 2 == 0 {
                let status = ["operational", "partial_outage"][n / 2 % 2];
                world.raw(Method::POST, &path).json(&json!({"message": "m", "components":
                    [{"slug": "b", "status": status}, {"slug": "a", "status": status}]}))
            } else {
                let status = ["operational", "degraded_performance"][n / 2 % 2];
                world
                    .raw(Method::PATCH, "/api/v1/components/a")
                    .json(&json!({"reported_status": status}))
            };
            tokio::spawn(Reply::of(request))
        })
        .collect();
    for call in calls {
        let reply = call.await.expect("an answer");
        assert!(reply.status < 300, "{}", reply.text);
    }
    for key in ["a", "b"] {
        let history = world.get(&format!("/api/v1/components/{key}/history")).await.json;
        let intervals = history["intervals"].as_array().unwrap();
        let shown: Vec<&str> = intervals.iter().map(|it| it["status"].as_str().unwrap()).collect();
        crate::check::ledger(&world, key, &shown).await;
    }
}
