//! Destinations that fail, for a while or for good.
use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};
use tests::sink::Answer;
use tests::{Sink, World};

use super::{deliveries, happens, ids, is_signed, reaches};
use crate::check::each;
use crate::subscription::{path, shown, subscribe};

/// Longest waits after transient failures, in seconds, with all of the jitter.
const WAITS: [i64; 10] = [6, 36, 144, 720, 2_160, 4_320, 8_640, 17_280, 34_560, 51_840];

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().expect("a time").parse().expect("a time")
}

#[tokio::test]
async fn failures_are_retried_and_nothing_overtakes() {
    let (world, sink) = (World::new().await, Sink::start().await);
    let one = subscribe(&world, json!({"url": sink.url("/hook")})).await;
    let long = "é".repeat(3_000);
    let patient = Answer::from(503).with_header("retry-after", "600").with_body("later");
    sink.script("/hook", [Answer::from(500).with_body(&long), patient]);
    for title in ["First", "Second", "Third"] {
        happens(&world, title).await;
    }
    let first = reaches(&world, &one, 0, "retrying", 1).await;
    let attempt = &first["attempts"][0];
    assert_eq!((&attempt["status"], &attempt["outcome"]), (&json!(500), &json!("transient")));
    assert!(attempt["latency_ms"].as_i64().is_some_and(|it| it >= 0));
    assert!(attempt["answer"].as_str().is_some_and(|it| it.starts_with("éé") && it.len() < 2_100));
    let wait = time(&first["next_attempt_at"]) - time(&attempt["at"]);
    assert!((Duration::seconds(4)..Duration::seconds(8)).contains(&wait), "{wait}");
    let second = reaches(&world, &one, 1, "pending", 0).await;
    assert_eq!(second["next_attempt_at"], Value::Null);
    assert_ne!(shown(&world, &one).await["failing_since"], Value::Null);

    world.set_clock(Duration::seconds(10));
    let again = reaches(&world, &one, 0, "retrying", 2).await;
    assert_eq!(again["attempts"][1]["answer"], "later");
    let wait = time(&again["next_attempt_at"]) - time(&again["attempts"][1]["at"]);
    assert!((Duration::seconds(609)..Duration::seconds(630)).contains(&wait), "{wait}");
    world.set_clock(Duration::seconds(700));
    let last = reaches(&world, &one, 2, "delivered", 1).await;
    assert_eq!((&last["next_attempt_at"], last["finished_at"].is_null()), (&Value::Null, false));
    let owed = deliveries(&world, &one).await;
    assert_eq!(each(owed[0]["attempts"].as_array().unwrap(), "status"), [500, 503, 204]);
    let received = sink.received("/hook");
    assert!(received.iter().all(|it| is_signed(it, &one["secret"])));
    let [a, b, c] = [0, 1, 2].map(|at| owed[at]["event_id"].as_str().expect("an id"));
    assert_eq!(ids(&received), [a, a, a, b, c]);
    assert!(received[1].body == received[0].body && received[2].body == received[0].body);
    let healthy = shown(&world, &one).await;
    assert_eq!(healthy["failing_since"], Value::Null);
    assert_ne!(healthy["last_success_at"], Value::Null);
}

#[tokio::test]
async fn a_transient_failure_is_given_up_after_eleven_attempts() {
    let (world, sink) = (World::new().await, Sink::start().await);
    let one = subscribe(&world, json!({"url": sink.url("/hook")})).await;
    sink.script("/hook", [503; 11]);
    happens(&world, "First").await;
    happens(&world, "Second").await;
    let mut offset = Duration::zero();
    for (n_attempts, wait) in (1..).zip(WAITS) {
        let now = reaches(&world, &one, 0, "retrying", n_attempts).await;
        assert_ne!(now["next_attempt_at"], Value::Null);
        offset += Duration::seconds(wait + 1);
        world.set_clock(offset);
    }
    let dead = reaches(&world, &one, 0, "dead", 11).await;
    assert_eq!(dead["next_attempt_at"], Value::Null);
    world.set_clock(offset + Duration::seconds(6));
    reaches(&world, &one, 1, "delivered", 1).await;
    assert_eq!(shown(&world, &one).await["state"], "active");
}

