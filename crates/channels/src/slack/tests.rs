use serde_json::{Value, json};

use super::*;
use crate::testing::{Run, World, answer, incident, run};
use domain::delivery::Outcome;

const HOSTILE: [&str; 6] = [
    "<!channel> @here <@U1> <https://e.example|click>",
    "*bold* _it_ `code` ~no~ &amp; \"quoted\"",
    "<script>alert(1)</script><b>",
    "\u{202e}gnp.exe\u{2066} שלום",
    "👩‍👩‍👧‍👦 🏳️‍🌈 e\u{301}",
    "line\nbreak\r\n\u{0}\u{7}\t",
];

fn hook() -> Value {
    json!({ "webhook_url": "https://hooks.slack.com/services/T111/B111/hooksecret" })
}

fn bot() -> Value {
    json!({ "bot_token": "xoxb-1-secrettoken", "channel": "#incidents" })
}

fn world(kind: &str, status: &str, message: &str) -> World {
    World::new(kind, incident(status, "Checkout errors", message))
}

fn ok(ts: &str) -> Answer {
    answer(200, &json!({ "ok": true, "channel": "C111", "ts": ts, "message": {} }))
}

fn error(name: &str) -> Answer {
    answer(200, &json!({ "ok": false, "error": name }))
}

fn text(status: u16, body: &str) -> Answer {
    Answer { status, retry_after: None, body: body.into() }
}

fn methods(run: &Run) -> Vec<&str> {
    run.sent.iter().map(|it| it.1.url.rsplit('/').next().unwrap()).collect()
}

#[test]
fn a_hook_is_sent_what_slack_shows() {
    let world = world("incident.created", "investigating", "5xx > 5% & rising");
    let made = run::<Slack>(&hook(), &world, None, |_, _| text(200, "ok"));
    assert_eq!(made.verdict().outcome, Outcome::Delivered);
    assert_eq!(made.sent[0].1.url, "https://hooks.slack.com/services/T111/B111/hooksecret");
    let blocks = json!([
        {
            "type": "header",
            "text": { "type": "plain_text", "text": "🟠 Checkout errors", "emoji": true },
        },
        {
            "type": "section",
            "text": {
                "type": "mrkdwn",
                "text": "*Investigating* — 5xx &gt; 5% &amp; rising",
                "verbatim": true,
            },
        },
        {
            "type": "section",
            "fields": [
                { "type": "mrkdwn", "text": "*Impact*\nMajor", "verbatim": true },
                { "type": "mrkdwn", "text": "*Affected*\nCheckout: partial outage", "verbatim": true },
                { "type": "mrkdwn", "text": "*Started*\n20 November 2026, 08:15 UTC", "verbatim": true },
                { "type": "mrkdwn", "text": "*Next step*\nFind the cause", "verbatim": true },
            ],
        },
        {
            "type": "context",
            "elements": [{
                "type": "mrkdwn",
                "text": "<!date^1795162500^{date_short_pretty} {time}|20 November 2026, 08:15 UTC> · Example",
                "verbatim": true,
            }],
        },
        {
            "type": "actions",
            "elements": [{
                "type": "button",
                "action_id": "incident_open",
                "text": { "type": "plain_text", "text": "View incident", "emoji": true },
                "url": "https://status.example.net/i/7",
            }],
        },
    ]);
    assert_eq!(
        made.bodies()[0],
        json!({
            "text": "[Investigating] Checkout errors — <https://status.example.net/i/7>",
            "attachments": [{
                "color": "#f97316",
                "fallback": "[Investigating] Checkout errors",
                "blocks": blocks,
            }],
        })
    );
}

