use serde_json::{Value, json};

use super::*;
use crate::testing::{Run, World, answer, incident, run};

const MIGRATE: &str = include_str!("../../fixtures/out_telegram_error_migrate.json");

fn config() -> Value {
    json!({ "bot_token": "123456:Secret-Token_x", "chat_id": -1001, "message_thread_id": 5 })
}

fn world(kind: &str, status: &str, message: &str) -> World {
    World::new(kind, incident(status, "Checkout errors", message))
}

fn ok(message_id: i64) -> Answer {
    answer(200, &json!({ "ok": true, "result": { "message_id": message_id, "chat": {} } }))
}

fn error(code: u16, description: &str) -> Answer {
    answer(code, &json!({ "ok": false, "error_code": code, "description": description }))
}

fn methods(run: &Run) -> Vec<&str> {
    run.sent.iter().map(|it| it.1.url.rsplit('/').next().unwrap()).collect()
}

fn outcome(step: &'static str, code: u16, description: &str) -> Outcome {
    Telegram::judge(step, &error(code, description)).outcome
}

#[test]
fn a_chat_is_sent_what_telegram_shows() {
    let world = world("incident.created", "investigating", "5xx > 5% & rising");
    let made = run::<Telegram>(&config(), &world, None, |_, _| ok(36));
    assert_eq!(made.sent[0].1.url, "https://api.telegram.org/bot123456:Secret-Token_x/sendMessage");
    assert_eq!(
        made.bodies()[0],
        json!({
            "parse_mode": "HTML",
            "text": "🟠 <b>Investigating</b>: Checkout errors\n\n5xx &gt; 5% &amp; rising\n\n\
                <b>Impact:</b> Major\n<b>Affected:</b> Checkout: partial outage\n\
                <b>Started:</b> 20 November 2026, 08:15 UTC\n<b>Next step:</b> Find the cause\n\n\
                Example · <a href=\"https://status.example.net/i/7\">View incident</a>",
            "link_preview_options": { "is_disabled": true },
            "disable_notification": false,
            "message_thread_id": 5,
            "chat_id": -1001,
        })
    );
    assert_eq!(made.anchor, Some(json!({ "chat": "-1001", "message_id": 36 })));
}

#[test]
fn later_messages_answer_the_first_and_bring_it_up_to_date() {
    let root = json!({ "chat": "-1001", "message_id": 36 });
    let mut then = world("incident.updated", "monitoring", "fix deployed");
    let before = json!({ "status": "investigating", "message": "We *look*.", "created_at": "2026-11-20T08:00:00Z" });
    then.event.payload["updates"].as_array_mut().unwrap().push(before);
    let made = run::<Telegram>(&config(), &then, Some(&root), |_, _| ok(40));
    assert_eq!(methods(&made), ["sendMessage", "editMessageText"]);
    let bodies = made.bodies();
    let reply = json!({ "message_id": 36, "allow_sending_without_reply": true });
    assert_eq!(bodies[0]["reply_parameters"], reply);
    assert_eq!((&bodies[1]["message_id"], &bodies[1]["chat_id"]), (&json!(36), &json!(-1001)));
    let edited = bodies[1]["text"].as_str().unwrap();
    assert!(edited.contains("<blockquote><b>Investigating</b>: We look.</blockquote>"), "{edited}");
    assert_eq!(made.anchor, Some(root.clone()));
    for nothing_new in ["Bad Request: message is not modified: same", "Bad Request: chat not found"]
    {
        let made = run::<Telegram>(&config(), &then, Some(&root), |step, _| {
            if step == EDIT { error(400, nothing_new) } else { ok(41) }
        });
        assert_eq!((made.verdict().outcome, made.anchor), (Outcome::Delivered, Some(root.clone())));
    }
    // A first message that was deleted is followed by the next one.
    let made = run::<Telegram>(&config(), &then, Some(&root), |step, _| {
        if step == EDIT { error(400, "Bad Request: message to edit not found") } else { ok(42) }
    });
    assert_eq!(methods(&made), ["sendMessage", "editMessageText"]);
    assert_eq!(made.anchor.unwrap()["message_id"], 42);
}

