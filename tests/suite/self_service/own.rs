//! Changing and ending one's own subscription.
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Client, Reply, World};

use super::{URL, ask, asked, confirmed, link, page, seen, way_out};
use crate::check::{invalid, problem};
use crate::delivery::{members, number, texts};

async fn one_click(client: &Client, path: &str) -> Reply {
    let form = client.raw(Method::POST, path);
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    Reply::of(form.body("List-Unsubscribe=One-Click")).await
}

#[tokio::test]
async fn one_click_unsubscribes() {
    let world = World::new().await;
    let message = confirmed(&world, URL).await;
    let (public, out) = (world.anonymous(), way_out(&message));
    let preview = public.get(&out).await.expect(200);
    assert_eq!(preview.json["action"], "unsubscribe");
    assert_eq!(preview.json["subscription"]["state"], "active");
    let shown = page(&public, Method::GET, &out).await.expect(200);
    assert_eq!(shown.text.matches("<form method=\"post\">").count(), 1);
    assert_eq!(seen(&world, &message).await.expect(200).json["state"], "active");
    for _ in 0..2 {
        let done = one_click(&public, &out).await.expect(200);
        assert_eq!(done.text, "{}");
        assert_eq!(done.header("set-cookie"), "");
    }
    problem(&seen(&world, &message).await, 404);
    let wiped = "select count(*) from subscriptions where deleted_at is not null and config = '{}'
        and secrets = '' and signing_secret is null and address_hash is null";
    assert_eq!(number(&world, wiped), 1);
    assert_eq!(public.get(&out).await.expect(200).json["subscription"], Value::Null);
    let over = page(&public, Method::GET, &out).await.expect(200);
    assert!(!over.text.contains("<form"), "{}", over.text);
    let over = public.raw(Method::GET, &out).header("accept", "text/html");
    let over = Reply::of(over.header("accept-language", "fr-CA,fr;q=0.9")).await.expect(200);
    assert!(over.text.contains("<h1>Vous n’êtes plus abonné</h1>"), "{}", over.text);
    problem(&public.get(&link(&message, "manage_url")).await, 404);
    assert!(
        texts(&world, "select payload::text from events").iter().all(|it| !it.contains("hooks"))
    );
}

#[tokio::test]
async fn an_idempotency_key_stores_no_link() {
    let world = World::new().await;
    let (message, other) = (confirmed(&world, URL).await, "https://hooks.example.org/other");
    let others = confirmed(&world, other).await;
    let once = |path: String| {
        let request = world.anonymous().raw(Method::POST, &path).header("idempotency-key", "k");
        Reply::of(request)
    };
    let (out, others) = (way_out(&message), way_out(&others));
    assert_eq!(once(out.clone()).await.expect(200).header("idempotency-replayed"), "");
    assert_eq!(once(out.clone()).await.expect(200).header("idempotency-replayed"), "true");
    // Another link is another request.
    assert_eq!(once(others).await.expect(200).header("idempotency-replayed"), "");
    let routes = texts(&world, "select route from idempotency_keys");
    let token = out.rsplit('/').next().expect("a token");
    assert_eq!(routes.len(), 2);
    for route in routes {
        assert!(route.starts_with("POST /api/v1/unsubscribe/{token} "), "{route}");
        assert!(!route.contains(token), "{route}");
    }
}

#[tokio::test]
async fn an_owner_sees_and_changes_what_is_theirs() {
    let world = World::new().await;
    let api = world.component("api").await;
    let message = confirmed(&world, URL).await;
    let (public, manage) = (world.anonymous(), link(&message, "manage_url"));
    let own = public.get(&manage).await.expect(200);
    let expected = ["address", "channel", "filter", "locale", "state", "time_zone", "version"];
    assert_eq!(members(&own.json), expected);
    assert_eq!(own.json["address"], "https://hooks.example.org/…");
    assert_eq!(own.header("cache-control"), "private, no-store");
    let change = json!({"filter": {"components": [api["id"]]}, "locale": "de",
        "time_zone": "Europe/Berlin", "state": "paused"});
    let stale = public.raw(Method::PATCH, &manage).header("if-match", "\"v1\"").json(&change);
    problem(&Reply::of(stale).await, 412);
    let tag = own.header("etag");
    let changed = public.raw(Method::PATCH, &manage).header("if-match", tag).json(&change);
    let changed = Reply::of(changed).await.expect(200);
    let now = seen(&world, &message).await.expect(200).json;
    for name in ["filter", "locale", "time_zone", "state", "version"] {
        assert_eq!(changed.json[name], now[name], "{name}");
    }
    assert_eq!((&now["state"], &now["locale"]), (&json!("paused"), &json!("de")));
    public.patch(&manage, &json!({"state": "active"})).await.expect(200);
    let shown = page(&public, Method::GET, &manage).await.expect(200);
    assert!(shown.text.contains("action=\"../unsubscribe/"), "{}", shown.text);
    assert!(shown.text.contains("<html lang=\"de\">"), "{}", shown.text);
    assert!(shown.text.contains("<h1>Ihr Abonnement</h1>"), "{}", shown.text);
    public.delete(&manage).await.expect(204);
    problem(&seen(&world, &message).await, 404);
}

#[tokio::test]
async fn an_owner_cannot_do_more_than_that() {
    let world = World::new().await;
    let hidden = json!({"name": "hidden", "visibility": "internal"});
    let hidden = world.post("/api/v1/components", &hidden).await.expect(201).id();
    let message = confirmed(&world, URL).await;
    let (public, manage) = (world.anonymous(), link(&message, "manage_url"));
    for (change, pointer) in [
        (json!({"filter": {"components": [hidden]}}), "/filter/components/0"),
        (json!({"state": "disabled"}), "/state"),
        (json!({"state": "pending"}), "/state"),
        (json!({"audience": "internal"}), "/audience"),
        (json!({"config": {"url": URL}}), "/config"),
        (json!({"locale": null}), "/locale"),
    ] {
        invalid(&public.patch(&manage, &change).await, &[pointer]);
    }
    ask(&world, "https://hooks.example.org/other").await.expect(202);
    let other = asked(&world).pop().expect("a message");
    for state in ["active", "paused"] {
        let change = json!({"state": state});
        problem(&public.patch(&link(&other, "manage_url"), &change).await, 409);
    }
}
