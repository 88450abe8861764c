//! Texts of people on their way into narrow places: cut, cleaned, in another markup.
mod markdown;
mod markup;

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation as _;

pub(crate) use markdown::{Piece, Style};
pub(crate) use markup::{Dialect, Limit, Plain, assemble, render};

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Bytes,
    Chars,
    /// UTF-16 code units, as JavaScript and Telegram count.
    Utf16,
}

/// How a cut text ends.
pub(crate) const ELLIPSIS: &str = "…";

impl Unit {
    pub fn of(self, text: &str) -> usize {
        match self {
            Self::Bytes => text.len(),
            Self::Chars => text.chars().count(),
            Self::Utf16 => text.encode_utf16().count(),
        }
    }
}

/// At most `max` units of the text, with an ellipsis where something is missing. What a reader
/// sees as one character (UAX #29) is never taken apart.
pub(crate) fn cut(text: &str, max: usize, unit: Unit) -> Cow<'_, str> {
    cut_to(text, max, unit, ELLIPSIS)
}

/// The same with another end than an ellipsis, as long as that one fits.
pub(crate) fn cut_to<'a>(text: &'a str, max: usize, unit: Unit, end: &str) -> Cow<'a, str> {
    if unit.of(text) <= max {
        return Cow::Borrowed(text);
    }
    let end = [end, ELLIPSIS].into_iter().find(|it| unit.of(it) <= max).unwrap_or_default();
    let mut room = max - unit.of(end);
    let kept = text.graphemes(true).take_while(|it| match room.checked_sub(unit.of(it)) {
        Some(left) => {
            room = left;
            true
        }
        None => false,
    });
    let kept: String = kept.collect();
    Cow::Owned(format!("{}{end}", kept.trim_end()))
}

/// One line of text that shows what it says: control characters become spaces, and what turns
/// the direction of reading (UAX #9 §2.1, §2.2 and §2.4) goes, because it lets a title look like another.
pub(crate) fn line(text: &str) -> String {
    let shown = text.chars().filter(|it| !turns(*it));
    let spaced = shown.map(|it| if it.is_control() || breaks(it) { ' ' } else { it });
    let spaced: String = spaced.collect();
    spaced.split(' ').filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Text of several lines that shows what it says.
pub(crate) fn lines(text: &str) -> String {
    text.chars()
        .filter(|it| !turns(*it))
        .filter(|it| !it.is_control() || matches!(it, '\n' | '\t'))
        .collect()
}

/// Plain text within Markdown: what would be markup there is escaped.
pub(crate) fn escape_markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_punctuation() {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Markdown without the marks, at most so long.
pub(crate) fn plain(markdown: &str, max: usize, unit: Unit) -> String {
    render(markdown, &Plain(unit), &Limit::of(max))
}

/// Embeddings, overrides and isolates of direction, and their ends.
const fn turns(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

const fn breaks(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAMILY: &str = "👩‍👩‍👧‍👦";

    #[test]
    fn nothing_is_taken_apart() {
        assert_eq!(cut("short", 5, Unit::Chars), "short");
        assert_eq!(cut("longer", 5, Unit::Chars), "long…");
        assert_eq!(cut("né\u{301}e", 4, Unit::Chars), "né\u{301}e");
        assert_eq!(cut("ne\u{301}es", 3, Unit::Chars), "n…");
        let families = FAMILY.repeat(3);
        assert_eq!(Unit::Utf16.of(FAMILY), 11);
        assert_eq!(cut(&families, 25, Unit::Utf16), format!("{FAMILY}{FAMILY}…"));
        assert_eq!(cut(&families, 32, Unit::Utf16), format!("{FAMILY}{FAMILY}…"));
        assert_eq!(cut(&families, 28, Unit::Bytes), format!("{FAMILY}…"));
        assert_eq!(cut("abc", 0, Unit::Bytes), "");
    }

    #[test]
    fn the_end_is_part_of_the_measure() {
        let cut = cut_to("one two three four", 14, Unit::Chars, "… more");
        assert_eq!(cut, "one two… more");
        assert_eq!(cut_to("one two", 3, Unit::Chars, "… more"), "on…");
    }

    #[test]
    fn titles_cannot_pretend() {
        assert_eq!(line("a\u{202e}b\u{2066}c\r\nd\u{2028}e\0f  g"), "abc d e f g");
        assert_eq!(lines("a\u{202e}b\r\nc\u{7}"), "ab\nc");
        // Hebrew reads as it should without overrides.
        assert_eq!(line("שלום"), "שלום");
    }

    #[test]
    fn escaped_text_comes_back_as_it_was() {
        let hostile = "# *a* _b_ `c` [d](e) <f> 1. - > & \\ ~~g~~ https://h.example";
        assert_eq!(plain(&escape_markdown(hostile), 1_000, Unit::Chars), hostile);
    }
}