#[test]
fn a_group_that_moved_is_followed() {
    let root = json!({ "chat": "-1001", "message_id": 36 });
    let world = world("incident.updated", "identified", "x");
    let mut asked = 0;
    let made = run::<Telegram>(&config(), &world, Some(&root), |_, _| {
        asked += 1;
        if asked == 1 {
            Answer { status: 400, retry_after: None, body: MIGRATE.into() }
        } else {
            ok(2)
        }
    });
    assert_eq!(methods(&made), ["sendMessage", "sendMessage"]);
    let bodies = made.bodies();
    assert_eq!(bodies[1]["chat_id"], -1_001_234_567_890_i64);
    // Message numbers of the old chat mean nothing in the new one.
    assert_eq!(bodies[1].get("reply_parameters"), None);
    assert_eq!(made.config["chat_id"], -1_001_234_567_890_i64);
    assert_eq!(made.config["message_thread_id"], 5);
    assert_eq!(made.verdict().outcome, Outcome::Delivered);
    assert_eq!(made.anchor, Some(json!({ "chat": "-1001234567890", "message_id": 2 })));
    let for_ever = || Answer { status: 400, retry_after: None, body: MIGRATE.into() };
    let made = run::<Telegram>(&config(), &world, None, |_, _| for_ever());
    assert_eq!((made.sent.len(), made.verdict().outcome), (2, Outcome::Misconfigured));
}

#[test]
fn what_telegram_cannot_read_goes_out_plain_once() {
    let mut world = world("incident.created", "investigating", "**5xx** [log](https://l.example)");
    let body = "<blink>{{ message.title }}</blink>".to_owned();
    world.wording = Some(crate::wording::Wording { subject: None, body });
    let refuse = |_: &str, request: &Outbound| {
        let is_html = String::from_utf8_lossy(&request.body).contains("parse_mode");
        if is_html {
            error(
                400,
                "Bad Request: can't parse entities: Unsupported start tag \"blink\" at byte offset 0",
            )
        } else {
            ok(1)
        }
    };
    let made = run::<Telegram>(&config(), &world, None, refuse);
    let bodies = made.bodies();
    assert_eq!(bodies[0]["text"], "<blink>Checkout errors</blink>");
    let plain = bodies[1]["text"].as_str().unwrap();
    assert!(
        plain.starts_with(
            "🟠 Investigating: Checkout errors\n\n5xx log (https://l.example)\n\nImpact: Major"
        ),
        "{plain}"
    );
    assert_eq!(made.verdict().outcome, Outcome::Delivered);
    let made = run::<Telegram>(&config(), &world, None, |_, _| {
        error(400, "Bad Request: message is too long")
    });
    assert_eq!((made.sent.len(), made.verdict().outcome), (2, Outcome::Blocked));
}

#[test]
fn a_lost_topic_is_left_out() {
    let world = world("incident.created", "investigating", "x");
    let made = run::<Telegram>(&config(), &world, None, |_, request| {
        let in_topic = String::from_utf8_lossy(&request.body).contains("message_thread_id");
        if in_topic { error(400, "Bad Request: message thread not found") } else { ok(1) }
    });
    assert_eq!((made.sent.len(), made.verdict().outcome), (2, Outcome::Delivered));
    let mut general = config();
    general["message_thread_id"] = json!(1);
    let made = run::<Telegram>(&general, &world, None, |_, _| ok(1));
    assert_eq!(made.bodies()[0].get("message_thread_id"), None);
}

#[test]
fn what_is_no_incident_stands_alone() {
    let component =
        json!({ "name": "Search", "status": "operational", "previous_status": "major_outage" });
    let world = World::new("component.status_changed", component);
    let made = run::<Telegram>(&config(), &world, None, |_, _| ok(1));
    assert_eq!((methods(&made), &made.anchor), (vec!["sendMessage"], &None));
}

