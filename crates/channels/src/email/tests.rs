use chrono_tz::Tz;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::testing::{INCIDENT, World, incident, logged, maintenance, now};
use crate::wording::Wording;
use crate::{ALL, Letter};

const UNSUBSCRIBE: &str = "https://api.example.net/unsubscribe/u_secret?a=1&b=2";

fn written(world: &World) -> Mail {
    let config = Config { to: "Ana@Example.ORG".to_owned() };
    let attempt = Attempt { at: now(), delivery: Uuid::max(), keys: &[], anchor: None };
    let step = world.tell(|notice| Email::next(&config, notice, &attempt, &[])).unwrap();
    let Letter::Mail(mail) = step.letter else { panic!("not a mail") };
    *mail
}

fn header<'a>(mail: &'a Mail, name: &str) -> Option<&'a str> {
    mail.headers.iter().find(|it| it.0 == name).map(|it| it.1.as_str())
}

fn told(status: &str) -> Mail {
    written(&World::new("incident.updated", incident(status, "Checkout fails", "We **look**.")))
}

#[test]
fn a_thread_has_one_subject_and_one_anchor() {
    let (first, second) = (told("investigating"), told("resolved"));
    assert_eq!(first.subject, "[Example] Checkout fails");
    assert_eq!(first.subject, second.subject);
    let thread = INCIDENT.replace('-', "");
    assert_eq!(first.in_reply_to.as_deref(), Some(thread.as_str()));
    assert_eq!(first.in_reply_to, second.in_reply_to);
    assert_eq!(first.message_id, format!("{}.{}", "0".repeat(32), "f".repeat(32)));
    assert_eq!(first.to, "Ana@example.org");
    assert!(first.text.starts_with("Investigating: Checkout fails\n\nWe look.\n\nImpact: Major\n"));
    assert!(second.text.starts_with("Resolved: Checkout fails\n"), "{}", second.text);
    assert!(first.text.ends_with("-- \nExample\n"), "{}", first.text);
}

#[test]
fn the_parts_say_the_same_and_load_nothing() {
    let mail = told("identified");
    for needle in ["Checkout fails", "Identified", "Major", "https://status.example.net/i/7"] {
        assert!(mail.text.contains(needle) && mail.html.contains(needle), "{needle}");
    }
    assert!(mail.html.contains("We <strong>look</strong>."), "{}", mail.html);
    assert!(mail.html.contains("<html lang=\"en\">") && mail.html.contains("scope=\"row\""));
    for loaded in ["<img", "<script", "<link", "src=", "url("] {
        assert!(!mail.html.contains(loaded), "{loaded}");
    }
}

#[test]
fn the_page_s_own_html_is_used_for_what_was_said() {
    let mut payload = incident("identified", "Checkout fails", "- one\n- two");
    payload["updates"][0]["message_html"] = json!("<ul>\n<li>one</li>\n</ul>");
    let mail = written(&World::new("incident.updated", payload));
    assert!(mail.html.contains("<div><ul>\n<li>one</li>\n</ul></div>"), "{}", mail.html);
}

#[test]
fn whatever_is_said_stays_text() {
    let hostile = "<script>alert(1)</script>\"'&\r\nBcc: eve@example.com";
    let mut world = World::new("incident.updated", incident("identified", hostile, hostile));
    world.page.name = "<b>\r\nX: y".to_owned();
    let mail = written(&world);
    assert!(!mail.html.contains("<script") && !mail.html.contains("<b>"), "{}", mail.html);
    assert!(!mail.subject.contains(['\r', '\n']), "{}", mail.subject);
    assert!(mail.subject.starts_with("[<b> X: y] <script>"), "{}", mail.subject);
    for (name, value) in &mail.headers {
        assert!(value.bytes().all(|it| (b' '..=b'~').contains(&it)), "{name}: {value}");
    }
}

#[test]
fn leaving_takes_one_click() {
    let mut world = World::new("incident.updated", incident("identified", "Checkout fails", "x"));
    assert_eq!(header(&written(&world), "List-Unsubscribe"), None);
    world.unsubscribe_url = Some(UNSUBSCRIBE);
    let mail = written(&world);
    assert_eq!(header(&mail, "List-Unsubscribe"), Some(format!("<{UNSUBSCRIBE}>").as_str()));
    let post = header(&mail, "List-Unsubscribe-Post");
    assert_eq!(post, Some("List-Unsubscribe=One-Click"));
    assert!(mail.text.ends_with(&format!("-- \nExample\nUnsubscribe: {UNSUBSCRIBE}\n")));
    assert!(
        mail.html.contains("href=\"https://api.example.net/unsubscribe/u_secret?a=1&amp;b=2\"")
    );
    world.unsubscribe_url = Some("javascript:alert(1)");
    let mail = written(&world);
    assert_eq!(header(&mail, "List-Unsubscribe"), None);
    assert!(!mail.html.contains("javascript"), "{}", mail.html);
}

