use chrono_tz::Tz;
use serde_json::{Value, json};

use super::*;
use crate::testing::{World, incident, logged, maintenance};

fn message(kind: &str, payload: Value) -> Message {
    World::new(kind, payload).tell(Message::of)
}

fn facts(message: &Message) -> Vec<String> {
    message.facts.iter().map(|(label, value)| format!("{label}: {value}")).collect()
}

#[test]
fn an_incident_is_told_with_its_facts() {
    let told = message("incident.created", incident("investigating", "Checkout errors", "**5xx**"));
    assert_eq!(told.heading(), "[Investigating] Checkout errors");
    assert_eq!(told.text, "**5xx**");
    assert_eq!((told.opens, told.closes, told.tone), (true, false, Tone::Major));
    assert_eq!(
        facts(&told),
        [
            "Impact: Major",
            "Affected: Checkout: partial outage",
            "Started: 20 November 2026, 08:15 UTC",
            "Next step: Find the cause",
        ]
    );
    let link = ("View incident".to_owned(), "https://status.example.net/i/7".to_owned());
    assert_eq!(told.link, Some(link));
    assert_eq!(told.at.to_rfc3339(), "2026-11-20T08:15:00+00:00");
}

#[test]
fn its_end_is_good_news_in_the_readers_words() {
    let mut world = World::new("incident.resolved", incident("resolved", "Fehler", "Alles gut."));
    (world.locale, world.time_zone) = ("de-CH", Tz::Europe__Zurich);
    world.unsubscribe_url = Some("https://status.example.net/u/1");
    let told = world.tell(Message::of);
    assert_eq!(told.heading(), "[Behoben] Fehler");
    assert_eq!((told.closes, told.tone), (true, Tone::Good));
    assert_eq!(
        facts(&told),
        [
            "Auswirkung: Erheblich",
            "Betroffen: Checkout: betriebsbereit",
            "Beginn: 20. November 2026, 09:15 Uhr (CET)",
            "Dauer: 1 Std. 35 Min.",
        ]
    );
    assert_eq!(told.manage.unwrap().0, "Abbestellen");
}

#[test]
fn the_update_made_last_is_told() {
    let mut payload = incident("identified", "Errors", "shown first");
    let late = json!({
        "status": "investigating",
        "message": "backdated",
        "display_at": "2026-11-20T08:00:00Z",
        "created_at": "2026-11-20T08:30:00Z",
    });
    payload["updates"].as_array_mut().unwrap().push(late);
    assert_eq!(message("incident.updated", payload).text, "backdated");
}

#[test]
fn a_postmortem_is_told_by_its_beginning() {
    let mut payload = incident("resolved", "Errors", "fine");
    payload["postmortem"] = json!({ "body": "# What happened\n\nA disk was full." });
    let told = message("incident.postmortem_published", payload);
    assert_eq!(told.heading(), "[Postmortem] Errors");
    assert_eq!(told.text, "# What happened\n\nA disk was full.");
    assert_eq!((told.tone, told.link.unwrap().0.as_str()), (Tone::Calm, "Read the postmortem"));
}

#[test]
fn many_components_are_counted() {
    let mut payload = incident("investigating", "Errors", "x");
    let named = |n: i32| json!({ "name": format!("C{n}"), "status": "major_outage" });
    payload["components"] = (0..13).map(named).collect();
    let told = message("incident.created", payload);
    let affected = &told.facts[1].1;
    assert!(affected.starts_with("C0: major outage; C1"), "{affected}");
    assert!(affected.ends_with("C9: major outage; and 3 more"), "{affected}");
}

#[test]
fn maintenance_is_told_stage_by_stage() {
    let told =
        |kind: &str, status: &str, updates: Value| message(kind, maintenance(status, &updates));
    let plan = json!([{ "status": "scheduled", "message": "We move to version 18." }]);
    let scheduled = told("maintenance.scheduled", "scheduled", plan.clone());
    assert_eq!(scheduled.heading(), "[Scheduled] Database upgrade");
    assert_eq!(scheduled.text, "We move to version 18.");
    assert_eq!(
        facts(&scheduled),
        ["Planned for: 20 November 2026, 10:20–12:00 UTC", "Affected: API"]
    );
    assert_eq!((scheduled.opens, scheduled.tone), (true, Tone::Planned));
    let reminder = told("maintenance.reminder", "scheduled", plan.clone());
    assert_eq!(reminder.text, "This maintenance begins in 2 h.\n\nWe move to version 18.");
    let started = told("maintenance.started", "in_progress", plan.clone());
    assert_eq!(started.text, "The maintenance has begun.");
    let updated = told("maintenance.updated", "verifying", plan.clone());
    assert_eq!(
        (updated.state.as_str(), updated.text.as_str()),
        ("Verifying", "We move to version 18.")
    );
    let completed = told("maintenance.completed", "completed", plan);
    assert_eq!((completed.closes, completed.tone), (true, Tone::Good));
    let cancelled = told("maintenance.cancelled", "cancelled", json!([]));
    assert_eq!(cancelled.text, "This maintenance will not take place.");
    assert!(cancelled.closes);
}

