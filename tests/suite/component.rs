//! Components.
use chrono::{Duration, SubsecRound as _, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Reply, World};

use crate::check::{each, invalid, ledger, problem, report, walk};
use crate::delivery::number;
use crate::incident::{opening, update};

const COMPONENTS: &str = "/api/v1/components";

#[tokio::test]
async fn a_component_lives_from_creation_to_archive() {
    let world = World::new().await;
    let new = json!({"name": "Check-out Ünit", "description": "Pays", "metadata": {"team": "pay"}});
    let made = world.post(COMPONENTS, &new).await.expect(201);
    let path = made.header("location").to_owned();
    assert_eq!(made.header("etag"), "\"v1\"");
    assert_eq!(made.json["status"], "operational");
    let slug = made.json["slug"].as_str().unwrap().to_owned();
    assert_eq!(world.get(&format!("{COMPONENTS}/{slug}")).await.expect(200).json, made.json);

    let patch = json!({"name": "Checkout", "slug": "checkout", "description": null});
    let edited = world.patch(&path, &patch).await.expect(200);
    assert_eq!(edited.json["name"], "Checkout");
    assert_eq!(edited.json["description"], Value::Null);
    assert_eq!(edited.json["metadata"], json!({"team": "pay"}));
    assert_eq!(edited.json["version"], 2);
    problem(&world.get(&format!("{COMPONENTS}/{slug}")).await, 404);

    world.delete(&path).await.expect(204);
    problem(&world.get(&path).await, 404);
    problem(&world.delete(&path).await, 404);
    world.get(&format!("{path}/history")).await.expect(200);
    assert!(world.get(COMPONENTS).await.data().is_empty());
    let again = world.post(COMPONENTS, &json!({"name": "x", "slug": "checkout"})).await;
    assert_eq!(again.expect(201).json["slug"], "checkout");
}

#[tokio::test]
async fn slugs_are_unique_and_cannot_be_mistaken_for_ids() {
    let world = World::new().await;
    assert_eq!(world.component("API").await["slug"], "api");
    assert_eq!(world.component("API").await["slug"], "api-2");
    problem(&world.post(COMPONENTS, &json!({"name": "x", "slug": "api"})).await, 409);
    problem(&world.patch(&format!("{COMPONENTS}/api-2"), &json!({"slug": "api"})).await, 409);
    for slug in ["Api", "a b", "a--b", "-a", "42", "00000000-0000-0000-0000-000000000000", ""] {
        invalid(&world.post(COMPONENTS, &json!({"name": "x", "slug": slug})).await, &["/slug"]);
    }
    assert_eq!(world.component("！！").await["slug"], "component");
}

#[tokio::test]
async fn components_are_listed_in_the_order_that_was_put() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for name in ["a", "b", "c", "d", "e"] {
        ids.push(world.component(name).await["id"].clone());
    }
    let order = json!({"ids": [ids[3], ids[1]]});
    let put = world.put(&format!("{COMPONENTS}/order"), &order).await.expect(200);
    assert_eq!(each(put.data(), "name"), ["d", "b", "a", "c", "e"]);
    let listed = walk(&world, &format!("{COMPONENTS}?limit=2")).await;
    assert_eq!(each(&listed, "name"), ["d", "b", "a", "c", "e"]);
    let nobody = uuid::Uuid::nil();
    let put = world.put(&format!("{COMPONENTS}/order"), &json!({"ids": [ids[0], nobody]})).await;
    invalid(&put, &["/ids/1"]);
    let put = world.put(&format!("{COMPONENTS}/order"), &json!({"ids": [ids[0], ids[0]]})).await;
    invalid(&put, &["/ids/1"]);
}

#[tokio::test]
async fn the_status_is_the_worst_of_baseline_and_incidents() {
    let world = World::new().await;
    world.component("api").await;
    let path = format!("{COMPONENTS}/api");
    report(&world, "api", "degraded_performance").await;
    let new = json!({"title": "t", "message": "m",
        "components": [{"slug": "api", "status": "major_outage"}]});
    let incident = world.incident(new).await["id"].as_str().unwrap().to_owned();
    let shown = world.get(&path).await.json;
    assert_eq!(shown["reported_status"], "degraded_performance");
    assert_eq!(shown["status"], "major_outage");
    report(&world, "api", "operational").await;
    assert_eq!(world.get(&path).await.json["status"], "major_outage");
    let resolve = json!({"status": "resolved", "message": "done"});
    world.post(&format!("/api/v1/incidents/{incident}/updates"), &resolve).await.expect(201);
    ledger(&world, "api", &["operational", "degraded_performance", "major_outage", "operational"])
        .await;
    invalid(&world.patch(&path, &json!({"status": "major_outage"})).await, &["/status"]);
}

