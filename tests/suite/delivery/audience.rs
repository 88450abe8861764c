//! What the public hears, and what stays inside.
use serde_json::{Value, json};
use tests::{Received, Sink, World};

use super::told_so_far;
use crate::incident::{INCIDENTS, opening, update};
use crate::subscription::subscribe_to;

async fn told(world: &World, sink: &Sink, audience: &str) -> (String, Value) {
    let at = format!("/{audience}");
    let new = json!({"config": {"url": sink.url(&at)}, "audience": audience});
    (at, subscribe_to(world, new).await)
}

fn titles(received: &[Received]) -> Vec<Value> {
    let title = |it: &Received| it.json()["data"]["incident"]["title"].clone();
    received.iter().map(title).filter(|it| !it.is_null()).collect()
}

#[tokio::test]
async fn the_public_hears_only_of_public_incidents() {
    let (world, sink) = (World::new().await, Sink::start().await);
    let (outside, public) = told(&world, &sink, "public").await;
    let (inside, internal) = told(&world, &sink, "internal").await;
    let mut secret = opening(&[], "");
    (secret["title"], secret["visibility"]) = (json!("Secret"), json!("internal"));
    let secret = world.incident(secret).await;
    update(&world, &secret, json!({"status": "resolved", "message": "m"})).await.expect(201);
    world.incident(opening(&[], "")).await;
    let heard = told_so_far(&world, &sink, &public, &outside).await;
    assert_eq!(titles(&heard), ["Trouble"]);
    let heard = told_so_far(&world, &sink, &internal, &inside).await;
    assert_eq!(titles(&heard), ["Secret", "Secret", "Trouble"]);
}

#[tokio::test]
async fn the_public_is_told_what_the_public_may_read() {
    let (world, sink) = (World::new().await, Sink::start().await);
    world.component("api").await;
    let hidden = json!({"name": "Vault", "slug": "vault", "visibility": "internal"});
    world.post("/api/v1/components", &hidden).await.expect(201);
    let (outside, public) = told(&world, &sink, "public").await;
    let (inside, internal) = told(&world, &sink, "internal").await;
    let mut new = opening(&["api", "vault"], "major_outage");
    new["metadata"] = json!({"runbook": "metadata-canary"});
    new["dedup_key"] = json!("dedup-canary");
    let incident = world.incident(new).await;
    let heard = told_so_far(&world, &sink, &public, &outside).await;
    assert_eq!(super::kinds(&heard), ["incident.created", "component.status_changed"]);
    let path = format!("{INCIDENTS}/{}", incident["id"].as_str().expect("an id"));
    let readable = world.anonymous().get(&path).await.expect(200).json;
    assert_eq!(heard[0].json()["data"]["incident"], readable);
    for it in &heard {
        let text = String::from_utf8_lossy(&it.body);
        for canary in ["metadata-canary", "dedup-canary", "vault", "Vault", "admin@example.org"] {
            assert!(!text.contains(canary), "{canary} in {text}");
        }
    }
    let shown = &heard[0].json()["data"]["incident"];
    assert_eq!(shown["updates"][0]["author"], Value::Null);
    assert_eq!(shown["components"].as_array().map(Vec::len), Some(1));
    let heard = told_so_far(&world, &sink, &internal, &inside).await;
    assert_eq!(heard.len(), 3);
    assert_eq!(heard[0].json()["data"]["incident"], incident);
    assert_eq!(incident["dedup_key"], "dedup-canary");
}