#[test]
fn errors_have_their_classes() {
    for (code, description, expected) in [
        (403, "Forbidden: bot was blocked by the user", Outcome::Gone),
        (403, "Forbidden: user is deactivated", Outcome::Gone),
        (403, "Forbidden: the group chat was deleted", Outcome::Gone),
        (403, "Forbidden: bot was kicked from the group chat", Outcome::Gone),
        (403, "Forbidden: bot was kicked from the supergroup chat", Outcome::Gone),
        (403, "Forbidden: bot was kicked from the channel chat", Outcome::Gone),
        (403, "Forbidden: bot is not a member of the channel chat", Outcome::Gone),
        (403, "Forbidden: bot can't initiate conversation with a user", Outcome::Misconfigured),
        (400, "Bad Request: chat not found", Outcome::Gone),
        (400, "Bad Request: private chat not found", Outcome::Gone),
        (400, "Bad Request: chat_id is empty", Outcome::Gone),
        (
            400,
            "Bad Request: not enough rights to send text messages to the chat",
            Outcome::Misconfigured,
        ),
        (401, "Unauthorized", Outcome::Credential),
        (404, "Not Found", Outcome::Credential),
        (409, "Conflict: terminated by other getUpdates request", Outcome::Misconfigured),
        (500, "Internal Server Error", Outcome::Transient),
        (502, "Bad Gateway", Outcome::Transient),
    ] {
        assert_eq!(outcome(SEND, code, description), expected, "{description}");
    }
    let limited: Answer = Answer {
        status: 429,
        retry_after: None,
        body: include_bytes!("../../fixtures/out_telegram_error_429.json").to_vec(),
    };
    let verdict = Telegram::judge(SEND, &limited);
    assert_eq!(
        (verdict.outcome, verdict.wait, verdict.wait_is_shared),
        (Outcome::Transient, Some(Duration::from_secs(14)), true)
    );
    let page = Answer { status: 502, retry_after: None, body: b"<html>".to_vec() };
    assert_eq!(Telegram::judge(SEND, &page).outcome, Outcome::Transient);
    let page = Answer { status: 200, retry_after: None, body: b"<html>".to_vec() };
    assert_eq!(Telegram::judge(SEND, &page).outcome, Outcome::Misconfigured);
}

/// Reads text as Telegram does: known tags, balanced, and entities. Answers what a reader sees.
fn parsed(html: &str) -> String {
    let mut shown = String::new();
    let mut open = Vec::new();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        shown.push_str(before);
        let (tag, after) = after.split_once('>').expect("an unclosed tag");
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "{html}"),
            None => {
                let name = tag.split(' ').next().unwrap();
                assert!(["a", "b", "i", "s", "code", "pre", "blockquote"].contains(&name), "{tag}");
                open.push(name);
            }
        }
        rest = after;
    }
    assert!(open.is_empty(), "{html}");
    shown.push_str(rest);
    shown.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

#[test]
fn hostile_texts_stay_texts() {
    let hostile = [
        "<b>x</b></b><a href=\"https://e.example\">y</a>".to_owned(),
        "@everyone @ann **b* _i `c` [d](e) & &lt; &bogus;".to_owned(),
        "\u{202e}gnp.exe\u{2066} שלום\u{0}\r\n".to_owned(),
        "👩‍👩‍👧‍👦".repeat(400),
        "long ".repeat(800),
        "<&\">".repeat(1_000),
    ];
    let root = json!({ "chat": "-1001", "message_id": 36 });
    for hostile in &hostile {
        let mut payload = incident("investigating", hostile, &hostile.repeat(10));
        payload["components"] = json!([{ "name": hostile, "status": "major_outage" }]);
        let first = json!({ "status": "investigating", "message": hostile, "created_at": "2026-11-20T08:00:00Z" });
        payload["updates"].as_array_mut().unwrap().push(first);
        let mut world = World::new("incident.updated", payload);
        world.page.name.clone_from(hostile);
        world.unsubscribe_url = Some("https://status.example.net/u/\"><b>");
        let mut asked = 0;
        let made = run::<Telegram>(&config(), &world, Some(&root), |_, _| {
            asked += 1;
            if asked == 1 { error(400, "Bad Request: can't parse entities: x") } else { ok(1) }
        });
        assert_eq!(methods(&made), ["sendMessage", "sendMessage", "editMessageText"]);
        for body in made.bodies() {
            let text = body["text"].as_str().unwrap();
            let shown =
                if body.get("parse_mode").is_some() { parsed(text) } else { text.to_owned() };
            let n_units = shown.encode_utf16().count();
            assert!((1..=4_096).contains(&n_units), "{n_units}");
            assert!(!shown.contains('\u{202e}') && !shown.contains('\0'));
            assert!(body.get("parse_mode").is_none() || !shown.contains("@ann"), "{shown}");
        }
    }
}

