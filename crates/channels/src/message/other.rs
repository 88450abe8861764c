//! Components, and messages about the subscription itself, in words.
use super::{Message, Telling, Tone};
use crate::locale::moment;
use crate::text::{Unit, cut, escape_markdown, line};

/// What of a provider's answer is told, in characters.
const REASON_MAX: usize = 200;

pub(super) fn tell(telling: Telling<'_>) -> Message {
    match telling.event.kind.as_str() {
        "component.status_changed" => component(telling),
        "subscription.test" => test(telling),
        "subscription.confirm" if telling.thing.text("confirm_url").is_none() => remind(telling),
        "subscription.confirm" => confirm(telling),
        "subscription.failing" => failing(telling),
        "credential.refused" => refused(telling),
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

/// A destination will be given up unless somebody mends it.
fn failing(telling: Telling<'_>) -> Message {
    let Telling { thing, words, notice, .. } = telling;
    let when = |field: &str| {
        thing.time(field).map(|it| moment(words, it, notice.reader.time_zone)).unwrap_or_default()
    };
    let (since, disabled) = (when("failing_since"), when("disabled_at"));
    let id = thing.text("id").unwrap_or_default().to_owned();
    let channel = escape_markdown(thing.text("channel").unwrap_or_default());
    let places = [
        ("channel", channel.into()),
        ("since", since.as_str().into()),
        ("disabled", disabled.as_str().into()),
    ];
    Message {
        tone: Tone::Minor,
        title: titled(telling, "failing-title"),
        state: words.say("action-state"),
        text: words.fill("failing-text", &places),
        facts: vec![
            telling.fact("fact-subscription", id),
            telling.fact("fact-since", since.clone()),
            telling.fact("fact-disabled", disabled.clone()),
        ],
        ..telling.blank()
    }
}

/// Whatever goes out with a credential waits until somebody renews it.
fn refused(telling: Telling<'_>) -> Message {
    let Telling { thing, words, notice, .. } = telling;
    let channel = escape_markdown(thing.text("channel").unwrap_or_default());
    let since = thing.time("failing_since");
    let since = since.map(|it| moment(words, it, notice.reader.time_zone));
    let reason =
        thing.text("reason").map(|it| cut(&line(it), REASON_MAX, Unit::Chars).into_owned());
    let facts = [
        since.map(|it| telling.fact("fact-since", it)),
        reason.map(|it| telling.fact("fact-reason", it)),
    ];
    Message {
        tone: Tone::Major,
        title: titled(telling, "credential-title"),
        state: words.say("action-state"),
        text: words.fill("credential-text", &[("channel", channel.into())]),
        facts: facts.into_iter().flatten().collect(),
        ..telling.blank()
    }
}

/// A title that names the channel.
fn titled(telling: Telling<'_>, key: &str) -> String {
    let channel = telling.thing.text("channel").unwrap_or_default();
    telling.words.fill(key, &[("channel", channel.into())])
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
    fn said(world: &World) -> Message {
        world.tell(Message::of)
    }

    #[test]
    fn operators_hear_what_is_failing_and_until_when() {
        let payload = json!({
            "id": "01935a10-0000-7000-8000-000000000001",
            "channel": "webhook",
            "failing_since": "2026-11-18T08:15:00Z",
            "disabled_at": "2026-11-23T08:15:00Z",
        });
        let mut world = World::new("subscription.failing", payload);
        let told = said(&world);
        assert_eq!(told.heading(), "[Action needed] Messages do not arrive: webhook");
        assert!(told.text.contains("has arrived since 18 November 2026, 08:15 UTC"), "{told:?}");
        assert!(told.text.contains("until 23 November 2026, 08:15 UTC"), "{told:?}");
        let labels: Vec<&str> = told.facts.iter().map(|it| it.0.as_str()).collect();
        assert_eq!(labels, ["Subscription", "Since", "Disabled on"]);
        assert_eq!(told.facts[0].1, "01935a10-0000-7000-8000-000000000001");
        for locale in ["pt-BR", "es", "de", "fr"] {
            world.locale = locale;
            let told = said(&world);
            assert!(told.title.ends_with("webhook") && told.text.contains("2026"), "{told:?}");
            assert_ne!(told.state, "Action needed");
        }
    }

    #[test]
    fn operators_hear_which_credential_is_refused_and_why() {
        let reason = format!("{{\"ok\":false,\n\"error\":\"invalid_auth\"}} {}", "x".repeat(400));
        let payload = json!({
            "id": "01935a10-0000-7000-8000-000000000001",
            "channel": "slack",
            "reason": reason,
            "failing_since": "2026-11-18T08:15:00Z",
        });
        let told = said(&World::new("credential.refused", payload));
        assert_eq!(told.heading(), "[Action needed] Credential refused: slack");
        assert!(told.text.contains("nobody is unsubscribed"), "{told:?}");
        assert_eq!(told.facts[0], ("Since".to_owned(), "18 November 2026, 08:15 UTC".to_owned()));
        let (label, reason) = &told.facts[1];
        assert!(label == "Reason" && reason.starts_with("{\"ok\":false, \"error\""), "{reason}");
        assert!(reason.chars().count() <= 200);
    }
}
