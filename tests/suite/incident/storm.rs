//! Many incidents at once, which share transactions.
use std::collections::BTreeMap;

use diesel::{RunQueryDsl as _, sql_query};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Reply, Sink, World};
use tokio::task::JoinHandle;

use super::{INCIDENTS, opening};
use crate::check::problem;
use crate::delivery::told_so_far;
use crate::subscription::subscribe;

/// What the `n`th of many callers wants, and what that is answered.
fn wish(n: usize) -> (Value, u16) {
    let (mut body, status) = match n % 6 {
        0 => (opening(&["a"], "degraded_performance"), 201),
        1 => (opening(&["b", "a"], "partial_outage"), 201),
        2 => (opening(&["a", "nowhere"], "major_outage"), 422),
        3 => (opening(&["a"], "major_outage"), 403),
        4 => (opening(&["c"], "major_outage"), 201),
        _ => (opening(&["a"], "operational"), 200),
    };
    match n % 6 {
        4 => body["notify"] = json!(false),
        5 => body["dedup_key"] = json!("one"),
        _ => {}
    }
    body["title"] = json!(format!("Trouble {n}"));
    (body, status)
}

#[tokio::test]
async fn in_a_storm_each_gets_what_is_theirs() {
    let (world, sink) = (World::new().await, Sink::start().await);
    for name in ["a", "b", "c"] {
        world.component(name).await;
    }
    let subscription = subscribe(&world, json!({"url": sink.url("/hook")})).await;
    let (other, reader) = (world.token(&["incidents"]).await, world.token(&["read"]).await);
    let calls: Vec<_> = (0..90)
        .map(|n| {
            let (body, status) = wish(n);
            let caller = [&*world, &other, &world, &reader, &other, &world][n % 6];
            let request = caller.raw(Method::POST, INCIDENTS).json(&body);
            (n, status, tokio::spawn(Reply::of(request)))
        })
        .collect();
    let (mut opened, mut keyed) = (BTreeMap::new(), Vec::new());
    for (n, status, call) in calls {
        let reply = call.await.expect("an answer");
        match status {
            201 => {
                let reply = reply.expect(201);
                assert_eq!(reply.json["title"], format!("Trouble {n}"));
                opened.insert(reply.json["number"].as_i64().unwrap(), reply.id());
            }
            200 => keyed.push((reply.id(), reply.status)),
            refused => {
                problem(&reply, refused);
            }
        }
    }
    assert_eq!(opened.len(), 45);
    assert_eq!(keyed.iter().filter(|(_, status)| *status == 201).count(), 1);
    assert!(keyed.iter().all(|(id, status)| *id == keyed[0].0 && *status < 300));
    for (name, status) in [("a", "partial_outage"), ("b", "partial_outage"), ("c", "major_outage")]
    {
        let history = world.get(&format!("/api/v1/components/{name}/history")).await.json;
        let intervals = history["intervals"].as_array().unwrap();
        let shown: Vec<&str> = intervals.iter().map(|it| it["status"].as_str().unwrap()).collect();
        assert_eq!(shown.last(), Some(&status), "{name}");
        crate::check::ledger(&world, name, &shown).await;
    }
    let told = told_so_far(&world, &sink, &subscription, "/hook").await;
    let sequences: Vec<i64> =
        told.iter().map(|it| it.json()["sequence"].as_i64().unwrap()).collect();
    assert!(sequences.is_sorted_by(|a, b| a < b), "{sequences:?}");
    let about = |kind: &str, slug: &str| {
        let is_it = |it: &Value| it["type"] == kind && it.to_string().contains(slug);
        told.iter().filter(|it| is_it(&it.json())).count()
    };
    assert_eq!(about("incident.created", "Trouble"), 31);
    assert_eq!(about("component.status_changed", r#""slug":"b""#), 1);
    assert_eq!(about("component.status_changed", r#""slug":"c""#), 0);
}

/// Asks without waiting for the answer.
fn ask(world: &World, body: &Value) -> JoinHandle<Reply> {
    tokio::spawn(Reply::of(world.raw(Method::POST, INCIDENTS).json(body)))
}

#[tokio::test]
async fn who_must_wait_holds_nobody_up() {
    let (world, sink) = (World::new().await, Sink::start().await);
    for name in ["held", "free"] {
        world.component(name).await;
    }
    let subscription = subscribe(&world, json!({"url": sink.url("/hook")})).await;
    let mut known = opening(&["held"], "degraded_performance");
    known["dedup_key"] = json!("known");
    let id = world.post(INCIDENTS, &known).await.expect(201).id();
    let mut holder = world.db();
    for statement in ["begin", "select from components where slug = 'held' for update"] {
        sql_query(statement).execute(&mut holder).expect(statement);
    }
    let waits = ask(&world, &opening(&["held"], "major_outage"));
    let mut silent = opening(&["free"], "major_outage");
    silent["notify"] = json!(false);
    let others = [ask(&world, &opening(&["free"], "degraded_performance")), ask(&world, &silent)];
    let again = ask(&world, &known).await.expect("an answer").expect(200);
    assert_eq!(again.id(), id);
    for other in others {
        other.await.expect("an answer").expect(201);
    }
    assert!(!waits.is_finished());
    sql_query("rollback").execute(&mut holder).expect("an end");
    waits.await.expect("an answer").expect(201);
    // Whichever came first, and if they came together: nobody is told what was to be silent.
    let told = told_so_far(&world, &sink, &subscription, "/hook").await;
    let about_free: Vec<Value> = told
        .iter()
        .map(|it| it.json())
        .filter(|it| {
            it["type"] == "component.status_changed" && it["data"]["component"]["slug"] == "free"
        })
        .collect();
    assert!(
        !about_free.iter().any(|it| it["data"]["component"]["status"] == "major_outage"),
        "{about_free:?}"
    );
}
