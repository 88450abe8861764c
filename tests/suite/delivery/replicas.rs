//! Several that share the work.
use std::collections::HashSet;
use std::time::Duration;

use serde_json::json;
use tests::sink::Answer;
use tests::{Sink, World, eventually};

use super::{SOON, happens, ids, number};
use crate::incident::{INCIDENTS, opening};
use crate::subscription::subscribe;

#[tokio::test]
async fn two_replicas_send_each_once_and_in_order() {
    let (world, sink) = (World::new().await, Sink::start().await);
    let other = world.second_replica().await;
    let paths: Vec<String> = (0..30).map(|n| format!("/{n}")).collect();
    for path in &paths {
        subscribe(&world, json!({"url": sink.url(path)})).await;
        sink.always(path, Answer::from(204).after(Duration::from_millis(5)));
    }
    for n in 0..10 {
        let writer = if n % 2 == 0 { &*world } else { &*other };
        writer.post(INCIDENTS, &opening(&[], "")).await.expect(201);
    }
    let delivered = "select count(*) from deliveries where state = 'delivered'";
    eventually(SOON * 2, || async { number(&world, delivered) == 300 }).await;
    assert_eq!(sink.count(), 300);
    let expected = sink.received(&paths[0]);
    let sequences: Vec<_> = expected.iter().map(|it| it.json()["sequence"].as_i64()).collect();
    assert!(sequences.is_sorted_by(|a, b| a < b), "{sequences:?}");
    for path in &paths {
        assert_eq!(ids(&sink.received(path)), ids(&expected), "{path}");
    }
}

/// Long enough for the unoptimised binary while other tests run.
const MANY_TAKE: Duration = Duration::from_secs(600);
const DELIVERED: &str = "select count(*) from deliveries where state = 'delivered'";

/// Destinations on one sink, each with a path of its own.
async fn destinations(world: &World, sink: &Sink, n: usize) -> Vec<String> {
    let paths: Vec<String> = (0..n).map(|n| format!("/{n}")).collect();
    for path in &paths {
        subscribe(world, json!({"url": sink.url(path)})).await;
    }
    paths
}

/// What every destination must have heard, in order.
fn expected(world: &World) -> Vec<String> {
    super::texts(world, "select id::text from events where announce order by sequence")
}

#[tokio::test]
async fn three_replicas_send_each_of_a_hundred_thousand_once_and_in_order() {
    let (world, sink) = (World::new().await, Sink::start().await);
    let others = [world.second_replica().await, world.second_replica().await];
    let paths = destinations(&world, &sink, 500).await;
    for n in 0..200 {
        let writer = others.get(n % 3).map_or(&*world, |it| &**it);
        writer.post(INCIDENTS, &opening(&[], "")).await.expect(201);
    }
    eventually(MANY_TAKE, || async { number(&world, DELIVERED) == 100_000 }).await;
    assert_eq!(sink.count(), 100_000);
    let expected = expected(&world);
    for path in &paths {
        assert_eq!(ids(&sink.received(path)), expected, "{path}");
    }
}

#[tokio::test]
async fn a_replica_killed_in_the_middle_loses_nothing_and_repeats_what_it_had_in_hand() {
    let (mut world, sink) = (World::new().await, Sink::start().await);
    let _others = [world.second_replica().await, world.second_replica().await];
    let paths = destinations(&world, &sink, 200).await;
    for n in 0..100 {
        happens(&world, &n.to_string()).await;
    }
    eventually(SOON * 2, || async { sink.count() > 2_000 }).await;
    world.kill();
    // The others take what is due at once, and none of them needs 5 of the 60 seconds of a lease.
    let busy = "select count(*) from destinations where last_seq > done_seq
                and (ready_at <= farol_now() or ready_at > farol_now() + interval '55 seconds')";
    let fanned_out = "select count(*) from deliveries";
    eventually(MANY_TAKE, || async {
        number(&world, fanned_out) == 20_000 && number(&world, busy) == 0
    })
    .await;
    // What the others may not touch is what it had in hand, and what comes after that.
    let in_hand =
        "select coalesce(sum(least(last_seq - done_seq, 16)), 0)::bigint from destinations";
    let in_hand = number(&world, in_hand);
    world.set_clock(chrono::Duration::seconds(61));
    eventually(MANY_TAKE, || async { number(&world, DELIVERED) == 20_000 }).await;
    let repeated = i64::try_from(sink.count()).expect("a count") - 20_000;
    assert!((0..=in_hand).contains(&repeated), "{repeated} repeated, {in_hand} in hand");
    let expected = expected(&world);
    for path in &paths {
        let received = sink.received(path);
        let mut seen = HashSet::new();
        let firsts: Vec<&str> = ids(&received).into_iter().filter(|it| seen.insert(*it)).collect();
        assert_eq!(firsts, expected, "{path}");
    }
}
