//! Meta's Cloud API. What Farol has to say is seldom an answer, so an approved template of the
//! category UTILITY is the usual form.
use std::time::Duration;

use domain::delivery::Outcome;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{Recipient, Said, TEXT_MAX};
use crate::egress::EgressPolicy;
use crate::hook::{self, check_secret, check_url, path_under, with};
use crate::message::Message;
use crate::{Answer, Attempt, Done, Fault, Outbound, Pace, Step, Verdict, last4};

/// Steps.
pub const TEMPLATE: &str = "cloud_template";
pub const TEXT: &str = "cloud_text";

const API: &str = "https://graph.facebook.com/v23.0";
/// 80 messages a second from one number, unless Meta has raised it.
pub const PACE: Pace = Pace { interval: Duration::from_micros(12_500), burst: 20 };

/// A number of a WhatsApp Business account, and whom it writes to.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The sending number's ID, from WhatsApp Manager.
    #[schema(max_length = 32, pattern = "^[0-9]+$", example = "106540352242922")]
    phone_number_id: String,
    /// Permanent token of a system user. Secret.
    #[schema(max_length = 1024)]
    access_token: String,
    /// Phone number with country code, or a business-scoped user ID such as `US.13491208655302`.
    #[schema(max_length = 160, example = "4915112345678")]
    to: String,
    template: Template,
    /// Try free text first, which WhatsApp takes for 24 hours after the reader has written, and
    /// the template only when it does not.
    #[serde(default)]
    use_session: bool,
    /// Instead of `https://graph.facebook.com/v23.0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2048, format = "uri")]
    api_base: Option<String>,
}

/// An approved template. Its body takes title, status, body and link, in this order.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = WhatsappTemplate)]
#[serde(deny_unknown_fields)]
pub struct Template {
    #[schema(max_length = 512, pattern = "^[a-z0-9_]+$", example = "incident_update")]
    name: String,
    #[schema(max_length = 15, example = "en_US")]
    language: String,
    /// Whether the body says `{{title}}` or `{{1}}`.
    #[serde(default)]
    parameters: Naming,
    /// Whether the link is the body's last parameter, or completes the URL of the first button.
    #[serde(default)]
    link: Place,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = WhatsappTemplateParameters)]
#[serde(rename_all = "lowercase")]
enum Naming {
    #[default]
    Named,
    Positional,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = WhatsappTemplateLink)]
#[serde(rename_all = "lowercase")]
enum Place {
    #[default]
    Body,
    Button,
}

impl Config {
    pub fn check(&self, egress: &EgressPolicy) -> Vec<Fault> {
        let is_digits = |it: &str| it.bytes().all(|b| b.is_ascii_digit());
        let is_name = |it: &str| it.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        let is_tag = |it: &str| it.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let Template { name, language, .. } = &self.template;
        let mut faults: Vec<Fault> =
            check_secret("/access_token", &self.access_token, 1_024).into_iter().collect();
        let mut demand = |is_good: bool, pointer: &str, detail: &str| {
            if !is_good {
                let (pointer, detail) = (pointer.to_owned(), detail.to_owned());
                faults.push(Fault { pointer, code: "format", detail });
            }
        };
        let within = |it: &str, max: usize| (1..=max).contains(&it.len());
        let id = &self.phone_number_id;
        demand(within(id, 32) && is_digits(id), "/phone_number_id", "1 to 32 digits");
        let detail = "a phone number with country code, or a business-scoped user ID";
        demand(Recipient::of(&self.to).is_some(), "/to", detail);
        let detail = "1 to 512 of a-z, 0-9 and _";
        demand(within(name, 512) && is_name(name), "/template/name", detail);
        let detail = "a language code such as en_US";
        demand(within(language, 15) && is_tag(language), "/template/language", detail);
        faults.extend(self.api_base.iter().filter_map(|it| check_url("/api_base", it, egress)));
        faults
    }

    pub fn shown(&self) -> Value {
        with(json!(self), "access_token", last4(&self.access_token))
    }

    pub fn credential(&self) -> &str {
        &self.access_token
    }

    pub fn recipient(&self) -> &str {
        &self.to
    }

    pub fn next(&self, said: &Said<'_>, attempt: &Attempt<'_>, done: &[Done]) -> Option<Step> {
        let text = || Step::telling(TEXT, self.request(text_of(said), attempt));
        let template = || Step::telling(TEMPLATE, self.request(self.template(said), attempt));
        match done.last() {
            None if self.use_session => Some(text()),
            None => Some(template()),
            Some(it) if it.step == TEXT && window_is_closed(&it.verdict) => Some(template()),
            Some(_) => None,
        }
    }

    fn request(&self, content: Value, attempt: &Attempt<'_>) -> Outbound {
        let (kind, recipient) = match Recipient::of(&self.to) {
            Some(Recipient::User(id)) => ("recipient", id),
            Some(Recipient::Phone(digits)) => ("to", digits),
            None => ("to", self.to.as_str()),
        };
        let mut body = with(content, "messaging_product", "whatsapp");
        body = with(body, "recipient_type", "individual");
        body = with(body, kind, recipient);
        body = with(body, "biz_opaque_callback_data", attempt.delivery.to_string());
        if let Some(id) = attempt.anchor.and_then(|it| it.get("wamid")) {
            body = with(body, "context", json!({ "message_id": id }));
        }
        let base = self.api_base.as_deref().unwrap_or(API);
        let mut request = hook::post(path_under(base, &[&self.phone_number_id, "messages"]), &body);
        let bearer = format!("Bearer {}", self.access_token);
        request.headers.push(("authorization".to_owned(), bearer));
        request
    }

