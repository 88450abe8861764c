//! Badges and plots, read as XML.
use serde_json::{Value, json};
use tests::{Reply, World, reading};

use crate::check::{problem, report};
use crate::incident::opening;

async fn picture(world: &World, path: &str) -> Value {
    let reply = world.anonymous().get(path).await.expect(200);
    assert_eq!(reply.header("content-type"), "image/svg+xml", "{path}");
    assert!(reply.header("content-security-policy").contains("default-src 'none'"));
    reading::page("svg", &reply.bytes).await
}

#[tokio::test]
async fn badges_say_what_the_page_says() {
    let world = World::new().await;
    let hostile = "<A & \"B\"> \u{202e}";
    world.post("/api/v1/components", &json!({"name": hostile, "slug": "api"})).await.expect(201);
    assert_eq!(picture(&world, "/badge.svg").await["title"], "Farol: all systems operational");
    world.incident(opening(&["api"], "partial_outage")).await;
    for theme in ["auto", "light", "dark"] {
        let page = picture(&world, &format!("/badge.svg?theme={theme}")).await;
        assert_eq!(page["title"], "Farol: partial system outage");
        assert_eq!(page["role"], "img");
    }
    let component = picture(&world, "/components/api/badge.svg").await;
    assert!(component["title"].as_str().unwrap().starts_with("<A & \"B\">"), "{component}");
    let labelled = picture(&world, "/components/api/badge.svg?label=our%20API").await;
    assert_eq!(labelled["texts"], json!(["our API", "partial outage"]));
    let shield = world.anonymous().get("/badge.json").await.expect(200).json;
    assert_eq!(
        (&shield["schemaVersion"], &shield["label"], &shield["message"]),
        (&json!(1), &json!("Farol"), &json!("partial system outage"))
    );
    let shield = world.anonymous().get("/components/api/badge.json").await.expect(200).json;
    assert_eq!(shield["message"], "partial outage");
    report(&world, "api", "major_outage").await;
    let shield = world.anonymous().get("/components/api/badge.json").await.expect(200).json;
    assert_eq!(shield["message"], "major outage");
}

#[tokio::test]
async fn a_plot_has_a_bar_for_each_of_ninety_days() {
    let world = World::new().await;
    let start = (chrono::Utc::now() - chrono::Duration::days(100)).date_naive();
    let new = json!({"name": "api", "start_date": start});
    world.post("/api/v1/components", &new).await.expect(201);
    let plot = picture(&world, "/components/api/uptime.svg").await;
    assert_eq!(plot["bars"], 90);
    assert_eq!(
        picture(&world, "/components/api/badge.svg?show=uptime").await["texts"],
        json!(["api", "100 %"])
    );
    let at = |hours: i64| chrono::Utc::now() - chrono::Duration::hours(hours);
    let past = json!({"title": "t", "message": "m", "started_at": at(49), "resolved_at": at(48),
        "components": [{"slug": "api", "status": "major_outage"}]});
    world.post("/api/v1/incidents", &past).await.expect(201);
    let badge = picture(&world, "/components/api/badge.svg?show=uptime").await;
    assert_eq!(badge["texts"], json!(["api", "99.95 %"]));
    let shield = world.anonymous().get("/components/api/badge.json?show=uptime").await.expect(200);
    assert_eq!(shield.json["message"], "99.95 %");
    let plot = picture(&world, "/components/api/uptime.svg").await;
    assert_ne!(plot["desc"], "", "{plot}");
}

#[tokio::test]
async fn badges_of_nothing_and_wrong_wishes_are_refused() {
    let world = World::new().await;
    let hidden = json!({"name": "vault", "visibility": "internal"});
    world.post("/api/v1/components", &hidden).await.expect(201);
    let public = world.anonymous();
    for name in ["nope", "vault"] {
        for picture in ["badge.svg", "badge.json", "uptime.svg", "badge.svg?show=uptime"] {
            problem(&public.get(&format!("/components/{name}/{picture}")).await, 404);
        }
    }
    world.get("/components/vault/uptime.svg").await.expect(200);
    for wrong in ["?theme=pink", "?show=uptime", &format!("?label={}", "x".repeat(61)), "?x=1"] {
        problem(&public.get(&format!("/badge.svg{wrong}")).await, 400);
    }
    let unchanged = public.get("/badge.svg").await.expect(200);
    let seen = public.raw(reqwest::Method::GET, "/badge.svg");
    Reply::of(seen.header("if-none-match", unchanged.header("etag"))).await.expect(304);
}
