//! What chats that write in marks have in common. None of them lets a text call people (`@here`)
//! or make a link that hides where it leads.
use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation as _;

use crate::Notice;
use crate::message::Message;
use crate::text::{self, Dialect, Limit, Style, Unit};

/// Keeps two characters apart that would mean something together. Nothing to be seen.
const APART: char = '\u{200b}';
/// Longest heading and fact of a message that is one text, and what all facts may take.
const LINE_MAX: usize = 300;
const FACTS_MAX: usize = 1_200;
/// Room for marks and line breaks.
const MARKS: usize = 8;

/// How a chat marks text up.
pub(crate) struct Chat {
    pub strong: &'static str,
    pub emphasis: &'static str,
    pub strike: &'static str,
    pub code: &'static str,
    pub block: (&'static str, &'static str),
    pub quotes: &'static str,
    pub link: Link,
    pub escaping: Escaping,
}

/// How a chat writes a link with a text of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    /// `[text](url)`; plain URLs are links, too.
    Markdown,
    /// `[text](url)`; plain URLs are not links.
    MarkdownOnly,
    /// `<url|text>`
    Angle,
    /// Not at all: the URL stands behind the text.
    Behind,
}

/// How text is kept from being markup.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Escaping {
    /// A backslash before each of these.
    Backslash(&'static str),
    /// There is none, so that other characters must look like the marks.
    LookAlike,
}

pub(crate) const DISCORD: Chat = Chat {
    strong: "**",
    emphasis: "*",
    strike: "~~",
    code: "`",
    block: ("```\n", "\n```"),
    quotes: "> ",
    link: Link::Markdown,
    escaping: Escaping::Backslash("\\*_~`|[]<>#"),
};

pub(crate) const MATTERMOST: Chat = DISCORD;

/// A subset of Markdown without headings, quotations and code.
pub(crate) const TEAMS: Chat = Chat {
    strong: "**",
    emphasis: "*",
    strike: "",
    code: "",
    block: ("", ""),
    quotes: "",
    link: Link::MarkdownOnly,
    escaping: Escaping::Backslash("\\*_`[]"),
};

pub(crate) const ROCKET_CHAT: Chat = Chat {
    strong: "*",
    emphasis: "_",
    strike: "~",
    code: "`",
    block: ("```\n", "\n```"),
    quotes: "> ",
    link: Link::Markdown,
    escaping: Escaping::LookAlike,
};

pub(crate) const GOOGLE_CHAT: Chat = Chat { quotes: "", link: Link::Angle, ..ROCKET_CHAT };

pub(crate) const WHATSAPP: Chat = Chat { link: Link::Behind, ..ROCKET_CHAT };

impl Chat {
    /// Markdown in the chat's markup.
    pub fn body(&self, markdown: &str, max: usize) -> String {
        text::render(markdown, self, &Limit::of(max))
    }

    /// Text on one line that shows what it says.
    pub fn line(&self, text: &str, max: usize) -> String {
        let text = text::line(text);
        let room = max.saturating_sub(self.unit().of(text::ELLIPSIS));
        let (mut line, mut size, mut keep) = (String::new(), 0, 0);
        for grapheme in self.tame(&text).graphemes(true) {
            let escaped = self.escape(grapheme);
            size += self.unit().of(&escaped);
            if size > max {
                line.truncate(keep);
                return line + text::ELLIPSIS;
            }
            line.push_str(&escaped);
            keep = if size <= room { line.len() } else { keep };
        }
        line
    }

    /// What to press.
    pub fn button(&self, label: &str, url: &str) -> String {
        let style = Style::Link(url.to_owned());
        let label = self.line(label, LINE_MAX);
        match self.link {
            Link::Behind => format!("{label}: {url}"),
            _ => format!("{}{label}{}", self.open(&style), self.close(&style)),
        }
    }

    /// Plain text within the chat's markup.
    pub fn plain(&self, text: &str) -> String {
        let words = text.split_inclusive(char::is_whitespace).map(|word| {
            let is_url = word.starts_with("https://") || word.starts_with("http://");
            if is_url { word.to_owned() } else { self.escape(&self.tame(word)) }
        });
        words.collect()
    }

    /// A whole message as one text: in the operator's own words, or in ours.
    pub fn letter(&self, message: &Message, own: Option<&Own>, max: usize) -> String {
        if let Some(own) = own {
            return text::cut(&own.text, max, self.unit()).into_owned();
        }
        // A quarter each for the heading, the facts and the links leaves one to say something.
        let line_max = LINE_MAX.min(max / 8 - MARKS);
        let state = self.line(&message.state, line_max);
        let title = self.line(&message.title, line_max);
        let head = format!("{0}{state}{0}: {title}", self.strong);
        let mut tail = self.facts(message, FACTS_MAX.min(max / 4));
        let links = message.link.iter().chain(&message.manage);
        let links = links.map(|(label, url)| self.button(label, url));
        tail.extend(links.filter(|it| self.unit().of(it) <= max / 8));
        let tail = tail.join("\n");
        let taken = self.unit().of(&head) + self.unit().of(&tail) + 2;
        let body = self.body(&message.text, max.saturating_sub(taken));
        let parts = [head, body, tail];
        let parts: Vec<String> = parts.into_iter().filter(|it| !it.is_empty()).collect();
        parts.join("\n")
    }

