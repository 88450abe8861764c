//! What providers report of messages that they took.
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};
use tests::node::Env;
use tests::sink::Answer;
use tests::{Chats, Client, Reply, Sink, World, eventually};

use super::refused::reader_of;
use super::{CHAT, Place, cloud, facts, join, places, telegram};
use crate::check::problem;
use crate::delivery::{SOON, deliveries, happens, reaches};
use crate::incident::opening;
use crate::subscription::shown;

const WHATSAPP: &str = "/api/v1/receipts/whatsapp";
const APP_SECRET: &str = "0123456789abcdef0123456789abcdef";
const VERIFY_TOKEN: &str = "a-token-of-ours";

fn with_app(env: &mut Env) {
    env.insert("FAROL_WHATSAPP_APP_SECRET".to_owned(), APP_SECRET.to_owned());
    env.insert("FAROL_WHATSAPP_VERIFY_TOKEN".to_owned(), VERIFY_TOKEN.to_owned());
}

/// A message of the Cloud API's.
fn number(chats: &Chats) -> Place {
    Place { name: "whatsapp", channel: "whatsapp", config: cloud(chats, "incident_update") }
}

/// A webhook of Meta's app, as it signs it.
async fn meta(client: &Client, secret: &str, body: &[u8]) -> Reply {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), body);
    let hex: String = tag.as_ref().iter().map(|it| format!("{it:02x}")).collect();
    let request = client.raw(Method::POST, WHATSAPP).header("content-type", "application/json");
    let request = request.header("x-hub-signature-256", format!("sha256={hex}"));
    Reply::of(request.body(body.to_vec())).await
}

/// What the app reports of one message: the recorded webhook with this status in it.
fn status(wamid: &str, more: Value) -> Vec<u8> {
    let recorded = include_str!("../../../crates/channels/fixtures/whatsapp_status_delivered.json");
    let mut report: Value = serde_json::from_str(recorded).expect("JSON");
    let status = &mut report["entry"][0]["changes"][0]["value"]["statuses"][0];
    status["id"] = json!(wamid);
    for (name, value) in more.as_object().into_iter().flatten() {
        status[name] = value.clone();
    }
    report.to_string().into_bytes()
}

async fn reports(world: &World, wamid: &str, more: Value) {
    meta(&world.anonymous(), APP_SECRET, &status(wamid, more)).await.expect(200);
}

fn failed(code: i64) -> Value {
    json!({"status": "failed", "errors": [{"code": code, "title": "Failed"}]})
}

