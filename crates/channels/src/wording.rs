//! An operator's own wording of messages: minijinja templates.
mod sample;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value};
use serde_json::json;

use crate::locale::Words;
use crate::message::Message;
use crate::text::{Unit, line, lines, plain};
use crate::{Fault, Notice};

/// Longest template, in bytes.
const TEMPLATE_MAX: usize = 16 * 1024;
/// Longest text made of one, in bytes: as much as an e-mail should hold.
const TEXT_MAX: usize = 64 * 1024;
/// Steps a template may take, and 64 bytes of text for each.
const FUEL: u64 = 20_000;
/// Longest subject, in characters.
const SUBJECT_MAX: usize = 200;

/// What templates can name: the event's kind, what it is about as the API shows it, the page, the
/// built-in message in parts, and the language of that one.
const NAMES: [&str; 7] =
    ["event", "incident", "maintenance", "component", "page", "message", "locale"];
const IN_MESSAGE: [&str; 8] =
    ["title", "state", "heading", "text", "facts", "link", "emoji", "manage"];

/// A template that was found to be good when it was saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wording {
    /// For channels whose messages have one.
    pub subject: Option<String>,
    pub body: String,
}

impl Wording {
    /// Whether templates can be used: they are read, name what there is, and come to an end with
    /// something to say for an event of each kind.
    pub fn check(subject: Option<&str>, body: &str) -> Result<(), Fault> {
        if let Some(subject) = subject {
            check("subject", subject)?;
        }
        check("body", body)
    }

    /// The subject and the text for this notice. The template is the channel's markup as it
    /// stands; what it inserts goes through `escape`, and the subject is one line of plain text.
    /// Nothing when the template fails or has nothing to say: then the built-in text serves.
    pub fn render(
        &self,
        notice: &Notice<'_>,
        message: &Message,
        escape: fn(&str) -> String,
    ) -> Option<(Option<String>, String)> {
        let context = context(notice, message);
        let made = |source: &str, escape| {
            let text = fill(source, &context, escape).ok()?;
            (!text.trim().is_empty()).then_some(text)
        };
        let body = made(&self.body, escape)?;
        let subject = self.subject.as_ref().and_then(|it| made(it, str::to_owned));
        let subject =
            subject.map(|it| crate::text::cut(&line(&it), SUBJECT_MAX, Unit::Chars).into_owned());
        Some((subject, body))
    }
}

fn check(field: &str, source: &str) -> Result<(), Fault> {
    let texts = try_out(field, source, str::to_owned)?;
    if texts.iter().all(|it| it.trim().is_empty()) {
        let detail = "the template says nothing".to_owned();
        return Err(Fault { pointer: format!("/{field}"), code: "template_empty", detail });
    }
    Ok(())
}

/// What a template makes of an event of each kind, or why it cannot be used.
pub(crate) fn try_out(
    field: &str,
    source: &str,
    escape: fn(&str) -> String,
) -> Result<Vec<String>, Fault> {
    let fault = |code, detail| Fault { pointer: format!("/{field}"), code, detail };
    if source.len() > TEMPLATE_MAX {
        return Err(fault("length", format!("a template has at most {TEMPLATE_MAX} bytes")));
    }
    let environment = environment(str::to_owned);
    let template = match environment.template_from_named_str(field, source) {
        Ok(template) => template,
        Err(error) => return Err(fault("template_syntax", error.to_string())),
    };
    let mut unknown: Vec<String> =
        template.undeclared_variables(true).into_iter().filter(|it| !is_known(it)).collect();
    unknown.sort_unstable();
    if let Some(name) = unknown.first() {
        return Err(fault("template_variable", format!("there is no `{name}`")));
    }
    let texts = sample::contexts().map(|context| fill(source, &context, escape));
    texts.map(|it| it.map_err(|error| fault("template_render", error.to_string()))).collect()
}

/// What a template that was tried out makes of this notice. Nothing when it fails.
pub(crate) fn made(
    source: &str,
    notice: &Notice<'_>,
    message: &Message,
    escape: fn(&str) -> String,
) -> Option<String> {
    fill(source, &context(notice, message), escape).ok()
}

/// Names come as far as they are spelled out: `message.title`.
fn is_known(name: &str) -> bool {
    let mut parts = name.split('.');
    let first = parts.next().unwrap_or_default();
    let second = parts.next();
    match (first, second) {
        ("message", Some(part)) => IN_MESSAGE.contains(&part),
        // Functions that are always there.
        ("range" | "dict" | "namespace", None) => true,
        (first, _) => NAMES.contains(&first),
    }
}

fn fill(source: &str, context: &Value, escape: fn(&str) -> String) -> Result<String, Error> {
    let environment = environment(escape);
    let text = environment.render_named_str("template", source, context)?;
    if text.len() > TEXT_MAX {
        let detail = format!("the text is longer than {TEXT_MAX} bytes");
        return Err(Error::new(ErrorKind::InvalidOperation, detail));
    }
    Ok(text)
}

/// Only what computes: no files, no other templates, no way around `escape`.
fn environment(escape: fn(&str) -> String) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_fuel(Some(FUEL));
    // One template may serve events that have no incident.
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    // Text that a template has captured is its own markup already.
    environment.set_auto_escape_callback(|_| AutoEscape::Custom("channel".into()));
    environment.set_formatter(move |out, _, value| {
        if value.is_undefined() || value.is_none() {
            return Ok(());
        }
        let text = value.to_string();
        let text = if value.is_safe() { text } else { escape(&lines(&text)) };
        out.write_str(&text).map_err(Error::from)
    });
    for filter in ["safe", "escape", "e"] {
        environment.remove_filter(filter);
    }
    environment
}

