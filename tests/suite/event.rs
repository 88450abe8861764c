//! The log of what happened.
use diesel::RunQueryDsl as _;
use diesel::sql_query;
use serde_json::{Value, json};
use tests::{Sink, World, eventually};

use crate::check::{each, problem, walk};
use crate::delivery::{SOON, happens, reaches};
use crate::incident::{opening, update};
use crate::subscription::{subscribe, subscribe_to};

const EVENTS: &str = "/api/v1/events";

async fn types(world: &World, query: &str) -> Vec<String> {
    let found = world.get(&format!("{EVENTS}?limit=200&{query}")).await.expect(200);
    found.data().iter().map(|it| it["type"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_log_is_filtered_and_paged() {
    let world = World::new().await;
    let api = world.component("api").await;
    let other = happens(&world, "Other").await;
    let incident = world.incident(opening(&["api"], "partial_outage")).await;
    update(&world, &incident, json!({"message": "Still."})).await.expect(201);

    let of_incident = format!("incident={}", incident["id"].as_str().unwrap());
    assert_eq!(types(&world, &of_incident).await, ["incident.updated", "incident.created"]);
    assert_eq!(types(&world, "incident=2").await, ["incident.updated", "incident.created"]);
    let about_api =
        ["incident.updated", "component.status_changed", "incident.created", "component.created"];
    assert_eq!(types(&world, "component=api").await, about_api);
    assert_eq!(types(&world, "component=api&kind=component.created").await, ["component.created"]);
    let created = walk(&world, &format!("{EVENTS}?kind=incident.created&limit=1")).await;
    assert_eq!(each(&created, "incident_id"), [&incident["id"], &other["id"]]);
    assert_eq!(created[0]["component_ids"], json!([api["id"]]));
    assert!(types(&world, "to=2020-01-01T00:00:00Z").await.is_empty());
    assert!(!types(&world, "from=2020-01-01T00:00:00Z").await.is_empty());

    let whole = walk(&world, &format!("{EVENTS}?limit=3")).await;
    assert_eq!(whole, walk(&world, &format!("{EVENTS}?limit=200")).await);
    for bad in ["kind=nonsense", "from=yesterday", "limit=0", "nonsense=1"] {
        problem(&world.get(&format!("{EVENTS}?{bad}")).await, 400);
    }
    for nowhere in ["incident=99", "component=nowhere", "incident=x"] {
        problem(&world.get(&format!("{EVENTS}?{nowhere}")).await, 404);
    }
    problem(&world.anonymous().get(EVENTS).await, 401);
}

#[tokio::test]
async fn an_event_tells_who_did_it_and_who_was_told() {
    let (world, sink) = (World::new().await, Sink::start().await);
    sink.always("/bad", 500);
    let good = subscribe(&world, json!({"url": sink.url("/good")})).await;
    let bad = subscribe(&world, json!({"url": sink.url("/bad")})).await;
    let request = world.raw(reqwest::Method::POST, crate::incident::INCIDENTS);
    let request = request.header("x-request-id", "r-1").json(&opening(&[], ""));
    let incident = tests::Reply::of(request).await.expect(201).json;
    reaches(&world, &good, 0, "delivered", 1).await;
    reaches(&world, &bad, 0, "retrying", 1).await;

    let listed = world.get(&format!("{EVENTS}?kind=incident.created")).await.expect(200);
    let event = &listed.data()[0];
    assert_eq!((&event["request_id"], &event["announced"]), (&json!("r-1"), &json!(true)));
    assert!(event["actor"].as_str().unwrap().starts_with("token:"));
    assert!(event["sequence"].is_i64() && event["expanded_at"].is_string(), "{event}");
    let tally = json!({"due": 2, "pending": 0, "retrying": 1, "accepted": 0, "delivered": 1,
        "superseded": 0, "dead": 0});
    let mut tallies = tally.clone();
    tallies["by_channel"] = json!({"webhook": tally});
    assert_eq!(event["deliveries"], tallies);

    let path = format!("{EVENTS}/{}", event["id"].as_str().unwrap());
    let whole = world.get(&path).await.expect(200).json;
    assert_eq!(whole["deliveries"], tallies);
    assert_eq!(whole["payload"]["id"], incident["id"]);
    assert!(whole["payload"]["source"].is_string());
    assert_eq!(whole["public_payload"]["source"], Value::Null);
    let webhook = sink.received("/good").remove(0);
    assert_eq!(webhook.header("webhook-id"), event["id"]);
    assert_eq!(webhook.json()["sequence"], event["sequence"]);
    problem(&world.get(&format!("{EVENTS}/{}", uuid::Uuid::nil())).await, 404);
}

#[tokio::test]
async fn the_log_shows_no_more_than_the_things_themselves() {
    let world = World::new().await;
    world.user("ana@example.org", "a password of some length", "viewer").await;
    subscribe_to(&world, json!({"config": {"url": "https://127.0.0.1:1/"}})).await;
    world.component("api").await;
    let reader = world.token(&["read"]).await;
    let operator = world.token(&["read", "subscriptions"]).await;
    for (kind, to_reader, to_operator) in [
        ("user.created", false, false),
        ("token.created", false, false),
        ("subscription.created", false, true),
        ("component.created", true, true),
    ] {
        let listed = reader.get(&format!("{EVENTS}?kind={kind}")).await.expect(200);
        assert_eq!(listed.data()[0]["deliveries"], Value::Null);
        let path = format!("{EVENTS}/{}", listed.data()[0]["id"].as_str().unwrap());
        for (caller, sees) in [(&reader, to_reader), (&operator, to_operator), (&*world, true)] {
            let shown = caller.get(&path).await.expect(200);
            assert_eq!(shown.json["payload"].is_object(), sees, "{kind}: {}", shown.text);
        }
    }
}

#[tokio::test]
async fn deliveries_are_found_by_every_state_there_is() {
    let (world, sink) = (World::new().await, Sink::start().await);
    let told = subscribe(&world, json!({"url": sink.url("/hook")})).await;
    happens(&world, "First").await;
    reaches(&world, &told, 0, "delivered", 1).await;
    for state in ["pending", "retrying", "accepted", "superseded", "dead"] {
        let found = world.get(&format!("/api/v1/deliveries?state={state}")).await.expect(200);
        assert!(found.data().is_empty(), "{state}: {}", found.text);
        let make = format!("update deliveries set state = '{state}'");
        sql_query(make).execute(&mut world.db()).expect("a state");
        let path = format!("/api/v1/deliveries?state={state}");
        eventually(SOON, || async { world.get(&path).await.data().len() == 1 }).await;
        let event = world.get(&format!("{EVENTS}?kind=incident.created")).await.expect(200);
        assert_eq!(event.data()[0]["deliveries"][state], 1, "{}", event.text);
    }
    problem(&world.get("/api/v1/deliveries?state=lost").await, 400);
}
