//! Nobody is subscribed who did not say so.
use diesel::{RunQueryDsl as _, sql_query};
use reqwest::Method;
use serde_json::{Value, json};
use tests::sink::Answer;
use tests::{Reply, Sink, World, eventually};

use super::{URL, ask, asked, link, page, seen, way_out};
use crate::check::problem;
use crate::delivery::{SOON, deliveries, happens, is_signed, kinds, reaches, texts, told_so_far};
use crate::subscription::{path, subscribe};

#[tokio::test]
async fn a_link_confirms_and_looking_at_it_does_not() {
    let world = World::new().await;
    ask(&world, URL).await.expect(202);
    let messages = asked(&world);
    let message = messages.first().expect("a message");
    let confirm = link(message, "confirm_url");
    let logged = world.get("/api/v1/events?kind=subscription.confirm").await.expect(200);
    let logged = logged.data()[0]["id"].as_str().expect("an id").to_owned();
    let logged = world.get(&format!("/api/v1/events/{logged}")).await.expect(200);
    assert_eq!(logged.json["payload"], Value::Null);
    let public = world.anonymous();
    let preview = public.get(&confirm).await.expect(200);
    assert_eq!(preview.json["action"], "confirm");
    assert_eq!(preview.json["subscription"]["state"], "pending");
    assert_eq!(preview.json["subscription"]["address"], "https://hooks.example.org/…");
    assert_eq!(preview.header("cache-control"), "private, no-store");
    let shown = page(&public, Method::GET, &confirm).await.expect(200);
    assert!(shown.header("content-type").starts_with("text/html"));
    assert_eq!(shown.text.matches("<form method=\"post\">").count(), 1);
    assert_eq!(shown.text.matches("<button").count(), 1);
    assert!(shown.text.contains("lang=\"en\"") && !shown.text.contains("://hooks.example.org/f"));
    let policy = shown.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'") && policy.contains("form-action 'self'"));
    assert_eq!(seen(&world, message).await.expect(200).json["state"], "pending");
    let done = page(&public, Method::POST, &confirm).await.expect(200);
    assert!(done.text.contains("You are subscribed") && !done.text.contains("<form"));
    let now = seen(&world, message).await.expect(200).json;
    assert_eq!((&now["state"], &now["origin"]), (&json!("active"), &json!("public")));
    let again = public.post(&confirm, &json!({})).await.expect(200);
    assert_eq!((&again.json["state"], &again.json["version"]), (&json!("active"), &now["version"]));
    for forgotten in ["confirm_url", "challenge", "secret"] {
        assert_eq!(asked(&world)[0].get(forgotten), None, "{forgotten}");
    }
}

#[tokio::test]
async fn links_cannot_be_made_up_or_used_for_something_else() {
    let world = World::new().await;
    ask(&world, URL).await.expect(202);
    let message = asked(&world).pop().expect("a message");
    let (confirm, manage) = (link(&message, "confirm_url"), link(&message, "manage_url"));
    let token = |path: &str| path.rsplit('/').next().expect("a token").to_owned();
    let forged = |path: &str| {
        let (rest, last) = path.split_at(path.len() - 2);
        format!("{rest}{}", if last.starts_with('A') { "BA" } else { "AA" })
    };
    let public = world.anonymous();
    for path in [
        forged(&confirm),
        format!("/api/v1/confirm/{}", token(&manage)),
        format!("/api/v1/confirm/{}", message["id"].as_str().expect("an id")),
        forged(&way_out(&message)),
        format!("/api/v1/unsubscribe/{}", token(&confirm)),
    ] {
        problem(&public.get(&path).await, 404);
        problem(&public.post(&path, &json!({})).await, 404);
    }
    for path in [forged(&manage), format!("/api/v1/manage/{}", token(&confirm))] {
        problem(&public.get(&path).await, 404);
        problem(&public.patch(&path, &json!({"locale": "de"})).await, 404);
        problem(&public.delete(&path).await, 404);
    }
    assert_eq!(seen(&world, &message).await.expect(200).json["version"], 1);
}

#[tokio::test]
async fn who_has_not_confirmed_hears_no_news() {
    let (world, sink) = (World::new().await, Sink::start().await);
    let other = subscribe(&world, json!({"url": sink.url("/other")})).await;
    ask(&world, &sink.url("/hook")).await.expect(202);
    let message = asked(&world).pop().expect("a message");
    happens(&world, "Before").await;
    assert_eq!(told_so_far(&world, &sink, &other, "/other").await.len(), 1);
    sink.wait_for("/hook", 1).await;
    world.anonymous().post(&link(&message, "confirm_url"), &json!({})).await.expect(200);
    happens(&world, "After").await;
    let received = sink.wait_for("/hook", 2).await;
    assert_eq!(kinds(&received), ["subscription.confirm", "incident.created"]);
    assert_eq!(received[1].json()["data"]["incident"]["title"], "After");
    assert!(is_signed(&received[1], &message["secret"]));
}

