//! How a message looks in Slack.
use serde_json::{Map, Value, json};

use super::mrkdwn::{Mrkdwn, escape, link, target, unread};
use crate::Notice;
use crate::locale::{Words, moment};
use crate::message::Message;
use crate::text::{Limit, Unit, cut, render};

/// Slack's limits (slack_sdk, models/blocks), in characters.
const HEADER_MAX: usize = 150;
const SECTION_MAX: usize = 3_000;
const BUTTON_MAX: usize = 75;
const URL_MAX: usize = 3_000;
/// Ours: a fact is read at a glance, and all blocks together have some 13,000 characters.
const FACT_MAX: usize = 600;
const FACTS_MAX: usize = 8;
/// The notification, and what a reply in a thread says.
const TITLE_MAX: usize = 500;
const TEXT_MAX: usize = 3_900;
/// What the first message keeps of its own first words.
const OPENING_MAX: usize = 1_000;

/// A message of its own: a line for the notification, and a bar in the colour of the tone.
pub(super) fn whole(notice: &Notice<'_>) -> Map<String, Value> {
    let message = Message::of(notice);
    let heading = cut(&message.heading(), TITLE_MAX, Unit::Utf16).into_owned();
    let heading = escape(&heading);
    let text = match &message.link {
        Some((_, url)) => format!("{heading} — <{}>", target(url)),
        None => heading.clone(),
    };
    let attachment = json!({
        "color": format!("#{:06x}", message.tone.colour()),
        "fallback": heading,
        "blocks": blocks(notice, &message),
    });
    let members = [("text", json!(text)), ("attachments", json!([attachment]))];
    members.map(|(name, value)| (name.to_owned(), value)).into_iter().collect()
}

/// What is new, for readers of the thread.
pub(super) fn reply(notice: &Notice<'_>) -> String {
    let message = Message::of(notice);
    if let Some((_, own)) = wording(notice, &message) {
        return cut(&own, TEXT_MAX, Unit::Utf16).into_owned();
    }
    let facts: Vec<String> =
        facts(&message).map(|(label, value)| format!("*{label}:* {value}")).collect();
    let facts = facts.join("\n");
    let room = TEXT_MAX.saturating_sub(Unit::Utf16.of(&facts) + 2);
    [main_text(notice, &message, room), facts].join("\n\n").trim_end().to_owned()
}

fn blocks(notice: &Notice<'_>, message: &Message) -> Vec<Value> {
    let own = wording(notice, message);
    let title = own.as_ref().and_then(|it| it.0.as_deref()).unwrap_or(&message.title);
    let header = unread(&format!("{} {title}", message.tone.emoji()));
    let header = cut(&header, HEADER_MAX, Unit::Utf16);
    let mut blocks = vec![json!({ "type": "header", "text": plain(&header) })];
    match own {
        Some((_, own)) => blocks.push(section(&cut(&own, SECTION_MAX, Unit::Utf16))),
        None => {
            blocks.push(section(&main_text(notice, message, SECTION_MAX)));
            blocks.extend(opening(notice));
            blocks.extend(fields(message));
        }
    }
    blocks.push(json!({ "type": "context", "elements": [mrkdwn(&context(notice, message))] }));
    if let Some((label, url)) = message.link.as_ref().filter(|it| Unit::Utf16.of(&it.1) <= URL_MAX)
    {
        let button = json!({
            "type": "button",
            "action_id": "incident_open",
            "text": plain(&cut(label, BUTTON_MAX, Unit::Utf16)),
            "url": url,
        });
        blocks.push(json!({ "type": "actions", "elements": [button] }));
    }
    blocks
}

fn wording(notice: &Notice<'_>, message: &Message) -> Option<(Option<String>, String)> {
    notice.wording?.render(notice, message, escape)
}

/// `*Investigating* — what was said`, cut to fit with the way to the rest.
fn main_text(notice: &Notice<'_>, message: &Message, room: usize) -> String {
    said(notice, &message.state, &message.text, message.link.as_ref().map(|it| it.1.as_str()), room)
}

fn said(notice: &Notice<'_>, state: &str, text: &str, url: Option<&str>, room: usize) -> String {
    let mut begin = format!("*{}*", escape(state));
    let room = room.saturating_sub(Unit::Utf16.of(&begin) + 3);
    let mut limit = Limit::of(room);
    if let Some(url) = url {
        let words = Words::of(notice.reader.locale);
        let end = words.fill("read-on", &[("url", format!("<{}>", target(url)).into())]);
        let weight = Unit::Utf16.of(&end) + 1;
        if weight < room / 2 {
            limit = limit.ending(format!(" {end}"), weight);
        }
    }
    let text = render(text, &Mrkdwn, &limit);
    begin.push_str(if text.contains('\n') { "\n" } else { " — " });
    begin.push_str(&text);
    begin
}

/// What the incident began with, so that editing the first message does not lose it.
fn opening(notice: &Notice<'_>) -> Option<Value> {
    let (state, text) = Message::opening(notice)?;
    Some(section(&said(notice, &state, &text, None, OPENING_MAX)))
}

fn facts(message: &Message) -> impl Iterator<Item = (String, String)> {
    message.facts.iter().take(FACTS_MAX).map(|(label, value)| {
        let value = cut(value, FACT_MAX, Unit::Utf16);
        (escape(label), escape(&value))
    })
}

fn fields(message: &Message) -> Option<Value> {
    let fields: Vec<Value> =
        facts(message).map(|(label, value)| mrkdwn(&format!("*{label}*\n{value}"))).collect();
    (!fields.is_empty()).then(|| json!({ "type": "section", "fields": fields }))
}

/// When, shown to each reader in their own time zone; where; and how to end these messages.
fn context(notice: &Notice<'_>, message: &Message) -> String {
    let words = Words::of(notice.reader.locale);
    let at = moment(words, message.at, notice.reader.time_zone);
    let date = format!(
        "<!date^{}^{{date_short_pretty}} {{time}}|{}>",
        message.at.timestamp(),
        escape(&at),
    );
    let page = escape(&cut(&message.page, TITLE_MAX, Unit::Utf16));
    let manage = message.manage.as_ref().map(|(label, url)| link(url, label));
    [Some(date), Some(page), manage].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn section(text: &str) -> Value {
    json!({ "type": "section", "text": mrkdwn(text) })
}

/// `verbatim`: names in the text are not made into mentions.
fn mrkdwn(text: &str) -> Value {
    json!({ "type": "mrkdwn", "text": text, "verbatim": true })
}

fn plain(text: &str) -> Value {
    json!({ "type": "plain_text", "text": text, "emoji": true })
}