/// The id that the Cloud API gave the `index`th message.
async fn wamid(chats: &Chats, index: usize) -> String {
    let told = chats.wait_for("whatsapp", index + 1).await;
    told[index].answer["messages"][0]["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn meta_shakes_hands_with_who_knows_the_token() {
    let world = World::with(with_app).await;
    let shake = |token: &str| {
        let query = format!("hub.mode=subscribe&hub.verify_token={token}&hub.challenge=1158201444");
        let public = world.anonymous();
        async move { public.get(&format!("{WHATSAPP}?{query}")).await }
    };
    let good = shake(VERIFY_TOKEN).await.expect(200);
    assert_eq!(good.text, "1158201444");
    assert!(good.header("content-type").starts_with("text/plain"));
    assert_eq!(good.header("cache-control"), "no-store");
    problem(&shake("another").await, 403);
    problem(&world.anonymous().get(WHATSAPP).await, 403);

    let without = World::new().await;
    problem(&without.anonymous().get(WHATSAPP).await, 404);
    problem(&meta(&without.anonymous(), APP_SECRET, b"{}").await, 404);
}

#[tokio::test]
async fn an_accepted_message_arrives_when_that_is_reported() {
    let internal = |env: &mut Env| {
        with_app(env);
        env.insert("FAROL_PAGE_VISIBILITY".to_owned(), "internal".to_owned());
    };
    let (world, chats) = (World::with(internal).await, Chats::start().await);
    let subscription = join(&world, &number(&chats), &json!({"audience": "internal"})).await;
    happens(&world, "Trouble").await;
    reaches(&world, &subscription, 0, "accepted", 1).await;
    let (public, wamid) = (world.anonymous(), wamid(&chats, 0).await);
    let delivered = status(&wamid, json!({}));
    let unsigned = public.raw(Method::POST, WHATSAPP).body(delivered.clone());
    problem(&Reply::of(unsigned).await, 401);
    problem(&meta(&public, "another secret", &delivered).await, 401);
    problem(&meta(&public, APP_SECRET, b"{").await, 400);
    for unknown in [&b"{}"[..], b"{\"entry\": [7]}", &status("wamid.other", json!({}))] {
        meta(&public, APP_SECRET, unknown).await.expect(200);
    }
    reports(&world, &wamid, json!({"status": "sent"})).await;
    assert_eq!(deliveries(&world, &subscription).await[0]["state"], "accepted");
    assert_eq!(meta(&public, APP_SECRET, &delivered).await.expect(200).text, "");
    reaches(&world, &subscription, 0, "delivered", 1).await;
    // A message has one fate.
    reports(&world, &wamid, failed(131_026)).await;
    assert_eq!(deliveries(&world, &subscription).await[0]["state"], "delivered");
    assert_eq!(shown(&world, &subscription).await["state"], "active");
}

#[tokio::test]
async fn a_report_may_come_before_the_answer() {
    let (world, sink) = (World::with(with_app).await, Sink::start().await);
    let path = "/v23.0/106540352242922/messages";
    let body = json!({"messages": [{"id": "wamid.EARLY"}]}).to_string();
    let later = std::time::Duration::from_millis(1_500);
    sink.always(path, Answer::from(200).with_body(&body).after(later));
    let chats = Chats::start().await;
    let mut place = number(&chats);
    place.config["api_base"] = json!(sink.url("/v23.0"));
    let subscription = join(&world, &place, &json!({})).await;
    happens(&world, "Trouble").await;
    sink.wait_for(path, 1).await;
    reports(&world, "wamid.EARLY", failed(131_049)).await;
    assert_eq!(deliveries(&world, &subscription).await[0]["state"], "pending");
    let dead = reaches(&world, &subscription, 0, "dead", 2).await;
    assert_eq!(dead["attempts"][0]["outcome"], "delivered");
    assert_eq!(dead["attempts"][1]["outcome"], "blocked");
    assert_eq!(dead["attempts"][1]["error"], "131049: Failed");
    assert_eq!(shown(&world, &subscription).await["state"], "active");
}

#[tokio::test]
async fn who_is_gone_is_told_no_more() {
    let (world, chats) = (World::with(with_app).await, Chats::start().await);
    let subscription = join(&world, &number(&chats), &json!({})).await;
    happens(&world, "Trouble").await;
    reaches(&world, &subscription, 0, "accepted", 1).await;
    reports(&world, &wamid(&chats, 0).await, failed(131_026)).await;
    reaches(&world, &subscription, 0, "dead", 2).await;
    let now = shown(&world, &subscription).await;
    assert_eq!(now["state"], "disabled");
    assert_eq!(now["disabled_reason"], "the provider reports that the destination is gone");
}

#[tokio::test]
async fn a_refusal_that_is_reported_ends_by_a_report() {
    let (world, chats) = (World::with(with_app).await, Chats::start().await);
    let alarms = json!({"audience": "internal", "filter": {"events": ["credential.refused"]}});
    let alarms = join(&world, &telegram(&chats, CHAT), &alarms).await;
    let (api, web) = (world.component("api").await, world.component("web").await);
    let one = reader_of(&world, &number(&chats), &api).await;
    let mut other = number(&chats);
    other.config["to"] = json!("4915112345679");
    let other = reader_of(&world, &other, &web).await;
    world.incident(opening(&["api"], "major_outage")).await;
    reaches(&world, &one, 0, "accepted", 1).await;
    // Somebody has not paid.
    reports(&world, &wamid(&chats, 0).await, failed(131_042)).await;
    reaches(&world, &one, 0, "dead", 2).await;
    reaches(&world, &alarms, 0, "delivered", 1).await;
    assert_eq!(shown(&world, &one).await["state"], "active");

    // The next message is held back, then taken as the first was; that it is says nothing.
    world.incident(opening(&["web"], "major_outage")).await;
    reaches(&world, &other, 0, "pending", 0).await;
    world.set_clock(Duration::minutes(3));
    reaches(&world, &other, 0, "accepted", 1).await;
    let refused = "select count(*) from credentials where failing_since is not null";
    assert_eq!(crate::delivery::number(&world, refused), 1);
    reports(&world, &wamid(&chats, 1).await, json!({})).await;
    reaches(&world, &other, 0, "delivered", 1).await;
    assert_eq!(crate::delivery::number(&world, refused), 0);
    assert_eq!(facts(&world, "credential.refused").len(), 1);
}

/// A callback of Twilio's, as it signs it.
async fn twilio(world: &World, token: &str, callback: &str, pairs: &[(&str, &str)]) -> Reply {
    let mut pairs = pairs.to_vec();
    let form: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.sort_unstable();
    let signed = pairs.iter().fold(callback.to_owned(), |text, it| text + it.0 + it.1);
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, token.as_bytes());
    let tag = STANDARD.encode(hmac::sign(&key, signed.as_bytes()));
    let path = callback.strip_prefix("https://status.example.org").expect("a link to us");
    let request = world.anonymous().raw(Method::POST, path).header("x-twilio-signature", tag);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    Reply::of(request.body(form.join("&"))).await
}

