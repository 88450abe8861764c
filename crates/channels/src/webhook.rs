//! Webhooks: Standard Webhooks 1.0 headers over Farol's own body or Statuspage's.
mod statuspage;

use std::collections::BTreeMap;

use chrono::SecondsFormat;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::egress::EgressPolicy;
use crate::signature::{SigningSecret, signature_header};
use crate::{Adapter, Attempt, Done, Fault, Lane, Method, Notice, Outbound, Step, last4};

/// Most headers of one's own, and the longest value of one.
pub(crate) const HEADERS_MAX: usize = 20;
const HEADER_VALUE_MAX: usize = 1024;

/// Headers that are ours to write, because they frame the message.
const RESERVED: [&str; 11] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

pub struct Webhook;

/// Where to send webhooks, and in which shape.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `https`, a public host, port 443 or 8443, unless the operator allows more.
    #[schema(max_length = 2048, format = "uri", example = "https://hooks.example.org/farol")]
    url: String,
    #[serde(default)]
    format: Format,
    /// Sent with every request, for example `Authorization`. Values are secret.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Option<std::collections::HashMap<String, String>>, example = json!({"X-Team": "sre"}))]
    headers: BTreeMap<String, String>,
}

/// The shape of the body.
#[derive(Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = WebhookFormat)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// `{type, timestamp, sequence, data}`.
    #[default]
    Farol,
    /// What Statuspage sends to webhook subscribers.
    Statuspage,
}

impl Adapter for Webhook {
    const KIND: &'static str = "webhook";
    const SIGNED: bool = true;
    const LANE: Lane = Lane::Strict;
    type Config = Config;

    fn check(config: &Config, egress: &EgressPolicy) -> Vec<Fault> {
        let mut faults = Vec::new();
        if let Err(refusal) = egress.check(&config.url) {
            let (code, detail) = (refusal.code(), refusal.to_string());
            faults.push(Fault { pointer: "/url".to_owned(), code, detail });
        }
        if config.headers.len() > HEADERS_MAX {
            let detail = format!("at most {HEADERS_MAX} headers");
            faults.push(Fault { pointer: "/headers".to_owned(), code: "length", detail });
        }
        faults.extend(
            config
                .headers
                .iter()
                .filter_map(|(name, value)| check_header(name, value, &["content-type"])),
        );
        faults
    }

    fn shown(config: &Config) -> Value {
        let headers: BTreeMap<&String, String> =
            config.headers.iter().map(|(name, value)| (name, last4(value))).collect();
        json!({
            "url": without_query(&config.url),
            "format": config.format,
            "headers": headers,
        })
    }

    fn next(
        config: &Config,
        notice: &Notice<'_>,
        attempt: &Attempt<'_>,
        done: &[Done],
    ) -> Option<Step> {
        done.is_empty().then(|| Step::telling("post", request(config, notice, attempt)))
    }

    fn address(config: &Config) -> Option<String> {
        Some(config.url.clone())
    }
}

fn request(config: &Config, notice: &Notice<'_>, attempt: &Attempt<'_>) -> Outbound {
    let body = match config.format {
        Format::Farol => notice.bodies.once("farol", || farol(notice).to_string().into()),
        Format::Statuspage => {
            notice.bodies.once("statuspage", || statuspage::body(notice).to_string().into())
        }
    };
    let id = notice.event.id.to_string();
    let timestamp = attempt.at.timestamp();
    let keys: Vec<&SigningSecret> = attempt.keys.iter().collect();
    let mut headers = vec![
        ("content-type".to_owned(), "application/json".to_owned()),
        ("webhook-signature".to_owned(), signature_header(&keys, &id, timestamp, &body)),
        ("webhook-id".to_owned(), id),
        ("webhook-timestamp".to_owned(), timestamp.to_string()),
    ];
    headers.extend(config.headers.clone());
    Outbound { method: Method::Post, url: config.url.clone(), headers, body }
}

fn farol(notice: &Notice<'_>) -> Value {
    let kind = notice.event.kind.as_str();
    let noun = kind.split('.').next().unwrap_or(kind);
    let mut data = serde_json::Map::new();
    data.insert(noun.to_owned(), notice.payload.clone());
    data.insert("page".to_owned(), json!(notice.page));
    json!({
        "type": kind,
        "timestamp": notice.event.created_at.to_rfc3339_opts(SecondsFormat::Micros, true),
        "sequence": notice.event.sequence,
        "data": data,
    })
}

/// What is wrong with a header of somebody's own, where `ours` are not theirs to set.
pub(crate) fn check_header(name: &str, value: &str, ours: &[&str]) -> Option<Fault> {
    // RFC 9110 §5.1: a field name is a token.
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    let lower = name.to_ascii_lowercase();
    let detail = if name.is_empty() || !name.bytes().all(is_token) {
        "not a header name"
    } else if RESERVED.iter().chain(ours).any(|it| *it == lower) || lower.starts_with("webhook-") {
        "this header is not yours to set"
    } else if value.len() > HEADER_VALUE_MAX || !value.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        "a header value is at most 1,024 visible ASCII characters and spaces"
    } else {
        return None;
    };
    let pointer = format!("/headers/{}", name.replace('~', "~0").replace('/', "~1"));
    Some(Fault { pointer, code: "header", detail: detail.to_owned() })
}

/// Query strings hold tokens often enough to be treated as secret.
fn without_query(url: &str) -> String {
    match url.split_once('?') {
        Some((before, query)) => format!("{before}?{}", last4(query)),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(value: Value) -> Config {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn what_is_ours_cannot_be_set() {
        for (name, code) in [("Host", true), ("webhook-id", true), ("X Y", true), ("X-Team", false)]
        {
            assert_eq!(check_header(name, "v", &[]).is_some(), code, "{name}");
        }
        assert!(check_header("X-Team", "a\r\nb: c", &[]).is_some());
        assert!(check_header("Content-Type", "a/b", &["content-type"]).is_some());
        let public = EgressPolicy::default();
        let faults = Webhook::check(&config(json!({ "url": "http://127.0.0.1/" })), &public);
        assert_eq!(faults.first().map(|it| it.pointer.as_str()), Some("/url"));
    }

    #[test]
    fn secrets_are_not_shown() {
        let shown = Webhook::shown(&config(json!({
            "url": "https://hooks.example.org/x?token=abcdefghijk",
            "headers": { "Authorization": "Bearer abcdefghijk" },
        })));
        assert_eq!(
            shown,
            json!({
                "url": "https://hooks.example.org/x?…hijk",
                "format": "farol",
                "headers": { "Authorization": "…hijk" },
            })
        );
    }
}