#[test]
fn a_window_that_moved_is_told_with_the_one_before() {
    let plan = json!([{ "status": "scheduled", "message": "We move to version 18." }]);
    let told = |tag, from: &str, until: &str, updates: &Value| {
        let mut payload = maintenance("scheduled", updates);
        payload["previous_starts_at"] = json!(from);
        payload["previous_ends_at"] = json!(until);
        let mut world = World::new("maintenance.updated", payload);
        (world.locale, world.time_zone) = (tag, Tz::Europe__Berlin);
        world.tell(Message::of)
    };
    let moved = told("en", "2026-11-19T22:00:00Z", "2026-11-19T23:30:00Z", &plan);
    assert_eq!(moved.text, "This maintenance has been moved.\n\nWe move to version 18.");
    assert_eq!(
        facts(&moved),
        [
            "Planned for: 20 November 2026, 11:20–13:00 CET",
            "Instead of: 19 November 2026, 23:00 CET – 20 November 2026, 00:30 CET",
            "Affected: API",
        ]
    );
    let longer = told("de", "2026-11-20T10:20:00Z", "2026-11-20T11:00:00Z", &json!([]));
    assert_eq!(longer.text, "Diese Wartung dauert länger als geplant.");
    assert_eq!(facts(&longer)[1], "Statt: 20. November 2026, 11:20–12:00 Uhr (CET)");
    let same = told("en", "2026-11-20T10:20:00Z", "2026-11-20T12:00:00Z", &plan);
    assert_eq!((same.text.as_str(), same.facts.len()), ("We move to version 18.", 2));
}

#[test]
fn a_series_says_how_often_until_it_is_over() {
    let told = |kind, status| {
        let mut payload = maintenance(status, &json!([]));
        payload["recurrence"] = json!("FREQ=WEEKLY;BYDAY=FR");
        payload["time_zone"] = json!("Europe/Berlin");
        payload["components"][0]["status"] = json!("degraded_performance");
        facts(&message(kind, payload))
    };
    assert_eq!(
        told("maintenance.scheduled", "scheduled")[1..],
        ["Affected: API: degraded performance", "Repeats: every week on Friday (Europe/Berlin)"]
    );
    assert_eq!(told("maintenance.cancelled", "cancelled").len(), 2);
}

#[test]
fn a_window_that_was_missed_is_not_told_as_if_it_were_seen() {
    let text = |begun: &str| {
        let updates = json!([
            { "status": "completed", "message": "", "created_at": "2026-11-20T13:00:00Z" },
            { "status": "in_progress", "message": "", "created_at": begun },
            { "status": "scheduled", "message": "Soon.", "created_at": "2026-11-18T09:00:00Z" },
        ]);
        message("maintenance.completed", maintenance("completed", &updates)).text
    };
    assert_eq!(
        text("2026-11-20T13:00:00Z"),
        "The time of this maintenance has passed and it is complete. \
         We could not tell you when it began."
    );
    assert_eq!(text("2026-11-20T10:20:00Z"), "The maintenance is complete.");
}

#[test]
fn components_and_tests_are_told() {
    let told = message(
        "component.status_changed",
        json!({
            "name": "Search\u{202e}",
            "status": "partial_outage",
            "previous_status": "operational",
            "status_since": "2026-11-20T08:15:00Z",
        }),
    );
    assert_eq!(told.heading(), "[Partial outage] Search");
    assert_eq!(told.text, "The status changed from “Operational” to “Partial outage”.");
    assert_eq!((told.tone, told.subject), (Tone::Major, None));
    let test = message("subscription.test", json!({ "label": "ops" }));
    assert_eq!(test.heading(), "[Test] Test message");
}

#[test]
fn nothing_known_is_still_told() {
    let told = message("user.created", json!({ "name": "Ann", "url": "https://e.example" }));
    assert_eq!(told.heading(), "[User created] Ann");
    for payload in [json!(null), json!([]), json!({ "updates": 3, "components": [1, null] })] {
        for kind in ["incident.updated", "maintenance.started", "component.status_changed"] {
            let told = message(kind, payload.clone());
            assert_eq!(told.title, "Example", "{kind}");
            assert!(!told.text.is_empty(), "{kind}");
        }
    }
}

#[test]
fn a_digest_of_one_incident_is_about_it() {
    let mut world = World::new("incident.resolved", incident("resolved", "Errors", "All good."));
    world.earlier = vec![
        logged("incident.created", incident("investigating", "Errors", "We *look* into it.")),
        logged("incident.updated", incident("identified", "Errors", "A bad deploy.")),
    ];
    let told = world.tell(Message::of);
    assert_eq!(told.heading(), "[Resolved] Errors");
    assert!(told.opens && told.closes);
    assert_eq!(
        crate::text::plain(&told.text, 1_000, crate::text::Unit::Chars),
        "• Investigating (20 November 2026, 08:15 UTC): We look into it.\n\
         • Identified (20 November 2026, 08:15 UTC): A bad deploy.\n\
         • Resolved (20 November 2026, 08:15 UTC): All good."
    );
}

#[test]
fn a_digest_of_many_things_is_about_the_page() {
    let mut world = World::new(
        "component.status_changed",
        json!({ "name": "A_B_C", "status": "operational", "previous_status": "major_outage" }),
    );
    world.earlier = (0..22)
        .map(|_| logged("incident.created", incident("investigating", "[x](y)", "text")))
        .collect();
    let told = world.tell(Message::of);
    assert_eq!(told.heading(), "[23 updates] Example");
    assert_eq!((told.subject, told.tone), (None, Tone::Major));
    let shown = crate::text::plain(&told.text, 10_000, crate::text::Unit::Chars);
    assert!(shown.starts_with("• … and 3 more\n"), "{shown}");
    assert!(shown.contains("[Investigating] [x](y) (https://status.example.net/i/7)"), "{shown}");
    assert!(shown.contains("[Operational] A_B_C"), "{shown}");
}
