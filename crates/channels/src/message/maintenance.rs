//! Scheduled maintenance in words.
use chrono::{DateTime, Utc};

use super::payload::Thing;
use super::{Message, Telling, Tone, repeats};
use crate::locale::{duration, moment, span};

pub(super) fn tell(telling: Telling<'_>) -> Message {
    let Telling { event, thing, words, .. } = telling;
    let blank = telling.blank();
    let kind = event.kind.as_str();
    let stage = stage(telling);
    let link = thing.text("url").map(|url| (words.say("link-maintenance"), url.to_owned()));
    let closes = matches!(stage, "completed" | "cancelled");
    Message {
        subject: thing.id(),
        opens: kind == "maintenance.scheduled",
        closes,
        tone: match stage {
            "completed" => Tone::Good,
            "cancelled" => Tone::Calm,
            _ => Tone::Planned,
        },
        title: thing.title().unwrap_or_else(|| blank.title.clone()),
        state: words.title("maintenance", stage),
        text: text(telling, stage),
        facts: facts(telling, closes),
        link: link.or(blank.link),
        ..blank
    }
}

/// What the event makes of it: a reminder changes nothing about the maintenance itself.
fn stage<'a>(telling: Telling<'a>) -> &'a str {
    match telling.event.kind.as_str() {
        "maintenance.reminder" => "reminder",
        "maintenance.started" => "in_progress",
        "maintenance.completed" => "completed",
        "maintenance.cancelled" => "cancelled",
        _ => telling.thing.text("status").unwrap_or("scheduled"),
    }
}

/// What was said on the occasion, and our own words where the clock moved it or it was moved.
fn text(telling: Telling<'_>, stage: &str) -> String {
    let Telling { event, thing, words, .. } = telling;
    let update = thing.newest_update();
    let said = update.and_then(|it| it.text("message"));
    let says_so = update.and_then(|it| it.text("status")) == Some(stage);
    let is_update = event.kind.as_str() == "maintenance.updated";
    let change = previous(thing).filter(|_| is_update).map(|it| change(thing, it));
    let left = thing.time("starts_at").map(|it| duration(words, it - event.created_at));
    let ours = match (stage, left) {
        ("reminder", Some(left)) => {
            words.fill("text-maintenance-reminder", &[("duration", left.into())])
        }
        ("reminder", None) => words.say("text-maintenance-scheduled"),
        ("completed", _) if is_missed(thing) => words.say("text-maintenance-unannounced"),
        _ => words
            .known(&format!("text-maintenance-{}", change.unwrap_or(stage)))
            .unwrap_or_else(|| words.say("text-maintenance")),
    };
    match said {
        Some(said) if stage == "reminder" || change.is_some() => format!("{ours}\n\n{said}"),
        Some(said) if says_so || is_update => said.to_owned(),
        _ => ours,
    }
}

type Window = (DateTime<Utc>, DateTime<Utc>);

fn window(thing: Thing<'_>) -> Option<Window> {
    thing.time("starts_at").zip(thing.time("ends_at"))
}

/// The window that was announced before, if it was another one.
fn previous(thing: Thing<'_>) -> Option<Window> {
    let now = window(thing)?;
    let starts_at = thing.time("previous_starts_at").unwrap_or(now.0);
    let ends_at = thing.time("previous_ends_at").unwrap_or(now.1);
    Some((starts_at, ends_at)).filter(|it| *it != now)
}

fn change(thing: Thing<'_>, before: Window) -> &'static str {
    let longer = window(thing).is_some_and(|it| it.0 == before.0 && it.1 > before.1);
    if longer { "extended" } else { "moved" }
}

/// Whether it was started and completed at once, because nobody looked in between.
fn is_missed(thing: Thing<'_>) -> bool {
    let told = |status| {
        let updates = thing.parts("updates").filter(move |it| it.text("status") == Some(status));
        updates.filter_map(|it| it.time("created_at")).max()
    };
    told("in_progress").zip(told("completed")).is_some_and(|(begun, done)| begun >= done)
}

fn facts(telling: Telling<'_>, is_over: bool) -> Vec<(String, String)> {
    let Telling { thing, words, notice, .. } = telling;
    let zone = notice.reader.time_zone;
    let planned = match (thing.time("starts_at"), thing.time("ends_at")) {
        (Some(from), Some(until)) => Some(span(words, from, until, zone)),
        (Some(from), None) => Some(moment(words, from, zone)),
        _ => None,
    };
    let before = previous(thing).map(|(from, until)| span(words, from, until, zone));
    let facts = [
        ("fact-planned", planned),
        ("fact-instead", before),
        ("fact-affected", thing.affected(words, Some("under_maintenance"))),
        ("fact-repeats", repeats::of(thing, words).filter(|_| !is_over)),
    ];
    facts.into_iter().filter_map(|(label, value)| Some(telling.fact(label, value?))).collect()
}
