//! Text in the markup of the place it goes to, within that place's limit.
use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation as _;

use super::markdown::{Piece, Style, pieces};
use super::{ELLIPSIS, Unit};

/// The markup of one place.
pub(crate) trait Dialect {
    /// What the place counts.
    fn unit(&self) -> Unit;
    /// Whether marks and escapes count too, not only what a reader sees.
    fn counts_marks(&self) -> bool;
    /// Takes the harm out of text that marks cannot.
    fn tame<'a>(&self, text: &'a str) -> Cow<'a, str> {
        Cow::Borrowed(text)
    }
    /// Escapes a piece of text, however small.
    fn escape(&self, text: &str) -> String;
    /// Text in code, where a place treats it unlike other text.
    fn code(&self, _text: &str) -> Option<String> {
        None
    }
    fn url(&self, url: &str) -> String;
    fn open(&self, style: &Style) -> String;
    fn close(&self, style: &Style) -> String;
    /// What every further line of a quotation begins with.
    fn quotes(&self) -> &'static str {
        ""
    }
}

/// How much may be said, and what ends a text that says more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    max: usize,
    end: String,
    end_weight: usize,
}

/// No marks at all: a link is followed by its URL.
pub(crate) struct Plain(pub Unit);

impl Limit {
    /// So many units; a text that was cut ends with an ellipsis.
    pub fn of(max: usize) -> Self {
        Self { max, end: String::new(), end_weight: 0 }
    }

    /// After the ellipsis comes this, in the markup of the place. `weight` of it counts.
    pub fn ending(self, end: String, weight: usize) -> Self {
        Self { end, end_weight: weight, ..self }
    }
}

impl Dialect for Plain {
    fn unit(&self) -> Unit {
        self.0
    }

    fn counts_marks(&self) -> bool {
        true
    }

    fn escape(&self, text: &str) -> String {
        text.to_owned()
    }

    fn url(&self, url: &str) -> String {
        url.to_owned()
    }

    fn open(&self, style: &Style) -> String {
        if *style == Style::Quote { self.quotes().to_owned() } else { String::new() }
    }

    fn close(&self, style: &Style) -> String {
        match style {
            Style::Link(url) => format!(" ({})", url.strip_prefix("mailto:").unwrap_or(url)),
            _ => String::new(),
        }
    }

    fn quotes(&self) -> &'static str {
        "> "
    }
}

/// Puts Markdown into the markup of a place. Whatever the input, marks are balanced and the limit
/// is kept.
pub(crate) fn render(markdown: &str, dialect: &dyn Dialect, limit: &Limit) -> String {
    let pieces = pieces(markdown);
    let whole = Limit { max: usize::MAX, ..limit.clone() };
    let Sheet { used, out, .. } = Sheet::new(dialect, &whole).write(&pieces);
    if used <= limit.max {
        return out;
    }
    let room = limit.max.saturating_sub(limit.end_weight + dialect.unit().of(ELLIPSIS));
    let narrow = Limit { max: room, ..limit.clone() };
    Sheet::new(dialect, &narrow).write(&pieces).out
}

/// The result as far as it goes.
struct Sheet<'a> {
    dialect: &'a dyn Dialect,
    limit: &'a Limit,
    out: String,
    /// What counts of it, with what the open styles still need.
    used: usize,
    open: Vec<&'a Style>,
}

impl<'a> Sheet<'a> {
    fn new(dialect: &'a dyn Dialect, limit: &'a Limit) -> Self {
        Self { dialect, limit, out: String::new(), used: 0, open: Vec::new() }
    }

    fn write(mut self, pieces: &'a [Piece]) -> Self {
        let fits = pieces.iter().all(|it| self.put(it));
        if !fits {
            self.out.truncate(self.out.trim_end().len());
            self.out.push_str(ELLIPSIS);
        }
        while let Some(style) = self.open.pop() {
            self.out.push_str(&self.dialect.close(style));
        }
        if !fits {
            self.out.push_str(&self.limit.end);
        }
        self
    }

    /// Whether the piece found room.
    fn put(&mut self, piece: &'a Piece) -> bool {
        match piece {
            Piece::Text(text) => {
                let dialect = self.dialect;
                let in_code = self.open.iter().any(|it| matches!(it, Style::Code | Style::Block));
                match dialect.code(text).filter(|_| in_code) {
                    Some(code) => code.graphemes(true).all(|it| self.put_character(it, it)),
                    None => {
                        let escape = |it: &str| dialect.escape(it);
                        let tame = dialect.tame(text);
                        tame.graphemes(true).all(|it| self.put_character(&escape(it), it))
                    }
                }
            }
            Piece::Url(url) => self.add(&self.dialect.url(url), url),
            Piece::Open(style) => {
                let (open, close) = (self.dialect.open(style), self.dialect.close(style));
                let marks = if self.dialect.counts_marks() {
                    let unit = self.dialect.unit();
                    unit.of(&open) + unit.of(&close)
                } else {
                    0
                };
                if self.used + marks > self.limit.max {
                    return false;
                }
                self.used += marks;
                self.out.push_str(&open);
                self.open.push(style);
                true
            }
            Piece::Close => {
                if let Some(style) = self.open.pop() {
                    self.out.push_str(&self.dialect.close(style));
                }
                true
            }
        }
    }

    fn put_character(&mut self, marked: &str, character: &str) -> bool {
        if character == "\n" && self.open.contains(&&Style::Quote) {
            let line = format!("\n{}", self.dialect.quotes());
            return self.add(&line, character);
        }
        self.add(marked, character)
    }

    fn add(&mut self, marked: &str, shown: &str) -> bool {
        let counted = if self.dialect.counts_marks() { marked } else { shown };
        let weight = self.dialect.unit().of(counted);
        if self.used + weight > self.limit.max {
            return false;
        }
        self.used += weight;
        self.out.push_str(marked);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::plain;

    fn shown(markdown: &str) -> String {
        plain(markdown, 1_000, Unit::Chars)
    }

    #[test]
    fn plain_text_reads_well() {
        assert_eq!(
            shown(
                "# Errors\n\nSome *5xx* on [the API](https://a.example).\n\n- one\n- two\n  1. three\n\nend"
            ),
            "Errors\n\nSome 5xx on the API (https://a.example).\n\n• one\n• two\n  1. three\n\nend"
        );
        assert_eq!(shown("> a\n> b\n\nc"), "> a\n> b\n\nc");
        assert_eq!(shown("```\nlet x = 1;\n```\nafter"), "let x = 1;\n\nafter");
        assert_eq!(shown("a  \nb\nc<br>d"), "a\nb\nc\nd");
        assert_eq!(shown("|a|b|\n|-|-|\n|1|2|"), "a | b\n1 | 2");
        assert_eq!(
            shown("<https://a.example> and mailto <a@b.example>"),
            "https://a.example and mailto a@b.example"
        );
    }

    #[test]
    fn limits_are_kept() {
        let long = format!("see [**here**](https://a.example) {}", "word ".repeat(1_000));
        for max in 0..80 {
            for unit in [Unit::Bytes, Unit::Chars, Unit::Utf16] {
                let cut = plain(&long, max, unit);
                assert!(unit.of(&cut) <= max.max(unit.of(ELLIPSIS)), "{max} {unit:?} {cut}");
            }
        }
        let limit = Limit::of(20).ending(" more".to_owned(), 5);
        assert_eq!(
            render(&"word ".repeat(10), &Plain(Unit::Chars), &limit),
            "word word word… more"
        );
        assert_eq!(render("word", &Plain(Unit::Chars), &limit), "word");
    }
}