fn context(notice: &Notice<'_>, message: &Message) -> Value {
    let kind = notice.event.kind.as_str();
    let noun = kind.split('.').next().unwrap_or(kind);
    let link = |it: &Option<(String, String)>| {
        it.as_ref().map(|(label, url)| json!({ "label": label, "url": url }))
    };
    let facts =
        message.facts.iter().map(|(label, value)| json!({ "label": label, "value": value }));
    let facts: Vec<serde_json::Value> = facts.collect();
    Value::from(Serde(json!({
        "event": kind,
        noun: notice.payload,
        "page": notice.page,
        "message": {
            "title": message.title,
            "state": message.state,
            "heading": message.heading(),
            "text": plain(&message.text, TEXT_MAX, Unit::Bytes),
            "facts": facts,
            "link": link(&message.link),
            "manage": link(&message.manage),
            "emoji": message.tone.emoji(),
        },
        "locale": Words::of(notice.reader.locale).tag(),
    })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{World, incident};

    fn code(body: &str) -> Option<&'static str> {
        Wording::check(None, body).err().map(|it| it.code)
    }

    fn escape(text: &str) -> String {
        text.replace('<', "&lt;")
    }

    fn said(body: &str, title: &str) -> Option<String> {
        let wording = Wording { subject: None, body: body.to_owned() };
        World::new("incident.created", incident("investigating", title, "We *look*."))
            .tell(|notice| Some(wording.render(notice, &Message::of(notice), escape)?.1))
    }

    #[test]
    fn what_works_is_taken() {
        let good = "{% if incident %}<b>{{ message.title }}</b> ({{ incident.impact|upper }})\n\
            {% for fact in message.facts %}{{ fact.label }}: {{ fact.value }}\n{% endfor %}\
            {{ incident.updates[0].message|default('') }}{% else %}{{ message.heading }}{% endif %}\
            {{ message.link.url }} {{ page.name }} {{ event }} {{ locale }}";
        assert_eq!(Wording::check(Some("{{ message.state }}: {{ message.title }}"), good), Ok(()));
    }

    #[test]
    fn what_cannot_work_is_refused() {
        for (body, why) in [
            ("{{ message.title", "template_syntax"),
            ("{% include 'x' %}", "template_syntax"),
            ("{% import 'x' as x %}", "template_syntax"),
            ("{{ mesage.title }}", "template_variable"),
            ("{{ message.titel }}", "template_variable"),
            ("{{ message.title|nonsense }}", "template_render"),
            ("{{ message.title|safe }}", "template_render"),
            ("{{ 1 / 0 }}", "template_render"),
            ("{% for a in range(99999) %}{{ a }}{% endfor %}", "template_render"),
            ("{{ 'x' * 100000 }}", "template_render"),
            ("{{ 'x' * 100000000 }}", "template_render"),
            ("{% if false %}x{% endif %}", "template_empty"),
            (" ", "template_empty"),
        ] {
            assert_eq!(code(body), Some(why), "{body}");
        }
        assert_eq!(code(&"x".repeat(TEMPLATE_MAX + 1)), Some("length"));
        let fault = Wording::check(Some("{{"), "x").unwrap_err();
        assert_eq!(fault.pointer, "/subject");
    }

    #[test]
    fn templates_are_markup_and_what_they_insert_is_not() {
        let hostile = "<!channel>\u{202e}";
        assert_eq!(said("<b>{{ message.title }}</b>", hostile).unwrap(), "<b>&lt;!channel></b>");
        assert_eq!(said("{{ incident.title }}", hostile).unwrap(), "&lt;!channel>");
        let captured = "{% set it %}<i>{{ message.title }}</i>{% endset %}{{ it }}";
        assert_eq!(said(captured, hostile).unwrap(), "<i>&lt;!channel></i>");
        for around in [
            "{% autoescape false %}{{ message.title }}{% endautoescape %}",
            "{% set f %}%s{% endset %}{{ f|format(message.title) }}",
            "{% set f %},{% endset %}{{ [message.title, f]|join(f) }}",
            "{% set f %}x{% endset %}{{ f|replace('x', message.title) }}",
            "{% set f %}x{% endset %}{{ f ~ message.title }}",
        ] {
            let text = said(around, hostile);
            assert!(!text.as_deref().unwrap_or_default().contains("<!"), "{around}: {text:?}");
        }
        assert_eq!(said("{{ message.text }}", "x").unwrap(), "We look.");
    }

    #[test]
    fn what_fails_later_leaves_the_built_in_text() {
        assert_eq!(said("{{ incident.nothing.at.all }}", "x"), None);
        assert_eq!(said("{{ message.title|nonsense }}", "x"), None);
        let wording = Wording { subject: Some("{{ 1 / 0 }}".to_owned()), body: "x".to_owned() };
        let world = World::new("incident.created", incident("investigating", "a", "b"));
        let said = world.tell(|notice| wording.render(notice, &Message::of(notice), escape));
        assert_eq!(said, Some((None, "x".to_owned())));
    }
}