#[tokio::test]
async fn the_public_sees_neither_internal_components_nor_actors() {
    let world = World::new().await;
    let new = json!({"name": "Secret", "visibility": "internal"});
    world.post(COMPONENTS, &new).await.expect(201);
    world.component("Open").await;
    world.patch(&format!("{COMPONENTS}/open"), &json!({"metadata": {"owner": "ana"}})).await;
    let (public, insider) = (world.anonymous(), world.token(&["read"]).await);
    let blind = world.token(&["incidents"]).await;
    for stranger in [&public, &blind] {
        problem(&stranger.get(&format!("{COMPONENTS}/secret")).await, 404);
        problem(&stranger.get(&format!("{COMPONENTS}/secret/history")).await, 404);
        let listed = stranger.get(COMPONENTS).await.expect(200);
        assert_eq!(each(listed.data(), "slug"), ["open"]);
    }
    insider.get(&format!("{COMPONENTS}/secret")).await.expect(200);
    assert_eq!(insider.get(COMPONENTS).await.data().len(), 2);
    let history = format!("{COMPONENTS}/open/history");
    assert_eq!(public.get(&history).await.json["intervals"][0]["actor"], Value::Null);
    assert!(insider.get(&history).await.json["intervals"][0]["actor"].is_string());
}

#[tokio::test]
async fn versions_guard_writes_and_spare_reads() {
    let world = World::new().await;
    let path = format!("{COMPONENTS}/{}", world.component("api").await["id"].as_str().unwrap());
    let guarded = |method: Method, tag: &'static str| {
        Reply::of(world.raw(method, &path).header("if-match", tag).json(&json!({"name": "x"})))
    };
    guarded(Method::PATCH, "\"v1\"").await.expect(200);
    let stale = guarded(Method::PATCH, "\"v1\"").await;
    problem(&stale, 412);
    assert_eq!(stale.header("etag"), "\"v2\"");
    problem(&guarded(Method::PATCH, "nonsense").await, 412);
    guarded(Method::PATCH, "*").await.expect(200);
    problem(&guarded(Method::DELETE, "\"v2\"").await, 412);

    let seen = |method: Method, tag: &'static str| {
        Reply::of(world.raw(method, &path).header("if-none-match", tag))
    };
    let unchanged = seen(Method::GET, "\"v3\"").await.expect(304);
    assert!(unchanged.bytes.is_empty() && unchanged.header("etag") == "\"v3\"");
    seen(Method::GET, "\"v1\", W/\"v3\"").await.expect(304);
    seen(Method::GET, "\"v2\"").await.expect(200);
    let (head, get) = (seen(Method::HEAD, "\"v2\"").await, world.get(&path).await);
    assert!(head.status == 200 && head.bytes.is_empty());
    for name in ["etag", "content-type", "content-length", "cache-control"] {
        assert_eq!(head.header(name), get.header(name), "{name}");
    }
    guarded(Method::DELETE, "\"v3\"").await.expect(204);
}

#[tokio::test]
async fn caches_are_told_what_they_may_keep() {
    let world = World::new().await;
    let public = world.anonymous().get(COMPONENTS).await.expect(200);
    assert!(public.header("cache-control").starts_with("public, max-age="));
    assert!(public.header("cache-control").contains("stale-if-error="));
    assert_eq!(public.header("access-control-allow-origin"), "*");
    let private = world.get(COMPONENTS).await.expect(200);
    assert_eq!(private.header("cache-control"), "private, no-store");
}

#[tokio::test]
async fn what_is_archived_neither_changes_nor_tells() {
    let world = World::new().await;
    let id = world.component("api").await["id"].as_str().unwrap().to_owned();
    let incident = world.incident(opening(&["api"], "major_outage")).await;
    world.delete(&format!("{COMPONENTS}/api")).await.expect(204);
    let history = format!("{COMPONENTS}/{id}/history");
    let archived = world.get(&history).await.expect(200).json;
    let intervals = archived["intervals"].as_array().unwrap();
    assert_eq!(each(intervals, "status"), ["operational", "major_outage"]);
    assert!(intervals[1]["to"].is_string(), "{archived}");

    let told = "select count(*) as count from events where kind = 'component.status_changed'";
    let before = number(&world, told);
    update(&world, &incident, json!({"status": "resolved", "message": "m"})).await.expect(201);
    assert_eq!(world.get(&history).await.json, archived);
    assert_eq!(number(&world, told), before);
}

#[tokio::test]
async fn an_earlier_start_date_leads_the_ledger_back() {
    let world = World::new().await;
    let path = format!("{COMPONENTS}/api");
    let new = json!({"name": "api", "reported_status": "degraded_performance"});
    world.post(COMPONENTS, &new).await.expect(201);
    report(&world, "api", "operational").await;
    let ago = |it: Duration| (Utc::now() - it).trunc_subsecs(6);
    let mut past = opening(&["api"], "major_outage");
    past["started_at"] = json!(ago(Duration::hours(30)));
    past["resolved_at"] = json!(ago(Duration::hours(29)));
    world.incident(past).await;
    ledger(&world, "api", &["degraded_performance", "operational"]).await;

    let start = ago(Duration::days(3)).date_naive();
    world.patch(&path, &json!({"start_date": start})).await.expect(200);
    let led_back = ["operational", "major_outage", "operational", "degraded_performance"];
    ledger(&world, "api", &[&led_back[..], &["operational"]].concat()).await;
    let history = world.get(&format!("{path}/history")).await.json;
    assert_eq!(history["intervals"][0]["from"], format!("{start}T00:00:00Z"));

    let later = ago(Duration::days(1)).date_naive();
    world.patch(&path, &json!({"start_date": later})).await.expect(200);
    assert_eq!(world.get(&format!("{path}/history")).await.json, history);
}
