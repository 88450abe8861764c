//! Credentials that subscriptions share.
use std::time::Duration;

use serde_json::{Value, json};
use tests::sink::Answer;
use tests::{Chats, Sink, World, eventually};

use crate::channels::refused::limits::passes;
use crate::channels::refused::reader_of;
use crate::channels::{CHAT, Place, SLACK_CHANNEL, SLACK_TOKEN, join, slack, telegram};
use crate::check::{problem, walk};
use crate::delivery::{SOON, number, reaches};
use crate::incident::opening;
use crate::subscription::{path, subscribe};

const CREDENTIALS: &str = "/api/v1/credentials";

async fn listed(world: &World, query: &str) -> Vec<Value> {
    world.get(&format!("{CREDENTIALS}?{query}")).await.expect(200).data().clone()
}

#[tokio::test]
async fn a_refused_one_is_shown_and_can_be_tried_at_once() {
    let (world, chats) = (World::new().await, Chats::start().await);
    let (api, web) = (world.component("api").await, world.component("web").await);
    join(&world, &telegram(&chats, CHAT), &json!({})).await;
    let one = reader_of(&world, &slack(&chats, SLACK_CHANNEL), &api).await;
    let other = reader_of(&world, &slack(&chats, "C0123456780"), &web).await;
    assert_eq!(walk(&world, &format!("{CREDENTIALS}?limit=1")).await.len(), 2);
    assert_eq!(listed(&world, "state=refused").await, Vec::<Value>::new());

    chats.always("slack", SLACK_TOKEN, json!({"error": "invalid_auth"})).await;
    world.incident(opening(&["api"], "major_outage")).await;
    reaches(&world, &one, 0, "retrying", 1).await;
    world.incident(opening(&["web"], "major_outage")).await;
    reaches(&world, &other, 0, "pending", 0).await;
    let refused = listed(&world, "state=refused").await.pop().expect("a refused one");
    assert_eq!((&refused["channel"], &refused["state"]), (&json!("slack"), &json!("refused")));
    assert_eq!(refused["subscriptions"], 2);
    assert!(refused["reason"].as_str().is_some_and(|it| it.contains("invalid_auth")), "{refused}");
    for time in ["failing_since", "next_attempt_at"] {
        assert!(refused[time].is_string(), "{refused}");
    }
    let all = world.get(CREDENTIALS).await.expect(200);
    assert!(!all.header("etag").is_empty());
    let digest = number(&world, "select count(*) from credentials where octet_length(digest) < 16");
    assert!(digest == 0 && !all.text.contains("xoxb") && !all.text.contains("digest"));
    let working = listed(&world, "state=working").await.pop().expect("a working one");
    assert_eq!(working["channel"], "telegram");
    assert_eq!((&working["reason"], &working["next_attempt_at"]), (&Value::Null, &Value::Null));

    let at = |it: &Value| format!("{CREDENTIALS}/{}", it["id"].as_str().expect("an id"));
    let retry = |it: &Value| format!("{}/retry", at(it));
    assert_eq!(world.get(&at(&refused)).await.expect(200).json, refused);
    problem(&world.post(&retry(&working), &json!({})).await, 409);
    let nobody = json!({"id": uuid::Uuid::nil()});
    problem(&world.post(&retry(&nobody), &json!({})).await, 404);
    chats.mend("slack", SLACK_TOKEN).await;
    let tried = world.post(&retry(&refused), &json!({})).await.expect(202);
    assert_eq!(tried.json["id"], refused["id"]);
    reaches(&world, &one, 0, "delivered", 2).await;
    reaches(&world, &other, 0, "delivered", 1).await;
    eventually(SOON, || async { listed(&world, "state=refused").await.is_empty() }).await;
    let log = world.get("/api/v1/events?kind=credential.retried").await.expect(200);
    assert_eq!(log.data().len(), 1);

    // What no subscription uses any more is of no interest.
    for it in [&one, &other] {
        world.delete(&path(it)).await.expect(204);
    }
    assert_eq!(listed(&world, "").await.len(), 1);
    problem(&world.get(&at(&refused)).await, 404);
}

#[tokio::test]
async fn a_refused_one_is_tried_by_one_message_at_a_time() {
    let (world, sink) = (World::new().await, Sink::start().await);
    let fence = subscribe(&world, json!({"url": sink.url("/fence")})).await;
    let (api, web) = (world.component("api").await, world.component("web").await);
    let at = "/api/chat.postMessage";
    let of = |channel: &str| {
        let base = sink.url("/api");
        let config = json!({"bot_token": SLACK_TOKEN, "channel": channel, "api_base": base});
        Place { name: "slack", channel: "slack", config }
    };
    let one = reader_of(&world, &of(SLACK_CHANNEL), &api).await;
    let other = reader_of(&world, &of("C0123456780"), &web).await;
    let refusal = json!({"ok": false, "error": "invalid_auth"}).to_string();
    sink.script(at, [Answer::from(200).with_body(&refusal)]);
    world.incident(opening(&["api"], "major_outage")).await;
    reaches(&world, &one, 0, "retrying", 1).await;
    world.incident(opening(&["web"], "major_outage")).await;
    reaches(&world, &other, 0, "pending", 0).await;

    let taken = json!({"ok": true, "channel": "C1", "ts": "1.1"}).to_string();
    let slowly = Answer::from(200).with_body(&taken).after(Duration::from_secs(4));
    sink.script(at, [slowly]);
    sink.always(at, Answer::from(200).with_body(&taken));
    world.set_clock(chrono::Duration::hours(2));
    sink.wait_for(at, 2).await;
    // While that is under way, as much time passes as is between two messages otherwise.
    world.set_clock(chrono::Duration::hours(2) + chrono::Duration::seconds(30));
    for _ in 0..2 {
        passes(&world, &sink, &fence).await;
    }
    assert_eq!(sink.received(at).len(), 2);
    for it in [&one, &other] {
        eventually(SOON, || async {
            let last = crate::delivery::deliveries(&world, it).await.pop();
            last.is_some_and(|it| it["state"] == "delivered")
        })
        .await;
    }
    assert_eq!(sink.received(at).len(), 3);
}
