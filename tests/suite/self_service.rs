//! Subscribing oneself, and changing or ending that by the links in messages.
mod bulk;
mod confirm;
mod flood;
mod mail;
mod own;

use app::subscription::reveal;
use app::vault::Vault;
use domain::caller::Visibility;
use domain::page::Settings;
use domain::uptime::Rule;
use reqwest::Method;
use serde_json::{Value, json};
use tests::node::SECRET_KEY;
use tests::{Client, Reply, World};

use crate::check::{invalid, problem};
use crate::delivery::{number, texts};
use crate::subscription::SUBSCRIPTIONS;

pub const SUBSCRIBE: &str = "/api/v1/subscribe";
/// Where nobody listens.
pub const URL: &str = "https://hooks.example.org/farol";

/// Asks for a webhook as a stranger.
pub async fn ask(world: &World, url: &str) -> Reply {
    let wish = json!({"channel": "webhook", "config": {"url": url}});
    world.anonymous().post(SUBSCRIBE, &wish).await
}

/// What owners of addresses were sent, oldest first.
pub fn asked(world: &World) -> Vec<Value> {
    let payloads =
        "select payload::text from events where kind = 'subscription.confirm' order by position";
    let vault = Vault::new([SECRET_KEY]).expect("a key");
    let revealed = |payload: &String| {
        let asked: Value = serde_json::from_str(payload).expect("JSON");
        let id = asked["id"].as_str().and_then(|it| it.parse().ok()).expect("an id");
        reveal(&vault, &settings(), id, &asked).expect("what was sealed")
    };
    texts(world, payloads).iter().map(revealed).collect()
}

/// What links are made of.
fn settings() -> Settings {
    Settings {
        name: "Farol".to_owned(),
        time_zone: "Etc/UTC".to_owned(),
        visibility: Visibility::Public,
        public_url: "https://status.example.org".to_owned(),
        page_url: None,
        maintenance_reminders: Vec::new(),
        says_maintenance: true,
        uptime: Rule::default(),
    }
}

/// The path of a link in a message.
pub fn link(message: &Value, name: &str) -> String {
    let url = message[name].as_str().unwrap_or_else(|| panic!("no {name} in {message}"));
    url.strip_prefix("https://status.example.org").expect("a link to us").to_owned()
}

/// The path by which an owner ends their subscription.
pub fn way_out(message: &Value) -> String {
    link(message, "manage_url").replace("/manage/", "/unsubscribe/")
}

/// A subscription that its owner has confirmed: what they were sent.
pub async fn confirmed(world: &World, url: &str) -> Value {
    ask(world, url).await.expect(202);
    let message = asked(world).pop().expect("a message");
    let confirm = link(&message, "confirm_url");
    world.anonymous().post(&confirm, &json!({})).await.expect(200);
    message
}

/// The page that a browser gets.
pub async fn page(client: &Client, method: Method, path: &str) -> Reply {
    let accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    Reply::of(client.raw(method, path).header("accept", accept)).await
}

/// What operators see of the subscription that a message is about.
pub async fn seen(world: &World, message: &Value) -> Reply {
    world.get(&format!("{SUBSCRIPTIONS}/{}", message["id"].as_str().expect("an id"))).await
}

#[tokio::test]
async fn the_answer_is_the_same_whoever_is_subscribed() {
    let world = World::new().await;
    let operators = json!({"channel": "webhook", "config": {"url": URL}});
    world.post(SUBSCRIPTIONS, &operators).await.expect(201);
    let other = "https://hooks.example.org/other";
    let mut answers = Vec::new();
    for url in [URL, URL, other, other] {
        answers.push(ask(&world, url).await.expect(202));
    }
    let message = asked(&world).pop().expect("a message");
    world.anonymous().post(&link(&message, "confirm_url"), &json!({})).await.expect(200);
    answers.push(ask(&world, other).await.expect(202));
    for answer in &answers {
        let names = |it: &Reply| it.headers.keys().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(answer.text, "{}");
        assert_eq!(names(answer), names(&answers[0]));
    }
}

#[tokio::test]
async fn what_cannot_be_is_refused_by_field() {
    let world = World::new().await;
    let config = json!({"url": URL});
    let hidden = json!({"name": "hidden", "visibility": "internal"});
    let hidden = world.post("/api/v1/components", &hidden).await.expect(201).id();
    let nobody = uuid::Uuid::nil().to_string();
    for (wish, pointer) in [
        (json!({"channel": "pigeon", "config": {}}), "/channel"),
        (json!({"channel": "slack", "config": {}}), "/channel"),
        (json!({"channel": "email", "config": {"to": "ana@example.org"}}), "/channel"),
        (json!({"channel": "webhook", "config": {}}), "/config"),
        (json!({"channel": "webhook", "config": {"url": "http://10.0.0.1/"}}), "/config/url"),
        (
            json!({"channel": "webhook", "config": {"url": URL, "headers": {"X-Team": "a"}}}),
            "/config/headers",
        ),
        (json!({"channel": "webhook", "config": config, "audience": "internal"}), "/audience"),
        (json!({"channel": "webhook", "config": config, "digest_minutes": 5}), "/digest_minutes"),
        (json!({"channel": "webhook", "config": config, "locale": "?"}), "/locale"),
    ] {
        invalid(&world.anonymous().post(SUBSCRIBE, &wish).await, &[pointer]);
    }
    let filtered = |id: &str| {
        let wish = json!({
            "channel": "webhook", "config": config, "filter": {"components": [id]},
        });
        let public = world.anonymous();
        async move { public.post(SUBSCRIBE, &wish).await }
    };
    let (unknown, internal) = (filtered(&nobody).await, filtered(&hidden).await);
    invalid(&unknown, &["/filter/components/0"]);
    assert_eq!(unknown.json["errors"], internal.json["errors"]);
    assert_eq!(number(&world, "select count(*) from subscriptions"), 0);
}

#[tokio::test]
async fn it_can_be_switched_off() {
    let off = |env: &mut tests::node::Env| {
        env.insert("FAROL_SUBSCRIBE".to_owned(), "false".to_owned());
    };
    let world = World::with(off).await;
    problem(&ask(&world, URL).await, 404);
}

#[tokio::test]
async fn an_internal_page_takes_no_strangers_but_their_links() {
    let internal = |env: &mut tests::node::Env| {
        env.insert("FAROL_PAGE_VISIBILITY".to_owned(), "internal".to_owned());
    };
    let world = World::with(internal).await;
    problem(&ask(&world, URL).await, 401);
    let wish = json!({"channel": "webhook", "config": {"url": URL}});
    world.post(SUBSCRIBE, &wish).await.expect(202);
    let message = asked(&world).pop().expect("a message");
    let public = world.anonymous();
    public.post(&link(&message, "confirm_url"), &json!({})).await.expect(200);
    public.get(&link(&message, "manage_url")).await.expect(200);
    problem(&public.get(&format!("{}A", link(&message, "manage_url"))).await, 401);
    public.post(&way_out(&message), &json!({})).await.expect(200);
}
