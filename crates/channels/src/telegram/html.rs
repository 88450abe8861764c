//! How a message looks in Telegram.
use std::borrow::Cow;

use crate::Notice;
use crate::locale::Words;
use crate::message::Message;
use crate::text::{Dialect, Limit, Piece, Plain, Style, Unit, assemble, cut, render};

/// Longest text, in UTF-16 units, without its tags.
const TEXT_MAX: usize = 4_096;
const TITLE_MAX: usize = 250;
const FACT_MAX: usize = 400;
const FACTS_MAX: usize = 8;
const OPENING_MAX: usize = 800;
/// Telegram forgets the marks of a text beyond these, and our own links come last.
const MARKS_MAX: usize = 100;
/// Between `@` and a name (U+2060, no width), so that a text notifies nobody.
const JOINER: char = '\u{2060}';

/// The tags Telegram knows. Any other makes it refuse the message.
pub(super) struct Html;

impl Dialect for Html {
    fn unit(&self) -> Unit {
        Unit::Utf16
    }

    fn counts_marks(&self) -> bool {
        false
    }

    fn tame<'a>(&self, text: &'a str) -> Cow<'a, str> {
        tame(text)
    }

    fn escape(&self, text: &str) -> String {
        entities(text)
    }

    fn url(&self, url: &str) -> String {
        entities(url)
    }

    fn open(&self, style: &Style) -> String {
        match style {
            Style::Link(url) => format!("<a href=\"{}\">", entities(url)),
            other => format!("<{}>", tag(other)),
        }
    }

    fn close(&self, style: &Style) -> String {
        format!("</{}>", tag(style))
    }
}

/// Plain text as Telegram's HTML.
pub(super) fn escape(text: &str) -> String {
    entities(&tame(text))
}

/// The operator's own wording; one that Telegram would refuse for its length is none.
pub(super) fn own(notice: &Notice<'_>) -> Option<String> {
    let (_, own) = notice.wording?.render(notice, &Message::of(notice), escape)?;
    (Unit::Utf16.of(&own) <= TEXT_MAX).then_some(own)
}

/// State and title, what was said, the facts, and where to go. Only what was said is ever cut.
/// `keep_opening` adds what was said first, which an edit would lose.
pub(super) fn compose(notice: &Notice<'_>, dialect: &dyn Dialect, keep_opening: bool) -> String {
    let message = Message::of(notice);
    let (head, head_weight) = assemble(&head(&message), dialect);
    let opening = if keep_opening { opening(notice) } else { Vec::new() };
    let rest = [opening, facts(&message), links(&message)];
    let rest: Vec<Piece> = rest.into_iter().flatten().collect();
    let (rest, rest_weight) = assemble(&rest, dialect);
    let room = TEXT_MAX.saturating_sub(head_weight + rest_weight);
    let mut limit = Limit::of(room);
    if let Some((_, url)) = &message.link {
        let end = Words::of(notice.reader.locale).fill("read-on", &[("url", url.into())]);
        let (end, weight) = assemble(&[text(&format!(" {end}"))], dialect);
        if weight < room / 2 {
            limit = limit.ending(end, weight);
        }
    }
    let mut said = render(&message.text, dialect, &limit);
    let is_marked = !dialect.counts_marks();
    if is_marked && [&head, &said, &rest].into_iter().map(|it| marks(it)).sum::<usize>() > MARKS_MAX
    {
        said = escape(&render(&message.text, &Plain(Unit::Utf16), &Limit::of(room)));
    }
    format!("{head}{said}{rest}")
}

/// How many tags are opened in a text; other angle brackets are escaped.
fn marks(html: &str) -> usize {
    html.matches('<').count() - html.matches("</").count()
}

fn head(message: &Message) -> Vec<Piece> {
    let title = cut(&message.title, TITLE_MAX, Unit::Utf16);
    vec![
        text(&format!("{} ", message.tone.emoji())),
        Piece::Open(Style::Strong),
        text(&message.state),
        Piece::Close,
        text(&format!(": {title}\n\n")),
    ]
}

