//! Incidents.
mod backfill;
mod correction;
mod postmortem;
mod race;
mod search;
mod storm;

use serde_json::{Value, json};
use tests::{Reply, World};

use crate::check::{each, invalid, ledger, problem};

pub const INCIDENTS: &str = "/api/v1/incidents";

/// The least that opens an incident which says `status` of each of `slugs`.
pub fn opening(slugs: &[&str], status: &str) -> Value {
    let components: Vec<Value> =
        slugs.iter().map(|slug| json!({"slug": slug, "status": status})).collect();
    json!({"title": "Trouble", "message": "We look into it.", "components": components})
}

/// Adds an update to an incident.
pub async fn update(world: &World, incident: &Value, body: Value) -> Reply {
    let id = incident["id"].as_str().expect("an id");
    world.post(&format!("{INCIDENTS}/{id}/updates"), &body).await
}

/// The incident as it is now.
pub async fn now(world: &World, incident: &Value) -> Value {
    let id = incident["id"].as_str().expect("an id");
    world.get(&format!("{INCIDENTS}/{id}")).await.expect(200).json
}

#[tokio::test]
async fn an_incident_goes_through_its_states() {
    let world = World::new().await;
    world.component("api").await;
    let made = world.post(INCIDENTS, &opening(&["api"], "partial_outage")).await.expect(201);
    let incident = made.json.clone();
    assert_eq!(made.header("location"), format!("{INCIDENTS}/{}", made.id()));
    assert_eq!(incident["status"], "investigating");
    assert_eq!(incident["impact"], "major");
    assert_eq!(incident["number"], 1);
    assert_eq!(incident["components"][0]["status"], "partial_outage");
    let said = &incident["updates"][0]["components"][0];
    assert_eq!(
        (&said["old_status"], &said["new_status"]),
        (&json!("operational"), &json!("partial_outage"))
    );

    for state in ["identified", "monitoring", "identified", "resolved"] {
        let said = json!({"status": state, "message": "On **it**"});
        let said = update(&world, &incident, said).await.expect(201);
        assert_eq!(said.json["status"], state);
        assert!(said.json["message_html"].as_str().unwrap().contains("<strong>it</strong>"));
    }
    let over = now(&world, &incident).await;
    for member in ["identified_at", "monitoring_at", "resolved_at", "duration_seconds"] {
        assert!(!over[member].is_null(), "{member}");
    }
    assert_eq!(over["impact"], "major");
    assert_eq!(over["components"][0]["status"], "operational");
    assert_eq!(over["updates"].as_array().unwrap().len(), 5);
    ledger(&world, "api", &["operational", "partial_outage", "operational"]).await;

    update(&world, &incident, json!({"status": "monitoring", "message": "again"}))
        .await
        .expect(201);
    let again = now(&world, &incident).await;
    assert_eq!((&again["status"], &again["resolved_at"]), (&json!("monitoring"), &Value::Null));
    ledger(&world, "api", &["operational", "partial_outage", "operational", "partial_outage"])
        .await;
    update(&world, &incident, json!({"message": "no news"})).await.expect(201);
    assert_eq!(now(&world, &incident).await["status"], "monitoring");
}

#[tokio::test]
async fn components_of_one_incident_recover_independently() {
    let world = World::new().await;
    for name in ["a", "b", "c"] {
        world.component(name).await;
    }
    let incident = world.incident(opening(&["a", "b"], "major_outage")).await;
    let recovers = json!({"message": "a is back", "components": [
        {"slug": "a", "status": "operational"}, {"slug": "c", "status": "degraded_performance"}]});
    let said = update(&world, &incident, recovers).await.expect(201).json;
    assert_eq!(each(said["components"].as_array().unwrap(), "new_status").len(), 2);
    ledger(&world, "a", &["operational", "major_outage", "operational"]).await;
    ledger(&world, "b", &["operational", "major_outage"]).await;
    ledger(&world, "c", &["operational", "degraded_performance"]).await;
    let other = world.incident(opening(&["b"], "partial_outage")).await;
    update(&world, &incident, json!({"status": "resolved", "message": "done"})).await.expect(201);
    ledger(&world, "b", &["operational", "major_outage", "partial_outage"]).await;
    ledger(&world, "c", &["operational", "degraded_performance", "operational"]).await;
    update(&world, &other, json!({"status": "resolved", "message": "done"})).await.expect(201);
    ledger(&world, "b", &["operational", "major_outage", "partial_outage", "operational"]).await;
}

#[tokio::test]
async fn impact_is_the_worst_there_was_unless_overridden() {
    let world = World::new().await;
    world.component("api").await;
    for (status, impact) in [
        ("operational", "none"),
        ("under_maintenance", "none"),
        ("degraded_performance", "minor"),
        ("partial_outage", "major"),
        ("major_outage", "critical"),
    ] {
        assert_eq!(world.incident(opening(&["api"], status)).await["impact"], impact);
    }
    let incident = world.incident(opening(&["api"], "degraded_performance")).await;
    let path = format!("{INCIDENTS}/{}", incident["id"].as_str().unwrap());
    let worse = json!({"message": "m", "components": [{"slug": "api", "status": "major_outage"}]});
    update(&world, &incident, worse).await.expect(201);
    let better = json!({"message": "m", "components": [{"slug": "api", "status": "operational"}]});
    update(&world, &incident, better).await.expect(201);
    assert_eq!(now(&world, &incident).await["impact"], "critical");
    let over = world.patch(&path, &json!({"impact_override": "minor"})).await.expect(200);
    assert_eq!(over.json["impact"], "minor");
    let free = world.patch(&path, &json!({"impact_override": null})).await.expect(200);
    assert_eq!(
        (&free.json["impact"], &free.json["impact_override"]),
        (&json!("critical"), &Value::Null)
    );
}

