//! What is internal reaches no public byte.
use serde_json::{Value, json};
use tests::{Client, World};

use super::{DOCUMENTS, ago};
use crate::check::problem;
use crate::incident::update;

const MARKER: &str = "zqxsecret";

const MORE: [&str; 7] = [
    "/feed.json",
    "/feed.atom?component=open",
    "/feed.rss?group=both",
    "/api/v1/components?limit=200",
    "/api/v1/incidents?limit=200",
    "/maintenances.ics",
    "/api/v1/calendar",
];

/// These change with the minute.
const IN_TIME: [&str; 8] = [
    "/api/v1/uptime",
    "/api/v1/uptime?group=both&granularity=total",
    "/api/v1/reports/incidents",
    "/api/v1/reports/incidents?group_by=impact",
    "/badge.svg",
    "/components/open/badge.json?show=uptime",
    "/components/open/uptime.svg",
    "/api/v1/components/open/history",
];

async fn published(client: &Client, more: &[&str]) -> Vec<(String, String)> {
    let mut published = Vec::new();
    for path in DOCUMENTS.iter().map(|it| it.0).chain(MORE).chain(more.iter().copied()) {
        let text = client.get(path).await.expect(200).text;
        published.push((path.to_owned(), text));
    }
    published
}

async fn post(world: &World, path: &str, body: Value) -> Value {
    world.post(path, &body).await.expect(201).json
}

/// Internal things whose every field says so, and public things that touch them.
async fn hide(world: &World) {
    let marked = json!({MARKER: MARKER});
    let secret = |more: Value| {
        let mut body = json!({"visibility": "internal"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    post(world, "/api/v1/groups", secret(json!({"name": MARKER, "description": MARKER}))).await;
    post(
        world,
        "/api/v1/components",
        secret(json!({"name": MARKER, "description": MARKER,
        "link": format!("https://{MARKER}.test"), "metadata": marked})),
    )
    .await;
    let touched = json!([{"slug": MARKER, "status": "major_outage"}]);
    let both = json!([{"slug": MARKER, "status": "major_outage"}, {"slug": "open", "status": "degraded_performance"}]);
    let incident = post(
        world,
        "/api/v1/incidents",
        secret(json!({"title": MARKER, "message": MARKER,
        "components": touched, "dedup_key": MARKER, "metadata": marked})),
    )
    .await;
    update(world, &incident, json!({"message": MARKER, "components": both})).await.expect(201);
    update(world, &incident, json!({"status": "resolved", "message": MARKER})).await.expect(201);
    let past = secret(
        json!({"title": MARKER, "message": MARKER, "started_at": ago(90), "resolved_at": ago(80)}),
    );
    post(world, "/api/v1/incidents", past).await;
    for from in [-10, 100, 60 * 24 * 50] {
        let plan =
            secret(json!({"title": MARKER, "message": MARKER, "components": [{"slug": MARKER}],
            "dedup_key": format!("{MARKER}{from}"), "metadata": marked,
            "starts_at": ago(-from), "ends_at": ago(-from - 60)}));
        post(world, "/api/v1/maintenances", plan).await;
    }
}

#[tokio::test]
async fn nothing_internal_is_published() {
    let world = World::new().await;
    let group = post(&world, "/api/v1/groups", json!({"name": "Both"})).await;
    post(&world, "/api/v1/components", json!({"name": "Open", "group_id": group["id"]})).await;
    let marked = json!({MARKER: MARKER});
    hide(&world).await;
    let shown = post(&world, "/api/v1/incidents", json!({"title": "Seen", "message": "m", "dedup_key": MARKER, "metadata": marked,
        "components": [{"slug": MARKER, "status": "major_outage"}, {"slug": "open", "status": "partial_outage"}]})).await;
    let path = format!("/api/v1/incidents/{}/postmortem", shown["id"].as_str().unwrap());
    world.put(&path, &json!({"body": MARKER, "published": false})).await;
    for (path, text) in published(&world.anonymous(), &IN_TIME).await {
        assert!(!text.contains(MARKER), "{path}: {text}");
    }
    // A search that finds nothing anywhere would prove nothing.
    let inside = published(&world, &IN_TIME).await;
    assert!(inside.iter().filter(|it| it.1.contains(MARKER)).count() > 15, "{inside:?}");
    problem(&world.anonymous().get(&format!("/feed.atom?component={MARKER}")).await, 404);
    problem(&world.anonymous().get(&format!("/feed.atom?group={MARKER}")).await, 404);
}

#[tokio::test]
async fn nobody_can_tell_that_there_is_something_to_hide() {
    let world = World::new().await;
    let group = post(&world, "/api/v1/groups", json!({"name": "Both"})).await;
    post(&world, "/api/v1/components", json!({"name": "Open", "group_id": group["id"]})).await;
    world.incident(json!({"title": "Seen", "message": "m"})).await;
    let before = published(&world.anonymous(), &[]).await;
    let marked = json!({"name": MARKER, "visibility": "internal"});
    post(&world, "/api/v1/components", marked).await;
    post(
        &world,
        "/api/v1/incidents",
        json!({"title": MARKER, "message": MARKER, "visibility": "internal",
        "components": [{"slug": MARKER, "status": "major_outage"}]}),
    )
    .await;
    post(
        &world,
        "/api/v1/maintenances",
        json!({"title": MARKER, "message": MARKER, "visibility": "internal",
        "starts_at": ago(-100), "ends_at": ago(-160)}),
    )
    .await;
    assert_eq!(published(&world.anonymous(), &[]).await, before);
}
