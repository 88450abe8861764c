//! Taking back what was said.
use serde_json::{Value, json};
use tests::World;

use super::{INCIDENTS, now, opening, update};
use crate::check::{ledger, problem};

async fn troubled(world: &World) -> (Value, String) {
    world.component("api").await;
    world.component("web").await;
    let incident = world.incident(opening(&["api"], "partial_outage")).await;
    let path = format!("{INCIDENTS}/{}", incident["id"].as_str().unwrap());
    (incident, path)
}

#[tokio::test]
async fn an_edited_update_changes_what_followed_from_it() {
    let world = World::new().await;
    let (incident, path) = troubled(&world).await;
    let opening = format!("{path}/updates/{}", incident["updates"][0]["id"].as_str().unwrap());
    let better = json!({"components": [{"slug": "web", "status": "degraded_performance"}]});
    let edited = world.patch(&opening, &better).await.expect(200);
    assert_eq!(edited.header("etag"), "\"v2\"");
    ledger(&world, "api", &["operational"]).await;
    ledger(&world, "web", &["operational", "degraded_performance"]).await;
    let after = now(&world, &incident).await;
    assert_eq!(after["impact"], "minor");
    assert_eq!(after["components"].as_array().unwrap().len(), 1);
    let said = world.patch(&opening, &json!({"message": "*New*"})).await.expect(200);
    assert!(said.json["message_html"].as_str().unwrap().contains("<em>New</em>"));
    let resolved = world.patch(&opening, &json!({"status": "resolved"})).await.expect(200);
    assert_eq!(resolved.json["status"], "resolved");
    assert_eq!(now(&world, &incident).await["status"], "resolved");
    assert_eq!(world.get("/api/v1/components/web").await.json["status"], "operational");
}

#[tokio::test]
async fn a_deleted_update_never_was() {
    let world = World::new().await;
    let (incident, path) = troubled(&world).await;
    let said = json!({"status": "resolved", "message": "done"});
    let resolution = update(&world, &incident, said).await.expect(201).id();
    ledger(&world, "api", &["operational", "partial_outage", "operational"]).await;
    world.delete(&format!("{path}/updates/{resolution}")).await.expect(204);
    let open = now(&world, &incident).await;
    assert_eq!((&open["status"], &open["resolved_at"]), (&json!("investigating"), &Value::Null));
    ledger(&world, "api", &["operational", "partial_outage"]).await;
    problem(&world.delete(&format!("{path}/updates/{resolution}")).await, 404);
    let opening = incident["updates"][0]["id"].as_str().unwrap();
    problem(&world.delete(&format!("{path}/updates/{opening}")).await, 409);
}

#[tokio::test]
async fn a_deleted_incident_gives_its_components_back() {
    let world = World::new().await;
    let (incident, path) = troubled(&world).await;
    world.delete(&path).await.expect(204);
    problem(&world.get(&path).await, 404);
    problem(&update(&world, &incident, json!({"message": "m"})).await, 404);
    ledger(&world, "api", &["operational"]).await;
    assert!(world.get(INCIDENTS).await.data().is_empty());
    let status = world.anonymous().get("/api/v1/status").await.json;
    assert_eq!(status["incidents"], json!([]));
    assert_eq!(status["status"]["indicator"], "none");
}

#[tokio::test]
async fn edits_are_guarded_by_versions() {
    let world = World::new().await;
    let (incident, path) = troubled(&world).await;
    update(&world, &incident, json!({"message": "m"})).await.expect(201);
    let patch = |tag: &'static str| {
        let request = world.raw(reqwest::Method::PATCH, &path).header("if-match", tag);
        tests::Reply::of(request.json(&json!({"pinned": true})))
    };
    problem(&patch("\"v1\"").await, 412);
    assert_eq!(patch("\"v2\"").await.expect(200).json["pinned"], true);
}

#[tokio::test]
async fn an_archived_component_stays_in_past_incidents() {
    let world = World::new().await;
    let (incident, _) = troubled(&world).await;
    world.delete("/api/v1/components/api").await.expect(204);
    assert_eq!(now(&world, &incident).await["components"][0]["slug"], "api");
    update(&world, &incident, json!({"status": "resolved", "message": "m"})).await.expect(201);
}
