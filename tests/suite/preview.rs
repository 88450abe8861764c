//! What opening an incident would do, without doing it.
use diesel::RunQueryDsl as _;
use diesel::sql_query;
use serde_json::{Value, json};
use tests::{Client, Reply, Sink, World};
use tokio::task::JoinSet;

use crate::check::{invalid, ledger, problem, report};
use crate::delivery::{deliveries, happens, number, texts};
use crate::incident::{INCIDENTS, opening};
use crate::subscription::{SUBSCRIPTIONS, subscribe_to};

const PREVIEW: &str = "/api/v1/incidents/preview";

/// Everything in the tables that opening an incident writes to.
fn written(world: &World) -> Vec<String> {
    let tables = [
        "incidents",
        "incident_updates",
        "component_statuses",
        "components",
        "events",
        "idempotency_keys",
        "deliveries",
        "destinations",
    ];
    let all =
        |table: &&str| texts(world, &format!("select to_jsonb(t)::text from {table} t order by 1"));
    tables.iter().flat_map(all).collect()
}

#[tokio::test]
async fn a_preview_shows_everything_and_does_nothing() {
    let (world, sink) = (World::new().await, Sink::start().await);
    world.component("api").await;
    world.component("web").await;
    report(&world, "web", "degraded_performance").await;
    let config = json!({"url": sink.url("/hook?key=abcdefghijkl"),
        "headers": {"Authorization": "Bearer abcdefghijkl"}});
    let told = subscribe_to(&world, json!({"config": config})).await;
    happens(&world, "First").await;
    sink.wait_for("/hook", 1).await;
    crate::delivery::reaches(&world, &told, 0, "delivered", 1).await;

    let before = written(&world);
    let mut new = opening(&["api", "web"], "partial_outage");
    new["metadata"] = json!({"ticket": 7});
    let request = world.raw(reqwest::Method::POST, PREVIEW).header("idempotency-key", "k");
    let preview = Reply::of(request.json(&new)).await.expect(200);
    assert_eq!(written(&world), before);

    let shown = &preview.json;
    assert_eq!(
        (&shown["existing"], &shown["incident"]["impact"]),
        (&json!(false), &json!("major"))
    );
    assert_eq!(shown["incident"]["title"], "Trouble");
    assert!(shown["incident"].get("number").is_none() && shown["incident"].get("url").is_none());
    let turns: Vec<(&Value, &Value, &Value)> = shown["components"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (&it["slug"], &it["status_before"], &it["status_after"]))
        .collect();
    let (fine, bad, worse) =
        (&json!("operational"), &json!("degraded_performance"), &json!("partial_outage"));
    assert_eq!(turns, [(&json!("api"), fine, worse), (&json!("web"), bad, worse)]);
    assert_eq!(shown["audience"], json!([{"channel": "webhook", "subscriptions": 1}]));
    let message = &shown["messages"][0];
    assert_eq!((&message["event"], &message["locale"]), (&json!("incident.created"), &json!("en")));
    assert!(message["text"].as_str().unwrap().contains("We look into it."), "{message}");
    let request: Value = serde_json::from_str(message["request"].as_str().unwrap()).unwrap();
    assert_eq!(request["type"], "incident.created");
    assert_eq!(request["data"]["incident"]["number"], 0);
    assert!(!preview.text.contains("abcdefghijkl") && !preview.text.contains("/hook"));

    let made = world.incident(new).await;
    assert_eq!(made["number"], 2);
    let same = ["title", "status", "impact", "components", "metadata", "visibility", "source"];
    for member in same {
        assert_eq!(shown["incident"][member], made[member], "{member}");
    }
    sink.wait_for("/hook", 3).await;
    ledger(&world, "api", &["operational", "partial_outage"]).await;
}

