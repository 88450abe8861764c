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
    let (out, used) = assemble(&pieces, dialect);
    if used <= limit.max {
        return out;
    }
    let room = limit.max.saturating_sub(limit.end_weight + dialect.unit().of(ELLIPSIS));
    let narrow = Limit { max: room, ..limit.clone() };
    Sheet::new(dialect, &narrow).write(&pieces).out
}

/// Puts a whole text into the markup of a place, and says how much of a limit that takes.
pub(crate) fn assemble(pieces: &[Piece], dialect: &dyn Dialect) -> (String, usize) {
    let limit = Limit::of(usize::MAX);
    let Sheet { out, used, .. } = Sheet::new(dialect, &limit).write(pieces);
    (out, used)
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
                let code = if in_code { dialect.code(text) } else { None };
                match code {
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
    use proptest::prelude::*;

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

    /// Marks that a test can count.
    struct Counted(bool);

    impl Dialect for Counted {
        fn unit(&self) -> Unit {
            Unit::Utf16
        }

        fn counts_marks(&self) -> bool {
            self.0
        }

        fn escape(&self, text: &str) -> String {
            text.replace(['\u{1}', '\u{2}'], "")
        }

        fn url(&self, url: &str) -> String {
            self.escape(url)
        }

        fn open(&self, _: &Style) -> String {
            "\u{1}".to_owned()
        }

        fn close(&self, _: &Style) -> String {
            "\u{2}".to_owned()
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

        #[test]
        fn whatever_comes_is_balanced_and_fits(
            markdown in "([-#*_~`>|\\[\\]()<>!/:.0-9 \n\t\\\\&]|http://a|<br>|<!x|👩‍👧|[a-zé]{1,3}){0,60}",
            max in 0_usize..120,
            counts_marks in any::<bool>(),
        ) {
            let made = render(&markdown, &Counted(counts_marks), &Limit::of(max));
            let mut depth = 0_i32;
            for c in made.chars() {
                depth += i32::from(c == '\u{1}') - i32::from(c == '\u{2}');
                prop_assert!(depth >= 0, "{made:?}");
            }
            prop_assert_eq!(depth, 0);
            let shown = made.replace(['\u{1}', '\u{2}'], "");
            let counted = Unit::Utf16.of(if counts_marks { &made } else { &shown });
            prop_assert!(counted <= max.max(1), "{counted} of {max}: {made:?}");
        }
    }
}