#[test]
fn machines_are_told_not_to_answer() {
    let mail = told("identified");
    assert_eq!(header(&mail, "Auto-Submitted"), Some("auto-generated"));
    assert_eq!(header(&mail, "Precedence"), Some("bulk"));
    assert_eq!(header(&mail, "X-Auto-Response-Suppress"), Some("All"));
    let list = format!("<{}.status.example.net>", "0".repeat(32));
    assert_eq!(header(&mail, "List-Id"), Some(list.as_str()));
    let mut page = World::new("x", Value::Null).page;
    page.url = "http://127.0.0.1:8080".to_owned();
    assert_eq!(list_id(&page), format!("<{}.localhost>", "0".repeat(32)));
}

#[test]
fn the_reader_s_language_and_the_operator_s_wording_count() {
    let mut world = World::new("incident.updated", incident("resolved", "Checkout fails", "x"));
    (world.locale, world.time_zone) = ("de-AT", Tz::Europe__Vienna);
    let mail = written(&world);
    assert!(mail.text.starts_with("Behoben: Checkout fails\n"), "{}", mail.text);
    assert!(mail.html.contains("<html lang=\"de\">"));
    let subject = Some("{{ incident.title }}!".to_owned());
    let body = "*{{ message.state }}* at {{ page.name }}".to_owned();
    world.wording = Some(Wording { subject, body });
    world.page.name = "*E*".to_owned();
    let mail = written(&world);
    assert_eq!(mail.subject, "Checkout fails!");
    assert!(mail.text.contains("\n\nBehoben at *E*\n"), "{}", mail.text);
    assert!(mail.html.contains("<em>Behoben</em> at *E*"), "{}", mail.html);
}

#[test]
fn components_have_no_thread() {
    let payload = json!({ "id": Uuid::nil(), "name": "API", "status": "major_outage" });
    let mail = written(&World::new("component.status_changed", payload));
    assert_eq!((mail.subject.as_str(), mail.in_reply_to), ("[Example] API", None));
    assert!(mail.text.starts_with("Major outage: API\n"), "{}", mail.text);
}

#[test]
fn planned_work_comes_as_an_event_for_the_calendar() {
    let plan = json!([
        { "status": "in_progress", "message": "" },
        { "status": "scheduled", "message": "We move to **version 18**, so there." },
    ]);
    let mail = written(&World::new("maintenance.started", maintenance("in_progress", &plan)));
    let event = [
        "BEGIN:VEVENT",
        "CREATED:20261118T090000Z",
        "DESCRIPTION:We move to version 18\\, so there.",
        "DTEND:20261120T120000Z",
        "DTSTAMP:20261119T090000Z",
        "DTSTART:20261120T102000Z",
        "LAST-MODIFIED:20261119T090000Z",
        "SEQUENCE:2",
        "STATUS:CONFIRMED",
        "SUMMARY:Database upgrade",
        "TRANSP:TRANSPARENT",
        &format!("UID:{INCIDENT}"),
        "URL:https://status.example.net/m/3",
        "CATEGORIES:API",
        "END:VEVENT",
    ];
    let calendar = mail.calendar.unwrap();
    assert!(calendar.contains(&event.join("\r\n")), "{calendar}");
    assert!(
        calendar.contains("\r\nMETHOD:PUBLISH\r\n") && !calendar.contains("NAME"),
        "{calendar}"
    );
}

#[test]
fn each_window_of_a_digest_is_in_the_calendar_once_as_it_is_now() {
    let mut other = maintenance("scheduled", &json!([]));
    other["id"] = json!(Uuid::max());
    let mut world = World::new("maintenance.cancelled", maintenance("cancelled", &json!([])));
    world.earlier = vec![
        logged("maintenance.scheduled", maintenance("scheduled", &json!([]))),
        logged("maintenance.scheduled", other),
        logged("incident.created", incident("investigating", "Errors", "x")),
    ];
    let calendar = written(&world).calendar.unwrap();
    let found = |line: &str| calendar.lines().filter(|it| *it == line).count();
    assert_eq!(found("BEGIN:VEVENT"), 2);
    assert_eq!((found("STATUS:CANCELLED"), found("STATUS:CONFIRMED")), (1, 1));
    assert_eq!(told("resolved").calendar, None);
    let bare = written(&World::new("maintenance.updated", json!({ "title": "No times" })));
    assert_eq!(bare.calendar, None);
}

#[test]
fn without_a_sequence_the_version_counts() {
    let mut payload = maintenance("scheduled", &json!([]));
    payload.as_object_mut().unwrap().remove("sequence");
    let mail = written(&World::new("maintenance.scheduled", payload));
    assert!(mail.calendar.unwrap().contains("\r\nSEQUENCE:5\r\n"));
}

#[test]
fn the_address_is_checked_shown_and_found() {
    let email = ALL.iter().find(|it| it.kind() == "email").unwrap();
    let policy = EgressPolicy::default();
    let good = json!({ "to": "Ana@Bücher.Example" });
    assert_eq!(email.check(&good, &policy), []);
    assert_eq!(email.shown(&good).unwrap(), good);
    assert_eq!(email.address(&good).as_deref(), Some("Ana@xn--bcher-kva.example"));
    for wrong in [json!({ "to": "ana" }), json!({ "to": "a@b.example\r\nBcc: c@d.example" })] {
        let faults = email.check(&wrong, &policy);
        assert_eq!(faults.iter().map(|it| it.pointer.as_str()).collect::<Vec<_>>(), ["/to"]);
    }
    assert!(!email.check(&json!({ "to": "a@b.example", "cc": "x" }), &policy).is_empty());
}