#[tokio::test]
async fn the_audience_is_who_is_really_told() {
    let world = World::new().await;
    let api = world.component("api").await;
    let group = world.post("/api/v1/groups", &json!({"name": "G"})).await.expect(201).json;
    world.patch("/api/v1/components/api", &json!({"group_id": group["id"]})).await.expect(200);
    let other = world.component("other").await;
    for filter in [
        json!({}),
        json!({"components": [api["id"]]}),
        json!({"components": [other["id"]]}),
        json!({"groups": [group["id"]]}),
        json!({"components": [other["id"]], "groups": [group["id"]]}),
        json!({"min_impact": "major"}),
        json!({"min_impact": "critical"}),
        json!({"events": ["incident.resolved"]}),
        json!({"events": ["component.status_changed"]}),
        json!({"events": ["component.status_changed"], "components": [other["id"]]}),
    ] {
        for audience in ["public", "internal"] {
            let config = json!({"url": "https://127.0.0.1:1/"});
            let new = json!({"config": config, "filter": filter, "audience": audience});
            subscribe_to(&world, new).await;
        }
    }
    let stop = "update subscriptions set state = 'paused' where id in (
        select id from subscriptions order by id limit 1)";
    sql_query(stop).execute(&mut world.db()).expect("a pause");
    let mut hidden = opening(&["api"], "partial_outage");
    hidden["visibility"] = json!("internal");
    let mut silent = opening(&["api"], "partial_outage");
    silent["notify"] = json!(false);
    for new in [
        opening(&["api"], "partial_outage"),
        opening(&["other"], "major_outage"),
        opening(&[], ""),
        hidden,
        silent,
    ] {
        let preview = world.post(PREVIEW, &new).await.expect(200).json;
        let promised = preview["audience"][0]["subscriptions"].as_i64().unwrap_or(0);
        let before = number(&world, "select coalesce(max(position), 0) from events");
        let made = world.incident(new).await;
        let counted = format!(
            "select count(distinct d.subscription_id) from deliveries d
             join events e on e.id = d.event_id where e.position > {before}"
        );
        let open = format!(
            "select count(*) from events where position > {before} and expanded_at is null"
        );
        tests::eventually(crate::delivery::SOON, || async { number(&world, &open) == 0 }).await;
        assert_eq!(promised, number(&world, &counted), "{made}");
        let over = json!({"status": "resolved", "message": "Over.", "notify": false});
        crate::incident::update(&world, &made, over).await.expect(201);
    }
}

#[tokio::test]
async fn each_channel_shows_one_example_in_its_own_shape() {
    let world = World::new().await;
    let slack = |locale: &str, secret: &str| {
        let url = format!("https://hooks.slack.com/services/T0/B0/{secret}");
        json!({"channel": "slack", "locale": locale, "config": {"webhook_url": url}})
    };
    for (locale, secret) in [("en", "aaaaaaaaaaaa"), ("de", "bbbbbbbbbbbb"), ("de", "cccccccccccc")]
    {
        world.post(SUBSCRIPTIONS, &slack(locale, secret)).await.expect(201);
    }
    subscribe_to(&world, json!({"config": {"url": "https://127.0.0.1:1/"}})).await;
    let caller = world.token(&["incidents"]).await;
    let preview = caller.post(PREVIEW, &opening(&[], "")).await.expect(200);
    let shown = &preview.json;
    assert_eq!(
        shown["audience"],
        json!([{"channel": "slack", "subscriptions": 3}, {"channel": "webhook", "subscriptions": 1}])
    );
    let slack = &shown["messages"][0];
    assert_eq!((&slack["channel"], &slack["locale"]), (&json!("slack"), &json!("de")));
    let body: Value = serde_json::from_str(slack["request"].as_str().unwrap()).unwrap();
    assert!(body.to_string().contains("Trouble"), "{body}");
    for secret in ["aaaa", "bbbb", "cccc", "hooks.slack.com"] {
        assert!(!preview.text.contains(secret), "{}", preview.text);
    }
}

#[tokio::test]
async fn a_key_that_is_open_would_be_answered() {
    let world = World::new().await;
    subscribe_to(&world, json!({"config": {"url": "https://127.0.0.1:1/"}})).await;
    let mut new = opening(&[], "");
    new["dedup_key"] = json!("k");
    assert_eq!(world.post(PREVIEW, &new).await.expect(200).json["existing"], false);
    let open = world.incident(new.clone()).await;
    let preview = world.post(PREVIEW, &new).await.expect(200).json;
    assert_eq!((&preview["existing"], &preview["incident"]), (&json!(true), &open));
    assert_eq!((&preview["audience"], &preview["messages"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn a_preview_is_refused_as_the_incident_would_be() {
    let world = World::new().await;
    for (new, pointer) in [
        (opening(&["nowhere"], "partial_outage"), "/components/0"),
        (json!({"title": "", "message": "m"}), "/title"),
        (json!({"template": "nowhere"}), "/template"),
        (
            json!({"title": "t", "message": "m", "started_at": "2999-01-01T00:00:00Z"}),
            "/started_at",
        ),
    ] {
        invalid(&world.post(PREVIEW, &new).await, &[pointer]);
        invalid(&world.post(INCIDENTS, &new).await, &[pointer]);
    }
    problem(&world.anonymous().post(PREVIEW, &opening(&[], "")).await, 401);
    let reader = world.token(&["read"]).await;
    problem(&reader.post(PREVIEW, &opening(&[], "")).await, 403);
}

#[tokio::test]
async fn previews_do_not_wait_for_each_other() {
    let world = World::new().await;
    let told = subscribe_to(&world, json!({"config": {"url": "https://127.0.0.1:1/"}})).await;
    let mut calls = JoinSet::new();
    for _ in 0..20 {
        let client = Client::clone(&world);
        calls.spawn(async move { client.post(PREVIEW, &opening(&[], "")).await.status });
    }
    assert_eq!(calls.join_all().await, [200; 20]);
    assert_eq!(happens(&world, "First").await["number"], 1);
    assert!(deliveries(&world, &told).await.len() <= 1);
}