    fn template(&self, said: &Said<'_>) -> Value {
        let Template { name, language, parameters: naming, link: place } = &self.template;
        let [title, state, body, link] = said.parameters();
        let mut values = vec![("title", title), ("status", state), ("body", body)];
        if *place == Place::Body {
            values.push(("link", link));
        }
        let values: Vec<Value> = values
            .into_iter()
            .map(|(name, text)| match naming {
                Naming::Named => json!({ "type": "text", "parameter_name": name, "text": text }),
                Naming::Positional => json!({ "type": "text", "text": text }),
            })
            .collect();
        let mut components = vec![json!({ "type": "body", "parameters": values })];
        if *place == Place::Button {
            let suffix = json!({ "type": "text", "text": below_the_origin(said.message) });
            components.push(json!({
                "type": "button", "sub_type": "url", "index": "0", "parameters": [suffix],
            }));
        }
        let language = json!({ "code": language });
        json!({
            "type": "template",
            "template": { "name": name, "language": language, "components": components },
        })
    }
}

fn text_of(said: &Said<'_>) -> Value {
    let text = json!({ "preview_url": false, "body": said.text(TEXT_MAX) });
    json!({ "type": "text", "text": text })
}

/// A button's URL is fixed but for its end: `https://status.example.net/{{1}}`.
fn below_the_origin(message: &Message) -> String {
    let url = message.link.as_ref().and_then(|(_, url)| url::Url::parse(url).ok());
    let rest = url.as_ref().map_or("", |it| &it[url::Position::BeforePath..]);
    let rest = rest.trim_start_matches('/');
    if rest.is_empty() { "-".to_owned() } else { rest.to_owned() }
}

fn window_is_closed(verdict: &Verdict) -> bool {
    verdict.learnt.get("window").is_some()
}

/// Meta asks to go by `code`, not by status or title.
pub fn judge(answer: &Answer) -> Verdict {
    let body = answer.json();
    if let Some(code) = body.pointer("/error/code").and_then(Value::as_i64) {
        return of_code(code, answer.status);
    }
    let learnt = match body.pointer("/messages/0/id").and_then(Value::as_str) {
        Some(id) => json!({ "wamid": id }),
        None => Value::Null,
    };
    Verdict { learnt, ..Verdict::of_status(answer.status) }
}

fn of_code(code: i64, status: u16) -> Verdict {
    let shared = |seconds| Verdict {
        wait: Some(Duration::from_secs(seconds)),
        wait_is_shared: true,
        ..Verdict::of(Outcome::Transient)
    };
    match code {
        130_429 => shared(10),
        4 | 80_007 | 133_016 => shared(300),
        // Meta has had complaints: haste makes it worse.
        131_048 => shared(3_600),
        // One message in six seconds to one reader.
        131_056 => {
            Verdict { wait: Some(Duration::from_secs(6)), ..Verdict::of(Outcome::Transient) }
        }
        1 | 2 | 131_000 | 131_016 | 131_057 | 135_000 => Verdict::of(Outcome::Transient),
        131_047 => {
            Verdict { learnt: json!({ "window": "closed" }), ..Verdict::of(Outcome::Blocked) }
        }
        // 131050: the reader has said stop.
        131_021 | 131_026 | 131_030 | 131_050 | 131_051 | 131_062 => Verdict::of(Outcome::Gone),
        // Meta's own caps per reader: this message is lost, the next may pass.
        130_472 | 131_049 => Verdict::of(Outcome::Blocked),
        0 | 3 | 10 | 190 | 200..=299 | 368 | 130_497 => Verdict::of(Outcome::Credential),
        131_005 | 131_031 | 131_042 | 131_045 => Verdict::of(Outcome::Credential),
        // The template is paused or disabled, for everybody who is told by it.
        132_015 | 132_016 => Verdict::of(Outcome::Credential),
        100 | 131_008 | 131_009 | 132_000..=132_014 => Verdict::of(Outcome::Blocked),
        _ => match Verdict::of_status(status) {
            // An error in a 2xx is none of Meta's, but it is no delivery either.
            it if it.outcome == Outcome::Delivered => Verdict::of(Outcome::Transient),
            it => it,
        },
    }
}

/// What an error that is reported later means.
pub fn outcome(code: i64) -> Outcome {
    of_code(code, 400).outcome
}

/// The first message that the reader got about the incident.
pub fn anchor(attempt: &Attempt<'_>, done: &[Done]) -> Option<Value> {
    let known = attempt.anchor.cloned();
    known.or_else(|| Some(json!({ "wamid": receipt(done)? })))
}

pub fn receipt(done: &[Done]) -> Option<String> {
    let wamid = |it: &Done| it.verdict.learnt.get("wamid")?.as_str().map(str::to_owned);
    done.iter().rev().find_map(wamid)
}
