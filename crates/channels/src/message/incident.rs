//! Incidents in words.
use super::{Message, Telling, Tone};
use crate::locale::{duration, moment};
use crate::text::{Unit, cut};

/// How much of a postmortem is told, in characters.
const EXCERPT: usize = 600;

pub(super) fn tell(telling: Telling<'_>) -> Message {
    let Telling { event, thing, words, .. } = telling;
    let kind = event.kind.as_str();
    let is_postmortem = kind == "incident.postmortem_published";
    let update = thing.newest_update();
    let status = thing.text("status").unwrap_or_default();
    let blank = telling.blank();
    let (state, text, link) = if is_postmortem {
        let body = thing.part("postmortem").and_then(|it| it.text("body"));
        ("postmortem", body.map(excerpt), "link-postmortem")
    } else {
        let message = update.and_then(|it| it.text("message"));
        (status, message.map(str::to_owned), "link-incident")
    };
    Message {
        subject: thing.id(),
        opens: kind == "incident.created",
        closes: kind == "incident.resolved",
        tone: if is_postmortem { Tone::Calm } else { tone(telling) },
        title: thing.title().unwrap_or_else(|| blank.title.clone()),
        state: words.title("incident", state),
        text: text.unwrap_or_else(|| words.say("text-incident")),
        facts: facts(telling, is_postmortem),
        link: thing.text("url").map(|url| (words.say(link), url.to_owned())).or(blank.link),
        at: update
            .filter(|_| !is_postmortem)
            .and_then(|it| it.time("display_at"))
            .unwrap_or(event.created_at),
        ..blank
    }
}

fn tone(telling: Telling<'_>) -> Tone {
    let thing = telling.thing;
    match (thing.text("status"), thing.text("impact")) {
        (Some("resolved"), _) => Tone::Good,
        (_, Some("critical")) => Tone::Critical,
        (_, Some("major")) => Tone::Major,
        (_, Some("minor")) => Tone::Minor,
        _ => Tone::Calm,
    }
}

fn facts(telling: Telling<'_>, is_postmortem: bool) -> Vec<(String, String)> {
    let Telling { thing, words, notice, .. } = telling;
    let zone = notice.reader.time_zone;
    let fact = |label, value: Option<String>| Some(telling.fact(label, value?));
    let (started, resolved) = (thing.time("started_at"), thing.time("resolved_at"));
    let impact = thing.text("impact").filter(|it| *it != "none");
    let lasted = started.zip(resolved).map(|(from, until)| duration(words, until - from));
    let next = thing.text("status").filter(|it| !is_postmortem && *it != "resolved");
    let facts = [
        fact("fact-impact", impact.map(|it| words.title("impact", it))),
        fact("fact-affected", thing.affected(words, None).filter(|_| !is_postmortem)),
        fact("fact-started", started.map(|it| moment(words, it, zone))),
        fact("fact-duration", lasted),
        fact("fact-next", next.and_then(|it| words.known(&format!("next-{it}")))),
    ];
    facts.into_iter().flatten().collect()
}

/// The first paragraphs, so that Markdown stays whole where it can.
fn excerpt(body: &str) -> String {
    let body = body.trim();
    let mut end = 0;
    for (at, _) in body.match_indices("\n\n").chain([(body.len(), "")]) {
        let paragraphs = body.get(..at).unwrap_or_default();
        if Unit::Chars.of(paragraphs) > EXCERPT {
            break;
        }
        end = at;
    }
    match body.get(..end).unwrap_or_default() {
        "" => cut(body, EXCERPT, Unit::Chars).into_owned(),
        whole if whole.len() == body.len() => whole.to_owned(),
        part => format!("{part}\n\n…"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpts_end_between_paragraphs() {
        assert_eq!(excerpt("  one\n\ntwo "), "one\n\ntwo");
        let paragraph = "word ".repeat(80);
        let body = format!("# Summary\n\n{paragraph}\n\n{paragraph}");
        assert_eq!(excerpt(&body), format!("# Summary\n\n{paragraph}\n\n…"));
        assert_eq!(Unit::Chars.of(&excerpt(&"x".repeat(1_000))), EXCERPT);
    }
}
