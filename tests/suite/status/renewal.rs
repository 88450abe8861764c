//! A page that is brought up to date equals one that is built from nothing.
use serde_json::{Value, json};
use tests::World;

use super::STATUS;
use crate::incident::{opening, update};

async fn list(world: &World, path: &str) -> Value {
    json!(world.get(path).await.expect(200).data())
}

/// The page holds what the lists, which are read from the database, hold.
async fn is_true(world: &World, after: &str) {
    let page = world.get(STATUS).await.expect(200).json;
    for (shown, path) in [
        ("components", "/api/v1/components?limit=200"),
        ("groups", "/api/v1/groups?limit=200"),
        ("incidents", "/api/v1/incidents?status=open&limit=200"),
        ("maintenances", "/api/v1/maintenances?status=upcoming&limit=200"),
    ] {
        assert_eq!(page[shown], list(world, path).await, "{shown} after {after}");
    }
}

async fn patch(world: &World, path: &str, body: Value) {
    world.patch(path, &body).await.expect(200);
    is_true(world, &format!("{path} {body}")).await;
}

async fn put(world: &World, path: &str, body: Value) {
    world.put(path, &body).await.expect(200);
    is_true(world, &format!("{path} {body}")).await;
}

async fn delete(world: &World, path: &str) {
    let status = world.delete(path).await.status;
    assert!((200..300).contains(&status), "{path}: {status}");
    is_true(world, path).await;
}

/// Two groups of two components and one that stands alone, and two incidents that name them.
async fn furnish(world: &World) -> [Value; 2] {
    for (group, members) in [("core", ["api", "web"]), ("edge", ["cdn", "dns"])] {
        let new = json!({"name": group, "slug": group});
        let group = world.post("/api/v1/groups", &new).await.expect(201).json;
        for name in members {
            let new = json!({"name": name, "group_id": group["id"]});
            world.post("/api/v1/components", &new).await.expect(201);
        }
    }
    world.component("mail").await;
    is_true(world, "furnishing").await;
    let first = world.incident(opening(&["api", "cdn"], "partial_outage")).await;
    is_true(world, "the first incident").await;
    let soon = chrono::Utc::now() + chrono::Duration::hours(1);
    let plan = json!({"title": "t", "components": [{"slug": "api"}, {"slug": "cdn"}],
        "starts_at": soon, "ends_at": soon + chrono::Duration::hours(1)});
    world.post("/api/v1/maintenances", &plan).await.expect(201);
    is_true(world, "planned work").await;
    let second = world.incident(opening(&["dns", "mail", "api"], "major_outage")).await;
    is_true(world, "the second incident").await;
    [first, second]
}

async fn ids(world: &World, path: &str) -> Vec<Value> {
    world.get(path).await.expect(200).data().iter().rev().map(|it| it["id"].clone()).collect()
}

#[tokio::test]
async fn whatever_changes_is_on_the_page() {
    let world = World::new().await;
    let [first, second] = furnish(&world).await;
    let at = |incident: &Value| format!("/api/v1/incidents/{}", incident["number"]);

    patch(&world, "/api/v1/components/api", json!({"name": "API", "slug": "interface"})).await;
    patch(&world, "/api/v1/components/interface", json!({"visibility": "internal"})).await;
    patch(&world, "/api/v1/components/interface", json!({"visibility": "public"})).await;
    patch(&world, "/api/v1/components/web", json!({"reported_status": "major_outage"})).await;
    patch(&world, "/api/v1/components/web", json!({"group_id": null, "position": 9})).await;
    patch(&world, "/api/v1/groups/edge", json!({"name": "Edge", "collapsed": true})).await;
    let reversed = ids(&world, "/api/v1/components").await;
    put(&world, "/api/v1/components/order", json!({"ids": reversed})).await;
    let reversed = ids(&world, "/api/v1/groups").await;
    put(&world, "/api/v1/groups/order", json!({"ids": reversed})).await;

    let said = json!({"message": "m", "components": [{"slug": "cdn", "status": "operational"}]});
    let said = update(&world, &first, said).await.expect(201).json;
    is_true(&world, "an update").await;
    let update_at = format!("{}/updates/{}", at(&first), said["id"].as_str().unwrap());
    patch(&world, &update_at, json!({"message": "corrected"})).await;
    delete(&world, &update_at).await;
    patch(&world, &at(&first), json!({"title": "t", "pinned": true, "visibility": "internal"}))
        .await;
    let postmortem = json!({"body": "b", "published": true});
    put(&world, &format!("{}/postmortem", at(&first)), postmortem).await;

    let plan = "/api/v1/maintenances/1";
    patch(&world, plan, json!({"title": "other"})).await;
    let later = chrono::Utc::now() + chrono::Duration::days(20);
    patch(&world, plan, json!({"starts_at": later, "ends_at": later + chrono::Duration::hours(1)}))
        .await;

    delete(&world, "/api/v1/components/cdn").await;
    delete(&world, "/api/v1/groups/edge").await;
    update(&world, &second, json!({"status": "resolved", "message": "m"})).await.expect(201);
    is_true(&world, "a resolution").await;
    update(&world, &second, json!({"status": "monitoring", "message": "m"})).await.expect(201);
    is_true(&world, "a reopening").await;
    delete(&world, &at(&first)).await;

    let anew = world.second_replica().await;
    for (held, built) in [
        (world.get(STATUS).await, anew.get(STATUS).await),
        (world.anonymous().get(STATUS).await, anew.anonymous().get(STATUS).await),
    ] {
        assert_eq!((held.header("etag"), &held.json), (built.header("etag"), &built.json));
    }
}

#[tokio::test]
async fn the_place_of_a_component_is_part_of_the_incidents_that_name_it() {
    let world = World::new().await;
    let [incident, _] = furnish(&world).await;
    let path = format!("/api/v1/incidents/{}", incident["number"]);
    let before = world.get(&path).await.expect(200);
    world.patch("/api/v1/components/cdn", &json!({"position": 7})).await.expect(200);
    let moved = ids(&world, "/api/v1/components").await;
    world.put("/api/v1/components/order", &json!({"ids": moved})).await.expect(200);
    let after = world.get(&path).await.expect(200);
    assert_ne!(before.json["components"], after.json["components"]);
    assert_ne!(before.header("etag"), after.header("etag"));
}
