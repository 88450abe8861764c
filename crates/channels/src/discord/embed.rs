//! A message as an embed, within Discord's limits.
use chrono::SecondsFormat;
use serde::Serialize;
use serde_json::{Value, json};

use crate::chat::{DISCORD, Own};
use crate::hook::with;
use crate::message::Message;
use crate::text::{self, Unit};

/// Limits of an embed; the sum is over all its texts.
const TITLE_MAX: usize = 256;
const TEXT_MAX: usize = 4_096;
const FIELDS_MAX: usize = 25;
const NAME_MAX: usize = 256;
const VALUE_MAX: usize = 1_024;
const SUM_MAX: usize = 6_000;
/// Less than Discord would take, so that there is room for what is said.
const FACTS_MAX: usize = 2_500;
const FOOTER_MAX: usize = 300;
const STATE_MAX: usize = 100;
/// What the first message keeps of its own first words.
const OPENING_MAX: usize = 1_000;
/// Longest value that shares its line.
const INLINE_MAX: usize = 40;

/// In the operator's own words, which leave the facts to them, or in ours.
pub fn of(message: &Message, own: Option<&Own>, opening: Option<(String, String)>) -> Value {
    let title = own.and_then(|it| it.title.as_deref()).unwrap_or(&message.title);
    let title = DISCORD.line(&format!("{} {title}", message.tone.emoji()), TITLE_MAX);
    let footer = text::cut(&text::line(&message.page), FOOTER_MAX, Unit::Utf16).into_owned();
    let fields = if own.is_some() { Vec::new() } else { fields(message) };
    let around = [title.as_str(), footer.as_str()].into_iter();
    let around = around.chain(fields.iter().flat_map(|it| [it.name.as_str(), it.value.as_str()]));
    let taken: usize = around.map(|it| Unit::Utf16.of(it)).sum();
    let room = TEXT_MAX.min(SUM_MAX - taken);
    let description = match (own, opening) {
        (Some(own), _) => text::cut(&own.text, room, Unit::Utf16).into_owned(),
        (None, None) => said(&message.state, &message.text, room),
        (None, Some((state, text))) => {
            let opening = said(&state, &text, OPENING_MAX);
            let room = room - Unit::Utf16.of(&opening) - 2;
            format!("{}\n\n{opening}", said(&message.state, &message.text, room))
        }
    };
    let embed = json!({
        "title": title,
        "description": description,
        "color": message.tone.colour(),
        "timestamp": message.at.to_rfc3339_opts(SecondsFormat::Secs, true),
        "fields": fields,
        "footer": { "text": footer },
    });
    match &message.link {
        Some((_, url)) => with(embed, "url", url.as_str()),
        None => embed,
    }
}

fn said(state: &str, text: &str, max: usize) -> String {
    let state = format!("**{}**\n", DISCORD.line(state, STATE_MAX));
    let said = DISCORD.body(text, max - Unit::Utf16.of(&state));
    format!("{state}{said}").trim_end().to_owned()
}

#[derive(Serialize)]
struct Field {
    name: String,
    value: String,
    inline: bool,
}

/// As many facts as there is room for.
fn fields(message: &Message) -> Vec<Field> {
    let mut room = FACTS_MAX;
    let facts = message.facts.iter().take(FIELDS_MAX);
    let fields = facts.map(|(label, value)| {
        let (name, value) = (DISCORD.line(label, NAME_MAX), DISCORD.line(value, VALUE_MAX));
        let inline = Unit::Utf16.of(&value) <= INLINE_MAX;
        Field { name, value, inline }
    });
    let fits = |it: &Field| {
        let size = Unit::Utf16.of(&it.name) + Unit::Utf16.of(&it.value);
        let fits = !it.name.is_empty() && !it.value.is_empty() && size <= room;
        room -= if fits { size } else { 0 };
        fits
    };
    fields.filter(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::full_message;

    #[test]
    fn looks_as_recorded() {
        let body = include_str!("../../fixtures/out_discord_webhook.json");
        let mut expected: Value = serde_json::from_str(body).unwrap();
        let expected = &mut expected["embeds"][0];
        expected["color"] = json!(0xe1_1d_48);
        expected["description"] = json!("**Investigating**\n5xx above 5% and rising");
        assert_eq!(&of(&full_message(), None, None), &*expected);
    }

    #[test]
    fn a_first_message_keeps_how_it_began() {
        let opening = Some(("Investigating".to_owned(), "We look.".to_owned()));
        let message = crate::testing::message("Resolved", "Checkout errors", "Fixed.");
        let embed = of(&message, None, opening);
        assert_eq!(embed["description"], "**Resolved**\nFixed.\n\n**Investigating**\nWe look.");
    }

    #[test]
    fn facts_leave_room_for_what_is_said() {
        let mut message = full_message();
        message.facts = vec![("Affected".to_owned(), "word ".repeat(400)); 30];
        message.text = "word ".repeat(2_000);
        let embed = of(&message, None, None);
        let fields = embed["fields"].as_array().unwrap();
        assert_eq!(fields.len(), 2);
        assert!(embed["description"].as_str().unwrap().len() > 3_000);
    }
}
