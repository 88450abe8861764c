//! Any other gateway over HTTP, by a template of the request.
use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::egress::EgressPolicy;
use crate::hook::{check_url, shown_url};
use crate::message::Message;
use crate::{Fault, Method, Notice, Outbound, last4, webhook, wording};

pub const STEP: &str = "template";

const URL_MAX: usize = 2_048;

/// A request by template (minijinja), with the names that operators' wordings have. What is
/// inserted is escaped: percent-encoded in the URL and in forms, as part of a string in JSON.
/// Longer URLs than 2,048 bytes are not sent, so cut there: `{{ message.text[:300] }}`.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    #[serde(default)]
    method: Verb,
    /// A template after the host. Secret.
    #[schema(
        max_length = 2048,
        example = "https://gateway.example.org/send?to=4915112345678&text={{ message.heading }}"
    )]
    url: String,
    /// Values are secret. `Content-Type` is `application/json` unless it is set here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Option<std::collections::HashMap<String, String>>, example = json!({"X-Api-Key": "secret"}))]
    headers: BTreeMap<String, String>,
    /// A template. It is shown as it is: secrets belong into headers or the URL.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(
        max_length = 16384,
        example = r#"{"to": "4915112345678", "text": "{{ message.heading }}: {{ message.text }}"}"#
    )]
    body: String,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = WhatsappTemplateMethod)]
#[serde(rename_all = "UPPERCASE")]
enum Verb {
    #[serde(alias = "get")]
    Get,
    #[default]
    #[serde(alias = "post")]
    Post,
}

/// What the body is, as far as escaping goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Json,
    Form,
    Text,
}

impl Config {
    pub fn check(&self, egress: &EgressPolicy) -> Vec<Fault> {
        let mut faults: Vec<Fault> = self.check_url(egress).into_iter().collect();
        let headers = self.headers.iter();
        faults.extend(headers.filter_map(|(name, value)| webhook::check_header(name, value, &[])));
        if self.headers.len() > webhook::HEADERS_MAX {
            let detail = format!("at most {} headers", webhook::HEADERS_MAX);
            faults.push(Fault { pointer: "/headers".to_owned(), code: "length", detail });
        }
        faults.extend(self.check_body());
        faults
    }

    /// The host is fixed, and what the template makes is a URL to send to.
    fn check_url(&self, egress: &EgressPolicy) -> Option<Fault> {
        let fault = |code, detail: String| Some(Fault { pointer: "/url".to_owned(), code, detail });
        if self.url.len() > URL_MAX {
            return fault("length", format!("at most {URL_MAX} bytes"));
        }
        let fixed = self.url.split('{').next().unwrap_or_default();
        let after_scheme = fixed.split_once("://").map_or("", |it| it.1);
        if !after_scheme.contains(['/', '?']) && fixed != self.url {
            return fault("format", "templates begin after the host".to_owned());
        }
        if let Some(fault) = check_url("/url", fixed, egress) {
            return Some(fault);
        }
        match wording::try_out("url", &self.url, url_escaped) {
            Ok(urls) => urls.iter().find_map(|it| check_url("/url", it, egress)),
            Err(fault) => Some(fault),
        }
    }

    fn check_body(&self) -> Option<Fault> {
        let shape = self.shape();
        match wording::try_out("body", &self.body, shape.escaping()) {
            Ok(bodies) if shape == Shape::Json && !self.body.is_empty() => {
                let read = |it: &String| serde_json::from_str::<Value>(it).err();
                bodies.iter().find_map(read).map(|error| Fault {
                    pointer: "/body".to_owned(),
                    code: "template_json",
                    detail: format!("the body is not JSON: {error}"),
                })
            }
            Ok(_) => None,
            Err(fault) => Some(fault),
        }
    }

    pub fn shown(&self) -> Value {
        let headers: BTreeMap<&String, String> =
            self.headers.iter().map(|(name, value)| (name, last4(value))).collect();
        json!({
            "method": self.method,
            "url": shown_url(&self.url),
            "headers": headers,
            "body": self.body,
        })
    }

    /// Nothing when a template fails in spite of having been checked.
    pub fn request(&self, notice: &Notice<'_>, message: &Message) -> Option<Outbound> {
        let made = |source: &str, escape| wording::made(source, notice, message, escape);
        let has_type = self.headers.keys().any(|it| it.eq_ignore_ascii_case("content-type"));
        let mut headers: Vec<(String, String)> = self.headers.clone().into_iter().collect();
        let body = made(&self.body, self.shape().escaping())?;
        if !has_type && !body.is_empty() {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        let method = match self.method {
            Verb::Get => Method::Get,
            Verb::Post => Method::Post,
        };
        let url = made(&self.url, url_escaped)?;
        Some(Outbound { method, url, headers, body: Bytes::from(body) })
    }

    fn shape(&self) -> Shape {
        let mut headers = self.headers.iter();
        let content = headers.find(|it| it.0.eq_ignore_ascii_case("content-type"));
        let content = content.map_or("application/json", |it| it.1.as_str()).to_ascii_lowercase();
        match content.split(';').next().unwrap_or_default().trim() {
            "application/x-www-form-urlencoded" => Shape::Form,
            it if it.ends_with("json") => Shape::Json,
            _ => Shape::Text,
        }
    }
}

impl Shape {
    fn escaping(self) -> fn(&str) -> String {
        match self {
            Self::Json => json_escaped,
            Self::Form => url_escaped,
            Self::Text => str::to_owned,
        }
    }
}

/// The inside of a JSON string.
fn json_escaped(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned()
}

fn url_escaped(text: &str) -> String {
    // A space is `%20` everywhere, `+` only in forms.
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}
