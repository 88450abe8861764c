//! Templates: of incidents, and of messages.
mod message;

use serde_json::{Value, json};
use tests::World;

use crate::check::{each, invalid, problem, walk};
use crate::incident::INCIDENTS;

pub const TEMPLATES: &str = "/api/v1/incident-templates";

/// A prepared incident that says something of the component `api`.
async fn prepared(world: &World) -> Value {
    world.component("api").await;
    let new = json!({
        "name": "API errors",
        "title": "Errors in {{ region|upper }}",
        "message": "**{{ count|default('Some') }}** requests to {{ alert.host }} fail.",
        "status": "identified",
        "components": [{"slug": "api", "status": "partial_outage"}],
        "impact_override": "minor",
        "visibility": "internal",
        "metadata": {"team": "core"},
    });
    world.post(TEMPLATES, &new).await.expect(201).json
}

#[tokio::test]
async fn a_template_lives_from_creation_to_removal() {
    let world = World::new().await;
    let made = prepared(&world).await;
    assert_eq!(made["slug"], "api-errors");
    assert_eq!(made["components"][0]["slug"], "api");
    assert_eq!(made["notify"], Value::Null);
    let path = format!("{TEMPLATES}/{}", made["id"].as_str().unwrap());
    let shown = world.get(&format!("{TEMPLATES}/api-errors")).await.expect(200);
    assert_eq!((&shown.json, shown.header("etag")), (&made, "\"v1\""));

    let patch = json!({"slug": "errors", "impact_override": null, "notify": false,
        "metadata": {"team": null, "tier": 1}, "components": []});
    let stale = world.raw(reqwest::Method::PATCH, &path).header("if-match", "\"v7\"");
    problem(&tests::Reply::of(stale.json(&patch)).await, 412);
    let edited = world.patch(&path, &patch).await.expect(200).json;
    assert_eq!(edited["version"], 2);
    assert_eq!(edited["impact_override"], Value::Null);
    assert_eq!(edited["metadata"], json!({"tier": 1}));
    assert_eq!((&edited["notify"], &edited["components"]), (&json!(false), &json!([])));
    assert_eq!(edited["title"], made["title"]);

    let taken = json!({"name": "x", "slug": "errors", "title": "t", "message": "m"});
    problem(&world.post(TEMPLATES, &taken).await, 409);
    for name in ["Second", "Third"] {
        let new = json!({"name": name, "title": "t", "message": "m"});
        world.post(TEMPLATES, &new).await.expect(201);
    }
    let all = walk(&world, &format!("{TEMPLATES}?limit=1")).await;
    assert_eq!(each(&all, "name"), ["Third", "Second", "API errors"]);
    world.delete(&path).await.expect(204);
    problem(&world.get(&path).await, 404);
    problem(&world.anonymous().get(TEMPLATES).await, 401);
}

#[tokio::test]
async fn a_broken_template_is_refused_where_it_is_broken() {
    let world = World::new().await;
    let both = json!({"name": "x", "title": "{{ open", "message": "{% include 'secrets' %}"});
    invalid(&world.post(TEMPLATES, &both).await, &["/title", "/message"]);
    for broken in ["{{ x|nonsense }}", "{{ nonsense() }}", "{{ 'x' * 99999999 }}"] {
        let new = json!({"name": "x", "title": "t", "message": broken});
        invalid(&world.post(TEMPLATES, &new).await, &["/message"]);
    }
    let nowhere = json!({"name": "x", "title": "t", "message": "m", "components": [
        {"slug": "nowhere", "status": "operational"}]});
    invalid(&world.post(TEMPLATES, &nowhere).await, &["/components/0"]);
    let made = prepared(&world).await;
    let path = format!("{TEMPLATES}/{}", made["slug"].as_str().unwrap());
    invalid(&world.patch(&path, &json!({"title": "{% if %}"})).await, &["/title"]);
}

#[tokio::test]
async fn a_template_fills_what_the_body_leaves_out() {
    let world = World::new().await;
    let template = prepared(&world).await;
    let variables = json!({"region": "eu", "alert": {"host": "db1"}, "unused": ["a", ["b"]]});
    let short = json!({"template": "api-errors", "variables": variables});
    let made = world.incident(short).await;
    assert_eq!(made["title"], "Errors in EU");
    assert_eq!(made["updates"][0]["message"], "**Some** requests to db1 fail.");
    assert_eq!(made["status"], "identified");
    assert_eq!((&made["impact"], &made["visibility"]), (&json!("minor"), &json!("internal")));
    assert_eq!(made["components"][0]["status"], "partial_outage");
    assert_eq!(made["metadata"], json!({"team": "core"}));

    let own = json!({"template": template["id"], "title": "Mine", "variables": variables,
        "status": "monitoring", "components": [], "visibility": "public", "impact_override": "none",
        "metadata": {}});
    let made = world.incident(own).await;
    assert_eq!((&made["title"], &made["status"]), (&json!("Mine"), &json!("monitoring")));
    assert_eq!((&made["components"], &made["metadata"]), (&json!([]), &json!({})));
    assert_eq!((&made["visibility"], &made["impact"]), (&json!("public"), &json!("none")));
    assert_eq!(made["updates"][0]["message"], "**Some** requests to db1 fail.");

    let past = json!({"template": "api-errors", "title": "Past", "message": "Over.",
        "started_at": "2026-01-01T00:00:00Z", "resolved_at": "2026-01-01T01:00:00Z"});
    assert_eq!(world.incident(past).await["status"], "resolved");

    world.delete("/api/v1/components/api").await.expect(204);
    let made = json!({"template": "api-errors", "variables": variables});
    assert_eq!(world.incident(made).await["components"], json!([]));
}

#[tokio::test]
async fn what_a_template_needs_is_asked_for_by_name() {
    let world = World::new().await;
    prepared(&world).await;
    for (body, pointers) in [
        (json!({"template": "api-errors"}), &["/variables/alert/host", "/variables/region"][..]),
        (
            json!({"template": "api-errors", "variables": {"region": "eu", "alert": {}}}),
            &["/variables/alert/host"],
        ),
        (
            json!({"template": "api-errors", "message": "m", "variables": {"Region": "eu"}}),
            &["/variables/region"],
        ),
        (
            json!({"template": "api-errors", "message": "m",
                "variables": {"region": "x".repeat(300)}}),
            &["/template"],
        ),
        (json!({"template": "nowhere"}), &["/template"]),
        (json!({"title": "t", "message": "m", "variables": {"a": 1}}), &["/variables"]),
        (json!({"title": "t"}), &["/message"]),
        (json!({}), &["/title", "/message"]),
        (json!({"title": null, "message": "m"}), &["/title"]),
    ] {
        invalid(&world.post(INCIDENTS, &body).await, pointers);
    }
    assert!(world.get(INCIDENTS).await.data().is_empty());
    let reader = world.token(&["read"]).await;
    problem(&reader.post(INCIDENTS, &json!({"template": "nowhere"})).await, 403);
}
