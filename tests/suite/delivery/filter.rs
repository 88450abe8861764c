//! Who wants to hear what.
use serde_json::{Value, json};
use tests::{Received, Sink, World, eventually};

use super::{SOON, number, told_so_far};
use crate::incident::{opening, update};
use crate::subscription::{path, subscribe_to};

const INCIDENT_EVENTS: [&str; 3] = ["incident.created", "incident.updated", "incident.resolved"];

/// A subscription at `/<name>` with this filter.
async fn filtered(world: &World, sink: &Sink, name: &str, filter: Value) -> (String, Value) {
    let at = format!("/{name}");
    let mut wanted = json!({"events": INCIDENT_EVENTS});
    for (member, value) in filter.as_object().expect("a filter") {
        wanted[member] = value.clone();
    }
    let new = json!({"config": {"url": sink.url(&at)}, "filter": wanted});
    (at, subscribe_to(world, new).await)
}

/// Each webhook as its type and the title or name of what it is about.
fn gist(received: &[Received]) -> Vec<String> {
    let gist = |it: &Received| {
        let body = it.json();
        let data = &body["data"];
        let name = data["incident"]["title"].as_str().or(data["component"]["name"].as_str());
        format!("{} {}", body["type"].as_str().unwrap_or_default(), name.unwrap_or_default())
    };
    received.iter().map(gist).collect()
}

async fn assert_told(world: &World, sink: &Sink, told: &(String, Value), expected: &[&str]) {
    let received = told_so_far(world, sink, &told.1, &told.0).await;
    assert_eq!(gist(&received), expected, "{}", told.0);
}

async fn opens(world: &World, title: &str, slug: &str, status: &str) -> Value {
    let mut new = opening(&[slug], status);
    new["title"] = json!(title);
    world.incident(new).await
}

#[tokio::test]
async fn filters_let_through_what_is_wanted() {
    let (world, sink) = (World::new().await, Sink::start().await);
    let group = world.post("/api/v1/groups", &json!({"name": "G"})).await.expect(201).json;
    let a = world.component("a").await;
    let b = world.component("b").await;
    let join = json!({"group_id": group["id"]});
    world.patch("/api/v1/components/a", &join).await.expect(200);
    let of_a = filtered(&world, &sink, "a", json!({"components": [a["id"]]})).await;
    let of_group = filtered(&world, &sink, "g", json!({"groups": [group["id"]]})).await;
    let either = json!({"components": [b["id"]], "groups": [group["id"]]});
    let of_either = filtered(&world, &sink, "either", either).await;
    let bad = filtered(&world, &sink, "bad", json!({"min_impact": "major"})).await;
    let ends = filtered(&world, &sink, "ends", json!({"events": ["incident.resolved"]})).await;
    let turns = json!({"events": ["component.status_changed"], "components": [b["id"]]});
    let turns = filtered(&world, &sink, "turns", turns).await;

    let minor = opens(&world, "A", "a", "degraded_performance").await;
    let of_minor = filtered(&world, &sink, "minor", json!({"incidents": [minor["id"]]})).await;
    let critical = opens(&world, "B", "b", "major_outage").await;
    world.patch("/api/v1/components/b", &join).await.expect(200);
    update(&world, &critical, json!({"message": "b has joined the group"})).await.expect(201);
    update(&world, &critical, json!({"status": "resolved", "message": "m"})).await.expect(201);
    update(&world, &minor, json!({"status": "resolved", "message": "m"})).await.expect(201);

    let (a0, a1) = ("incident.created A", "incident.resolved A");
    let (b0, b1, b2) = ("incident.created B", "incident.updated B", "incident.resolved B");
    let turn = "component.status_changed b";
    assert_told(&world, &sink, &of_a, &[a0, a1]).await;
    assert_told(&world, &sink, &of_group, &[a0, b1, b2, a1]).await;
    assert_told(&world, &sink, &of_either, &[a0, b0, b1, b2, a1]).await;
    assert_told(&world, &sink, &bad, &[b0, b1, b2]).await;
    assert_told(&world, &sink, &ends, &[b2, a1]).await;
    assert_told(&world, &sink, &turns, &[turn, turn]).await;
    assert_told(&world, &sink, &of_minor, &[a1]).await;
}

#[tokio::test]
async fn a_new_filter_takes_over() {
    let (world, sink) = (World::new().await, Sink::start().await);
    for name in ["a", "b"] {
        world.component(name).await;
    }
    let one = filtered(&world, &sink, "hook", json!({"min_impact": "critical"})).await;
    opens(&world, "Early", "a", "degraded_performance").await;
    let waiting = "select count(*) from events where expanded_at is null";
    eventually(SOON, || async { number(&world, waiting) == 0 }).await;
    let wider = json!({"filter": {"events": ["incident.created"], "min_impact": null}});
    let edited = world.patch(&path(&one.1), &wider).await.expect(200);
    assert_eq!(edited.json["filter"]["min_impact"], Value::Null);
    opens(&world, "Late", "b", "degraded_performance").await;
    assert_told(&world, &sink, &one, &["incident.created Late"]).await;
}