#[test]
fn a_bot_keeps_one_thread() {
    let first = world("incident.created", "investigating", "We look.");
    let made = run::<Slack>(&bot(), &first, None, |_, _| ok("1795162500.000247"));
    assert_eq!(methods(&made), ["chat.postMessage"]);
    assert_eq!(made.bodies()[0]["channel"], "#incidents");
    assert_eq!(made.sent[0].1.url, "https://slack.com/api/chat.postMessage");
    let authorization = ("authorization".to_owned(), "Bearer xoxb-1-secrettoken".to_owned());
    assert!(made.sent[0].1.headers.contains(&authorization));
    let thread = made.anchor.unwrap();

    let mut then = world("incident.updated", "monitoring", "fix deployed");
    let before = json!({ "status": "investigating", "message": "We look.", "created_at": "2026-11-20T08:00:00Z" });
    then.event.payload["updates"].as_array_mut().unwrap().push(before);
    let made = run::<Slack>(&bot(), &then, Some(&thread), |_, _| ok("1795162600.000001"));
    assert_eq!(methods(&made), ["chat.update", "chat.postMessage"]);
    let bodies = made.bodies();
    let (update, reply) = (&bodies[0], &bodies[1]);
    assert_eq!(
        (&reply["channel"], &reply["thread_ts"]),
        (&json!("C111"), &json!("1795162500.000247"))
    );
    assert!(
        reply["text"]
            .as_str()
            .unwrap()
            .starts_with("*Monitoring* — fix deployed\n\n*Impact:* Major")
    );
    assert_eq!((&reply["reply_broadcast"], reply.get("attachments")), (&json!(false), None));
    assert_eq!((&update["channel"], &update["ts"]), (&json!("C111"), &json!("1795162500.000247")));
    assert!(update["text"].as_str().unwrap().starts_with("[Monitoring] Checkout errors"));
    let kept = &update["attachments"][0]["blocks"][2]["text"]["text"];
    assert_eq!(kept, "*Investigating* — We look.");
    // The thread is the root's, not the last reply's.
    assert_eq!(made.anchor, Some(thread.clone()));

    let last = world("incident.resolved", "resolved", "All good.");
    let made = run::<Slack>(&bot(), &last, Some(&thread), |_, _| ok("1795162700.000001"));
    assert_eq!(made.bodies()[1]["reply_broadcast"], true);
    let after = world("incident.postmortem_published", "resolved", "All good.");
    let made = run::<Slack>(&bot(), &after, Some(&thread), |_, _| ok("1795162800.000001"));
    assert_eq!(methods(&made), ["chat.postMessage"]);
}

#[test]
fn a_lost_thread_begins_anew() {
    let thread = json!({ "channel": "C111", "ts": "1.1", "asked": "#incidents" });
    let world = world("incident.updated", "identified", "x");
    for lost in
        ["message_not_found", "thread_not_found", "cannot_reply_to_message", "channel_not_found"]
    {
        // Whether the edit shows it or only the reply: there is one new root and nothing else.
        for (at, sent) in [
            ("update", &["chat.update", "chat.postMessage"][..]),
            ("reply", &["chat.update", "chat.postMessage", "chat.postMessage"]),
        ] {
            if (at, lost) == ("update", "cannot_reply_to_message") {
                continue;
            }
            let made = run::<Slack>(&bot(), &world, Some(&thread), |step, _| {
                if step == at { error(lost) } else { ok("2.2") }
            });
            assert_eq!(methods(&made), sent, "{lost}");
            let bodies = made.bodies();
            let root = bodies.last().unwrap();
            assert_eq!((&root["channel"], root.get("thread_ts")), (&json!("#incidents"), None));
            assert_eq!(made.verdict().outcome, Outcome::Delivered, "{lost}");
            assert_eq!(made.anchor.unwrap()["ts"], "2.2", "{lost}");
        }
    }
    // News are not kept back for an edit that cannot be made.
    let made = run::<Slack>(&bot(), &world, Some(&thread), |step, _| {
        if step == "update" { error("msg_too_long") } else { ok("3.3") }
    });
    assert_eq!(methods(&made), ["chat.update", "chat.postMessage"]);
    assert_eq!((made.verdict().outcome, made.anchor), (Outcome::Delivered, Some(thread.clone())));
    // Where the reply would fail as well, it is not tried.
    for (refusal, outcome) in
        [("ratelimited", Outcome::Transient), ("invalid_auth", Outcome::Credential)]
    {
        let made = run::<Slack>(&bot(), &world, Some(&thread), |_, _| error(refusal));
        assert_eq!(methods(&made), ["chat.update"]);
        assert_eq!((made.done[0].verdict.outcome, &made.anchor), (outcome, &Some(thread.clone())));
    }
    // Another channel, another thread.
    let moved = json!({ "bot_token": "xoxb-1-secrettoken", "channel": "#other" });
    let made = run::<Slack>(&moved, &world, Some(&thread), |_, _| ok("5.5"));
    assert_eq!(methods(&made), ["chat.postMessage"]);
    assert_eq!(made.bodies()[0].get("thread_ts"), None);
}

