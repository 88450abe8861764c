//! How many may listen, how fast, and for how long.
use std::time::{Duration, Instant};

use serde_json::json;
use tests::{Stream, World, eventually};

use super::{A_WHILE, go_on, listen, ordered, version};
use crate::incident::{opening, update};

#[tokio::test]
async fn as_many_listen_as_may() {
    let world = World::with(|env| {
        env.insert("FAROL_STREAMS_PER_ADDRESS".to_owned(), "2".to_owned());
        env.insert("FAROL_STREAMS_MAX".to_owned(), "3".to_owned());
    })
    .await;
    let public = world.anonymous();
    let first = listen(&public).await;
    let _second = listen(&world).await;
    let third = Stream::open(&public, "", "").await;
    assert_eq!((third.status(), third.header("retry-after")), (429, "30"));
    assert_eq!(third.header("content-type"), "application/problem+json");
    let elsewhere = Stream::from_address(&public, "127.0.0.2", "", "").await;
    assert_eq!(elsewhere.status(), 200);
    let full = Stream::from_address(&public, "127.0.0.3", "", "").await;
    assert_eq!((full.status(), full.header("retry-after")), (503, "30"));
    let metrics = world.get("/metrics").await.expect(200).text;
    assert!(metrics.lines().any(|it| it == "farol_streams 3"), "{metrics}");
    drop(first);
    eventually(Duration::from_secs(10), || async {
        Stream::open(&public, "", "").await.status() == 200
    })
    .await;
}

#[tokio::test]
async fn who_reads_too_slowly_gets_the_page_and_not_everything() {
    let world = World::new().await;
    let public = world.anonymous();
    let incident = world.incident(opening(&[], "")).await;
    ordered(&world).await;
    let (mut stream, first) = listen(&public).await;
    let mut last = first.id.expect("an id");
    // Each says all that was said before.
    for _ in 0..36 {
        let body = json!({"message": "x".repeat(10_000)});
        update(&world, &incident, body).await.expect(201);
    }
    ordered(&world).await;
    let (end, mut n_heard, mut n_pages) = (version(&public).await, 0, 0);
    while last < end {
        let told = stream.hear().await;
        assert!(told.id > Some(last), "{} after {last}", told.event);
        if told.event != "status" {
            assert_eq!(told.id, Some(last + 1));
            n_heard += 1;
        } else {
            n_pages += 1;
        }
        last = told.id.expect("an id");
    }
    assert!(n_pages >= 1 && n_heard < 36, "{n_pages} pages, {n_heard} events");
    assert!(stream.is_silent(A_WHILE).await);
}

#[tokio::test]
async fn a_token_that_is_revoked_hears_no_more() {
    let world = World::new().await;
    let made = json!({"name": "t", "scopes": ["read"]});
    let made = world.post("/api/v1/tokens", &made).await.expect(201);
    let insider = world.as_token(made.json["token"].as_str().expect("a secret"));
    let other = world.second_replica().await;
    let (mut here, _) = listen(&insider).await;
    let (mut there, _) = listen(&insider.at(other.base())).await;
    let (mut stays, _) = listen(&world).await;
    let revoked = Instant::now();
    world.delete(made.header("location")).await.expect(204);
    assert_eq!((here.next().await, there.next().await), (None, None));
    assert!(revoked.elapsed() < Duration::from_secs(3), "{:?}", revoked.elapsed());
    world.component("api").await;
    assert_eq!(stays.hear().await.event, "component.created");
}

#[tokio::test]
async fn a_token_that_expires_hears_no_more_and_others_hear_that_all_is_well() {
    let world = World::new().await;
    let soon = chrono::Utc::now() + chrono::Duration::hours(1);
    let made = json!({"name": "t", "scopes": ["read"], "expires_at": soon});
    let made = world.post("/api/v1/tokens", &made).await.expect(201);
    let insider = world.as_token(made.json["token"].as_str().expect("a secret"));
    let (mut expires, _) = listen(&insider).await;
    let (mut stays, _) = listen(&world.anonymous()).await;
    world.set_clock(chrono::Duration::hours(2));
    assert!(stays.next_block().await.expect("a heartbeat").is_heartbeat);
    // Whom it knew a moment ago it need not ask about.
    assert_eq!(expires.next().await, None);
}

#[tokio::test]
async fn streams_end_when_the_service_does() {
    let mut world = World::new().await;
    let (mut public, first) = listen(&world.anonymous()).await;
    let (mut insider, _) = listen(&world).await;
    let (status, took) = world.terminate();
    assert!(status.success() && took < Duration::from_secs(5), "{status} after {took:?}");
    assert_eq!((public.next().await, insider.next().await), (None, None));
    world.start().await;
    world.component("api").await;
    let mut again = go_on(&world.anonymous(), first.id.expect("an id")).await;
    assert_eq!(again.hear().await.event, "component.created");
}
