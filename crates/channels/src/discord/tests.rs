use super::*;
use crate::testing::{World, answer, calls_somebody, hostile_bodies, incident, run};
use crate::text::Unit;

fn config() -> Value {
    json!({ "webhook_url": "https://discord.com/api/webhooks/1/abcdefgh1234" })
}

fn world(status: &str) -> World {
    World::new("incident.updated", incident(status, "Checkout errors", "We look."))
}

fn outcome(step: &'static str, status: u16, body: &Value) -> Outcome {
    Discord::judge(step, &answer(status, body)).outcome
}

#[test]
fn the_first_message_is_kept_up_to_date() {
    let posted = |_: &str, _: &Outbound| answer(200, &json!({ "id": "100" }));
    let first = run::<Discord>(&config(), &world("investigating"), None, posted);
    assert_eq!(first.sent.len(), 1);
    let url = "https://discord.com/api/webhooks/1/abcdefgh1234";
    assert_eq!(first.sent[0].1.url, format!("{url}?wait=true"));
    assert_eq!(first.anchor, Some(json!({ "id": "100" })));

    let mut threaded = config();
    threaded["thread_id"] = json!("7");
    let posted = |_: &str, _: &Outbound| answer(200, &json!({ "id": "101" }));
    let anchor = first.anchor.as_ref();
    let second = run::<Discord>(&threaded, &world("resolved"), anchor, posted);
    let sent: Vec<(Method, &str)> =
        second.sent.iter().map(|(_, it)| (it.method, it.url.as_str())).collect();
    assert_eq!(
        sent,
        [
            (Method::Post, format!("{url}?thread_id=7&wait=true").as_str()),
            (Method::Patch, format!("{url}/messages/100?thread_id=7").as_str()),
        ]
    );
    let bodies = second.bodies();
    assert_eq!(bodies[0]["embeds"], bodies[1]["embeds"]);
    assert_eq!(bodies[0]["username"], "Example");
    assert_eq!(bodies[1].get("username"), None);
    assert_eq!(second.anchor, first.anchor);
}

#[test]
fn a_deleted_first_message_is_replaced() {
    let answers = |step: &str, _: &Outbound| match step {
        POST => answer(200, &json!({ "id": "101" })),
        _ => answer(404, &json!({ "code": 10_008, "message": "Unknown Message" })),
    };
    let anchor = json!({ "id": "100" });
    let run = run::<Discord>(&config(), &world("monitoring"), Some(&anchor), answers);
    assert_eq!(run.verdict().outcome, Outcome::Delivered);
    assert_eq!(run.anchor, Some(json!({ "id": "101" })));
}

#[test]
fn what_was_not_posted_changes_nothing() {
    let anchor = json!({ "id": "100" });
    let run = run::<Discord>(&config(), &world("monitoring"), Some(&anchor), |_, _| {
        answer(500, &Value::Null)
    });
    assert_eq!(run.sent.len(), 1);
}

#[test]
fn reads_answers() {
    for (status, code, expected) in [
        (404, 10_015, Outcome::Gone),
        (404, 10_003, Outcome::Gone),
        (401, 50_027, Outcome::Gone),
        (400, 50_035, Outcome::Blocked),
        (400, 50_006, Outcome::Blocked),
        (401, 0, Outcome::Misconfigured),
        (403, 50_013, Outcome::Misconfigured),
        (500, 0, Outcome::Transient),
    ] {
        assert_eq!(outcome(POST, status, &json!({ "code": code })), expected, "{status} {code}");
    }
    assert_eq!(outcome(POST, 204, &Value::Null), Outcome::Delivered);
    let limits = json!({ "message": "slow down", "retry_after": 1.337, "global": true });
    let verdict = Discord::judge(POST, &answer(429, &limits));
    assert_eq!(verdict.wait, Some(Duration::from_millis(1_337)));
    assert!(verdict.wait_is_shared);
    let verdict = Discord::judge(POST, &answer(429, &json!({ "retry_after": -1.0 })));
    assert_eq!((verdict.outcome, verdict.wait), (Outcome::Transient, None));
}

#[test]
fn keeps_the_limits_and_calls_nobody() {
    for body in hostile_bodies::<Discord>(&config()) {
        assert!(!calls_somebody(&body), "{body}");
        assert_eq!(body["allowed_mentions"], json!({ "parse": [] }));
        let embed = &body["embeds"][0];
        let size = |it: &Value| it.as_str().map_or(0, |it| Unit::Utf16.of(it));
        let (title, said) = (size(&embed["title"]), size(&embed["description"]));
        let mut sum = title + said + size(&embed["footer"]["text"]);
        for field in embed["fields"].as_array().unwrap() {
            let (name, value) = (size(&field["name"]), size(&field["value"]));
            assert!((1..=256).contains(&name) && (1..=1_024).contains(&value), "{field}");
            sum += name + value;
        }
        assert!(title <= 256 && (1..=4_096).contains(&said) && sum <= 6_000, "{embed}");
    }
}

#[test]
fn configurations_are_checked_and_their_secrets_hidden() {
    let faults = |url: &str, thread: Option<&str>| {
        let config = Config { webhook_url: url.to_owned(), thread_id: thread.map(str::to_owned) };
        let faults = Discord::check(&config, &EgressPolicy::default());
        faults.into_iter().map(|it| it.pointer).collect::<Vec<_>>()
    };
    let good = "https://discord.com/api/webhooks/1/abcdefgh1234";
    assert!(faults(good, Some("123")).is_empty());
    assert_eq!(faults(&format!("{good}/slack"), None), ["/webhook_url"]);
    assert_eq!(faults("http://127.0.0.1/webhooks/1/a", None), ["/webhook_url"]);
    assert_eq!(faults(good, Some("a")), ["/thread_id"]);
    let shown = Discord::shown(&serde_json::from_value(config()).unwrap());
    assert_eq!(shown, json!({ "webhook_url": "https://discord.com/…1234", "thread_id": null }));
}