#[test]
fn what_is_no_incident_has_no_thread() {
    let component =
        json!({ "name": "Search", "status": "operational", "previous_status": "major_outage" });
    let made =
        run::<Slack>(&bot(), &World::new("component.status_changed", component), None, |_, _| {
            ok("1.1")
        });
    assert_eq!((methods(&made), &made.anchor), (vec!["chat.postMessage"], &None));
}

#[test]
fn the_web_apis_errors_have_their_classes() {
    for (outcome, names) in [
        (
            Outcome::Gone,
            &[
                "channel_not_found",
                "is_archived",
                "not_in_channel",
                "restricted_action_thread_only_channel",
            ][..],
        ),
        (
            Outcome::Credential,
            &["invalid_auth", "account_inactive", "token_revoked", "missing_scope"],
        ),
        (
            Outcome::Blocked,
            &[
                "invalid_blocks",
                "msg_too_long",
                "msg_blocks_too_long",
                "too_many_attachments",
                "invalid_metadata_x",
            ],
        ),
        (
            Outcome::Transient,
            &["ratelimited", "internal_error", "fatal_error", "service_unavailable"],
        ),
        (Outcome::Misconfigured, &["something_new", ""]),
    ] {
        for name in names {
            assert_eq!(Slack::judge("root", &error(name)).outcome, outcome, "{name}");
        }
    }
    let limited = Slack::judge("root", &text(429, ""));
    assert_eq!((limited.outcome, limited.wait_is_shared), (Outcome::Transient, true));
    assert_eq!(Slack::judge("root", &text(503, "<html>")).outcome, Outcome::Transient);
    assert_eq!(Slack::judge("root", &text(200, "<html>")).outcome, Outcome::Misconfigured);
    let cut =
        text(200, "{\"ok\":true,\"channel\":\"C1\",\"ts\":\"1.5\",\"message\":{\"text\":\"\\u04");
    assert_eq!(Slack::judge("root", &cut).learnt, json!({ "channel": "C1", "ts": "1.5" }));
}

#[test]
fn the_hooks_answers_have_their_classes() {
    for (status, body, outcome) in [
        (200, "ok", Outcome::Delivered),
        (200, "<html>", Outcome::Misconfigured),
        (200, "{\"ok\":true}", Outcome::Misconfigured),
        (400, "invalid_payload", Outcome::Blocked),
        (400, "invalid_blocks", Outcome::Blocked),
        (400, "user_not_found", Outcome::Gone),
        (400, "invalid_token", Outcome::Gone),
        (403, "action_prohibited", Outcome::Gone),
        (404, "channel_not_found", Outcome::Gone),
        (404, "no_service", Outcome::Gone),
        (404, "", Outcome::Gone),
        (410, "channel_is_archived", Outcome::Gone),
        (429, "rate_limited", Outcome::Transient),
        (500, "rollup_error", Outcome::Transient),
        (302, "", Outcome::Misconfigured),
    ] {
        assert_eq!(
            Slack::judge(hook::STEP, &text(status, body)).outcome,
            outcome,
            "{status} {body}"
        );
    }
}

/// Slack's own limits on everything that is sent.
fn keeps_limits(body: &Value) {
    let n = |it: &Value| it.as_str().unwrap_or_default().chars().count();
    assert!(n(&body["text"]) <= 4_000);
    let mut total = 0;
    for block in body["attachments"][0]["blocks"].as_array().into_iter().flatten() {
        let text = n(&block["text"]["text"]);
        assert!(text <= if block["type"] == "header" { 150 } else { 3_000 });
        for field in block["fields"].as_array().into_iter().flatten() {
            assert!(n(&field["text"]) <= 2_000);
            total += n(&field["text"]);
        }
        total += text;
    }
    assert!(total < 13_000, "{total}");
}

