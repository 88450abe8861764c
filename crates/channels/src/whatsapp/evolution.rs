//! Evolution API 2, a bridge over HTTP.
use domain::delivery::Outcome;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{Recipient, check_name};
use crate::egress::EgressPolicy;
use crate::{Answer, Fault, Outbound, Verdict, hook, last4};

pub const STEP: &str = "evolution";

/// An Evolution API server and the instance it speaks for.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    #[schema(max_length = 2048, format = "uri", example = "https://evolution.example.org")]
    base_url: String,
    /// Sent as `apikey`. Secret.
    #[schema(max_length = 1024)]
    api_key: String,
    #[schema(max_length = 100, example = "status")]
    instance: String,
    /// With country code; or a group's ID, `…@g.us`.
    #[schema(max_length = 160, example = "4915112345678")]
    number: String,
}

impl Config {
    pub fn check(&self, egress: &EgressPolicy) -> Vec<Fault> {
        let is_number = Recipient::of(&self.number).is_some() || self.number.ends_with("@g.us");
        let faults = [
            hook::check_url("/base_url", &self.base_url, egress),
            hook::check_secret("/api_key", &self.api_key, 1_024),
            check_name("/instance", &self.instance),
            (!is_number).then(|| Fault {
                pointer: "/number".to_owned(),
                code: "format",
                detail: "a phone number with country code, or a group's ID".to_owned(),
            }),
        ];
        faults.into_iter().flatten().collect()
    }

    pub fn shown(&self) -> Value {
        hook::with(json!(self), "api_key", last4(&self.api_key))
    }

    pub fn credential(&self) -> String {
        format!("{} {} {}", self.base_url, self.instance, self.api_key)
    }

    pub fn recipient(&self) -> &str {
        &self.number
    }

    pub fn request(&self, text: &str) -> Outbound {
        let number = match Recipient::of(&self.number) {
            Some(Recipient::Phone(digits)) => digits,
            _ => &self.number,
        };
        let body = json!({
            "number": number,
            "text": text,
            "linkPreview": false,
        });
        let path = ["message", "sendText", &self.instance];
        let mut request = hook::post(hook::path_under(&self.base_url, &path), &body);
        request.headers.push(("apikey".to_owned(), self.api_key.clone()));
        request
    }
}

pub fn judge(answer: &Answer) -> Verdict {
    match answer.status {
        400 if !is_on_whatsapp(answer) => Verdict::of(Outcome::Gone),
        400 => Verdict::of(Outcome::Blocked),
        // 404: there is no such instance, for nobody who is told through it.
        401 | 403 | 404 => Verdict::of(Outcome::Credential),
        status => Verdict::of_status(status),
    }
}

fn is_on_whatsapp(answer: &Answer) -> bool {
    let body = answer.json();
    let messages = body.pointer("/response/message").and_then(Value::as_array);
    !messages.into_iter().flatten().any(|it| it["exists"] == false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::answer;

    #[test]
    fn sends_a_text() {
        let config: Config = serde_json::from_value(json!({
            "base_url": "https://evolution.example.org",
            "api_key": "abcdefgh1234",
            "instance": "our status/1",
            "number": "+4915112345678",
        }))
        .unwrap();
        let request = config.request("*Monitoring*: Checkout errors");
        assert_eq!(request.url, "https://evolution.example.org/message/sendText/our%20status%2F1");
        assert!(request.headers.contains(&("apikey".to_owned(), "abcdefgh1234".to_owned())));
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(
            body,
            serde_json::from_str::<Value>(include_str!(
                "../../fixtures/out_evolution_sendText.json"
            ))
            .unwrap()
        );
    }

    #[test]
    fn reads_answers() {
        let absent = json!({"status":400,"error":"Bad Request","response":
            {"message":[{"jid":"49@s.whatsapp.net","exists":false,"number":"49"}]}});
        let wrong = json!({"status":400,"response":{"message":[["text is required"]]}});
        for (status, body, outcome) in [
            (201, json!({}), Outcome::Delivered),
            (400, absent, Outcome::Gone),
            (400, wrong, Outcome::Blocked),
            (401, Value::Null, Outcome::Credential),
            (404, Value::Null, Outcome::Credential),
            (500, Value::Null, Outcome::Transient),
        ] {
            assert_eq!(judge(&answer(status, &body)).outcome, outcome, "{status} {body}");
        }
    }
}
