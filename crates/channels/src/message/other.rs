//! Components, and messages about the subscription itself, in words.
use super::{Message, Telling, Tone};
use crate::locale::moment;
use crate::text::escape_markdown;

pub(super) fn tell(telling: Telling<'_>) -> Message {
    match telling.event.kind.as_str() {
        "component.status_changed" => component(telling),
        "subscription.test" => test(telling),
        "subscription.confirm" if telling.thing.text("confirm_url").is_none() => remind(telling),
        "subscription.confirm" => confirm(telling),
        kind => unknown(telling, kind),
    }
}

fn component(telling: Telling<'_>) -> Message {
    let Telling { thing, words, notice, .. } = telling;
    let blank = telling.blank();
    let status = thing.text("status").unwrap_or_default();
    let now = words.title("component", status);
    let text = match thing.text("previous_status") {
        Some(before) => {
            let before = words.title("component", before);
            let places = [("before", before.into()), ("now", now.as_str().into())];
            words.fill("text-component", &places)
        }
        None => words.say("text-other"),
    };
    let since = thing.time("status_since");
    let since = since.map(|it| moment(words, it, notice.reader.time_zone));
    Message {
        tone: match status {
            "operational" => Tone::Good,
            "under_maintenance" => Tone::Planned,
            "degraded_performance" => Tone::Minor,
            "partial_outage" => Tone::Major,
            "major_outage" => Tone::Critical,
            _ => Tone::Calm,
        },
        title: thing.title().unwrap_or_else(|| blank.title.clone()),
        state: now,
        text,
        facts: since.map(|it| telling.fact("fact-since", it)).into_iter().collect(),
        ..blank
    }
}

fn test(telling: Telling<'_>) -> Message {
    let words = telling.words;
    let blank = telling.blank();
    Message {
        title: words.say("test-title"),
        state: words.say("test-state"),
        text: about_page(telling, "test-text"),
        ..blank
    }
}

/// Only the addressee may confirm, so there is one thing to press and nothing to unsubscribe from.
fn confirm(telling: Telling<'_>) -> Message {
    let Telling { thing, words, .. } = telling;
    let blank = telling.blank();
    let url = thing.text("confirm_url");
    Message {
        state: words.say("confirm-state"),
        text: about_page(telling, "confirm-text"),
        link: url.map(|it| (words.say("link-confirm"), it.to_owned())).or(blank.link),
        manage: None,
        ..blank
    }
}

/// There is nothing to confirm: they are subscribed already.
fn remind(telling: Telling<'_>) -> Message {
    let Telling { thing, words, .. } = telling;
    let blank = telling.blank();
    let url = thing.text("manage_url");
    Message {
        state: words.say("already-state"),
        text: about_page(telling, "already-text"),
        link: url.map(|it| (words.say("link-manage"), it.to_owned())).or(blank.link),
        ..blank
    }
}

/// Something that a later release has come to tell.
fn unknown(telling: Telling<'_>, kind: &str) -> Message {
    let Telling { thing, words, .. } = telling;
    let blank = telling.blank();
    let open = |url: &str| (words.say("link-page"), url.to_owned());
    Message {
        title: thing.title().unwrap_or_else(|| blank.title.clone()),
        state: words.title("event", kind),
        text: words.say("text-other"),
        link: thing.text("url").map(open).or(blank.link),
        ..blank
    }
}

fn about_page(telling: Telling<'_>, key: &str) -> String {
    let page = escape_markdown(&telling.notice.page.name);
    telling.words.fill(key, &[("page", page.into())])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::locale::Words;
    use crate::message::payload::Thing;
    use crate::testing::World;

    #[test]
    fn a_confirmation_has_one_thing_to_press() {
        let payload = json!({ "confirm_url": "https://status.example.net/c/1" });
        let mut world = World::new("subscription.test", payload);
        world.page.name = "*Example*".to_owned();
        world.unsubscribe_url = Some("https://status.example.net/u/1");
        let told = world.tell(|notice| {
            let thing = Thing(notice.payload);
            confirm(Telling { event: notice.event, thing, notice, words: Words::of("es") })
        });
        assert_eq!(told.heading(), "[Confirme la suscripción] *Example*");
        assert!(told.text.contains("estado de \\*Example\\*."), "{}", told.text);
        let link = ("Confirmar".to_owned(), "https://status.example.net/c/1".to_owned());
        assert_eq!((told.link, told.manage), (Some(link), None));
    }
}