    /// As many facts as there is room for, one to a line.
    fn facts(&self, message: &Message, mut room: usize) -> Vec<String> {
        let lines = message.facts.iter().map(|(label, value)| {
            format!("{}: {}", self.line(label, LINE_MAX), self.line(value, LINE_MAX))
        });
        let fits = |line: &String| match room.checked_sub(self.unit().of(line) + 1) {
            Some(left) => {
                room = left;
                true
            }
            None => false,
        };
        lines.filter(fits).collect()
    }

    fn mark(&self, style: &Style) -> &'static str {
        match style {
            Style::Strong => self.strong,
            Style::Emphasis => self.emphasis,
            Style::Strike => self.strike,
            Style::Code => self.code,
            Style::Block | Style::Quote | Style::Link(_) => "",
        }
    }
}

/// What an operator says in place of our text and facts, in the chat's markup.
pub(crate) struct Own {
    /// In place of the title; plain text.
    pub title: Option<String>,
    pub text: String,
}

impl Own {
    pub fn of(notice: &Notice<'_>, message: &Message, escape: fn(&str) -> String) -> Option<Self> {
        let (title, text) = notice.wording?.render(notice, message, escape)?;
        Some(Self { title, text: text.trim().to_owned() })
    }
}

impl Dialect for Chat {
    /// Some count characters, some code units: this is enough for both.
    fn unit(&self) -> Unit {
        Unit::Utf16
    }

    fn counts_marks(&self) -> bool {
        true
    }

    fn tame<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let marks = if self.escaping == Escaping::LookAlike { "*_~`](" } else { "" };
        let suspects = |it: char| "@<{".contains(it) || marks.contains(it);
        if text.contains(suspects) { Cow::Owned(tamed(text, marks)) } else { Cow::Borrowed(text) }
    }

    fn escape(&self, text: &str) -> String {
        let Escaping::Backslash(marks) = self.escaping else { return text.to_owned() };
        let mut escaped = String::with_capacity(text.len());
        for c in text.chars() {
            if marks.contains(c) {
                escaped.push('\\');
            }
            escaped.push(c);
        }
        escaped
    }

    fn code(&self, text: &str) -> Option<String> {
        // Its own end means something within code; whether a name does, Google Chat does not say.
        let tame = || text.replace('`', "\u{2cb}").replace("<users/", "<\u{200b}users/");
        (!self.code.is_empty()).then(tame)
    }

    fn url(&self, url: &str) -> String {
        match self.link {
            Link::MarkdownOnly => format!("[{}]({})", self.escape(url), closed(url)),
            _ => url.to_owned(),
        }
    }

    fn open(&self, style: &Style) -> String {
        match style {
            Style::Block => self.block.0.to_owned(),
            Style::Quote => self.quotes.to_owned(),
            Style::Link(url) => match self.link {
                Link::Markdown | Link::MarkdownOnly => "[".to_owned(),
                Link::Angle => format!("<{}|", closed(url)),
                Link::Behind => String::new(),
            },
            style => self.mark(style).to_owned(),
        }
    }

    fn close(&self, style: &Style) -> String {
        match style {
            Style::Block => self.block.1.to_owned(),
            Style::Link(url) => match self.link {
                Link::Markdown | Link::MarkdownOnly => format!("]({})", closed(url)),
                Link::Angle => ">".to_owned(),
                Link::Behind => format!(" ({url})"),
            },
            style => self.mark(style).to_owned(),
        }
    }

    fn quotes(&self) -> &'static str {
        self.quotes
    }
}

/// A URL that cannot end what it is written into.
fn closed(url: &str) -> String {
    let mut closed = String::with_capacity(url.len());
    for c in url.chars() {
        match c {
            '(' => closed.push_str("%28"),
            ')' => closed.push_str("%29"),
            '<' => closed.push_str("%3C"),
            '>' => closed.push_str("%3E"),
            '|' => closed.push_str("%7C"),
            c if c.is_whitespace() => closed.push_str("%20"),
            c => closed.push(c),
        }
    }
    closed
}

/// Takes the meaning from what calls people (`@here`, `<!channel>`, `<users/all>`), from what
/// Adaptive Cards fill in (`{{DATE(…)}}`), and from these marks.
fn tamed(text: &str, marks: &str) -> String {
    let mut tamed = String::with_capacity(text.len() + 8);
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let after = rest.peek().copied().unwrap_or(' ');
        let within_word = before.is_alphanumeric() && after.is_alphanumeric();
        tamed.push(match c {
            '*' if marks.contains(c) => '\u{2217}',
            '~' if marks.contains(c) => '\u{223c}',
            '`' if marks.contains(c) => '\u{2cb}',
            '_' if marks.contains(c) && !within_word => '\u{ff3f}',
            c => c,
        });
        let calls = c == '@' && !before.is_alphanumeric();
        let links = c == ']' && after == '(' && marks.contains(c);
        if calls || links || c == '<' || c == '{' && after == '{' {
            tamed.push(APART);
        }
        before = c;
    }
    tamed
}

#[cfg(test)]
mod tests;
