//! Markdown taken apart into text and styles.
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, TextMergeStream};

use super::lines;

/// Longer URLs are left out of links.
const URL_MAX: usize = 2_048;

/// What most places can show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Strong,
    Emphasis,
    Strike,
    Code,
    Block,
    Quote,
    /// To an `http`, `https` or `mailto` URL.
    Link(String),
}

/// A part of a text. Every style that is opened is closed, the last opened first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Text(String),
    /// A URL that is read as such, and leads there.
    Url(String),
    Open(Style),
    Close,
}

/// Reads CommonMark with strikethrough and tables, as the page shows it. Raw HTML loses its tags,
/// pictures become their descriptions, links that lead nowhere good become their text.
pub(crate) fn pieces(markdown: &str) -> Vec<Piece> {
    let markdown = lines(markdown);
    let options = Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES;
    let mut reader = Reader::default();
    for event in TextMergeStream::new(Parser::new_ext(&markdown, options)) {
        match event {
            Event::Start(tag) => reader.start(tag),
            Event::End(tag) => reader.end(tag),
            other => reader.take(other),
        }
    }
    reader.pieces
}

#[derive(Default)]
struct Reader {
    pieces: Vec<Piece>,
    /// Line breaks owed before whatever comes next.
    breaks: usize,
    /// The next numbers of the lists we are in; bullets have none.
    lists: Vec<Option<u64>>,
    quotes: usize,
    /// In a link or in code, where URLs are not looked for.
    literal: usize,
    /// For each link we are in, where it was opened, if it is one for us.
    links: Vec<Option<usize>>,
    cell: usize,
}

impl Reader {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Text(text) => self.say(&text),
            Event::Code(text) => {
                self.open(Style::Code);
                self.push(Piece::Text(text.into_string()));
                self.close();
            }
            Event::InlineHtml(html) if html.to_ascii_lowercase().starts_with("<br") => {
                self.say("\n");
            }
            Event::Html(html) => self.say(&without_tags(&html)),
            Event::SoftBreak | Event::HardBreak => self.say("\n"),
            Event::Rule => {
                self.part(2);
                self.say("———");
                self.part(2);
            }
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph | Tag::HtmlBlock | Tag::Table(_) => self.block(),
            Tag::Heading { .. } => {
                self.block();
                self.open(Style::Strong);
            }
            Tag::BlockQuote(_) => {
                self.block();
                if self.quotes == 0 {
                    self.open(Style::Quote);
                }
                self.quotes += 1;
            }
            Tag::CodeBlock(_) => {
                self.block();
                self.open(Style::Block);
                self.literal += 1;
            }
            Tag::List(first) => {
                self.part(if self.lists.is_empty() { 2 } else { 1 });
                self.lists.push(first);
            }
            Tag::Item => self.item(),
            Tag::TableHead | Tag::TableRow => {
                self.part(1);
                self.cell = 0;
            }
            Tag::TableCell => {
                if self.cell > 0 {
                    self.say(" | ");
                }
                self.cell += 1;
            }
            Tag::Emphasis => self.open(Style::Emphasis),
            Tag::Strong => self.open(Style::Strong),
            Tag::Strikethrough => self.open(Style::Strike),
            Tag::Link { dest_url, .. } => self.link(&dest_url),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock | TagEnd::Table => self.block(),
            TagEnd::Heading(_) => {
                self.close();
                self.block();
            }
            TagEnd::BlockQuote(_) => {
                self.quotes -= 1;
                if self.quotes == 0 {
                    self.close();
                }
                self.block();
            }
            TagEnd::CodeBlock => {
                self.literal -= 1;
                self.trim_end();
                self.close();
                self.block();
            }
            TagEnd::List(_) => {
                self.lists.pop();
                self.block();
            }
            TagEnd::Item => self.part(1),
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => self.close(),
            TagEnd::Link => {
                self.literal -= 1;
                if let Some(opened) = self.links.pop().flatten() {
                    self.close_link(opened);
                }
            }
            _ => {}
        }
    }

    fn link(&mut self, url: &str) {
        let scheme = url.split(':').next().unwrap_or_default().to_ascii_lowercase();
        let leads = matches!(scheme.as_str(), "http" | "https" | "mailto") && url.len() <= URL_MAX;
        self.literal += 1;
        if leads {
            self.open(Style::Link(url.to_owned()));
        }
        self.links.push(leads.then(|| self.pieces.len() - 1));
    }

    /// A link whose text is its URL is a URL: `<https://…>` in Markdown.
    fn close_link(&mut self, opened: usize) {
        let same = match self.pieces.get(opened..) {
            Some([Piece::Open(Style::Link(url)), Piece::Text(text)]) => {
                text == url || url.strip_prefix("mailto:") == Some(text)
            }
            _ => false,
        };
        if !same {
            return self.close();
        }
        if let Some(Piece::Text(text)) = self.pieces.pop() {
            self.pieces.pop();
            self.pieces.push(if text.contains(':') { Piece::Url(text) } else { Piece::Text(text) });
        }
    }

    fn item(&mut self) {
        self.part(1);
        let depth = self.lists.len().saturating_sub(1);
        let sign = match self.lists.last_mut() {
            Some(Some(number)) => {
                *number += 1;
                format!("{}. ", *number - 1)
            }
            _ => "• ".to_owned(),
        };
        self.say(&format!("{}{sign}", "  ".repeat(depth)));
        // The item's first paragraph stands beside its sign.
        self.breaks = 0;
    }

    /// Blocks are an empty line apart, but close together within lists; the first one in a list
    /// item or quotation begins right there.
    fn block(&mut self) {
        let begins = match self.pieces.last() {
            Some(Piece::Text(text)) => is_sign(text),
            Some(Piece::Open(_)) => true,
            _ => false,
        };
        if !begins {
            self.part(if self.lists.is_empty() { 2 } else { 1 });
        }
    }

    fn part(&mut self, breaks: usize) {
        self.breaks = self.breaks.max(breaks);
    }

    fn say(&mut self, text: &str) {
        if self.literal > 0 {
            return self.push(Piece::Text(text.to_owned()));
        }
        let mut rest = text;
        while let Some((before, url, after)) = first_url(rest) {
            self.push(Piece::Text(before.to_owned()));
            self.push(Piece::Url(url.to_owned()));
            rest = after;
        }
        self.push(Piece::Text(rest.to_owned()));
    }

    fn open(&mut self, style: Style) {
        self.push(Piece::Open(style));
    }

    fn close(&mut self) {
        match self.pieces.last() {
            Some(Piece::Open(_)) => {
                self.pieces.pop();
            }
            _ => self.pieces.push(Piece::Close),
        }
    }

    fn push(&mut self, piece: Piece) {
        if piece == Piece::Text(String::new()) {
            return;
        }
        let breaks = std::mem::take(&mut self.breaks);
        if breaks > 0 && !self.pieces.is_empty() {
            self.pieces.push(Piece::Text("\n".repeat(breaks)));
        }
        self.pieces.push(piece);
    }

    fn trim_end(&mut self) {
        if let Some(Piece::Text(text)) = self.pieces.last_mut() {
            text.truncate(text.trim_end().len());
        }
    }
}

