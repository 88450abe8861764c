//! Finding incidents.
use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::World;

use super::{INCIDENTS, opening, update};
use crate::check::{each, problem, walk};

async fn titles(world: &World, query: &str) -> Vec<String> {
    let found = world.get(&format!("{INCIDENTS}?{query}")).await.expect(200);
    let titles = each(found.data(), "title").into_iter();
    titles.map(|it| it.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn incidents_are_found_by_what_they_are() {
    let world = World::new().await;
    let group = world.post("/api/v1/groups", &json!({"name": "Core"})).await.expect(201).json;
    let member = json!({"name": "api", "group_id": group["id"]});
    let api = world.post("/api/v1/components", &member).await.expect(201).id();
    world.component("web").await;
    let open = |title: &str, mut body: Value| {
        body["title"] = json!(title);
        world.incident(body)
    };
    open("one", opening(&["api"], "major_outage")).await;
    let two = open("two", opening(&["web"], "degraded_performance")).await;
    let said = json!({"status": "monitoring", "message": "Das Gerät läuft wieder"});
    update(&world, &two, said).await.expect(201);
    let three = open("three", opening(&["web"], "partial_outage")).await;
    update(&world, &three, json!({"status": "resolved", "message": "over"})).await.expect(201);
    for (query, found) in [
        ("", &["three", "two", "one"][..]),
        ("status=open", &["two", "one"]),
        ("status=resolved", &["three"]),
        ("status=monitoring", &["two"]),
        ("impact=critical", &["one"]),
        ("component=web", &["three", "two"]),
        (&format!("component={api}"), &["one"]),
        ("group=core", &["one"]),
        ("q=ger%C3%A4t", &["two"]),
        ("q=THREE", &["three"]),
        ("q=look+-three", &["two", "one"]),
        ("q=%22look+into%22&status=open", &["two", "one"]),
        ("q=absent", &[]),
        ("to=2020-01-01T00:00:00Z", &[]),
        ("from=2020-01-01T00:00:00Z&limit=1", &["three"]),
    ] {
        assert_eq!(titles(&world, query).await, found, "{query}");
    }
    for nonsense in
        ["status=done", "impact=huge", "from=yesterday", "nix=1", "limit=0", "limit=201"]
    {
        problem(&world.get(&format!("{INCIDENTS}?{nonsense}")).await, 400);
    }
    problem(&world.get(&format!("{INCIDENTS}?component=nix")).await, 404);
}

#[tokio::test]
async fn pages_have_no_gaps_and_no_repeats_while_more_comes() {
    let world = World::new().await;
    let start = chrono::Utc::now() - chrono::Duration::hours(1);
    for n in 0..23 {
        let mut body = opening(&[], "");
        if n % 3 == 0 {
            body["started_at"] = json!(start);
        }
        world.incident(body).await;
    }
    let first = world.get(&format!("{INCIDENTS}?limit=5&status=open")).await.expect(200);
    assert_eq!(first.json["page"]["limit"], 5);
    let link = first.header("link").to_owned();
    assert!(link.ends_with(">; rel=\"next\"") && link.contains("status=open"), "{link}");
    world.incident(opening(&[], "")).await;
    let rest = link.trim_start_matches('<').split('>').next().unwrap();
    let mut all = first.data().clone();
    all.extend(walk(&world, rest).await);
    let numbers: Vec<i64> = all.iter().map(|it| it["number"].as_i64().unwrap()).collect();
    assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), 23);
    assert_eq!(numbers.len(), 23);
    let starts: Vec<&str> = all.iter().map(|it| it["started_at"].as_str().unwrap()).collect();
    assert!(starts.is_sorted_by(|a, b| a >= b));
}
