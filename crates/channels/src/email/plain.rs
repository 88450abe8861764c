//! The part for readers without HTML.

use super::Content;
use crate::text::{Unit, line, plain};

/// Longest text of an update, in characters.
const TEXT_MAX: usize = 64 * 1024;

pub(super) fn part(content: &Content<'_>) -> String {
    let message = &content.message;
    let mut blocks = vec![content.opening(), plain(&message.text, TEXT_MAX, Unit::Chars)];
    let facts = message.facts.iter().map(|(label, value)| format!("{label}: {}", line(value)));
    blocks.push(facts.collect::<Vec<_>>().join("\n"));
    blocks.extend(content.link().map(|(label, url)| format!("{label}: {url}")));
    let mut footer = vec![message.page.clone()];
    footer.extend(content.footer.iter().map(|(label, url)| format!("{label}: {url}")));
    // RFC 3676 §4.3: what follows the two hyphens is not quoted in answers.
    blocks.push(format!("-- \n{}", footer.join("\n")));
    blocks.retain(|it| !it.trim().is_empty());
    blocks.join("\n\n") + "\n"
}
