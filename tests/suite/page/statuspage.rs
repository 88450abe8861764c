//! Statuspage's public API v2, held to a JSON Schema of what its clients rely on.
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Reply, World, eventually, reading};

use super::{DOCUMENTS, furnish};
use crate::check::{each, problem, report};
use crate::incident::{opening, update};

const SUMMARY: &str = "/api/v2/summary.json";

async fn of(world: &World, path: &str) -> Value {
    world.anonymous().get(path).await.expect(200).json
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().filter_map(|it| it["name"].as_str()).collect()
}

#[tokio::test]
async fn every_document_is_what_clients_know() {
    let world = World::new().await;
    let started = |world: &World| {
        let active = world.anonymous();
        async move {
            let active = active.get("/api/v2/scheduled-maintenances/active.json").await;
            active.json["scheduled_maintenances"].as_array().is_some_and(|it| it.len() == 1)
        }
    };
    furnish(&world).await;
    eventually(std::time::Duration::from_secs(10), || started(&world)).await;
    for (path, kind) in DOCUMENTS.iter().filter(|(_, kind)| kind.starts_with("statuspage")) {
        let reply = world.anonymous().get(path).await.expect(200);
        assert_eq!(reply.header("content-type"), "application/json; charset=utf-8", "{path}");
        assert_eq!(reply.header("access-control-allow-origin"), "*");
        assert_eq!(reading::page(kind, &reply.bytes).await, reply.json, "{path}");
        let head = Reply::of(world.anonymous().raw(Method::HEAD, path)).await.expect(200);
        assert!(head.bytes.is_empty() && head.header("content-type").contains("json"), "{path}");
        problem(&world.anonymous().post(path, &json!({})).await, 405);
    }
    let summary = of(&world, SUMMARY).await;
    assert_eq!(names(&summary["components"]), ["EU", "API", "Web", "Mail"]);
    assert_eq!(names(&summary["incidents"]), ["Trouble"]);
    assert_eq!(names(&summary["scheduled_maintenances"]), ["Far", "Soon", "Now"]);
    assert_eq!(summary["status"]["indicator"], "minor");
    let recent = of(&world, "/api/v2/incidents.json").await;
    assert_eq!(names(&recent["incidents"]), ["Trouble", "Trouble", "Last year"]);
    let states: Vec<Value> =
        each(recent["incidents"].as_array().unwrap(), "status").into_iter().cloned().collect();
    assert_eq!(json!(states), json!(["postmortem", "identified", "resolved"]));
    let planned = of(&world, "/api/v2/scheduled-maintenances.json").await;
    assert_eq!(names(&planned["scheduled_maintenances"]), ["Gone", "Soon", "Now"]);
    assert_eq!(planned["scheduled_maintenances"][0]["status"], "completed");
    let [upcoming, active] =
        ["upcoming", "active"].map(|it| format!("/api/v2/scheduled-maintenances/{it}.json"));
    assert_eq!(names(&of(&world, &upcoming).await["scheduled_maintenances"]), ["Far", "Soon"]);
    assert_eq!(names(&of(&world, &active).await["scheduled_maintenances"]), ["Now"]);
}

#[tokio::test]
async fn whoever_writes_reads_it_at_once_there_too() {
    let world = World::new().await;
    world.component("api").await;
    for n in 1..=5 {
        let incident = world.incident(opening(&["api"], "major_outage")).await;
        let shown = of(&world, SUMMARY).await;
        assert_eq!(shown["incidents"][0]["shortlink"], incident["url"]);
        assert_eq!(shown["status"]["indicator"], "critical");
        let recent = of(&world, "/api/v2/incidents.json").await;
        assert_eq!(recent["incidents"].as_array().unwrap().len(), n);
        update(&world, &incident, json!({"status": "resolved", "message": "m"})).await.expect(201);
        assert_eq!(of(&world, SUMMARY).await["incidents"], json!([]));
        let recent = of(&world, "/api/v2/incidents.json").await;
        assert_eq!(recent["incidents"][0]["status"], "resolved");
        assert_eq!(recent["incidents"][0]["impact"], "critical");
    }
}

#[tokio::test]
async fn fifty_are_listed_and_no_more() {
    let world = World::new().await;
    for _ in 0..53 {
        world.incident(json!({"title": "t", "message": "m", "notify": false})).await;
    }
    let recent = of(&world, "/api/v2/incidents.json").await;
    assert_eq!(recent["incidents"].as_array().unwrap().len(), 50);
    let unresolved = of(&world, "/api/v2/incidents/unresolved.json").await;
    assert_eq!(unresolved["incidents"].as_array().unwrap().len(), 53);
}

#[tokio::test]
async fn ids_stay_and_times_are_in_the_zone_of_the_page() {
    let mut world = World::with(|env| {
        env.insert("FAROL_PAGE_TIME_ZONE".to_owned(), "America/Sao_Paulo".to_owned());
    })
    .await;
    world.component("api").await;
    let before = of(&world, SUMMARY).await;
    assert!(before["page"]["updated_at"].as_str().unwrap().ends_with("-03:00"));
    world.terminate();
    world.start().await;
    assert_eq!(of(&world, SUMMARY).await, before);
}

#[tokio::test]
async fn maintenance_is_a_word_that_can_be_spared() {
    for (switch, indicator) in [("true", "maintenance"), ("false", "none")] {
        let world = World::with(|env| {
            env.insert("FAROL_STATUSPAGE_MAINTENANCE".to_owned(), switch.to_owned());
        })
        .await;
        world.component("api").await;
        report(&world, "api", "under_maintenance").await;
        let shown = of(&world, "/api/v2/status.json").await;
        assert_eq!(shown["status"]["indicator"], indicator);
        assert_eq!(shown["status"]["description"], "Service Under Maintenance");
        assert_eq!(of(&world, "/api/v1/status").await["status"]["indicator"], "maintenance");
    }
}

#[tokio::test]
async fn webhooks_and_documents_name_things_alike() {
    let (world, sink) = (World::new().await, tests::Sink::start().await);
    world.component("api").await;
    let config = json!({"url": sink.url("/hook"), "format": "statuspage"});
    let new = json!({"channel": "webhook", "config": config});
    world.post("/api/v1/subscriptions", &new).await.expect(201);
    world.incident(opening(&["api"], "major_outage")).await;
    let told = sink.wait_for("/hook", 1).await[0].json();
    let shown = of(&world, SUMMARY).await;
    for pointer in
        ["/page/id", "/incident/id", "/incident/incident_updates/0/id", "/incident/components/0/id"]
    {
        let shown = shown.pointer(&pointer.replace("/incident/", "/incidents/0/"));
        assert_eq!(told.pointer(pointer), shown, "{pointer}");
        assert!(shown.is_some());
    }
}
