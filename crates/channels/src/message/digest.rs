//! Several events in one message, for readers who asked for digests.
use std::collections::BTreeMap;

use super::{Message, Tone};
use crate::Notice;
use crate::locale::{Words, moment};
use crate::text::{Unit, escape_markdown, plain};

/// Events told one by one; of more, the newest are.
const TOLD_MAX: usize = 20;
/// How much is told of each, in characters.
const EXCERPT: usize = 240;

/// One message out of several, oldest first.
pub(super) fn of(told: Vec<Message>, notice: &Notice<'_>, words: Words) -> Message {
    let together = summary(&told, notice, words);
    let is_one = together.subject.is_some();
    let hidden = told.len().saturating_sub(TOLD_MAX);
    let mut entries = Vec::with_capacity(TOLD_MAX);
    if hidden > 0 {
        entries.push(format!("- … {}", words.fill("and-more", &[("count", hidden.into())])));
    }
    entries.extend(told.iter().skip(hidden).map(|it| {
        let when = moment(words, it.at, notice.reader.time_zone);
        let text = plain(&it.text, EXCERPT, Unit::Chars);
        let text: Vec<&str> = text.split_whitespace().collect();
        format!("- {} ({when}): {}", name(it, is_one), escape_markdown(&text.join(" ")))
    }));
    Message { text: entries.join("\n"), ..together }
}

/// Everything but the text. News of one thing are a message of that thing.
fn summary(told: &[Message], notice: &Notice<'_>, words: Words) -> Message {
    let mut latest = BTreeMap::new();
    for (index, it) in told.iter().enumerate() {
        // What belongs to nothing larger stands for itself.
        let key = it.subject.map_or((None, Some(index)), |subject| (Some(subject), None));
        latest.insert(key, it);
    }
    let newest = told.last().expect("a digest tells something").clone();
    if latest.len() == 1 {
        return Message { opens: told.iter().any(|it| it.opens), ..newest };
    }
    Message {
        subject: None,
        opens: false,
        closes: false,
        tone: latest.values().map(|it| it.tone).max().unwrap_or(Tone::Calm),
        title: newest.page.clone(),
        state: words.fill("digest-state", &[("count", told.len().into())]),
        facts: Vec::new(),
        link: Some((words.say("link-page"), notice.page.url.clone())),
        ..newest
    }
}

/// What an entry begins with, in Markdown.
fn name(message: &Message, is_one: bool) -> String {
    let name = if is_one { message.state.clone() } else { message.heading() };
    let name = format!("**{}**", escape_markdown(&name));
    match &message.link {
        Some((_, url)) if !is_one && message.subject.is_some() && is_plain(url) => {
            format!("[{name}](<{url}>)")
        }
        _ => name,
    }
}

/// Whether it can stand between angle brackets.
fn is_plain(url: &str) -> bool {
    !url.contains(|it: char| it.is_whitespace() || matches!(it, '<' | '>' | '\\'))
}
