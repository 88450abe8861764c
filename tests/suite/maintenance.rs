//! Scheduled maintenance. The clock is driven: nobody waits for a window.
mod calendar;
mod clockwork;
mod page;
mod refused;
mod series;

use chrono::{DateTime, Duration, SubsecRound as _, Utc};
use diesel::{QueryableByName, RunQueryDsl as _, sql_query, sql_types::BigInt};
use serde_json::{Value, json};
use tests::{Reply, World, eventually};

use crate::check::{each, invalid, ledger, problem, report};
use crate::incident::{INCIDENTS, opening};

pub const MAINTENANCES: &str = "/api/v1/maintenances";

/// How long the clock may take after it was moved. On time means within two seconds.
const ON_TIME: std::time::Duration = std::time::Duration::from_secs(10);

/// The least that plans work on these components, from and to so many minutes from now.
fn plan(slugs: &[&str], from: i64, to: i64) -> Value {
    let components: Vec<Value> = slugs.iter().map(|slug| json!({"slug": slug})).collect();
    json!({
        "title": "Upgrade",
        "message": "We **upgrade**.",
        "components": components,
        "starts_at": in_minutes(from),
        "ends_at": in_minutes(to),
        "remind_before_seconds": [],
    })
}

fn in_minutes(minutes: i64) -> DateTime<Utc> {
    (Utc::now() + Duration::minutes(minutes)).trunc_subsecs(0)
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

async fn schedule(world: &World, new: &Value) -> Value {
    world.post(MAINTENANCES, new).await.expect(201).json
}

fn path(maintenance: &Value) -> String {
    format!("{MAINTENANCES}/{}", maintenance["id"].as_str().expect("an id"))
}

async fn now(world: &World, maintenance: &Value) -> Value {
    world.get(&path(maintenance)).await.expect(200).json
}

async fn update(world: &World, maintenance: &Value, body: Value) -> Reply {
    world.post(&format!("{}/updates", path(maintenance)), &body).await
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn count(world: &World, sql: &str) -> i64 {
    let sql = format!("select count(*) as count from {sql}");
    sql_query(&sql).get_result::<Count>(&mut world.db()).expect(&sql).count
}

/// Moves the service's clock, and waits until nothing that it has to do is left.
async fn travel(world: &World, to: DateTime<Utc>) {
    world.set_clock(to - Utc::now());
    settled(world).await;
}

async fn settled(world: &World) {
    eventually(ON_TIME, || async {
        count(world, "maintenances where due_at <= farol_now()") == 0
            && count(world, "maintenance_series where extend_at <= farol_now()") == 0
    })
    .await;
}

/// What subscribers were told of a maintenance, oldest first.
async fn told(world: &World, maintenance: &Value) -> Vec<String> {
    let id = maintenance["id"].as_str().expect("an id");
    let events = world.get(&format!("/api/v1/events?maintenance={id}&limit=200")).await.expect(200);
    let announced = events.data().iter().rev().filter(|it| it["announced"] == json!(true));
    announced.map(|it| it["type"].as_str().expect("a type").to_owned()).collect()
}

#[tokio::test]
async fn the_clock_begins_and_ends_it() {
    let world = World::new().await;
    world.component("api").await;
    let made = world.post(MAINTENANCES, &plan(&["api"], 60, 120)).await.expect(201);
    let it = made.json.clone();
    assert_eq!(made.header("location"), path(&it));
    assert_eq!(made.header("etag"), "\"v1\"");
    assert_eq!(
        (&it["status"], &it["number"], &it["warnings"]),
        (&json!("scheduled"), &json!(1), &json!([]))
    );
    assert_eq!(it["components"][0]["status"], "under_maintenance");
    assert!(it["updates"][0]["message_html"].as_str().unwrap().contains("<strong>"));
    ledger(&world, "api", &["operational"]).await;

    travel(&world, at(it["starts_at"].as_str().unwrap())).await;
    let begun = now(&world, &it).await;
    assert_eq!((&begun["status"], &begun["started_at"]), (&json!("in_progress"), &it["starts_at"]));
    assert_eq!(begun["updates"][0]["components"][0]["new_status"], "under_maintenance");
    ledger(&world, "api", &["operational", "under_maintenance"]).await;
    let history = world.get("/api/v1/components/api/history").await.json;
    let interval = &history["intervals"][1];
    assert_eq!(
        (&interval["from"], &interval["cause"], &interval["maintenance_id"]),
        (&it["starts_at"], &json!("maintenance"), &it["id"])
    );
    let page = world.anonymous().get("/api/v1/status").await.expect(200).json;
    assert_eq!(page["status"]["indicator"], "maintenance");
    assert_eq!(page["maintenances"][0]["id"], it["id"]);

    travel(&world, at(it["ends_at"].as_str().unwrap())).await;
    let over = now(&world, &it).await;
    assert_eq!((&over["status"], &over["completed_at"]), (&json!("completed"), &it["ends_at"]));
    ledger(&world, "api", &["operational", "under_maintenance", "operational"]).await;
    let page = world.anonymous().get("/api/v1/status").await.expect(200).json;
    assert_eq!((&page["maintenances"], &page["status"]["indicator"]), (&json!([]), &json!("none")));
    let said = ["maintenance.scheduled", "maintenance.started", "maintenance.completed"];
    assert_eq!(told(&world, &it).await, said);
}

#[tokio::test]
async fn it_masks_what_monitors_say_but_never_an_incident() {
    let world = World::new().await;
    world.component("api").await;
    let it = schedule(&world, &plan(&["api"], 60, 120)).await;
    travel(&world, in_minutes(60)).await;
    let masked = report(&world, "api", "major_outage").await;
    assert_eq!(
        (&masked["reported_status"], &masked["status"]),
        (&json!("major_outage"), &json!("under_maintenance"))
    );
    let incident = world.incident(opening(&["api"], "partial_outage")).await;
    let shown = ["operational", "under_maintenance", "partial_outage"];
    ledger(&world, "api", &shown).await;
    let resolved = json!({"status": "resolved", "message": "done"});
    let updates = format!("{INCIDENTS}/{}/updates", incident["number"]);
    world.post(&updates, &resolved).await.expect(201);
    ledger(&world, "api", &[&shown[..], &["under_maintenance"]].concat()).await;
    travel(&world, in_minutes(120)).await;
    assert_eq!(now(&world, &it).await["status"], "completed");
    ledger(&world, "api", &[&shown[..], &["under_maintenance", "major_outage"]].concat()).await;
}

#[tokio::test]
async fn people_move_it_by_updates_and_what_is_over_stays_over() {
    let world = World::new().await;
    for name in ["api", "web"] {
        world.component(name).await;
    }
    let mut new = plan(&["api"], 60, 120);
    new["components"] = json!([{"slug": "api"}, {"slug": "web", "status": "degraded_performance"}]);
    let it = schedule(&world, &new).await;
    let early = json!({"status": "completed", "message": "m"});
    problem(&update(&world, &it, early).await, 409);
    update(&world, &it, json!({"message": "no news"})).await.expect(201);
    update(&world, &it, json!({"status": "in_progress", "message": "early"})).await.expect(201);
    ledger(&world, "api", &["operational", "under_maintenance"]).await;
    ledger(&world, "web", &["operational", "degraded_performance"]).await;
    let done =
        json!({"message": "web is done", "components": [{"slug": "web", "status": "operational"}]});
    let said = update(&world, &it, done).await.expect(201).json;
    assert_eq!(each(said["components"].as_array().unwrap(), "new_status"), ["operational"]);
    ledger(&world, "web", &["operational", "degraded_performance", "operational"]).await;
    update(&world, &it, json!({"status": "verifying", "message": "m"})).await.expect(201);
    update(&world, &it, json!({"status": "completed", "message": "m"})).await.expect(201);
    ledger(&world, "api", &["operational", "under_maintenance", "operational"]).await;
    for status in ["scheduled", "in_progress", "cancelled"] {
        problem(&update(&world, &it, json!({"status": status, "message": "m"})).await, 409);
    }
    update(&world, &it, json!({"message": "thank you"})).await.expect(201);
    travel(&world, in_minutes(180)).await;
    assert_eq!(now(&world, &it).await["updates"].as_array().unwrap().len(), 7);
    let said = ["scheduled", "updated", "started", "updated", "updated", "completed", "updated"];
    assert_eq!(told(&world, &it).await, said.map(|it| format!("maintenance.{it}")));
}

#[tokio::test]
async fn a_window_can_be_extended_shortened_moved_and_called_off() {
    let world = World::new().await;
    world.component("api").await;
    let it = schedule(&world, &plan(&["api"], 60, 120)).await;
    let moved = json!({"starts_at": in_minutes(90), "ends_at": in_minutes(150)});
    let moved = world.patch(&path(&it), &moved).await.expect(200).json;
    assert_eq!((&moved["sequence"], &moved["version"]), (&json!(1), &json!(2)));
    travel(&world, in_minutes(61)).await;
    assert_eq!(now(&world, &it).await["status"], "scheduled");
    travel(&world, in_minutes(91)).await;
    assert_eq!(now(&world, &it).await["started_at"], moved["starts_at"]);
    invalid(&world.patch(&path(&it), &json!({"starts_at": in_minutes(95)})).await, &["/starts_at"]);
    world.patch(&path(&it), &json!({"ends_at": in_minutes(300)})).await.expect(200);
    travel(&world, in_minutes(200)).await;
    assert_eq!(now(&world, &it).await["status"], "in_progress");
    world.patch(&path(&it), &json!({"ends_at": in_minutes(190)})).await.expect(200);
    settled(&world).await;
    let over = now(&world, &it).await;
    assert_eq!(over["status"], "completed");
    assert!(at(over["completed_at"].as_str().unwrap()) >= in_minutes(199), "{over}");
    invalid(&world.patch(&path(&it), &json!({"ends_at": in_minutes(400)})).await, &["/ends_at"]);

    let other = schedule(&world, &plan(&["api"], 260, 320)).await;
    travel(&world, in_minutes(261)).await;
    update(&world, &other, json!({"status": "cancelled", "message": "rain"})).await.expect(201);
    travel(&world, in_minutes(330)).await;
    let cancelled = now(&world, &other).await;
    assert_eq!(
        (&cancelled["status"], &cancelled["completed_at"]),
        (&json!("cancelled"), &Value::Null)
    );
    let busy = ["operational", "under_maintenance"];
    ledger(&world, "api", &[&busy[..], &busy[..], &["operational"]].concat()).await;
}

#[tokio::test]
async fn a_window_that_passed_is_history_and_one_that_runs_begins_at_once() {
    let world = World::new().await;
    let start = json!({"name": "api", "start_date": (Utc::now() - Duration::days(3)).date_naive()});
    world.post("/api/v1/components", &start).await.expect(201);
    let past = schedule(&world, &plan(&["api"], -120, -60)).await;
    assert_eq!(
        (&past["status"], &past["started_at"], &past["completed_at"]),
        (&json!("completed"), &past["starts_at"], &past["ends_at"])
    );
    ledger(&world, "api", &["operational", "under_maintenance", "operational"]).await;
    assert_eq!(count(&world, "events where announce"), 0);
    let runs = schedule(&world, &plan(&["api"], -10, 60)).await;
    settled(&world).await;
    let begun = now(&world, &runs).await;
    assert_eq!(
        (&begun["status"], &begun["started_at"]),
        (&json!("in_progress"), &runs["starts_at"])
    );
    assert_eq!(told(&world, &runs).await, ["maintenance.started"]);
    let mut quiet = plan(&["api"], -10, 60);
    quiet["notify_on_start"] = json!(false);
    let quiet = schedule(&world, &quiet).await;
    settled(&world).await;
    assert_eq!(told(&world, &quiet).await, ["maintenance.scheduled"], "one of the two");
}

#[tokio::test]
async fn a_person_may_be_in_charge_instead_of_the_clock() {
    let world = World::new().await;
    let mut new = plan(&[], 60, 120);
    (new["auto_start"], new["auto_complete"]) = (json!(false), json!(false));
    let it = schedule(&world, &new).await;
    travel(&world, in_minutes(200)).await;
    assert_eq!(now(&world, &it).await["status"], "scheduled");
    update(&world, &it, json!({"status": "in_progress", "message": "m"})).await.expect(201);
    travel(&world, in_minutes(300)).await;
    assert_eq!(now(&world, &it).await["status"], "in_progress");
    world.patch(&path(&it), &json!({"auto_complete": true})).await.expect(200);
    settled(&world).await;
    let over = now(&world, &it).await;
    assert_eq!(over["status"], "completed");
    assert!(at(over["completed_at"].as_str().unwrap()) >= in_minutes(299), "{over}");
}

#[tokio::test]
async fn what_is_said_while_the_clock_is_late_stays_before_what_it_does() {
    let world = World::new().await;
    world.component("api").await;
    let mut new = plan(&["api"], 60, 120);
    new["auto_start"] = json!(false);
    let it = schedule(&world, &new).await;
    travel(&world, in_minutes(70)).await;
    update(&world, &it, json!({"message": "We are late."})).await.expect(201);
    world.patch(&path(&it), &json!({"auto_start": true})).await.expect(200);
    settled(&world).await;
    let begun = now(&world, &it).await;
    assert_eq!(begun["status"], "in_progress");
    assert!(at(begun["started_at"].as_str().unwrap()) >= in_minutes(69), "{begun}");
    ledger(&world, "api", &["operational", "under_maintenance"]).await;
}

#[tokio::test]
async fn a_hundred_callers_with_one_key_plan_one_maintenance() {
    let world = World::new().await;
    let mut new = plan(&[], 60, 120);
    new["dedup_key"] = json!("upgrade");
    let call =
        |_| tokio::spawn(Reply::of(world.raw(reqwest::Method::POST, MAINTENANCES).json(&new)));
    let calls: Vec<_> = (0..100).map(call).collect();
    let mut replies = Vec::new();
    for call in calls {
        replies.push(call.await.expect("an answer"));
    }
    let created = replies.iter().filter(|it| it.status == 201).count();
    assert_eq!((created, replies.len()), (1, 100));
    assert!(replies.iter().all(|it| it.json["id"] == replies[0].json["id"]));
}

#[tokio::test]
async fn versions_guard_it_and_removal_takes_its_effects_away() {
    let world = World::new().await;
    world.component("api").await;
    let it = schedule(&world, &plan(&["api"], 60, 120)).await;
    let stale = world.raw(reqwest::Method::PATCH, &path(&it)).header("if-match", "\"v7\"");
    problem(&Reply::of(stale.json(&json!({"title": "t"}))).await, 412);
    travel(&world, in_minutes(61)).await;
    ledger(&world, "api", &["operational", "under_maintenance"]).await;
    world.delete(&path(&it)).await.expect(204);
    problem(&world.get(&path(&it)).await, 404);
    ledger(&world, "api", &["operational"]).await;
}
