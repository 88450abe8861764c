//! Entering what happened before.
use chrono::{DateTime, Duration, SubsecRound as _, Utc};
use diesel::{QueryableByName, RunQueryDsl as _, sql_query, sql_types::BigInt};
use serde_json::json;
use tests::World;

use super::{INCIDENTS, now, opening, update};
use crate::check::{invalid, ledger};

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn announced(world: &World) -> i64 {
    let sql = "select count(*) as count from events where announce";
    sql_query(sql).get_result::<Count>(&mut world.db()).expect("a count").count
}

fn ago(minutes: i64) -> DateTime<Utc> {
    (Utc::now() - Duration::minutes(minutes)).trunc_subsecs(6)
}

#[tokio::test]
async fn history_shows_in_the_ledger_and_tells_nobody() {
    let world = World::new().await;
    let start = json!({"name": "api", "start_date": (Utc::now() - Duration::days(3)).date_naive()});
    world.post("/api/v1/components", &start).await.expect(201);
    let mut past = opening(&["api"], "major_outage");
    past["started_at"] = json!(ago(60));
    past["resolved_at"] = json!(ago(30));
    let incident = world.incident(past).await;
    assert_eq!(incident["status"], "resolved");
    assert_eq!(incident["duration_seconds"], 1800);
    assert_eq!(incident["impact"], "critical");
    ledger(&world, "api", &["operational", "major_outage", "operational"]).await;
    let history = world.get("/api/v1/components/api/history").await.json;
    let outage = &history["intervals"][1];
    assert_eq!(
        (&outage["from"], &outage["to"]),
        (&incident["started_at"], &incident["resolved_at"])
    );
    assert_eq!((&outage["cause"], &outage["incident_id"]), (&json!("incident"), &incident["id"]));
    assert_eq!(announced(&world), 0);
    world.incident(opening(&["api"], "major_outage")).await;
    assert!(announced(&world) > 0);
}

#[tokio::test]
async fn an_open_incident_may_have_begun_earlier() {
    let world = World::new().await;
    let start = json!({"name": "api", "start_date": (Utc::now() - Duration::days(3)).date_naive()});
    world.post("/api/v1/components", &start).await.expect(201);
    let mut late = opening(&["api"], "partial_outage");
    late["started_at"] = json!(ago(10));
    let incident = world.incident(late).await;
    ledger(&world, "api", &["operational", "partial_outage"]).await;
    let component = world.get("/api/v1/components/api").await.json;
    assert_eq!(component["status_since"], incident["started_at"]);
    let path = format!("{INCIDENTS}/1");
    let earlier = world.patch(&path, &json!({"started_at": ago(20)})).await.expect(200).json;
    let component = world.get("/api/v1/components/api").await.json;
    assert_eq!(component["status_since"], earlier["started_at"]);
    ledger(&world, "api", &["operational", "partial_outage"]).await;
    invalid(&world.patch(&path, &json!({"started_at": ago(-20)})).await, &["/started_at"]);
}

#[tokio::test]
async fn nobody_is_told_when_the_author_says_so() {
    let world = World::new().await;
    let mut quiet = opening(&[], "");
    quiet["notify"] = json!(false);
    world.incident(quiet).await;
    assert_eq!(announced(&world), 0);
}

#[tokio::test]
async fn times_are_answered_as_they_are_kept() {
    let world = World::new().await;
    world.component("api").await;
    let exact = |minutes| format!("{}789Z", ago(minutes).format("%FT%T%.6f"));
    let mut past = opening(&["api"], "major_outage");
    past["started_at"] = json!(exact(60));
    let opened = world.incident(past).await;
    assert_eq!(opened, now(&world, &opened).await);
    let body = json!({"message": "m", "status": "monitoring", "display_at": exact(30)});
    let told = update(&world, &opened, body).await.expect(201).json;
    let updated = now(&world, &opened).await;
    assert_eq!(told["display_at"], updated["updates"][0]["display_at"]);
    assert_eq!(told["display_at"], updated["monitoring_at"]);
    let path = format!("{INCIDENTS}/{}", opened["number"]);
    let moved = world.patch(&path, &json!({"started_at": exact(90)})).await.expect(200).json;
    assert_eq!(moved, now(&world, &opened).await);
}
