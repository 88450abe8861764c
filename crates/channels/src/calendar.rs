//! Planned work for the reader's calendar: what a mail tells of, or all there is.
use std::collections::BTreeMap;

use ::calendar::{Calendar, Entry, Status, render};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::Notice;
use crate::message::Thing;
use crate::text::{Unit, line, plain};

/// Longest description, in characters.
const TEXT_MAX: usize = 2_000;
/// How often subscribers of a calendar should look again.
const REFRESH: TimeDelta = TimeDelta::hours(1);

/// A calendar to subscribe to, with maintenances as the API shows them.
pub fn feed(name: &str, maintenances: &[Value]) -> String {
    let calendar = Calendar { name: Some(name.to_owned()), refresh: Some(REFRESH) };
    let entry = |it| entry(Thing(it), DateTime::<Utc>::UNIX_EPOCH);
    let entries: Vec<Entry> = maintenances.iter().filter_map(entry).collect();
    render(&calendar, &entries)
}

/// What each of them is now, once each; nothing when the mail is about something else.
pub(crate) fn part(notice: &Notice<'_>) -> Option<String> {
    let earlier = notice.earlier.iter().map(|it| (it.event, it.payload));
    let told = earlier.chain([(notice.event, notice.payload)]);
    let windows = told
        .filter(|(event, _)| event.kind.as_str().starts_with("maintenance."))
        .filter_map(|(event, payload)| entry(Thing(payload), event.created_at));
    let latest: BTreeMap<_, _> = windows.map(|it| (it.uid, it)).collect();
    let entries: Vec<Entry> = latest.into_values().collect();
    (!entries.is_empty()).then(|| render(&Calendar::default(), &entries))
}

fn entry(thing: Thing<'_>, at: DateTime<Utc>) -> Option<Entry> {
    let number = |field| thing.0.get(field).and_then(Value::as_i64);
    let said = thing.parts("updates").find_map(|it| it.text("message"));
    let names = thing.parts("components").filter_map(|it| it.text("name"));
    Some(Entry {
        uid: thing.id()?,
        sequence: number("sequence").or_else(|| number("version")).unwrap_or_default(),
        status: match thing.text("status") {
            Some("cancelled") => Status::Cancelled,
            _ => Status::Confirmed,
        },
        starts_at: thing.time("starts_at")?,
        ends_at: thing.time("ends_at")?,
        created_at: thing.time("created_at").unwrap_or(at),
        last_modified: thing.time("updated_at").unwrap_or(at),
        summary: line(&thing.title()?),
        description: said.map(|it| plain(it, TEXT_MAX, Unit::Chars)).unwrap_or_default(),
        url: thing.text("url").unwrap_or_default().to_owned(),
        categories: names.map(line).collect(),
    })
}
