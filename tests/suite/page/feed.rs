//! Feeds, read by feedparser and held to schemas.
use serde_json::{Value, json};
use tests::{World, reading};

use super::{ago, furnish};
use crate::check::problem;
use crate::incident::{opening, update};

async fn read(world: &World, path: &str) -> Value {
    let kind = if path.contains(".rss") { "rss" } else { "atom" };
    let reply = world.anonymous().get(path).await.expect(200);
    assert_eq!(reply.header("content-type"), format!("application/{kind}+xml; charset=utf-8"));
    reading::page(kind, &reply.bytes).await
}

fn titles(feed: &Value) -> Vec<&str> {
    let entries = feed["entries"].as_array().expect("entries");
    entries.iter().filter_map(|it| it["title"].as_str()).collect()
}

#[tokio::test]
async fn feed_readers_find_every_incident_and_maintenance() {
    let world = World::new().await;
    furnish(&world).await;
    for path in ["/feed.atom", "/feed.rss", "/history.atom", "/history.rss"] {
        let feed = read(&world, path).await;
        assert_eq!(feed["title"], "Farol Status - Incident History");
        let mut found = titles(&feed);
        found.sort_unstable();
        assert_eq!(found, ["Gone", "Last year", "Now", "Soon", "Trouble", "Trouble"], "{path}");
    }
    let feed = world.anonymous().get("/feed.json").await.expect(200);
    assert_eq!(feed.header("content-type"), "application/feed+json; charset=utf-8");
    assert_eq!(feed.json["version"], "https://jsonfeed.org/version/1.1");
    assert_eq!(feed.json["items"].as_array().unwrap().len(), 6);
    assert_eq!(feed.json["items"][5]["title"], "Last year");
    let html = |entry: &Value| entry["html"].as_str().unwrap().to_owned();
    let feed = read(&world, "/feed.atom").await;
    let entries = feed["entries"].as_array().unwrap();
    let [over] =
        entries.iter().filter(|it| html(it).contains("Postmortem")).collect::<Vec<_>>()[..]
    else {
        panic!("{feed}")
    };
    let places = ["Postmortem", "Resolved", "Investigating"]
        .map(|it| html(over).find(&format!("<strong>{it}</strong>")).unwrap());
    assert!(places.is_sorted(), "{over}");
}

#[tokio::test]
async fn entries_keep_their_ids_while_they_change() {
    let world = World::new().await;
    world.component("api").await;
    let incident = world.incident(opening(&["api"], "major_outage")).await;
    let before = read(&world, "/feed.atom").await;
    update(&world, &incident, json!({"status": "resolved", "message": "m"})).await.expect(201);
    let path = format!("/api/v1/incidents/{}", incident["id"].as_str().unwrap());
    world.patch(&path, &json!({"title": "Another title"})).await.expect(200);
    let after = read(&world, "/feed.atom").await;
    assert_eq!(titles(&after), ["Another title"]);
    for member in ["id", "link", "published"] {
        assert_eq!(before["entries"][0][member], after["entries"][0][member], "{member}");
    }
    assert_ne!(before["entries"][0]["html"], after["entries"][0]["html"]);
}

#[tokio::test]
async fn a_component_and_a_group_have_feeds_of_their_own() {
    let world = World::new().await;
    furnish(&world).await;
    let of = |query: &str| read(&world, Box::leak(format!("/feed.atom?{query}").into_boxed_str()));
    assert_eq!(titles(&of("component=api").await), ["Trouble", "Last year"]);
    assert_eq!(titles(&of("group=eu").await), ["Trouble", "Trouble", "Last year"]);
    let mail = of("component=mail").await;
    assert_eq!(mail["title"], "Farol Status - Mail - Incident History");
    let mut found = titles(&mail);
    found.sort_unstable();
    assert_eq!(found, ["Now", "Soon", "Trouble"]);
    for (query, status) in [
        ("component=nope", 404),
        ("group=nope", 404),
        ("component=api&group=eu", 400),
        ("x=1", 400),
    ] {
        problem(&world.anonymous().get(&format!("/feed.rss?{query}")).await, status);
    }
    problem(&world.anonymous().get("/feed.xml").await, 404);
}

#[tokio::test]
async fn any_title_makes_a_sound_feed() {
    let world = World::new().await;
    let hostile = "]]> <script>&amp; \u{1}\u{b}\u{202e} 🦀 \u{ffff}\"'";
    let new = json!({"title": hostile, "message": hostile, "started_at": ago(5)});
    world.post("/api/v1/incidents", &new).await.expect(201);
    for path in ["/feed.atom", "/feed.rss"] {
        let feed = read(&world, path).await;
        assert!(feed["entries"][0]["title"].as_str().unwrap().contains("🦀"), "{feed}");
        assert!(!feed["entries"][0]["html"].as_str().unwrap().contains("<script"), "{feed}");
    }
}

#[tokio::test]
async fn the_newest_fifty_are_found_however_many_there_were() {
    let world = World::new().await;
    world.component("api").await;
    world.component("quiet").await;
    world.incident(json!({"title": "rare", "message": "m", "components": [{"slug": "quiet", "status": "major_outage"}]})).await;
    for n in 0..60 {
        let new = json!({"title": format!("often {n}"), "message": "m", "started_at": ago(1000 - n), "resolved_at": ago(999 - n),
            "components": [{"slug": "api", "status": "degraded_performance"}]});
        world.post("/api/v1/incidents", &new).await.expect(201);
    }
    let feed = read(&world, "/feed.rss?component=api").await;
    assert_eq!(titles(&feed).len(), 50);
    assert_eq!(titles(&feed)[0], "often 59");
    assert_eq!(titles(&read(&world, "/feed.rss?component=quiet").await), ["rare"]);
    assert_eq!(titles(&read(&world, "/feed.rss").await).len(), 50);
}
