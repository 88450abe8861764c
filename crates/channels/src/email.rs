//! E-mail: one message per notice, threaded per incident, easy to leave.
mod address;
mod html;
mod judge;
mod plain;
#[cfg(test)]
mod tests;

use std::time::Duration;

use domain::page::Page;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::{Host, Url};
use utoipa::ToSchema;

use crate::egress::EgressPolicy;
use crate::locale::Words;
use crate::mail::Mail;
use crate::message::Message;
use crate::text::{Unit, cut, escape_markdown, line};
use crate::{Adapter, Answer, Attempt, Done, Fault, Letter, Notice, Pace, Step, Verdict};

/// Longest subject, in characters; readers show fewer.
const SUBJECT_MAX: usize = 200;

pub struct Email;

/// Whom to write to.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// One address, without a name.
    #[schema(max_length = 254, format = "email", example = "ana@example.org")]
    to: String,
}

/// What both parts of a mail are made of.
struct Content<'a> {
    notice: &'a Notice<'a>,
    message: Message,
    subject: String,
    words: Words,
    /// Where the reader changes what they hear, and where they end it, with what to press.
    footer: Vec<(String, &'a str)>,
}

impl Adapter for Email {
    const KIND: &'static str = "email";
    const BY_MAIL: bool = true;
    type Config = Config;

    fn check(config: &Config, _: &EgressPolicy) -> Vec<Fault> {
        if address::normal(&config.to).is_some() {
            return Vec::new();
        }
        let detail = "an address like ana@example.org, at most 254 bytes".to_owned();
        vec![Fault { pointer: "/to".to_owned(), code: "email", detail }]
    }

    fn shown(config: &Config) -> Value {
        json!({ "to": config.to })
    }

    fn next(
        config: &Config,
        notice: &Notice<'_>,
        attempt: &Attempt<'_>,
        done: &[Done],
    ) -> Option<Step> {
        done.is_empty().then(|| {
            let letter = Letter::Mail(Box::new(mail(config, notice, attempt)));
            Step { name: "mail", letter, counts: true }
        })
    }

    fn judge(_: &'static str, answer: &Answer) -> Verdict {
        judge::judge(answer)
    }

    /// All mail goes through the operator's one server, and waits together when that one refuses
    /// us. The pace is beyond what one server takes: the connections decide.
    fn credential(_: &Config) -> Option<(String, Pace)> {
        Some(("smtp".to_owned(), Pace { interval: Duration::from_millis(1), burst: 1_000 }))
    }

    fn address(config: &Config) -> Option<String> {
        address::normal(&config.to)
    }
}

fn mail(config: &Config, notice: &Notice<'_>, attempt: &Attempt<'_>) -> Mail {
    let content = Content::of(notice);
    let thread = content.message.subject.map(|it| it.simple().to_string());
    let Attempt { delivery, .. } = attempt;
    Mail {
        to: address::normal(&config.to).unwrap_or_else(|| config.to.clone()),
        text: plain::part(&content),
        html: html::part(&content),
        // The same on every attempt, so that who gets a mail twice sees it once.
        message_id: format!("{}.{}", notice.event.id.simple(), delivery.simple()),
        in_reply_to: thread,
        headers: headers(&content),
        calendar: crate::calendar::part(notice),
        subject: content.subject,
    }
}

impl<'a> Content<'a> {
    fn of(notice: &'a Notice<'a>) -> Self {
        let words = Words::of(notice.reader.locale);
        let mut message = Message::of(notice);
        let mut subject = subject(&message);
        let own = notice.wording.and_then(|it| it.render(notice, &message, escape_markdown));
        if let Some((own_subject, text)) = own {
            message.text = text;
            subject = own_subject.unwrap_or(subject);
        }
        subject = cut(&subject, SUBJECT_MAX, Unit::Chars).into_owned();
        let mut footer = Vec::new();
        // A confirmation has nothing to change or to end yet.
        if message.manage.is_some() {
            let links = [
                ("link-manage", notice.reader.manage_url),
                ("link-unsubscribe", notice.reader.unsubscribe_url),
            ];
            let links = links.into_iter().filter_map(|(key, url)| Some((words.say(key), url?)));
            footer.extend(links.filter(|(_, url)| is_web(url)));
        }
        Self { notice, message, subject, words, footer }
    }

    /// Where it is read at once how things stand.
    fn opening(&self) -> String {
        format!("{}: {}", line(&self.message.state), self.message.title)
    }

    fn link(&self) -> Option<(&str, &str)> {
        let (label, url) = self.message.link.as_ref()?;
        is_web(url).then_some((label, url))
    }
}

/// The same for all messages of an incident, because Gmail makes a new thread of every subject:
/// what changes, the state, opens the text.
fn subject(message: &Message) -> String {
    let Message { page, title, state, .. } = message;
    let about = if title == page { state } else { title };
    line(&format!("[{page}] {about}"))
}

fn headers(content: &Content<'_>) -> Vec<(&'static str, String)> {
    let Content { notice, message, .. } = content;
    let mut headers = vec![
        // RFC 3834 §5; the other two are what Exchange and older responders look at.
        ("Auto-Submitted", "auto-generated".to_owned()),
        ("Precedence", "bulk".to_owned()),
        ("X-Auto-Response-Suppress", "All".to_owned()),
    ];
    if notice.event.kind.as_str() != "subscription.confirm" {
        headers.push(("List-Id", list_id(notice.page)));
    }
    let one_click = notice.reader.unsubscribe_url.filter(|url| is_web(url));
    if let Some(url) = one_click.filter(|_| message.manage.is_some()) {
        // RFC 8058 §3.1.
        headers.push(("List-Unsubscribe", format!("<{url}>")));
        headers.push(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
    }
    headers
}

/// RFC 2919 §3: stays the same when the page is renamed.
fn list_id(page: &Page) -> String {
    let host = Url::parse(&page.url).ok().and_then(|url| match url.host()?.to_owned() {
        Host::Domain(domain) if domain.contains('.') => Some(domain),
        _ => None,
    });
    format!("<{}.{}>", page.id.simple(), host.as_deref().unwrap_or("localhost"))
}

/// Whether a URL leads to the web and can stand between angle brackets.
fn is_web(url: &str) -> bool {
    (url.starts_with("https://") || url.starts_with("http://"))
        && url.bytes().all(|it| it.is_ascii_graphic() && !b"<>\"".contains(&it))
}