fn is_sign(text: &str) -> bool {
    let sign = text.trim_start();
    let number = sign.strip_suffix(". ").unwrap_or_default();
    sign == "• " || !number.is_empty() && number.bytes().all(|it| it.is_ascii_digit())
}

/// The first URL that begins a word, and what stands around it.
fn first_url(text: &str) -> Option<(&str, &str, &str)> {
    let starts = text.match_indices("http").map(|it| it.0).find(|at| {
        let (before, from) = text.split_at(*at);
        let begins = !before.ends_with(|it: char| it.is_alphanumeric());
        begins && (from.starts_with("https://") || from.starts_with("http://"))
    })?;
    let (before, from) = text.split_at(starts);
    let ends = from.find(|it: char| it.is_whitespace() || "<>\"'`|".contains(it));
    let url = from.split_at(ends.unwrap_or(from.len())).0;
    // Punctuation at the end belongs to the sentence.
    let url = url.trim_end_matches(|it| ".,;:!?)]}*_~".contains(it));
    (url.len() <= URL_MAX).then(|| (before, url, &from[url.len()..]))
}

/// What is left of raw HTML.
fn without_tags(html: &str) -> String {
    let is_tag =
        |after: &str| after.starts_with(|it: char| it.is_ascii_alphabetic() || "/!?".contains(it));
    let mut shown = String::new();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        shown.push_str(before);
        rest = if is_tag(after) {
            after.split_once('>').map_or("", |it| it.1)
        } else {
            shown.push('<');
            after
        };
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Piece {
        Piece::Text(text.to_owned())
    }

    #[test]
    fn urls_are_found_in_running_text() {
        assert_eq!(
            pieces("see https://a.example/b_c_d?e=f&g (or xhttp://no)."),
            [
                text("see "),
                Piece::Url("https://a.example/b_c_d?e=f&g".to_owned()),
                text(" (or xhttp://no)."),
            ]
        );
        assert_eq!(pieces("`https://a.example`").len(), 3);
    }

    #[test]
    fn links_lead_to_good_places_only() {
        let link = Style::Link("https://a.example".to_owned());
        assert_eq!(pieces("[a](https://a.example)"), [Piece::Open(link), text("a"), Piece::Close]);
        assert_eq!(pieces("[a](javascript:alert(1))"), [text("a")]);
        assert_eq!(pieces("![a](https://a.example/i.png)"), [text("a")]);
        assert_eq!(pieces("a<script src=x>b</script>"), [text("a"), text("b")]);
        assert_eq!(without_tags("<p class=\"x\">5 < 6</p><!-- x --> <3"), "5 < 6 <3");
        assert_eq!(pieces("<div>\nfine\n</div>\n\nx").last(), Some(&text("x")));
    }

    #[test]
    fn styles_are_balanced() {
        for markdown in
            ["**a *b* ~~c~~**", "> a\n>> b\n\nc", "# *a*\n- b\n  1. **c\n", "****", "[](x)"]
        {
            let mut depth = 0_i32;
            for piece in pieces(markdown) {
                depth += match piece {
                    Piece::Open(_) => 1,
                    Piece::Close => -1,
                    _ => 0,
                };
                assert!(depth >= 0, "{markdown}");
            }
            assert_eq!(depth, 0, "{markdown}");
        }
    }
}
