//! Many subscriptions at once.
use serde_json::json;
use tests::{Sink, World};

use super::URL;
use crate::check::{invalid, problem};
use crate::delivery::{happens, number, reaches, texts};
use crate::subscription::{SUBSCRIPTIONS, path, subscribe, subscribe_to};

const EXPORT: &str = "/api/v1/subscriptions/export";
const ERASE: &str = "/api/v1/subscriptions/erase";

#[tokio::test]
async fn an_export_is_a_sheet_without_formulas_or_secrets() {
    let world = World::new().await;
    let config = json!({"url": "https://hooks.example.org/x?token=abcdefghijkl",
        "headers": {"Authorization": "Bearer abcdefghijkl"}});
    let one = subscribe_to(&world, json!({"label": "=HYPERLINK(\"x\")", "config": config})).await;
    let sheet = world.get(EXPORT).await.expect(200);
    assert!(sheet.header("content-type").starts_with("text/csv"));
    assert!(sheet.header("content-disposition").starts_with("attachment"));
    let lines: Vec<&str> = sheet.text.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with("id,channel,address,label,state,origin"), "{}", lines[0]);
    let begins = format!(
        "{},webhook,https://hooks.example.org/x?…ijkl,\"'=HYPERLINK(\"\"x\"\")\",active,operator",
        one["id"].as_str().expect("an id")
    );
    assert!(lines[1].starts_with(&begins), "{}", lines[1]);
    assert!(!sheet.text.contains("abcdefgh"), "{}", sheet.text);
    let none = world.get(&format!("{EXPORT}?channel=email")).await.expect(200);
    assert_eq!(none.text.lines().count(), 1);
    problem(&world.anonymous().get(EXPORT).await, 401);
    problem(&world.token(&["read"]).await.get(EXPORT).await, 403);
}

#[tokio::test]
async fn an_address_is_erased_everywhere() {
    let (world, sink) = (World::new().await, Sink::start().await);
    sink.always("/hook", tests::sink::Answer::from(200).with_body("ana was here"));
    let url = sink.url("/hook");
    let one = subscribe_to(&world, json!({"label": "Ana", "config": {"url": url}})).await;
    let kept = subscribe(&world, json!({"url": sink.url("/kept")})).await;
    happens(&world, "Trouble").await;
    reaches(&world, &one, 0, "delivered", 1).await;
    let spelled = url.replacen("http://", "HTTP://", 1);
    let erased = world.post(ERASE, &json!({"address": spelled})).await.expect(200);
    assert_eq!(erased.json, json!({"erased": 1}));
    problem(&world.get(&path(&one)).await, 404);
    world.get(&path(&kept)).await.expect(200);
    assert_eq!(world.post(ERASE, &json!({"address": url})).await.expect(200).json["erased"], 0);
    let rest = "select count(*) from subscriptions where deleted_at is not null and config = '{}'
        and label is null and secrets = '' and address_hash is null";
    assert_eq!(number(&world, rest), 1);
    let kept = texts(&world, "select attempts::text from deliveries");
    assert!(kept.iter().all(|it| !it.contains("ana was here")), "{kept:?}");
    let log = texts(&world, "select payload::text from events");
    assert!(log.iter().all(|it| !it.contains("/hook")), "{log:?}");
    invalid(&world.post(ERASE, &json!({"address": ""})).await, &["/address"]);
    problem(&world.token(&["read"]).await.post(ERASE, &json!({"address": url})).await, 403);
}

#[tokio::test]
async fn a_webhook_cannot_collect_its_messages() {
    let world = World::new().await;
    for (digest, allowed) in [(json!(0), true), (json!(5), false), (json!(1441), false)] {
        let new = json!({"channel": "webhook", "config": {"url": URL}, "digest_minutes": digest});
        let reply = world.post(SUBSCRIPTIONS, &new).await;
        if allowed {
            assert_eq!(reply.expect(201).json["digest_minutes"], 0);
        } else {
            invalid(&reply, &["/digest_minutes"]);
        }
    }
    let one = subscribe(&world, json!({"url": URL})).await;
    invalid(&world.patch(&path(&one), &json!({"digest_minutes": 5})).await, &["/digest_minutes"]);
}
