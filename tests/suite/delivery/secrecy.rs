//! Secrets stay with those who share them.
use serde_json::{Value, json};
use tests::sink::Answer;
use tests::{Reply, Sink, World};

use super::{DELIVERIES, happens, reaches, texts};
use crate::subscription::{SUBSCRIPTIONS, path, subscribe};

const HEADER: &str = "planted-header-value";
const QUERY: &str = "planted-query-token";

/// Every row of every table, as text.
fn dump(world: &World) -> String {
    let tables = texts(world, "select tablename::text from pg_tables where schemaname = 'public'");
    assert!(tables.len() > 10, "{tables:?}");
    let rows = |table: &String| texts(world, &format!("select t::text from {table} t"));
    tables.iter().flat_map(rows).collect::<Vec<_>>().join("\n")
}

/// Fails when a secret, in clear or in hexadecimal, is in there.
fn assert_clean(place: &str, text: &str, secrets: &[&str]) {
    assert!(!text.is_empty(), "{place} is empty");
    for secret in secrets {
        let hex: String = secret.bytes().map(|it| format!("{it:02x}")).collect();
        assert!(!text.contains(secret) && !text.contains(&hex), "{secret} in {place}");
    }
}

fn config(url: &str) -> Value {
    json!({"url": format!("{url}?token={QUERY}"), "headers": {"X-Key": HEADER}})
}

#[tokio::test]
async fn secrets_are_in_no_log_no_answer_and_no_table() {
    let world = World::with(|env| drop(env.insert("FAROL_LOG".into(), "debug".into()))).await;
    let sink = Sink::start().await;
    // The answer to a request with a key is kept for a day.
    let request = world.raw(reqwest::Method::POST, SUBSCRIPTIONS).header("idempotency-key", "k");
    let new = json!({"channel": "webhook", "config": config(&sink.url("/fine"))});
    let fine = Reply::of(request.json(&new)).await.expect(201).json;
    let rotate = format!("{}/rotate-secret", path(&fine));
    let rotated = world.post(&rotate, &json!({})).await.expect(200).json;
    let failing = subscribe(&world, config(&sink.url("/failing"))).await;
    let echo = format!("you sent {QUERY} and {HEADER}");
    sink.always("/failing", Answer::redirect(&sink.url("/elsewhere")).with_body(&echo));
    let nobody = format!("http://127.0.0.1:{}/", tests::node::free_port());
    let unreachable = subscribe(&world, config(&nobody)).await;
    let unknown = subscribe(&world, config("https://nowhere.invalid/")).await;
    happens(&world, "Trouble").await;
    reaches(&world, &fine, 0, "delivered", 1).await;
    assert_eq!(sink.received("/fine")[0].header("x-key"), HEADER);
    // Who repeats what they were asked is quoted without it.
    let stranger = json!({"channel": "webhook", "config": {"url": sink.url("/asked")}});
    sink.always("/asked", 500);
    world.anonymous().post("/api/v1/subscribe", &stranger).await.expect(202);
    let question = sink.wait_for("/asked", 1).await[0].json();
    for one in [&failing, &unreachable, &unknown] {
        let failed = reaches(&world, one, 0, "retrying", 1).await;
        if one["id"] == failing["id"] {
            assert_eq!(failed["attempts"][0]["answer"], "you sent … and …");
        }
        world.delete(&path(one)).await.expect(204);
    }

    let mut secrets = vec![HEADER, QUERY];
    for member in ["secret", "challenge", "confirm_url", "manage_url"] {
        let secret = question["data"]["subscription"][member].as_str().expect(member);
        secrets.push(secret.rsplit(['/', '_']).next().expect("a part"));
    }
    for one in [&fine, &rotated, &failing, &unreachable, &unknown] {
        let secret = one["secret"].as_str().and_then(|it| it.strip_prefix("whsec_"));
        secrets.push(secret.expect("a secret"));
    }
    assert!(world.stderr().contains("DEBUG"), "the log says too little to judge it");
    assert_clean("the log", &world.stderr(), &secrets);
    assert_clean("the database", &dump(&world), &secrets);
    for place in [DELIVERIES, SUBSCRIPTIONS, &path(&fine), "/metrics"] {
        assert_clean(place, &world.get(place).await.expect(200).text, &secrets);
    }
}