fn opening(notice: &Notice<'_>) -> Vec<Piece> {
    let Some((state, said)) = Message::opening(notice) else { return Vec::new() };
    let said = crate::text::plain(&said, OPENING_MAX, Unit::Utf16);
    vec![
        text("\n\n"),
        Piece::Open(Style::Quote),
        Piece::Open(Style::Strong),
        text(&state),
        Piece::Close,
        text(&format!(": {said}")),
        Piece::Close,
    ]
}

fn facts(message: &Message) -> Vec<Piece> {
    let lines =
        message.facts.iter().take(FACTS_MAX).enumerate().flat_map(|(index, (label, value))| {
            let value = cut(value, FACT_MAX, Unit::Utf16);
            [
                text(if index == 0 { "\n\n" } else { "\n" }),
                Piece::Open(Style::Strong),
                text(&format!("{label}:")),
                Piece::Close,
                text(&format!(" {value}")),
            ]
        });
    lines.collect()
}

/// Whose page it is, where to read on, and how to end these messages.
fn links(message: &Message) -> Vec<Piece> {
    let page = cut(&message.page, TITLE_MAX, Unit::Utf16);
    let mut line = vec![text(&format!("\n\n{page}"))];
    for (label, url) in message.link.iter().chain(&message.manage) {
        let link = Piece::Open(Style::Link(url.clone()));
        line.extend([text(" · "), link, text(label), Piece::Close]);
    }
    line
}

fn text(text: &str) -> Piece {
    Piece::Text(text.to_owned())
}

const fn tag(style: &Style) -> &'static str {
    match style {
        Style::Strong => "b",
        Style::Emphasis => "i",
        Style::Strike => "s",
        Style::Code => "code",
        Style::Block => "pre",
        Style::Quote => "blockquote",
        Style::Link(_) => "a",
    }
}

fn entities(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Telegram makes every `@name` a mention and notifies whom it names.
fn tame(text: &str) -> Cow<'_, str> {
    if !text.contains('@') {
        return Cow::Borrowed(text);
    }
    let mut tamed = String::with_capacity(text.len() + 8);
    let mut before = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        tamed.push(c);
        let begins = c == '@' && !before.is_some_and(char::is_alphanumeric);
        if begins && chars.peek().is_some_and(|it| it.is_alphanumeric()) {
            tamed.push(JOINER);
        }
        before = Some(c);
    }
    Cow::Owned(tamed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(markdown: &str) -> String {
        render(markdown, &Html, &Limit::of(4_000))
    }

    #[test]
    fn markdown_becomes_telegrams_tags() {
        assert_eq!(
            shown(
                "# Errors\n\n**5xx** > 5% & _rising_ ~~x~~ `a<b` [log](https://l.example/?a=\"1\"&b=2)"
            ),
            "<b>Errors</b>\n\n<b>5xx</b> &gt; 5% &amp; <i>rising</i> <s>x</s> <code>a&lt;b</code> \
             <a href=\"https://l.example/?a=&quot;1&quot;&amp;b=2\">log</a>"
        );
        assert_eq!(shown("> a\n> b"), "<blockquote>a\nb</blockquote>");
        assert_eq!(shown("```rust\nx\n```"), "<pre>x</pre>");
        assert_eq!(shown("<tg-spoiler>x</tg-spoiler><u>y"), "xy");
        assert_eq!(escape("@ann a@b.example <@ @"), "@\u{2060}ann a@b.example &lt;@ @");
    }

    #[test]
    fn only_what_is_read_counts_and_tags_are_closed() {
        let cut =
            render("**a [b](https://e.example/long/long/long) cdefgh**", &Html, &Limit::of(6));
        assert_eq!(cut, "<b>a <a href=\"https://e.example/long/long/long\">b</a> c…</b>");
    }
}
