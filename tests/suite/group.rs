//! Groups.
use serde_json::{Value, json};
use tests::World;

use crate::check::{each, invalid, problem, report, walk};

const GROUPS: &str = "/api/v1/groups";
const COMPONENTS: &str = "/api/v1/components";

async fn member(world: &World, name: &str, group: &Value) {
    world.post(COMPONENTS, &json!({"name": name, "group_id": group})).await.expect(201);
}

#[tokio::test]
async fn a_group_lives_from_creation_to_archive() {
    let world = World::new().await;
    let made = world.post(GROUPS, &json!({"name": "Core", "collapsed": true})).await.expect(201);
    assert_eq!(made.json["slug"], "core");
    let path = made.header("location").to_owned();
    assert_eq!(world.get(&format!("{GROUPS}/core")).await.json, made.json);
    member(&world, "api", &made.json["id"]).await;
    let edited = world.patch(&path, &json!({"name": "Heart", "description": "x"})).await;
    assert_eq!(edited.expect(200).json["name"], "Heart");
    problem(&world.post(GROUPS, &json!({"name": "x", "slug": "core"})).await, 409);
    world.delete(&path).await.expect(204);
    problem(&world.get(&path).await, 404);
    assert_eq!(world.get(&format!("{COMPONENTS}/api")).await.json["group_id"], Value::Null);
}

#[tokio::test]
async fn a_group_is_as_bad_as_its_worst_member() {
    let world = World::new().await;
    let group = world.post(GROUPS, &json!({"name": "Core"})).await.expect(201).json;
    member(&world, "a", &group["id"]).await;
    member(&world, "b", &group["id"]).await;
    let path = format!("{GROUPS}/core");
    assert_eq!(world.get(&path).await.json["status"], "operational");
    report(&world, "a", "partial_outage").await;
    report(&world, "b", "degraded_performance").await;
    assert_eq!(world.get(&path).await.json["status"], "partial_outage");
    report(&world, "a", "operational").await;
    assert_eq!(world.get(&path).await.json["status"], "degraded_performance");
    let history = world.get(&format!("{path}/history")).await.expect(200);
    let intervals = history.json["intervals"].as_array().unwrap();
    assert_eq!(
        each(intervals, "status"),
        ["operational", "partial_outage", "degraded_performance"]
    );
    world.delete(&format!("{COMPONENTS}/b")).await.expect(204);
    assert_eq!(world.get(&path).await.json["status"], "operational");
}

#[tokio::test]
async fn groups_are_ordered_and_paged() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for name in ["a", "b", "c"] {
        ids.push(world.post(GROUPS, &json!({"name": name})).await.expect(201).json["id"].clone());
    }
    let put = world.put(&format!("{GROUPS}/order"), &json!({"ids": [ids[2]]})).await.expect(200);
    assert_eq!(each(put.data(), "name"), ["c", "a", "b"]);
    let listed = walk(&world, &format!("{GROUPS}?limit=1")).await;
    assert_eq!(each(&listed, "name"), ["c", "a", "b"]);
}

#[tokio::test]
async fn an_internal_group_and_its_members_part_for_the_public() {
    let world = World::new().await;
    let new = json!({"name": "Hidden", "visibility": "internal"});
    let group = world.post(GROUPS, &new).await.expect(201).json;
    member(&world, "api", &group["id"]).await;
    let public = world.anonymous();
    problem(&public.get(&format!("{GROUPS}/hidden")).await, 404);
    assert!(public.get(GROUPS).await.data().is_empty());
    let status = public.get("/api/v1/status").await.json;
    assert_eq!(status["groups"], json!([]));
    assert_eq!(status["components"][0]["group_id"], Value::Null);
    for stranger in [&public, &world.token(&["incidents"]).await] {
        let listed = stranger.get(COMPONENTS).await.expect(200);
        assert_eq!(listed.data()[0]["group_id"], Value::Null);
        let shown = stranger.get(&format!("{COMPONENTS}/api")).await.expect(200).json;
        assert_eq!(shown["group_id"], Value::Null);
        let id = group["id"].as_str().unwrap();
        assert!(stranger.get(&format!("{COMPONENTS}?group={id}")).await.data().is_empty());
    }
    assert_eq!(world.get(COMPONENTS).await.data()[0]["group_id"], group["id"]);
    world.token(&["read"]).await.get(&format!("{GROUPS}/hidden")).await.expect(200);
}

#[tokio::test]
async fn a_component_joins_only_groups_that_are_there() {
    let world = World::new().await;
    let nowhere = json!({"name": "x", "group_id": uuid::Uuid::nil()});
    invalid(&world.post(COMPONENTS, &nowhere).await, &["/group_id"]);
}
