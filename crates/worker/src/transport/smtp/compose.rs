//! A mail as RFC 5322 and MIME want it.

use std::time::SystemTime;

use channels::mail::Mail;
use lettre::Address;
use lettre::Message;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};

use super::Settings;

/// A mail in its envelope.
pub(super) struct Letter {
    pub(super) from: Address,
    pub(super) to: Address,
    /// As it goes over the wire: lines end in CR LF, and a dot that begins one is doubled
    /// (RFC 5321 §4.5.2). The line with the one dot is in it.
    pub(super) data: String,
}

/// Nothing when an address or a header cannot be written.
pub(super) fn letter(settings: &Settings, mail: &Mail) -> Option<Letter> {
    let to: Address = mail.to.parse().ok()?;
    let host = settings.from.email.domain();
    let id = |left: &str| is_id(left).then(|| format!("<{left}@{host}>"));
    let mut message = Message::builder()
        .message_id(Some(id(&mail.message_id)?))
        .date(SystemTime::from((settings.clock)()))
        .from(settings.from.clone())
        .to(Mailbox::new(None, to.clone()))
        .subject(&mail.subject);
    if let Some(answered) = &mail.in_reply_to {
        let answered = id(answered)?;
        message = message.in_reply_to(answered.clone()).references(answered);
    }
    if let Some(reply_to) = &settings.reply_to {
        message = message.reply_to(reply_to.clone());
    }
    for (name, value) in &mail.headers {
        let name = HeaderName::new_from_ascii((*name).to_owned()).ok()?;
        message = message.raw_header(HeaderValue::new(name, value.clone()));
    }
    let text = String::from_utf8(message.multipart(parts(mail)?).ok()?.formatted()).ok()?;
    let from = settings.envelope_from.as_ref().unwrap_or(&settings.from.email).clone();
    // It begins with a header, so no dot is the first character.
    let data = format!("{}\r\n.\r\n", text.trim_end_matches("\r\n").replace("\r\n.", "\r\n.."));
    Some(Letter { from, to, data })
}

/// Plainest first (RFC 2046 §5.1.4).
fn parts(mail: &Mail) -> Option<MultiPart> {
    let parts = MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone());
    let Some(calendar) = &mail.calendar else { return Some(parts) };
    // RFC 6047 §2.4: the parameter says what the object says.
    let method = calendar.lines().find_map(|line| line.trim().strip_prefix("METHOD:"));
    let kind = match method {
        Some(method) => format!("text/calendar; charset=utf-8; method={method}"),
        None => "text/calendar; charset=utf-8".to_owned(),
    };
    let part = SinglePart::builder().header(ContentType::parse(&kind).ok()?);
    Some(parts.singlepart(part.body(calendar.clone())))
}

fn is_id(left: &str) -> bool {
    !left.is_empty() && left.bytes().all(|it| it.is_ascii_alphanumeric() || b".-_".contains(&it))
}