#[tokio::test]
async fn numbers_count_from_one_and_name_the_incident() {
    let world = World::new().await;
    for number in 1..=3 {
        let incident = world.incident(opening(&[], "")).await;
        assert_eq!(incident["number"], number);
        let path = format!("{INCIDENTS}/{number}");
        assert_eq!(world.get(&path).await.expect(200).json["id"], incident["id"]);
    }
    world.patch(&format!("{INCIDENTS}/2"), &json!({"title": "Two"})).await.expect(200);
    for nowhere in ["4", "0", "-1", "nonsense", "99999999999999999999"] {
        problem(&world.get(&format!("{INCIDENTS}/{nowhere}")).await, 404);
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_by_field() {
    let world = World::new().await;
    world.component("api").await;
    let later = chrono::Utc::now() + chrono::Duration::hours(1);
    let earlier = chrono::Utc::now() - chrono::Duration::hours(1);
    let both = json!([{"slug": "api", "id": uuid::Uuid::nil(), "status": "operational"}]);
    let twice =
        json!([{"slug": "api", "status": "operational"}, {"slug": "api", "status": "operational"}]);
    for (field, value, pointer) in [
        ("started_at", json!(later), "/started_at"),
        ("resolved_at", json!(earlier), "/resolved_at"),
        ("status", json!("done"), "/status"),
        ("components", json!([{"slug": "nix", "status": "operational"}]), "/components/0"),
        ("components", json!([{"status": "operational"}]), "/components/0"),
        ("components", both, "/components/0"),
        ("components", twice, "/components/1"),
        ("title", json!(""), "/title"),
        ("titel", json!("x"), "/titel"),
    ] {
        let mut body = opening(&[], "");
        body[field] = value;
        invalid(&world.post(INCIDENTS, &body).await, &[pointer]);
    }
    let incident = world.incident(opening(&["api"], "major_outage")).await;
    for (body, pointer) in [
        (json!({"message": "m", "display_at": later}), "/display_at"),
        (json!({"message": "m", "display_at": earlier}), "/display_at"),
        (
            json!({"message": "m", "status": "resolved",
            "components": [{"slug": "api", "status": "major_outage"}]}),
            "/components",
        ),
    ] {
        invalid(&update(&world, &incident, body).await, &[pointer]);
    }
    ledger(&world, "api", &["operational", "major_outage"]).await;
}

#[tokio::test]
async fn messages_are_rendered_without_what_could_harm() {
    let world = World::new().await;
    let mut body = opening(&[], "");
    body["message"] =
        json!("[x](javascript:alert(1)) **b** <b onclick=x>y</b>\n\n<script>alert(1)</script>");
    let html =
        world.incident(body).await["updates"][0]["message_html"].as_str().unwrap().to_owned();
    assert!(html.contains("<strong>b</strong>"), "{html}");
    for harm in ["<script", "javascript:", "onclick"] {
        assert!(!html.contains(harm), "{html}");
    }
}

#[tokio::test]
async fn the_public_sees_no_internal_incident_and_no_hint_of_who() {
    let world = World::new().await;
    let mut hidden = opening(&[], "");
    hidden["visibility"] = json!("internal");
    let hidden = world.incident(hidden).await["id"].as_str().unwrap().to_owned();
    world
        .post("/api/v1/components", &json!({"name": "Vault", "visibility": "internal"}))
        .await
        .expect(201);
    world.component("api").await;
    let mut shown = opening(&["api", "vault"], "major_outage");
    shown["dedup_key"] = json!("k");
    shown["metadata"] = json!({"ticket": 1});
    let shown = world.incident(shown).await;
    assert!(shown["source"].as_str().is_some_and(|it| it.starts_with("token:")));
    let public = world.anonymous();
    problem(&public.get(&format!("{INCIDENTS}/{hidden}")).await, 404);
    let listed = public.get(INCIDENTS).await.expect(200);
    assert_eq!(listed.data().len(), 1);
    let seen = &listed.data()[0];
    assert_eq!(each(seen["components"].as_array().unwrap(), "slug"), ["api"]);
    assert_eq!(each(seen["updates"][0]["components"].as_array().unwrap(), "slug"), ["api"]);
    for member in ["dedup_key", "source"] {
        assert_eq!(seen[member], Value::Null, "{member}");
    }
    assert_eq!(seen["metadata"], json!({}));
    assert_eq!(seen["updates"][0]["author"], Value::Null);
    world.token(&["read"]).await.get(&format!("{INCIDENTS}/{hidden}")).await.expect(200);
    let status = public.get("/api/v1/status").await.json;
    assert_eq!(status["incidents"].as_array().unwrap().len(), 1);
}
