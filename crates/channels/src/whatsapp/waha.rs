//! WAHA (waha.devlike.pro), a bridge over HTTP.
use domain::delivery::Outcome;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{check_chat, check_name};
use crate::egress::EgressPolicy;
use crate::{Answer, Fault, Outbound, Verdict, hook, last4};

pub const STEP: &str = "waha";

/// A WAHA server and the session it speaks for.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where WAHA listens, without `/api`.
    #[schema(max_length = 2048, format = "uri", example = "https://waha.example.org")]
    base_url: String,
    /// Sent as `X-Api-Key`. Secret.
    #[schema(max_length = 1024)]
    api_key: String,
    #[schema(max_length = 100, example = "default")]
    session: String,
    /// `…@c.us` for a person, `…@g.us` for a group.
    #[schema(max_length = 160, example = "4915112345678@c.us")]
    chat_id: String,
}

impl Config {
    pub fn check(&self, egress: &EgressPolicy) -> Vec<Fault> {
        let faults = [
            hook::check_url("/base_url", &self.base_url, egress),
            hook::check_secret("/api_key", &self.api_key, 1_024),
            check_name("/session", &self.session),
            check_chat("/chat_id", &self.chat_id),
        ];
        faults.into_iter().flatten().collect()
    }

    pub fn shown(&self) -> Value {
        hook::with(json!(self), "api_key", last4(&self.api_key))
    }

    pub fn credential(&self) -> String {
        format!("{} {} {}", self.base_url, self.session, self.api_key)
    }

    pub fn recipient(&self) -> &str {
        &self.chat_id
    }

    pub fn request(&self, text: &str) -> Outbound {
        let body = json!({
            "session": self.session,
            "chatId": self.chat_id,
            "text": text,
        });
        let mut request = hook::post(hook::path_under(&self.base_url, &["api", "sendText"]), &body);
        request.headers.push(("x-api-key".to_owned(), self.api_key.clone()));
        request
    }
}

pub fn judge(answer: &Answer) -> Verdict {
    match answer.status {
        401 | 403 => Verdict::of(Outcome::Credential),
        // The session is not `WORKING`: on its way, or waiting for somebody to scan its code.
        422 if answer.json().get("status") == Some(&json!("STARTING")) => {
            Verdict::of(Outcome::Transient)
        }
        422 => Verdict::of(Outcome::Credential),
        status => Verdict::of_status(status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::answer;

    fn config() -> Config {
        serde_json::from_value(json!({
            "base_url": "https://waha.example.org/wa/",
            "api_key": "abcdefgh1234",
            "session": "default",
            "chat_id": "4915112345678@c.us",
        }))
        .unwrap()
    }

    #[test]
    fn sends_a_text() {
        let request = config().request("*Monitoring*: Checkout errors");
        assert_eq!(request.url, "https://waha.example.org/wa/api/sendText");
        assert!(request.headers.contains(&("x-api-key".to_owned(), "abcdefgh1234".to_owned())));
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(
            body,
            serde_json::from_str::<Value>(include_str!("../../fixtures/out_waha_sendText.json"))
                .unwrap()
        );
    }

    #[test]
    fn reads_answers() {
        for (status, body, outcome) in [
            (201, json!({ "id": "true_49@c.us_AAA" }), Outcome::Delivered),
            (401, Value::Null, Outcome::Credential),
            (422, json!({"status":"STARTING","expected":["WORKING"]}), Outcome::Transient),
            (422, json!({"status":"SCAN_QR_CODE","expected":["WORKING"]}), Outcome::Credential),
            (500, Value::Null, Outcome::Transient),
        ] {
            assert_eq!(judge(&answer(status, &body)).outcome, outcome, "{status} {body}");
        }
    }
}
