//! Nobody can make Farol call where it must not.
use serde_json::{Value, json};
use tests::sink::Answer;
use tests::{Replica, Sink, World};

use super::{happens, reaches};
use crate::check::invalid;
use crate::incident::{INCIDENTS, opening};
use crate::subscription::{SUBSCRIPTIONS, path, subscribe};

const ALLOW: &str = "FAROL_EGRESS_ALLOW";
/// Not on the public Internet, in whichever spelling, or not to be spoken to as asked.
const REFUSED: [&str; 32] = [
    "http://127.0.0.1",
    "http://2130706433/",
    "http://[::ffff:127.0.0.1]/",
    "http://localhost",
    "https://127.0.0.1/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://0177.0.0.1/",
    "https://127.1/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://localhost/",
    "https://localhost./",
    "https://foo.localhost/",
    "https://db.internal/",
    "https://intranet/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://100.64.0.1/",
    "https://0.0.0.0/",
    "https://[fd00::1]/",
    "https://[fe80::1]/",
    "http://hooks.example.org/",
    "https://hooks.example.org:22/",
    "https://user:password@hooks.example.org/",
    "ftp://hooks.example.org/",
    "file:///etc/passwd",
    "hooks.example.org",
    "",
];

#[tokio::test]
async fn urls_into_private_networks_cannot_be_subscribed() {
    let world = World::with(|env| drop(env.remove(ALLOW))).await;
    let sink = Sink::start().await;
    let port = sink.port();
    let here = [
        format!("http://127.0.0.1:{port}/"),
        format!("https://127.0.0.1:{port}/"),
        format!("http://localhost:{port}/"),
    ];
    for url in here.iter().map(String::as_str).chain(REFUSED) {
        let new = json!({"channel": "webhook", "config": {"url": url}});
        invalid(&world.post(SUBSCRIPTIONS, &new).await, &["/config/url"]);
    }
    let one = subscribe(&world, json!({"url": "https://hooks.example.org/"})).await;
    let moved = world.patch(&path(&one), &json!({"config": {"url": here[0]}})).await;
    invalid(&moved, &["/config/url"]);
    assert_eq!(sink.count(), 0);
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let (world, sink) = (World::new().await, Sink::start().await);
    let (hook, canary) = (sink.url("/hook"), sink.url("/canary"));
    for (n, status) in [301, 302, 303, 307, 308].into_iter().enumerate() {
        let to = format!("/hook/{n}");
        let one = subscribe(&world, json!({"url": sink.url(&to)})).await;
        sink.always(&to, Answer { status, ..Answer::redirect(&canary) });
        happens(&world, &hook).await;
        let failed = reaches(&world, &one, 0, "retrying", 1).await;
        let attempt = &failed["attempts"][0];
        assert_eq!(
            (&attempt["outcome"], &attempt["status"]),
            (&json!("misconfigured"), &json!(status))
        );
    }
    assert!(sink.received("/canary").is_empty());
}

/// What becomes of a webhook to `url` once the operator no longer allows it.
async fn refused(sink: &Sink, url: &str, allow: Option<&str>) -> Value {
    let mut world = World::new().await;
    let one = subscribe(&world, json!({"url": url})).await;
    world.kill();
    let mut env = world.env().clone();
    match allow {
        Some(networks) => drop(env.insert(ALLOW.to_owned(), networks.to_owned())),
        None => drop(env.remove(ALLOW)),
    }
    let stricter = Replica::start(env, world.folder()).await;
    let writer = world.at(stricter.base());
    writer.post(INCIDENTS, &opening(&[], "")).await.expect(201);
    let listed = format!("{}/deliveries", path(&one));
    tests::eventually(super::SOON, || async {
        writer.get(&listed).await.data().first().is_some_and(|it| it["state"] == "dead")
    })
    .await;
    assert_eq!(sink.count(), 0);
    writer.get(&listed).await.data()[0]["attempts"].clone()
}

#[tokio::test]
async fn a_destination_that_is_no_longer_allowed_is_not_called() {
    let sink = Sink::start().await;
    let attempts = refused(&sink, &sink.url("/hook"), None).await;
    assert_eq!(attempts.as_array().map(Vec::len), Some(1), "{attempts}");
    assert_eq!(attempts[0]["outcome"], "blocked");
    assert_eq!(attempts[0]["status"], Value::Null);
}

#[tokio::test]
async fn a_name_that_stands_for_a_private_address_is_not_called() {
    let sink = Sink::start().await;
    let url = format!("http://localhost:{}/hook", sink.port());
    // Names pass as long as anything is allowed: here the resolver has to refuse.
    let attempts = refused(&sink, &url, Some("10.0.0.0/8")).await;
    assert_eq!(attempts.as_array().map(Vec::len), Some(1), "{attempts}");
    assert_eq!(attempts[0]["outcome"], "blocked");
    let url = format!("http://127.0.0.1:{}/hook", sink.port());
    let attempts = refused(&sink, &url, Some("10.0.0.0/8")).await;
    assert_eq!(attempts[0]["outcome"], "blocked");
}