#[test]
fn what_is_cut_leads_on() {
    let world = world("incident.created", "investigating", &"word ".repeat(2_000));
    let made = run::<Telegram>(&config(), &world, None, |_, _| ok(1));
    let text = made.bodies()[0]["text"].as_str().unwrap().to_owned();
    assert!(text.contains("… read on: https://status.example.net/i/7\n\n<b>Impact:</b>"), "{text}");
    assert!((4_080..=4_096).contains(&parsed(&text).encode_utf16().count()));
}

#[test]
fn configurations_are_judged() {
    let public = EgressPolicy::default();
    let channel = crate::find("telegram").unwrap();
    let faults = |field: &str, value: Value| -> Vec<String> {
        let mut config = config();
        config[field] = value;
        channel.check(&config, &public).into_iter().map(|it| it.pointer).collect()
    };
    for good in [json!(-1001), json!("-1001"), json!("@example_status")] {
        assert_eq!(faults("chat_id", good), Vec::<String>::new());
    }
    for bad in [json!(0), json!("0"), json!("name"), json!("@a b"), json!("@"), json!(1.5)] {
        assert_eq!(faults("chat_id", bad.clone()), ["/chat_id"], "{bad}");
    }
    for bad in ["", "123", "123:", ":abc", "123:a/../b", "12a:abc", "123:a?b"] {
        assert_eq!(faults("bot_token", json!(bad)), ["/bot_token"], "{bad}");
    }
    assert_eq!(faults("message_thread_id", json!(0)), ["/message_thread_id"]);
    assert_eq!(faults("api_base", json!("https://10.0.0.1")), ["/api_base"]);
    assert_eq!(faults("api_base", json!("https://t.example/x/")), Vec::<String>::new());
    assert_eq!(faults("api_base", json!("https://t.example/?x")), ["/api_base"]);
    let world = world("incident.created", "investigating", "x");
    let textual =
        json!({ "bot_token": "1:a", "chat_id": "-1001", "api_base": "https://t.example/x/" });
    let made = run::<Telegram>(&textual, &world, None, |_, _| ok(1));
    assert_eq!(made.bodies()[0]["chat_id"], -1001);
    assert_eq!(made.sent[0].1.url, "https://t.example/x/bot1:a/sendMessage");
}

#[test]
fn secrets_stay_secret() {
    let channel = crate::find("telegram").unwrap();
    let shown = channel.shown(&config()).unwrap();
    assert_eq!(shown, json!({ "bot_token": "…en_x", "chat_id": -1001, "message_thread_id": 5 }));
    let world = world("incident.created", "investigating", "x");
    let made = run::<Telegram>(&config(), &world, None, |_, _| ok(1));
    assert!(!format!("{:?} {:?}", made.sent, made.done).contains("Secret-Token"));
    assert_eq!(channel.credential(&config()).unwrap().0, "123456:Secret-Token_x");
}

#[test]
fn more_marks_than_telegram_keeps_are_left_out() {
    let world = world("incident.created", "investigating", &"**a** & ".repeat(120));
    let made = run::<Telegram>(&config(), &world, None, |_, _| ok(36));
    let text = made.bodies()[0]["text"].as_str().unwrap().to_owned();
    assert!(text.contains("a &amp; a") && !text.contains("<b>a</b>"), "{text}");
    assert!(text.ends_with("View incident</a>"), "{text}");
}
