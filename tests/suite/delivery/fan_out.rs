//! Many subscriptions at once.
use diesel::{RunQueryDsl as _, sql_query};
use serde_json::json;
use tests::{World, eventually};

use super::{SOON, happens, number};
use crate::subscription::subscribe;

const COPY: &str = "with copies as (
    insert into subscriptions
    select (jsonb_populate_record(s, jsonb_build_object('id', farol_uuid7()))).*
    from subscriptions s, generate_series(2, 5000) returning id)
    insert into destinations (subscription_id) select id from copies";
/// What matters here is what is enqueued.
const SEND_NOTHING: &str = "update destinations set paused = true";
/// The fan-out comes as far as this one and waits.
const BLOCK: &str = "select from destinations where subscription_id = (
    select id from subscriptions order by id offset 3000 limit 1) for update";

#[tokio::test]
async fn a_killed_fan_out_goes_on_where_it_was() {
    let mut world = World::new().await;
    subscribe(&world, json!({"url": "https://127.0.0.1:1/"})).await;
    let mut blocker = world.db();
    for statement in [COPY, SEND_NOTHING, "begin", BLOCK] {
        sql_query(statement).execute(&mut blocker).expect(statement);
    }
    let count = "select count(*) from deliveries";
    happens(&world, "First").await;
    happens(&world, "Second").await;
    eventually(SOON, || async { number(&world, count) > 0 }).await;
    world.kill();
    sql_query("rollback").execute(&mut blocker).expect("a connection");
    assert!((1..5_000).contains(&number(&world, count)));
    world.start().await;
    eventually(SOON, || async { number(&world, count) == 10_000 }).await;
    let complete = "select count(*) from (
        select from deliveries d join events e on e.id = d.event_id group by d.subscription_id
        having array_agg(e.sequence order by d.seq) = (
            select array_agg(sequence order by sequence) from events where announce)) as it";
    assert_eq!(number(&world, complete), 5_000);
    let left = "select count(*) from events where announce and expanded_at is null";
    eventually(SOON, || async { number(&world, left) == 0 }).await;
    assert_eq!(number(&world, count), 10_000);
}