/// Waits for the first attempt, which fails, and lets the next be answered with `body`.
async fn answers(world: &World, sink: &Sink, body: impl Fn(&Value) -> String) -> Value {
    sink.script("/hook", [500]);
    ask(world, &sink.url("/hook")).await.expect(202);
    let message = asked(world).pop().expect("a message");
    reaches(world, &message, 0, "retrying", 1).await;
    sink.always("/hook", Answer::from(200).with_body(&body(&message)));
    world.set_clock(chrono::Duration::minutes(1));
    reaches(world, &message, 0, "delivered", 2).await;
    message
}

#[tokio::test]
async fn a_webhook_confirms_itself_by_its_challenge() {
    for plain in [true, false] {
        let (world, sink) = (World::new().await, Sink::start().await);
        let message = answers(&world, &sink, |message| match plain {
            true => message["challenge"].as_str().expect("a challenge").to_owned(),
            false => json!({"challenge": message["challenge"]}).to_string(),
        });
        let message = message.await;
        eventually(SOON, || async { seen(&world, &message).await.json["state"] == "active" }).await;
        let received = sink.received("/hook");
        let told = &received[0].json()["data"]["subscription"];
        for name in ["id", "challenge", "secret", "confirm_url", "manage_url"] {
            assert_eq!(told[name], message[name], "{name}");
        }
        assert!(is_signed(&received[0], &message["secret"]));
    }
}

#[tokio::test]
async fn a_word_is_not_lost_while_the_database_fails() {
    let (world, sink) = (World::new().await, Sink::start().await);
    sink.script("/hook", [500]);
    ask(&world, &sink.url("/hook")).await.expect(202);
    let message = asked(&world).pop().expect("a message");
    reaches(&world, &message, 0, "retrying", 1).await;
    let challenge = message["challenge"].as_str().expect("a challenge");
    sink.always("/hook", Answer::from(200).with_body(challenge));
    let mut db = world.db();
    sql_query("begin").execute(&mut db).expect("a transaction");
    let id = message["id"].as_str().expect("an id");
    let lock = format!("select from subscriptions where id = '{id}' for update");
    sql_query(lock).execute(&mut db).expect("a lock");
    world.set_clock(chrono::Duration::minutes(1));
    let fails = || async { world.stderr().contains("what an answer said could not be noted") };
    eventually(SOON, fails).await;
    assert_eq!(sink.received("/hook").len(), 2);
    sql_query("rollback").execute(&mut db).expect("an end");
    // It is asked again once the lease has run out.
    world.set_clock(chrono::Duration::minutes(3));
    eventually(SOON, || async { seen(&world, &message).await.json["state"] == "active" }).await;
    reaches(&world, &message, 0, "delivered", 2).await;
    let received = sink.received("/hook");
    assert_eq!(received.len(), 3);
    assert!(received.iter().all(|it| it.header("webhook-id") == received[0].header("webhook-id")));
}

#[tokio::test]
async fn another_answer_confirms_nothing() {
    let (world, sink) = (World::new().await, Sink::start().await);
    let message = answers(&world, &sink, |_| json!({"challenge": "x"}).to_string()).await;
    assert_eq!(seen(&world, &message).await.expect(200).json["state"], "pending");
}

#[tokio::test]
async fn who_does_not_confirm_is_forgotten_after_a_week() {
    let mut world = World::new().await;
    ask(&world, URL).await.expect(202);
    let message = asked(&world).pop().expect("a message");
    for (days, status) in [(6, 200), (8, 404)] {
        world.kill();
        world.set_clock(chrono::Duration::days(days));
        world.start().await;
        eventually(SOON, || async { seen(&world, &message).await.status == status }).await;
    }
    let kept = "select payload::text from events where kind = 'subscription.confirm'";
    let kept: Value = serde_json::from_str(&texts(&world, kept)[0]).expect("JSON");
    assert_eq!(kept, json!({"id": message["id"]}));
    problem(&world.anonymous().post(&link(&message, "confirm_url"), &json!({})).await, 404);
    let rest = "select (select count(*) from destinations) + (select count(*) from deliveries)";
    assert_eq!(crate::delivery::number(&world, rest), 0);
}

#[tokio::test]
async fn an_operator_may_vouch_for_an_address() {
    let world = World::new().await;
    ask(&world, URL).await.expect(202);
    let message = asked(&world).pop().expect("a message");
    let active = world.patch(&path(&message), &json!({"state": "active"})).await.expect(200);
    assert_eq!(active.json["state"], "active");
    assert_eq!(asked(&world)[0].get("secret"), None);
    let owed = deliveries(&world, &message).await;
    assert!(owed.iter().all(|it| it["event"] == "subscription.confirm"), "{owed:?}");
    Reply::of(world.raw(Method::HEAD, &link(&message, "manage_url"))).await.expect(200);
}
