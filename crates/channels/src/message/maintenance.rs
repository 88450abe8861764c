//! Scheduled maintenance in words.
use super::{Message, Telling, Tone};
use crate::locale::{duration, moment, span};

pub(super) fn tell(telling: Telling<'_>) -> Message {
    let Telling { event, thing, words, .. } = telling;
    let blank = telling.blank();
    let kind = event.kind.as_str();
    let stage = stage(telling);
    let link = thing.text("url").map(|url| (words.say("link-maintenance"), url.to_owned()));
    Message {
        subject: thing.id(),
        opens: kind == "maintenance.scheduled",
        closes: matches!(stage, "completed" | "cancelled"),
        tone: match stage {
            "completed" => Tone::Good,
            "cancelled" => Tone::Calm,
            _ => Tone::Planned,
        },
        title: thing.title().unwrap_or_else(|| blank.title.clone()),
        state: words.title("maintenance", stage),
        text: text(telling, stage),
        facts: facts(telling),
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

/// What was said on the occasion, and our own words where the clock moved it.
fn text(telling: Telling<'_>, stage: &str) -> String {
    let Telling { event, thing, words, .. } = telling;
    let update = thing.newest_update();
    let said = update.and_then(|it| it.text("message"));
    let says_so = update.and_then(|it| it.text("status")) == Some(stage);
    let left = thing.time("starts_at").map(|it| duration(words, it - event.created_at));
    let ours = match (stage, left) {
        ("reminder", Some(left)) => {
            words.fill("text-maintenance-reminder", &[("duration", left.into())])
        }
        ("reminder", None) => words.say("text-maintenance-scheduled"),
        _ => words
            .known(&format!("text-maintenance-{stage}"))
            .unwrap_or_else(|| words.say("text-maintenance")),
    };
    match (said, stage) {
        (Some(said), "reminder") => format!("{ours}\n\n{said}"),
        (Some(said), _) if says_so || event.kind.as_str() == "maintenance.updated" => {
            said.to_owned()
        }
        _ => ours,
    }
}

fn facts(telling: Telling<'_>) -> Vec<(String, String)> {
    let Telling { thing, words, notice, .. } = telling;
    let zone = notice.reader.time_zone;
    let planned = match (thing.time("starts_at"), thing.time("ends_at")) {
        (Some(from), Some(until)) => Some(span(words, from, until, zone)),
        (Some(from), None) => Some(moment(words, from, zone)),
        _ => None,
    };
    let facts = [
        planned.map(|it| telling.fact("fact-planned", it)),
        thing.affected(words).map(|it| telling.fact("fact-affected", it)),
    ];
    facts.into_iter().flatten().collect()
}
