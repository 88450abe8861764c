//! The part for readers with HTML: one file that loads nothing and reads well on light and dark.

use std::fmt::Write as _;

use super::Content;
use crate::text::{Dialect, Limit, Style, Unit, render};

/// Longest text of an update, in characters.
const TEXT_MAX: usize = 64 * 1024;
const FONT: &str =
    "font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
/// For readers that know of dark mode; the others get the inline styles.
const DARK: &str = "@media (prefers-color-scheme:dark){\
.sheet{background:#111418!important}.card{background:#1c2128!important}\
.ink,.ink td,.ink th{color:#e6e8eb!important}.quiet{color:#a3abb5!important}\
.card a,.foot a{color:#8ab4ff!important}.card a.press{color:#111418!important;background:#e6e8eb!important}}";

pub(super) fn part(content: &Content<'_>) -> String {
    let message = &content.message;
    let (page, title) = (escape(&message.page), escape(&message.title));
    format!(
        "<!doctype html>\n\
<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n\
<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
<meta name=\"color-scheme\" content=\"light dark\">\n\
<meta name=\"supported-color-schemes\" content=\"light dark\">\n\
<title>{subject}</title>\n<style>{DARK}</style>\n</head>\n\
<body class=\"sheet\" style=\"margin:0;padding:0;background:#f3f4f6\">\n\
<div style=\"display:none;max-height:0;overflow:hidden\">{opening}</div>\n\
<table role=\"presentation\" class=\"sheet\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"background:#f3f4f6\">\
<tr><td align=\"center\" style=\"padding:24px 12px\">\n\
<table role=\"presentation\" class=\"card\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" \
style=\"max-width:600px;background:#ffffff;border-top:4px solid #{colour:06x};border-radius:6px;text-align:left\">\
<tr><td class=\"ink\" style=\"padding:24px;{FONT};font-size:16px;line-height:1.5;color:#1f2328\">\n\
<p class=\"quiet\" style=\"margin:0;font-size:14px;color:#59636e\">{page}</p>\n\
<h1 style=\"margin:4px 0 0;font-size:22px;line-height:1.3\">{title}</h1>\n\
<p style=\"margin:8px 0 16px;font-weight:600\">{emoji} {state}</p>\n\
{text}\n{facts}{press}</td></tr></table>\n\
{footer}</td></tr></table>\n</body>\n</html>\n",
        lang = content.words.tag(),
        subject = escape(&content.subject),
        opening = escape(&content.opening()),
        colour = message.tone.colour(),
        emoji = message.tone.emoji(),
        state = escape(&message.state),
        text = text(content),
        facts = facts(content),
        press = press(content),
        footer = footer(content),
    )
}

/// What was said, as the page shows it: sanitised when it was written. What is said otherwise, in
/// a digest or in the operator's wording, is put into HTML here.
fn text(content: &Content<'_>) -> String {
    let said = &content.message.text;
    let updates = content.notice.payload.get("updates").and_then(|it| it.as_array());
    let shown = updates.into_iter().flatten().find_map(|update| {
        let is_it = update.get("message")?.as_str()? == said;
        let html = update.get("message_html")?.as_str()?;
        (is_it && !html.is_empty()).then_some(html)
    });
    match shown {
        Some(html) => format!("<div>{html}</div>"),
        None => {
            let html = render(said, &Html, &Limit::of(TEXT_MAX));
            format!("<div style=\"white-space:pre-line\">{html}</div>")
        }
    }
}

fn facts(content: &Content<'_>) -> String {
    let facts = &content.message.facts;
    if facts.is_empty() {
        return String::new();
    }
    let cell = "padding:4px 16px 4px 0;vertical-align:top;text-align:left";
    let mut rows = String::new();
    for (label, value) in facts {
        let (label, value) = (escape(label), escape(value));
        // Writing to a String cannot fail.
        let _ = writeln!(
            rows,
            "<tr><th scope=\"row\" class=\"quiet\" style=\"{cell};font-weight:400;color:#59636e\">{label}</th>\
<td style=\"{cell}\">{value}</td></tr>"
        );
    }
    format!(
        "<table style=\"margin:16px 0 0;border-collapse:collapse;font-size:15px\">\n{rows}</table>\n"
    )
}

fn press(content: &Content<'_>) -> String {
    let Some((label, url)) = content.link() else { return String::new() };
    let (label, url) = (escape(label), escape(url));
    format!(
        "<p style=\"margin:24px 0 0\"><a class=\"press\" href=\"{url}\" \
style=\"display:inline-block;padding:10px 18px;border-radius:6px;background:#1f2328;color:#ffffff;\
text-decoration:none;font-weight:600\">{label}</a></p>\n"
    )
}

fn footer(content: &Content<'_>) -> String {
    let links = content.footer.iter().map(|(label, url)| {
        let (label, url) = (escape(label), escape(url));
        format!("<a href=\"{url}\" style=\"color:#59636e\">{label}</a>")
    });
    let links: Vec<String> = links.collect();
    if links.is_empty() {
        return String::new();
    }
    format!(
        "<p class=\"quiet foot\" style=\"margin:16px 0 0;{FONT};font-size:13px;color:#59636e\">{}</p>\n",
        links.join(" · ")
    )
}

/// Markdown in inline HTML; line breaks stay line breaks.
struct Html;

impl Dialect for Html {
    fn unit(&self) -> Unit {
        Unit::Chars
    }

    fn counts_marks(&self) -> bool {
        false
    }

    fn escape(&self, text: &str) -> String {
        escape(text)
    }

    fn url(&self, url: &str) -> String {
        escape(url)
    }

    fn open(&self, style: &Style) -> String {
        match style {
            Style::Strong => "<strong>".to_owned(),
            Style::Emphasis => "<em>".to_owned(),
            Style::Strike => "<s>".to_owned(),
            Style::Code => "<code>".to_owned(),
            Style::Block => "<pre><code>".to_owned(),
            Style::Quote => "<blockquote>".to_owned(),
            Style::Link(url) => {
                format!("<a href=\"{}\" rel=\"noopener noreferrer nofollow\">", escape(url))
            }
        }
    }

    fn close(&self, style: &Style) -> String {
        let mark = match style {
            Style::Strong => "</strong>",
            Style::Emphasis => "</em>",
            Style::Strike => "</s>",
            Style::Code => "</code>",
            Style::Block => "</code></pre>",
            Style::Quote => "</blockquote>",
            Style::Link(_) => "</a>",
        };
        mark.to_owned()
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
