//! Twilio's Messages API with WhatsApp addresses.
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::delivery::Outcome;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Recipient, Said, receipt};
use crate::egress::EgressPolicy;
use crate::hook::{self, check_secret, check_url, path_under};
use crate::{Answer, Done, Fault, Method, Outbound, Pace, Step, Verdict, last4};

/// A message; one of which Twilio reports what becomes of it.
pub const STEP: &str = "twilio";
pub const REPORTED: &str = "twilio_reported";

const API: &str = "https://api.twilio.com";
const TEXT_MAX: usize = 1_600;
/// 80 messages a second from one WhatsApp sender.
pub const PACE: Pace = Pace { interval: Duration::from_micros(12_500), burst: 20 };

/// An account, the number it sends from, and whom it writes to.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    #[schema(max_length = 34, pattern = "^AC[0-9a-fA-F]{32}$")]
    account_sid: String,
    /// Secret.
    #[schema(max_length = 256)]
    auth_token: String,
    /// Phone numbers with country code.
    #[schema(max_length = 40, example = "+14155238886")]
    from: String,
    #[schema(max_length = 40, example = "+4915112345678")]
    to: String,
    /// An approved template with the variables 1 title, 2 status, 3 body and 4 link. Without one,
    /// only readers who wrote within the last 24 hours are reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 34, pattern = "^HX[0-9a-fA-F]{32}$")]
    content_sid: Option<String>,
    /// Instead of `https://api.twilio.com`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2048, format = "uri")]
    api_base: Option<String>,
}

impl Config {
    pub fn check(&self, egress: &EgressPolicy) -> Vec<Fault> {
        let mut faults: Vec<Fault> =
            check_secret("/auth_token", &self.auth_token, 256).into_iter().collect();
        let mut demand = |is_good: bool, pointer: &str, detail: &str| {
            if !is_good {
                let (pointer, detail) = (pointer.to_owned(), detail.to_owned());
                faults.push(Fault { pointer, code: "format", detail });
            }
        };
        demand(is_sid(&self.account_sid, "AC"), "/account_sid", "AC and 32 hexadecimal digits");
        let content = self.content_sid.as_ref();
        let detail = "HX and 32 hexadecimal digits";
        demand(content.is_none_or(|it| is_sid(it, "HX")), "/content_sid", detail);
        for (pointer, number) in [("/from", &self.from), ("/to", &self.to)] {
            demand(phone(number).is_some(), pointer, "a phone number with country code");
        }
        faults.extend(self.api_base.iter().filter_map(|it| check_url("/api_base", it, egress)));
        faults
    }

    pub fn shown(&self) -> Value {
        hook::with(json!(self), "auth_token", last4(&self.auth_token))
    }

    pub fn credential(&self) -> String {
        format!("{} {}", self.account_sid, self.auth_token)
    }

    pub fn recipient(&self) -> &str {
        &self.to
    }

    pub fn auth_token(&self) -> &str {
        &self.auth_token
    }

    /// The message; with a report to come where Twilio can reach us, or stands beside us.
    pub fn next(&self, said: &Said<'_>, api_url: &str, delivery: Uuid) -> Step {
        let is_beside = self.api_base.as_ref().is_some_and(|it| it.starts_with("http:"));
        if is_beside || api_url.starts_with("https:") {
            let callback = receipt::twilio::callback(api_url, delivery);
            return Step::telling(REPORTED, self.request(said, Some(&callback)));
        }
        Step::telling(STEP, self.request(said, None))
    }

    fn request(&self, said: &Said<'_>, callback: Option<&str>) -> Outbound {
        let address = |it: &str| phone(it).map(|digits| format!("whatsapp:+{digits}"));
        let mut form = Serializer::new(String::new());
        form.append_pair("To", &address(&self.to).unwrap_or_default());
        form.append_pair("From", &address(&self.from).unwrap_or_default());
        if let Some(sid) = &self.content_sid {
            let [title, state, body, link] = said.parameters();
            let variables = json!({ "1": title, "2": state, "3": body, "4": link });
            form.append_pair("ContentSid", sid);
            form.append_pair("ContentVariables", &variables.to_string());
        } else {
            form.append_pair("Body", &said.text(TEXT_MAX));
        }
        if let Some(callback) = callback {
            form.append_pair("StatusCallback", callback);
        }
        let base = self.api_base.as_deref().unwrap_or(API);
        let path = ["2010-04-01", "Accounts", &self.account_sid, "Messages.json"];
        let basic = STANDARD.encode(format!("{}:{}", self.account_sid, self.auth_token));
        Outbound {
            method: Method::Post,
            url: path_under(base, &path),
            headers: vec![
                ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
                ("authorization".to_owned(), format!("Basic {basic}")),
            ],
            body: Bytes::from(form.finish()),
        }
    }
}

fn is_sid(sid: &str, kind: &str) -> bool {
    let rest = sid.strip_prefix(kind).unwrap_or_default();
    rest.len() == 32 && rest.bytes().all(|b| b.is_ascii_hexdigit())
}

fn phone(written: &str) -> Option<&str> {
    match Recipient::of(written)? {
        Recipient::Phone(digits) => Some(digits),
        Recipient::User(_) => None,
    }
}