#[tokio::test]
async fn what_nobody_mends_is_given_up_after_four_attempts() {
    let (world, sink) = (World::new().await, Sink::start().await);
    let one = subscribe(&world, json!({"url": sink.url("/hook")})).await;
    sink.script("/hook", [404; 4]);
    happens(&world, "First").await;
    happens(&world, "Second").await;
    let mut offset = Duration::zero();
    for (n_attempts, wait) in [(1, 361), (2, 1_081), (3, 2_881)] {
        let now = reaches(&world, &one, 0, "retrying", n_attempts).await;
        assert_eq!(now["attempts"][n_attempts - 1]["outcome"], "misconfigured");
        offset += Duration::seconds(wait);
        world.set_clock(offset);
    }
    reaches(&world, &one, 0, "dead", 4).await;
    world.set_clock(offset + Duration::seconds(6));
    reaches(&world, &one, 1, "delivered", 1).await;
    assert_eq!(sink.received("/hook").len(), 5);
}

#[tokio::test]
async fn a_destination_that_lost_all_it_was_owed_is_told_the_next_at_once() {
    let (world, sink) = (World::new().await, Sink::start().await);
    let one = subscribe(&world, json!({"url": sink.url("/hook")})).await;
    let other = subscribe(&world, json!({"url": sink.url("/other")})).await;
    sink.script("/hook", [404; 4]);
    happens(&world, "First").await;
    for (n_attempts, seconds) in [(1, 400), (2, 1_500), (3, 4_500)] {
        reaches(&world, &one, 0, "retrying", n_attempts).await;
        world.set_clock(Duration::seconds(seconds));
    }
    reaches(&world, &one, 0, "dead", 4).await;
    world.set_clock(Duration::seconds(4_600));
    // The queue is looked at while nothing is owed; that must not take the destination away.
    super::told_so_far(&world, &sink, &other, "/other").await;
    happens(&world, "Second").await;
    let second = reaches(&world, &one, 1, "delivered", 1).await;
    let took = time(&second["finished_at"]) - time(&second["created_at"]);
    assert!(took < Duration::seconds(20), "{took}");
}

#[tokio::test]
async fn gone_disables_until_somebody_reactivates() {
    let (world, sink) = (World::new().await, Sink::start().await);
    let one = subscribe(&world, json!({"url": sink.url("/hook")})).await;
    sink.script("/hook", [410]);
    happens(&world, "First").await;
    let dead = reaches(&world, &one, 0, "dead", 1).await;
    assert_eq!(dead["attempts"][0]["outcome"], "gone");
    tests::eventually(super::SOON, || async { shown(&world, &one).await["state"] == "disabled" })
        .await;
    let reason = shown(&world, &one).await["disabled_reason"].clone();
    assert!(reason.as_str().is_some_and(|it| it.contains("410")), "{reason}");
    let back = world.patch(&path(&one), &json!({"state": "active"})).await.expect(200);
    assert_eq!(back.json["disabled_reason"], Value::Null);
    world.set_clock(Duration::seconds(6));
    happens(&world, "Second").await;
    reaches(&world, &one, 1, "delivered", 1).await;
    assert_eq!(sink.received("/hook").len(), 2);
}

#[tokio::test]
async fn five_days_without_success_disable() {
    let (world, sink) = (World::new().await, Sink::start().await);
    world.set_clock(Duration::days(-6));
    let one = subscribe(&world, json!({"url": sink.url("/hook")})).await;
    sink.always("/hook", 404);
    happens(&world, "First").await;
    reaches(&world, &one, 0, "retrying", 1).await;
    for attempt in 2..4 {
        world.set_clock(Duration::hours(attempt));
        let n_attempts = usize::try_from(attempt).expect("a count");
        reaches(&world, &one, 0, "retrying", n_attempts).await;
    }
    world.set_clock(Duration::hours(4));
    tests::eventually(super::SOON, || async { shown(&world, &one).await["state"] == "disabled" })
        .await;
    let reason = shown(&world, &one).await["disabled_reason"].clone();
    assert!(reason.as_str().is_some_and(|it| it.contains("five days")), "{reason}");
}