#[test]
fn hostile_texts_stay_texts() {
    let long = "long ".repeat(800);
    let thread = json!({ "channel": "C111", "ts": "1.1", "asked": "#incidents" });
    for hostile in HOSTILE.into_iter().chain([long.as_str(), &"&".repeat(4_000), &"👩‍👩‍👧‍👦".repeat(400)])
    {
        let mut payload = incident("investigating", hostile, &hostile.repeat(20));
        payload["components"] = json!([{ "name": hostile, "status": "major_outage" }]);
        let mut world = World::new("incident.updated", payload);
        world.page.name = hostile.to_owned();
        for (config, anchor) in [(hook(), None), (bot(), None), (bot(), Some(&thread))] {
            let made = run::<Slack>(&config, &world, anchor, |step, _| {
                if step == hook::STEP { text(200, "ok") } else { ok("1.1") }
            });
            for (body, (_, request)) in made.bodies().iter().zip(&made.sent) {
                keeps_limits(body);
                let sent = String::from_utf8(request.body.to_vec()).unwrap();
                assert!(!sent.replace("<!date^", "").contains("<!"), "{sent}");
                assert!(!sent.contains("<@") && !sent.contains("<https://e.example"), "{sent}");
                assert!(!sent.contains("@here"), "{sent}");
                assert!(!sent.contains('\u{202e}') && !sent.contains('\u{2066}'), "{sent}");
            }
        }
    }
}

#[test]
fn what_is_cut_leads_on() {
    let world = world("incident.created", "investigating", &"word ".repeat(1_000));
    let made = run::<Slack>(&hook(), &world, None, |_, _| text(200, "ok"));
    let said = &made.bodies()[0]["attachments"][0]["blocks"][1]["text"]["text"];
    let said = said.as_str().unwrap();
    assert!(said.ends_with("word… read on: <https://status.example.net/i/7>"), "{said}");
    assert!((2_950..=3_000).contains(&said.chars().count()));
}

#[test]
fn operators_can_word_it_themselves() {
    let mut world = world("incident.created", "investigating", "x");
    world.event.payload["title"] = json!("<!here>");
    let body = "*Heads up:* {{ message.title }} <https://wiki.example/runbook|runbook>".to_owned();
    world.wording = Some(crate::wording::Wording { subject: Some("Own".to_owned()), body });
    let made = run::<Slack>(&hook(), &world, None, |_, _| text(200, "ok"));
    let blocks = &made.bodies()[0]["attachments"][0]["blocks"];
    assert!(blocks[0]["text"]["text"].as_str().unwrap().ends_with(" Own"));
    assert_eq!(
        blocks[1]["text"]["text"],
        "*Heads up:* &lt;!here&gt; <https://wiki.example/runbook|runbook>"
    );
}

#[test]
fn configurations_are_judged() {
    let public = EgressPolicy::default();
    let channel = crate::find("slack").unwrap();
    let faults = |config: Value| -> Vec<String> {
        channel.check(&config, &public).into_iter().map(|it| it.pointer).collect()
    };
    assert_eq!(faults(hook()), Vec::<String>::new());
    assert_eq!(faults(bot()), Vec::<String>::new());
    assert_eq!(faults(json!({})), [""]);
    assert_eq!(faults(json!({ "bot_token": "xoxb-1" })), [""]);
    assert_eq!(faults(json!({ "webhook_url": "https://h.example/x", "channel": "C1" })), [""]);
    assert_eq!(faults(json!({ "webhook_url": "http://127.0.0.1/" })), ["/webhook_url"]);
    let odd = |field: &str, value: &str| {
        let mut config = bot();
        config[field] = json!(value);
        faults(config)
    };
    assert_eq!(odd("bot_token", "xoxb\r\nx: y"), ["/bot_token"]);
    assert_eq!(odd("bot_token", ""), ["/bot_token"]);
    assert_eq!(odd("channel", "#"), ["/channel"]);
    assert_eq!(odd("channel", "two words"), ["/channel"]);
    assert_eq!(odd("api_base", "https://10.0.0.1/api"), ["/api_base"]);
    assert_eq!(odd("api_base", "https://slack.example/api?x=1"), ["/api_base"]);
    assert_eq!(odd("api_base", "https://slack.example/api/"), Vec::<String>::new());
}

#[test]
fn secrets_stay_secret() {
    let channel = crate::find("slack").unwrap();
    for config in [hook(), bot()] {
        let shown = channel.shown(&config).unwrap().to_string();
        let world = world("incident.created", "investigating", "x");
        let made = run::<Slack>(&config, &world, None, |_, _| ok("1.1"));
        let debug = format!("{:?} {:?}", made.sent, made.done);
        for secret in ["hooksecret", "B111", "secrettoken"] {
            assert!(!shown.contains(secret) && !debug.contains(secret), "{shown} {debug}");
        }
    }
    assert_eq!(channel.credential(&hook()), None);
    assert_eq!(channel.credential(&bot()).unwrap().0, "xoxb-1-secrettoken");
}
