//! Slack's markup.
use std::borrow::Cow;

use crate::text::{Dialect, Style, Unit};

/// Between `@` and a word that would call everybody (U+2060, no width).
const JOINER: &str = "\u{2060}";
/// Words that call many people at once, where a workspace links names.
const CALLS: [&str; 4] = ["channel", "everyone", "group", "here"];

/// What Slack calls mrkdwn. Its marks cannot be escaped, only `&`, `<` and `>` can, and these are
/// what mentions and links are made of.
pub(super) struct Mrkdwn;

impl Dialect for Mrkdwn {
    fn unit(&self) -> Unit {
        Unit::Utf16
    }

    fn counts_marks(&self) -> bool {
        true
    }

    fn tame<'a>(&self, text: &'a str) -> Cow<'a, str> {
        tame(text)
    }

    fn escape(&self, text: &str) -> String {
        entities(text)
    }

    fn url(&self, url: &str) -> String {
        format!("<{}>", target(url))
    }

    fn open(&self, style: &Style) -> String {
        match style {
            Style::Strong => "*".to_owned(),
            Style::Emphasis => "_".to_owned(),
            Style::Strike => "~".to_owned(),
            Style::Code => "`".to_owned(),
            Style::Block => "```\n".to_owned(),
            Style::Quote => self.quotes().to_owned(),
            Style::Link(url) => format!("<{}|", target(url)),
        }
    }

    fn close(&self, style: &Style) -> String {
        match style {
            Style::Block => "\n```".to_owned(),
            Style::Quote => String::new(),
            Style::Link(_) => ">".to_owned(),
            other => self.open(other),
        }
    }

    fn quotes(&self) -> &'static str {
        "&gt; "
    }
}

/// Plain text as mrkdwn.
pub(super) fn escape(text: &str) -> String {
    entities(&tame(text))
}

/// Text for a place without markup, where `<` stands for itself. Should Slack ever read it as the
/// beginning of a mention, there is none.
pub(super) fn unread(text: &str) -> String {
    tame(text).replace('<', &format!("<{JOINER}"))
}

/// A link with a label.
pub(super) fn link(url: &str, label: &str) -> String {
    format!("<{}|{}>", target(url), escape(label))
}

fn entities(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A URL between `<` and `|` or `>`.
pub(super) fn target(url: &str) -> String {
    entities(url).replace('|', "%7C").replace(char::is_whitespace, "%20")
}

fn tame(text: &str) -> Cow<'_, str> {
    let calls = |after: &str| {
        CALLS
            .iter()
            .any(|call| after.get(..call.len()).is_some_and(|it| it.eq_ignore_ascii_case(call)))
    };
    if !text.split('@').skip(1).any(calls) {
        return Cow::Borrowed(text);
    }
    let mut tamed = String::with_capacity(text.len() + JOINER.len());
    for (index, part) in text.split('@').enumerate() {
        if index > 0 {
            tamed.push('@');
            tamed.push_str(if calls(part) { JOINER } else { "" });
        }
        tamed.push_str(part);
    }
    Cow::Owned(tamed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Limit, render};

    fn shown(markdown: &str) -> String {
        render(markdown, &Mrkdwn, &Limit::of(3_000))
    }

    #[test]
    fn markdown_becomes_mrkdwn() {
        assert_eq!(
            shown(
                "# Errors\n\n**5xx** > 5% & _rising_, ~~fine~~ `a<b` [log](https://l.example/?a=1&b=2)"
            ),
            "*Errors*\n\n*5xx* &gt; 5% &amp; _rising_, ~fine~ `a&lt;b` <https://l.example/?a=1&amp;b=2|log>"
        );
        assert_eq!(shown("> a\n> b"), "&gt; a\n&gt; b");
        assert_eq!(shown("```\nx <y>\n```"), "```\nx &lt;y&gt;\n```");
        assert_eq!(shown("see https://l.example/a_b"), "see <https://l.example/a_b>");
    }

    #[test]
    fn nobody_is_called() {
        for hostile in [
            "<!channel>",
            "\\<!here\\>",
            "&lt;!everyone&gt;",
            "`<!channel>`",
            "[<!here>](https://e.example)",
        ] {
            let text = shown(hostile);
            assert!(!text.contains("<!"), "{hostile}: {text}");
        }
        assert_eq!(shown("[a](https://e.example/|<!here>)").matches("<!").count(), 0);
        assert_eq!(
            escape("@here, @Channel! @herbert a@b.example"),
            "@\u{2060}here, @\u{2060}Channel! @herbert a@b.example"
        );
        assert_eq!(
            link("https://e.example/a|<!here> b", "x>"),
            "<https://e.example/a%7C&lt;!here&gt;%20b|x&gt;>"
        );
    }
}