pub fn judge(step: &str, answer: &Answer) -> Verdict {
    let said = answer.json();
    let code = said.get("code").and_then(Value::as_i64).unwrap_or_default();
    let shared = |seconds| Verdict {
        wait: Some(Duration::from_secs(seconds)),
        wait_is_shared: true,
        ..Verdict::of(Outcome::Transient)
    };
    match (answer.status, outcome(code)) {
        (200..=299, _) => {
            let sid = said.get("sid").filter(|_| step == REPORTED).and_then(Value::as_str);
            let learnt = sid.map_or(Value::Null, |it| json!({ "sid": it }));
            Verdict { learnt, ..Verdict::of(Outcome::Delivered) }
        }
        (_, Some(Outcome::Transient)) => shared(10),
        (429, _) => shared(5),
        (_, Some(outcome)) => Verdict::of(outcome),
        (401 | 403, _) => Verdict::of(Outcome::Credential),
        (status, _) => Verdict::of_status(status),
    }
}

/// What Twilio's own codes mean, and those that stand for WhatsApp's, at once or reported later.
pub fn outcome(code: i64) -> Option<Outcome> {
    match code {
        // No number, unsubscribed, no WhatsApp there.
        21_211 | 21_610 | 63_003 | 63_024 => Some(Outcome::Gone),
        // Outside the 24 hours without a template, too long, refused content, wrong variables.
        63_016 | 21_617 | 63_021 | 63_027 | 63_028 => Some(Outcome::Blocked),
        // Too fast.
        63_018 => Some(Outcome::Transient),
        // Twilio's and WhatsApp's word for a wrong token; terms not accepted.
        20_003 | 63_001 | 63_020 => Some(Outcome::Credential),
        _ => None,
    }
}

pub fn receipt(done: &[Done]) -> Option<String> {
    Some(done.last()?.verdict.learnt.get("sid")?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Letter;
    use crate::testing::{answer, message};

    fn config(content_sid: Option<&str>) -> Config {
        serde_json::from_value(json!({
            "account_sid": "AC00000000000000000000000000000001",
            "auth_token": "abcdefgh1234",
            "from": "whatsapp:+14155238886",
            "to": "+4915112345678",
            "content_sid": content_sid,
        }))
        .unwrap()
    }

    fn form(request: &Outbound) -> Vec<(String, String)> {
        url::form_urlencoded::parse(&request.body).into_owned().collect()
    }

    #[test]
    fn sends_a_form() {
        let said = message("Monitoring", "50% & more", "Fix deployed.");
        let request = config(None).request(&Said { message: &said, own: None }, None);
        assert_eq!(
            request.url,
            "https://api.twilio.com/2010-04-01/Accounts/AC00000000000000000000000000000001/Messages.json"
        );
        let basic = "Basic QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMTphYmNkZWZnaDEyMzQ=";
        assert!(request.headers.contains(&("authorization".to_owned(), basic.to_owned())));
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            form(&request),
            [
                pair("To", "whatsapp:+4915112345678"),
                pair("From", "whatsapp:+14155238886"),
                pair("Body", "*Monitoring*: 50% & more\nFix deployed."),
            ]
        );
    }

    #[test]
    fn sends_a_template() {
        let sid = "HX00000000000000000000000000000002";
        let message = message("Monitoring", "\"x\"", "a\nb");
        let request = config(Some(sid)).request(&Said { message: &message, own: None }, None);
        let form = form(&request);
        assert_eq!(form[2], ("ContentSid".to_owned(), sid.to_owned()));
        let variables: Value = serde_json::from_str(&form[3].1).unwrap();
        assert_eq!(variables, json!({ "1": "\"x\"", "2": "Monitoring", "3": "a b", "4": "-" }));
    }

    #[test]
    fn reads_answers() {
        for (status, code, outcome) in [
            (201, 0, Outcome::Delivered),
            (400, 21_211, Outcome::Gone),
            (400, 21_610, Outcome::Gone),
            (400, 63_016, Outcome::Blocked),
            (429, 63_018, Outcome::Transient),
            (429, 20_429, Outcome::Transient),
            (401, 20_003, Outcome::Credential),
            (400, 21_212, Outcome::Misconfigured),
            (500, 0, Outcome::Transient),
        ] {
            let verdict = judge(STEP, &answer(status, &json!({ "code": code })));
            assert_eq!(verdict.outcome, outcome, "{status} {code}");
            assert_eq!(verdict.wait_is_shared, status == 429, "{status} {code}");
        }
    }
    #[test]
    fn a_report_is_asked_for_where_it_can_come() {
        let said = message("Monitoring", "x", "y");
        let said = Said { message: &said, own: None };
        let callback = |config: &Config, api_url: &str| {
            let Step { name, letter: Letter::Http(request), .. } =
                config.next(&said, api_url, Uuid::nil())
            else {
                panic!("not HTTP")
            };
            let asked = form(&request).into_iter().find(|it| it.0 == "StatusCallback");
            assert_eq!(name == REPORTED, asked.is_some());
            asked.map(|it| it.1)
        };
        let url = "https://status.example.net";
        let expected = format!("{url}/api/v1/receipts/twilio?delivery={}", Uuid::nil());
        assert_eq!(callback(&config(None), url), Some(expected));
        assert_eq!(callback(&config(None), "http://127.0.0.1:8080"), None);
        let mut beside = config(None);
        beside.api_base = Some("http://127.0.0.1:1".to_owned());
        assert!(callback(&beside, "http://127.0.0.1:8080").is_some());

        let taken = answer(201, &json!({ "sid": "SM1", "status": "queued" }));
        let done = |step| [Done { step, counts: true, verdict: judge(step, &taken) }];
        assert_eq!(receipt(&done(REPORTED)).as_deref(), Some("SM1"));
        assert_eq!(receipt(&done(STEP)), None);
    }
}