#[tokio::test]
async fn twilio_reports_with_the_token_of_the_account() {
    let (world, chats) = (World::new().await, Chats::start().await);
    let place = places(&chats).into_iter().find(|it| it.name == "twilio").expect("Twilio");
    let subscription = join(&world, &place, &json!({})).await;
    let mut sent = Vec::new();
    for index in 0..2 {
        happens(&world, "Trouble").await;
        reaches(&world, &subscription, index, "accepted", 1).await;
        let told = chats.wait_for("twilio", index + 1).await.swap_remove(index);
        assert_eq!(told.violations, Vec::<String>::new());
        let callback = told.body["StatusCallback"].as_str().expect("an address").to_owned();
        sent.push((callback, told.answer["sid"].as_str().expect("an id").to_owned()));
    }
    let token = place.config["auth_token"].as_str().expect("a token");
    let [(first, first_sid), (second, second_sid)] = sent.as_slice() else { panic!("{sent:?}") };
    let arrived = [("MessageSid", first_sid.as_str()), ("MessageStatus", "delivered")];
    problem(&twilio(&world, "another token", first, &arrived).await, 401);
    let nobody = format!("{}{}", &first[..first.len() - 36], uuid::Uuid::nil());
    problem(&twilio(&world, token, &nobody, &arrived).await, 401);
    let on_its_way = [("MessageSid", first_sid.as_str()), ("MessageStatus", "sent")];
    twilio(&world, token, first, &on_its_way).await.expect(200);
    assert_eq!(deliveries(&world, &subscription).await[0]["state"], "accepted");
    twilio(&world, token, first, &arrived).await.expect(200);
    reaches(&world, &subscription, 0, "delivered", 1).await;
    let gone = [
        ("MessageSid", second_sid.as_str()),
        ("MessageStatus", "undelivered"),
        ("ErrorCode", "63024"),
    ];
    twilio(&world, token, second, &gone).await.expect(200);
    let dead = reaches(&world, &subscription, 1, "dead", 2).await;
    assert_eq!(dead["attempts"][1]["error"], "63024: undelivered");
    eventually(SOON, || async { shown(&world, &subscription).await["state"] == "disabled" }).await;
}
