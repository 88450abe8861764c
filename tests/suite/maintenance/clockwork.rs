//! A clock that can be trusted: downtime, replicas, reminders.
use tests::Sink;

use super::*;

#[tokio::test]
async fn a_window_missed_while_nobody_was_there_is_told_of_once_with_its_true_times() {
    let mut world = World::new().await;
    let sink = Sink::start().await;
    world.component("api").await;
    let mut new = plan(&["api"], 60, 120);
    new["remind_before_seconds"] = json!([1800, 600]);
    let it = schedule(&world, &new).await;
    let hook = json!({"channel": "webhook", "config": {"url": sink.url("/hook")}});
    world.post("/api/v1/subscriptions", &hook).await.expect(201);
    world.kill();
    world.set_clock(Duration::minutes(150));
    world.start().await;
    settled(&world).await;
    let over = now(&world, &it).await;
    for (known, announced) in [("started_at", "starts_at"), ("completed_at", "ends_at")] {
        assert_eq!(over[known], it[announced], "{over}");
    }
    ledger(&world, "api", &["operational", "under_maintenance", "operational"]).await;
    let history = world.get("/api/v1/components/api/history").await.json;
    let interval = &history["intervals"][1];
    assert_eq!((&interval["from"], &interval["to"]), (&it["starts_at"], &it["ends_at"]));
    assert_eq!(told(&world, &it).await, ["maintenance.scheduled", "maintenance.completed"]);
    // Whoever is told of everything hears this one thing before the next.
    world.incident(opening(&[], "")).await;
    let heard = sink.wait_for("/hook", 2).await;
    let heard: Vec<Value> = heard.iter().map(|it| it.json()["type"].clone()).collect();
    assert_eq!(heard, ["maintenance.completed", "incident.created"]);
}

#[tokio::test]
async fn it_begins_within_two_seconds() {
    let world = World::new().await;
    let it = schedule(&world, &plan(&[], 60, 120)).await;
    let starts_at = at(it["starts_at"].as_str().unwrap());
    world.set_clock(starts_at - Duration::milliseconds(1_500) - Utc::now());
    eventually(ON_TIME, || async { now(&world, &it).await["status"] == "in_progress" }).await;
    let late = "events where kind = 'maintenance.started'
        and created_at not between (payload ->> 'starts_at')::timestamptz
            and (payload ->> 'starts_at')::timestamptz + interval '2 seconds'";
    assert_eq!(count(&world, late), 0);
    assert_eq!(count(&world, "events where kind = 'maintenance.started'"), 1);
}

#[tokio::test]
async fn two_replicas_move_each_of_two_hundred_once() {
    let world = World::new().await;
    let other = world.second_replica().await;
    let slugs: Vec<String> = (0..10).map(|n| format!("c{n}")).collect();
    for slug in &slugs {
        world.component(slug).await;
    }
    let starts_at = in_minutes(60);
    for n in 0..200 {
        let mut new = plan(&[&slugs[n % 10], &slugs[(n + 3) % 10]], 60, 120);
        new["starts_at"] = json!(starts_at);
        schedule(&world, &new).await;
    }
    world.set_clock(starts_at - Duration::milliseconds(1_500) - Utc::now());
    let begun = "maintenances where status = 'in_progress'";
    eventually(ON_TIME, || async { count(&world, begun) == 200 }).await;
    assert_eq!(count(&world, "maintenance_updates where status = 'in_progress'"), 200);
    assert_eq!(count(&world, "events where kind = 'maintenance.started' and announce"), 200);
    travel(&world, in_minutes(121)).await;
    assert_eq!(count(&world, "maintenances where status = 'completed'"), 200);
    assert_eq!(count(&world, "maintenance_updates where status = 'completed'"), 200);
    assert_eq!(count(&world, "events where kind = 'maintenance.completed' and announce"), 200);
    for slug in &slugs {
        ledger(&world, slug, &["operational", "under_maintenance", "operational"]).await;
    }
    assert_eq!(other.get("/api/v1/status").await.expect(200).json["maintenances"], json!([]));
}

