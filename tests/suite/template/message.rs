//! The operator's own wording of messages.
use serde_json::{Value, json};
use tests::World;

use crate::check::{invalid, problem, walk};
use crate::incident::opening;
use crate::subscription::SUBSCRIPTIONS;

const WORDINGS: &str = "/api/v1/message-templates";

async fn worded(world: &World, new: Value) -> Value {
    world.post(WORDINGS, &new).await.expect(201).json
}

#[tokio::test]
async fn a_wording_lives_from_creation_to_removal() {
    let world = World::new().await;
    let new = json!({"channel": "slack", "event": "incident.created", "locale": "pt-BR",
        "body": "{{ incident.title }}"});
    let made = worded(&world, new.clone()).await;
    assert_eq!(made["subject"], Value::Null);
    let path = format!("{WORDINGS}/{}", made["id"].as_str().unwrap());
    assert_eq!(world.get(&path).await.expect(200).json, made);

    let mut same = new.clone();
    same["locale"] = json!("PT-br");
    problem(&world.post(WORDINGS, &same).await, 409);
    let every = worded(&world, json!({"channel": "slack", "body": "News"})).await;
    problem(&world.post(WORDINGS, &json!({"channel": "slack", "body": "More"})).await, 409);
    let clash = json!({"event": null, "locale": null});
    problem(&world.patch(&path, &clash).await, 409);

    let patch = json!({"locale": null, "subject": "{{ message.title }}"});
    let edited = world.patch(&path, &patch).await.expect(200).json;
    assert_eq!((&edited["locale"], &edited["version"]), (&Value::Null, &json!(2)));
    assert_eq!(edited["event"], "incident.created");
    assert_eq!(walk(&world, &format!("{WORDINGS}?limit=1")).await, [every, edited]);
    let stale = world.raw(reqwest::Method::DELETE, &path).header("if-match", "\"v1\"");
    problem(&tests::Reply::of(stale).await, 412);
    world.delete(&path).await.expect(204);
    problem(&world.get(&path).await, 404);
}

#[tokio::test]
async fn a_wording_that_would_fail_is_refused() {
    let world = World::new().await;
    for (new, pointers) in [
        (json!({"channel": "slack", "body": "{{ open"}), &["/body"][..]),
        (json!({"channel": "slack", "body": "{{ nobody_knows }}"}), &["/body"]),
        (json!({"channel": "slack", "subject": "{{ x", "body": "b"}), &["/subject"]),
        (json!({"channel": "pigeon", "body": "b"}), &["/channel"]),
        (json!({"channel": "webhook", "body": "b"}), &["/channel"]),
        (json!({"channel": "slack", "event": "user.created", "body": "b"}), &["/event"]),
        (json!({"channel": "slack", "locale": "¿?", "body": "b"}), &["/locale"]),
    ] {
        invalid(&world.post(WORDINGS, &new).await, pointers);
    }
    let made = worded(&world, json!({"channel": "slack", "body": "b"})).await;
    let path = format!("{WORDINGS}/{}", made["id"].as_str().unwrap());
    invalid(&world.patch(&path, &json!({"body": "{{ open"})).await, &["/body"]);
}

#[tokio::test]
async fn the_most_specific_wording_is_taken() {
    let world = World::new().await;
    let slack = json!({"channel": "slack", "locale": "pt-BR",
        "config": {"webhook_url": "https://hooks.slack.com/services/T0/B0/abcdefghijkl"}});
    world.post(SUBSCRIPTIONS, &slack).await.expect(201);
    let said = async || {
        let preview = world.post("/api/v1/incidents/preview", &opening(&[], "")).await.expect(200);
        preview.json["messages"][0]["text"].as_str().unwrap().to_owned()
    };
    assert!(said().await.contains("Trouble"), "{}", said().await);
    for (event, locale) in [
        (None, None),
        (None, Some("pt")),
        (None, Some("pt-BR")),
        (Some("incident.created"), None),
        (Some("incident.created"), Some("pt")),
    ] {
        let body = format!("{event:?} {locale:?}");
        let new = json!({"channel": "slack", "event": event, "locale": locale, "body": body});
        worded(&world, new).await;
        assert_eq!(said().await, body);
    }
    let other = json!({"channel": "slack", "event": "incident.resolved", "body": "Over"});
    worded(&world, other).await;
    worded(&world, json!({"channel": "discord", "body": "Elsewhere"})).await;
    assert_eq!(said().await, "Some(\"incident.created\") Some(\"pt\")");
}
