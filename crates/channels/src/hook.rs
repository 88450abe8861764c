//! Incoming webhooks of chats: one URL that takes JSON. Whoever knows it can post.
use std::iter;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;
use utoipa::ToSchema;

use crate::chat::{Chat, Own};
use crate::egress::EgressPolicy;
use crate::message::Message;
use crate::text::{self, Dialect as _};
use crate::{Fault, Method, Outbound, last4};

const HEADING_MAX: usize = 250;
const FIELDS_MAX: usize = 8;
const FIELD_MAX: usize = 200;
/// Longest value that shares its line.
const SHORT_MAX: usize = 40;

/// Where the chat takes messages.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The webhook's URL as the chat shows it, token included. Secret.
    #[schema(max_length = 2048, format = "uri")]
    pub webhook_url: String,
}

impl Config {
    pub fn check(&self, egress: &EgressPolicy) -> Vec<Fault> {
        check_url("/webhook_url", &self.webhook_url, egress).into_iter().collect()
    }

    pub fn shown(&self) -> Value {
        json!({ "webhook_url": shown_url(&self.webhook_url) })
    }
}

/// What is wrong with a URL as a destination.
pub fn check_url(pointer: &str, url: &str, egress: &EgressPolicy) -> Option<Fault> {
    let refusal = egress.check(url).err()?;
    let (code, detail) = (refusal.code(), refusal.to_string());
    Some(Fault { pointer: pointer.to_owned(), code, detail })
}

/// Scheme and host, and how the secret part ends.
pub fn shown_url(url: &str) -> String {
    match Url::parse(url) {
        Ok(parsed) => {
            let origin = parsed.origin().ascii_serialization();
            let rest = parsed.as_str().get(origin.len()..).unwrap_or_default();
            format!("{origin}/{}", last4(rest))
        }
        Err(_) => last4(url),
    }
}

/// What is wrong with a secret that goes into a header.
pub fn check_secret(pointer: &str, secret: &str, max: usize) -> Option<Fault> {
    let is_good = (1..=max).contains(&secret.len()) && secret.bytes().all(|b| b.is_ascii_graphic());
    (!is_good).then(|| Fault {
        pointer: pointer.to_owned(),
        code: "format",
        detail: format!("1 to {max} visible ASCII characters"),
    })
}

/// A path below a base URL, whatever the segments hold.
pub fn path_under(base: &str, segments: &[&str]) -> String {
    let Ok(mut url) = Url::parse(base) else { return base.to_owned() };
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url.into()
}

/// The object with one more field, or another value for it.
pub fn with(mut object: Value, name: &str, value: impl Into<Value>) -> Value {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(name.to_owned(), value.into());
    }
    object
}

/// A request with a JSON body.
pub fn post(url: impl Into<String>, body: &Value) -> Outbound {
    Outbound {
        method: Method::Post,
        url: url.into(),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: Bytes::from(body.to_string()),
    }
}

/// The body with the longest text that lets it fit into `max` bytes.
pub fn fitting(max: usize, text_max: usize, body: impl Fn(usize) -> Value) -> Value {
    let mut text_max = text_max;
    loop {
        let built = body(text_max);
        if text_max == 0 || built.to_string().len() <= max {
            return built;
        }
        text_max /= 2;
    }
}

/// A heading with the details in a coloured attachment, as Slack's webhooks once had them and
/// others still do.
pub(crate) fn with_attachment(
    chat: &Chat,
    message: &Message,
    own: Option<&Own>,
    text_max: usize,
) -> Value {
    let heading = own.and_then(|it| it.title.clone()).unwrap_or_else(|| message.heading());
    let facts = if own.is_some() { &[] } else { message.facts.as_slice() };
    let fields = facts.iter().take(FIELDS_MAX).map(|(label, value)| {
        let value = chat.line(value, FIELD_MAX);
        let is_short = value.chars().count() <= SHORT_MAX;
        json!({ "title": chat.line(label, FIELD_MAX), "value": value, "short": is_short })
    });
    let text = match own {
        Some(own) => text::cut(&own.text, text_max, chat.unit()).into_owned(),
        None => {
            let buttons = message.link.iter().map(|(label, url)| chat.button(label, url));
            let said = chat.body(&message.text, text_max);
            iter::once(said).chain(buttons).collect::<Vec<_>>().join("\n\n")
        }
    };
    json!({
        "text": chat.line(&format!("{} {heading}", message.tone.emoji()), HEADING_MAX),
        "attachments": [{
            "fallback": chat.line(&heading, HEADING_MAX),
            "color": format!("#{:06x}", message.tone.colour()),
            "text": text.trim(),
            "fields": fields.collect::<Vec<_>>(),
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_host_and_four_characters_are_shown() {
        for (url, shown) in [
            ("https://chat.example.org/hooks/abcdefgh1234", "https://chat.example.org/…1234"),
            ("https://a.example:8443/w?sig=abcdefgh", "https://a.example:8443/…efgh"),
            ("nonsense", "…ense"),
        ] {
            assert_eq!(shown_url(url), shown, "{url}");
        }
    }
}
