//! Two that share the work.
use std::time::Duration;

use serde_json::json;
use tests::sink::Answer;
use tests::{Sink, World, eventually};

use super::{SOON, ids, number};
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
