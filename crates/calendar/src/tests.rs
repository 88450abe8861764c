use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn calendar() -> Calendar {
    Calendar { name: Some("Acme, Status".to_owned()), refresh: Some(TimeDelta::hours(1)) }
}

fn entry() -> Entry {
    Entry {
        uid: Uuid::from_u128(7),
        sequence: 2,
        status: Status::Confirmed,
        starts_at: at("2026-11-24T02:00:00.25Z"),
        ends_at: at("2026-11-24T04:00:00Z"),
        created_at: at("2026-11-20T08:15:00Z"),
        last_modified: at("2026-11-21T09:00:00Z"),
        summary: "Database upgrade".to_owned(),
        description: "We move to version 18.".to_owned(),
        url: "https://status.example.net/m/3".to_owned(),
        categories: vec!["API".to_owned(), "Checkout".to_owned()],
    }
}

/// What PyPI's `icalendar` reads: `tests/counterparts/read_calendar.py`.
fn read(document: &str) -> Value {
    let output = |command: &mut Command| {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(document.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        output.stdout
    };
    let root = Path::new(REPOSITORY);
    let python = Command::new(root.join(".ci/counterparts")).output().unwrap().stdout;
    let mut command = Command::new(String::from_utf8(python).unwrap().trim());
    command.arg(root.join("tests/counterparts/read_calendar.py"));
    serde_json::from_slice(&output(&mut command)).unwrap()
}

#[test]
fn a_window_is_written_in_full() {
    let document = render(&calendar(), &[entry()]);
    let lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Farol//Status page//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        r"NAME;VALUE=TEXT:Acme\, Status",
        r"X-WR-CALNAME:Acme\, Status",
        "REFRESH-INTERVAL;VALUE=DURATION:PT3600S",
        "X-PUBLISHED-TTL:PT3600S",
        "BEGIN:VEVENT",
        "CREATED:20261120T081500Z",
        "DESCRIPTION:We move to version 18.",
        "DTEND:20261124T040000Z",
        "DTSTAMP:20261121T090000Z",
        "DTSTART:20261124T020000Z",
        "LAST-MODIFIED:20261121T090000Z",
        "SEQUENCE:2",
        "STATUS:CONFIRMED",
        "SUMMARY:Database upgrade",
        "TRANSP:TRANSPARENT",
        "UID:00000000-0000-0000-0000-000000000007",
        "URL:https://status.example.net/m/3",
        "CATEGORIES:API,Checkout",
        "END:VEVENT",
        "END:VCALENDAR",
    ];
    assert_eq!(document, lines.map(|it| format!("{it}\r\n")).concat());
}

#[test]
fn what_is_empty_is_left_out() {
    let entry = Entry {
        ends_at: at("2026-11-24T02:00:00.75Z"),
        description: "\r\n".to_owned(),
        url: String::new(),
        categories: Vec::new(),
        ..entry()
    };
    let document = render(&Calendar::default(), &[entry]);
    for absent in ["DTEND", "DESCRIPTION", "URL", "CATEGORIES", "NAME", "REFRESH", "TTL"] {
        assert!(!document.contains(absent), "{absent} in {document}");
    }
}

#[test]
fn another_reader_finds_what_was_meant() {
    let odd = "a,b;c\\n \"d\": e\n  two, 日本語 and 👩‍👩‍👧 ".repeat(40);
    let hostile = Entry {
        uid: Uuid::from_u128(8),
        status: Status::Cancelled,
        summary: "Café;\u{0}\r\nEND:VEVENT\rATTENDEE:x".to_owned(),
        description: odd.clone(),
        url: "https://status.example.net/m/4?a=1,2;b\r\nX-EVIL:1".to_owned(),
        categories: vec!["Search, EU".to_owned(), "a\\;b".to_owned()],
        ..entry()
    };
    let found = read(&render(&calendar(), &[entry(), hostile]));
    assert_eq!(found["name"], "Acme, Status");
    assert_eq!(found["method"], "PUBLISH");
    assert_eq!(
        found["events"][0],
        json!({
            "uid": "00000000-0000-0000-0000-000000000007",
            "sequence": 2,
            "status": "CONFIRMED",
            "starts_at": "2026-11-24T02:00:00Z",
            "ends_at": "2026-11-24T04:00:00Z",
            "created_at": "2026-11-20T08:15:00Z",
            "last_modified": "2026-11-21T09:00:00Z",
            "dtstamp": "2026-11-21T09:00:00Z",
            "summary": "Database upgrade",
            "description": "We move to version 18.",
            "url": "https://status.example.net/m/3",
            "categories": ["API", "Checkout"],
            "transp": "TRANSPARENT",
        })
    );
    let second = &found["events"][1];
    assert_eq!(second["status"], "CANCELLED");
    assert_eq!(second["summary"], "Café;\nEND:VEVENT\nATTENDEE:x");
    assert_eq!(second["description"], odd.trim());
    assert_eq!(second["url"], "https://status.example.net/m/4?a=1,2;bX-EVIL:1");
    assert_eq!(second["categories"], json!(["Search, EU", "a\\;b"]));
    assert_eq!(found["events"].as_array().unwrap().len(), 2);
}

#[test]
fn long_texts_are_cut() {
    let long = Entry { description: "é".repeat(100_000), ..entry() };
    let unfolded = render(&calendar(), &[long]).replace("\r\n ", "");
    let line = unfolded.lines().find_map(|it| it.strip_prefix("DESCRIPTION:")).unwrap();
    assert_eq!(line.chars().count(), DESCRIPTION_MAX + 1);
    assert!(line.ends_with("é…"));
}

proptest! {
    #[test]
    fn no_text_breaks_a_line(
        summary in any::<String>(),
        description in "(.|\n|[ \t,;👩‍👧é]){0,300}",
        url in any::<String>(),
        category in any::<String>(),
    ) {
        let entry = Entry { summary, description, url, categories: vec![category], ..entry() };
        let document = render(&calendar(), std::slice::from_ref(&entry));
        prop_assert_eq!(&document, &render(&calendar(), &[entry]));
        prop_assert!(document.ends_with("END:VCALENDAR\r\n"));
        for line in document.split_terminator("\r\n") {
            prop_assert!(line.len() <= 75, "{} octets: {line:?}", line.len());
            prop_assert!(!line.contains(['\r', '\n']), "{line:?}");
        }
        let names = document.replace("\r\n ", "");
        let names: Vec<&str> = names.lines().filter_map(|it| it.split([':', ';']).next()).collect();
        let n_of = |name| names.iter().filter(|it| **it == name).count();
        prop_assert_eq!((n_of("BEGIN"), n_of("END"), n_of("SUMMARY")), (2, 2, 1));
    }
}
