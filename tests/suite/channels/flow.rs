//! One incident, from its beginning to its end, on every channel at once.
use serde_json::{Value, json};
use tests::{Chats, Seen, Sink, Smtp, World};

use super::{Place, all_flawless, flawless, join, join_all, listen, places};
use crate::delivery::kinds;
use crate::incident::{INCIDENTS, opening, update};

const STATES: [&str; 3] = ["Investigating", "Identified", "Resolved"];
const READER: &str = "ada@example.org";

/// Opens an incident, says why, and resolves it.
async fn comes_and_goes(world: &World) -> Value {
    world.component("Checkout").await;
    let mut new = opening(&["checkout"], "partial_outage");
    new["title"] = json!("Errors at the checkout");
    let incident = world.incident(new).await;
    for (status, message) in [("identified", "A full disk."), ("resolved", "It works again.")] {
        let body = json!({"status": status, "message": message});
        update(world, &incident, body).await.expect(201);
    }
    incident
}

#[tokio::test]
async fn every_channel_is_told_all_of_it_in_order() {
    let (world, chats, sink) = (World::new().await, Chats::start().await, Sink::start().await);
    let places = places(&chats);
    join_all(&world, &places, &json!({})).await;
    listen(&world, &sink, "/hook").await;
    let incident = comes_and_goes(&world).await;

    for Place { name, .. } in &places {
        let told = chats.wait_for(name, 3).await;
        assert_eq!(told.len(), 3, "{name}");
        assert!(told[0].text().contains("Errors at the checkout"), "{name}: {}", told[0].body);
        for (it, state) in told.iter().zip(STATES) {
            assert!(it.text().contains(state), "{name}: {}", it.body);
        }
    }
    all_flawless(&chats, &places).await;
    let expected = ["incident.created", "incident.updated", "incident.resolved"];
    assert_eq!(kinds(&sink.wait_for("/hook", 3).await), expected);
    threads(&chats, &incident).await;
}

/// Where a provider knows threads, replies or edits, the incident is in one place.
async fn threads(chats: &Chats, incident: &Value) {
    in_one_slack_thread(&chats.seen("slack").await);
    let told = chats.told("telegram").await;
    for (it, is_first) in told.iter().zip([true, false, false]) {
        let original = &it.answer["result"]["reply_to_message"]["message_id"];
        let expected =
            if is_first { &Value::Null } else { &told[0].answer["result"]["message_id"] };
        assert_eq!(original, expected, "{it:?}");
    }
    let told = chats.told("whatsapp").await;
    let first = told[0].answer["messages"][0]["id"].clone();
    let contexts: Vec<&Value> = told.iter().map(|it| &it.body["context"]["message_id"]).collect();
    assert_eq!(contexts, [&Value::Null, &first, &first]);
    let edits: Vec<Seen> = chats.seen("discord").await.into_iter().filter(Seen::is_edit).collect();
    let first = chats.told("discord").await[0].answer["id"].clone();
    assert_eq!(edits.len(), 2);
    assert!(edits.iter().all(|it| it.answer["id"] == first), "{edits:?}");
    for it in chats.told("googlechat").await {
        assert_eq!(it.answer["thread"]["threadKey"], incident["id"], "{it:?}");
    }
}

/// The first message is the root: replies hang on it, and it always shows the present state.
fn in_one_slack_thread(seen: &[Seen]) {
    let ts = &seen[0].answer["ts"];
    let steps: Vec<&str> = seen.iter().map(|it| it.step.as_str()).collect();
    let (post, update) = ("chat.postMessage", "chat.update");
    assert_eq!(steps, [post, update, post, update, post]);
    for reply in [&seen[2], &seen[4]] {
        assert_eq!((&reply.body["thread_ts"], &reply.answer["message"]["thread_ts"]), (ts, ts));
    }
    for edit in [&seen[1], &seen[3]] {
        assert_eq!(&edit.body["ts"], ts);
    }
    assert!(seen[3].text().contains("Resolved"), "{}", seen[3].body);
    assert!(seen[3].text().contains("We look into it."), "{}", seen[3].body);
}

#[tokio::test]
async fn a_mailbox_is_told_all_of_it_in_order() {
    let smtp = Smtp::start().await;
    let world = World::with(|env| {
        env.insert("FAROL_SMTP_URL".to_owned(), smtp.url());
        env.insert("FAROL_MAIL_FROM".to_owned(), "Status <status@example.org>".to_owned());
    })
    .await;
    let place = Place { name: "email", channel: "email", config: json!({"to": READER}) };
    join(&world, &place, &json!({})).await;
    comes_and_goes(&world).await;
    let mails = smtp.wait_for(READER, 3).await;
    let mails = mails.iter().map(|it| String::from_utf8_lossy(&it.raw).into_owned());
    for (mail, state) in mails.zip(STATES) {
        assert!(mail.contains("Errors at the checkout") && mail.contains(state), "{mail}");
    }
}

#[tokio::test]
async fn what_is_no_news_of_an_incident_arrives_everywhere_too() {
    let (world, chats) = (World::new().await, Chats::start().await);
    let places = places(&chats);
    let events = ["component.status_changed", "incident.postmortem_published"];
    join_all(&world, &places, &json!({"filter": {"events": events}})).await;
    let incident = comes_and_goes(&world).await;
    let path = format!("{INCIDENTS}/{}/postmortem", incident["id"].as_str().expect("an id"));
    let postmortem = json!({"body": "# Why\n\nThe disk was **full**.", "published": true});
    let put = world.put(&path, &postmortem).await;
    assert!(put.status < 300, "{}", put.text);
    for Place { name, .. } in &places {
        let told = chats.wait_for(name, 3).await;
        assert_eq!(told.len(), 3, "{name}");
        for (it, said) in told.iter().zip(["Checkout", "Checkout", "The disk was"]) {
            assert!(it.text().contains(said), "{name}: {}", it.body);
        }
    }
    all_flawless(&chats, &places).await;
}

#[tokio::test]
async fn a_test_message_arrives_everywhere() {
    let chats = Chats::start().await;
    let world = World::new().await;
    for place in places(&chats) {
        let made = join(&world, &place, &json!({})).await;
        let path = crate::subscription::path(&made);
        world.post(&format!("{path}/test"), &json!({})).await.expect(202);
    }
    for Place { name, .. } in places(&chats) {
        let told = chats.wait_for(name, 1).await;
        flawless(name, &told);
        assert!(told[0].text().contains("Test message"), "{name}: {}", told[0].body);
    }
}