#[tokio::test]
async fn reminders_come_at_their_times_and_each_once() {
    let world = World::new().await;
    let mut new = plan(&[], 120, 180);
    new["remind_before_seconds"] = json!([600, 86400, 3600, 600]);
    let it = schedule(&world, &new).await;
    assert_eq!(it["remind_before_seconds"], json!([86400, 3600, 600]));
    let reminded =
        |told: Vec<String>| told.iter().filter(|it| it.as_str() == "maintenance.reminder").count();
    travel(&world, in_minutes(59)).await;
    assert_eq!(reminded(told(&world, &it).await), 0, "a day before is over");
    travel(&world, in_minutes(60)).await;
    assert_eq!(reminded(told(&world, &it).await), 1);
    let later = json!({"starts_at": in_minutes(200), "ends_at": in_minutes(260)});
    world.patch(&path(&it), &later).await.expect(200);
    travel(&world, in_minutes(145)).await;
    assert_eq!(reminded(told(&world, &it).await), 1, "an hour before was told already");
    travel(&world, in_minutes(190)).await;
    assert_eq!(reminded(told(&world, &it).await), 2);
    update(&world, &it, json!({"status": "cancelled", "message": "m"})).await.expect(201);

    let off = schedule(&world, &new_in(300, &[3600])).await;
    update(&world, &off, json!({"status": "cancelled", "message": "m"})).await.expect(201);
    let late = schedule(&world, &new_in(300, &[3600, 1800])).await;
    travel(&world, in_minutes(275)).await;
    assert_eq!(reminded(told(&world, &off).await), 0, "nobody is reminded of what is off");
    assert_eq!(reminded(told(&world, &late).await), 1, "of late ones the last is told");
}

fn new_in(minutes: i64, reminders: &[i64]) -> Value {
    let mut new = plan(&[], minutes, minutes + 60);
    new["remind_before_seconds"] = json!(reminders);
    new
}

#[tokio::test]
async fn what_subscribers_asked_for_holds_for_maintenances() {
    let world = World::new().await;
    let sink = Sink::start().await;
    let group = json!({"name": "core"});
    let group = world.post("/api/v1/groups", &group).await.expect(201).json;
    let api = json!({"name": "api", "group_id": group["id"]});
    let api = world.post("/api/v1/components", &api).await.expect(201).json;
    world.component("web").await;
    for (name, filter) in [
        ("component", json!({"components": [api["id"]]})),
        ("group", json!({"groups": [group["id"]]})),
        ("event", json!({"events": ["maintenance.cancelled"]})),
        ("impact", json!({"min_impact": "minor"})),
    ] {
        let config = json!({"url": sink.url(&format!("/{name}"))});
        let new = json!({"channel": "webhook", "config": config, "filter": filter});
        world.post("/api/v1/subscriptions", &new).await.expect(201);
    }
    for (slug, status) in [("api", "under_maintenance"), ("web", "degraded_performance")] {
        let mut new = plan(&[], 60, 120);
        (new["title"], new["components"]) =
            (json!(slug), json!([{"slug": slug, "status": status}]));
        let it = schedule(&world, &new).await;
        update(&world, &it, json!({"status": "cancelled", "message": "m"})).await.expect(201);
    }
    for (name, heard) in [
        ("component", vec!["scheduled api", "cancelled api"]),
        ("group", vec!["scheduled api", "cancelled api"]),
        ("event", vec!["cancelled api", "cancelled web"]),
        ("impact", vec!["scheduled web", "cancelled web"]),
    ] {
        let told = sink.wait_for(&format!("/{name}"), 2).await;
        let said = |it: &tests::Received| {
            let body = it.json();
            let kind = body["type"].as_str().unwrap().trim_start_matches("maintenance.").to_owned();
            format!("{kind} {}", body["data"]["maintenance"]["title"].as_str().unwrap())
        };
        assert_eq!(told.iter().map(said).collect::<Vec<_>>(), heard, "{name}");
    }
}
