//! What Meta reports later of messages it took: the status webhook of the Cloud API.
use aws_lc_rs::{constant_time, hmac};
use domain::delivery::Outcome;
use serde_json::Value;

use super::Fate;
use crate::whatsapp::cloud;

/// Whether this is Meta's handshake at subscribing, by somebody who knows our `verify_token`.
pub fn is_handshake(verify_token: &str, mode: &str, token: &str) -> bool {
    let knows = constant_time::verify_slices_are_equal(verify_token.as_bytes(), token.as_bytes());
    mode == "subscribe" && knows.is_ok()
}

/// Whether the body carries the signature of the app: `X-Hub-Signature-256: sha256=<hex>`,
/// HMAC-SHA256 of the raw body (developers.facebook.com, "Validating payloads").
pub fn is_signed(app_secret: &str, body: &[u8], header: &str) -> bool {
    let Some(tag) = header.strip_prefix("sha256=").and_then(bytes_of_hex) else { return false };
    let key = hmac::Key::new(hmac::HMAC_SHA256, app_secret.as_bytes());
    hmac::verify(&key, body, &tag).is_ok()
}

/// The final fates that a report tells. `sent` is not one: the provider has accepted the message,
/// which is known. What is not a report has none.
pub fn fates(body: &Value) -> Vec<Fate> {
    let items = |value: &Value, member: &str| -> Vec<Value> {
        value.get(member).and_then(Value::as_array).cloned().unwrap_or_default()
    };
    let changes = items(body, "entry").into_iter().flat_map(|it| items(&it, "changes"));
    let values = changes.filter_map(|it| it.get("value").cloned());
    values.flat_map(|it| items(&it, "statuses")).filter_map(|it| fate(&it)).collect()
}

fn fate(status: &Value) -> Option<Fate> {
    let receipt = status.get("id")?.as_str()?;
    match status.get("status")?.as_str()? {
        "delivered" | "read" | "played" => Fate::of(receipt, Outcome::Delivered, None),
        "failed" => {
            let error = status.pointer("/errors/0");
            let code = error.and_then(|it| it.get("code")).and_then(Value::as_i64);
            let detail = error
                .and_then(|it| it.pointer("/error_data/details").or_else(|| it.get("title")))
                .and_then(Value::as_str);
            let outcome = code.map_or(Outcome::Misconfigured, cloud::outcome);
            let reason = format!("{}: {}", code.unwrap_or_default(), detail.unwrap_or("failed"));
            Fate::of(receipt, outcome, Some(&reason))
        }
        _ => None,
    }
}

fn bytes_of_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|it| u8::try_from(it).ok());
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(pair.first()?)? << 4 | digit(pair.get(1)?)?)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report(status: &str, errors: Value) -> Value {
        let status = json!({ "id": "wamid.OUT2", "status": status, "errors": errors });
        let value = json!({ "messaging_product": "whatsapp", "statuses": [status] });
        json!({
            "object": "whatsapp_business_account",
            "entry": [{ "id": "1", "changes": [{ "value": value, "field": "messages" }] }],
        })
    }

    #[test]
    fn fates_are_read_out_of_reports() {
        let outcome = |body: Value| fates(&body).first().map(|it| it.outcome);
        assert_eq!(outcome(report("read", Value::Null)), Some(Outcome::Delivered));
        assert_eq!(outcome(report("sent", Value::Null)), None);
        let gone = json!([{ "code": 131_026, "title": "Message undeliverable" }]);
        assert_eq!(outcome(report("failed", gone.clone())), Some(Outcome::Gone));
        let told = fates(&report("failed", gone));
        let reason = told.first().and_then(|it| it.reason.as_deref());
        assert_eq!(reason, Some("131026: Message undeliverable"));
        assert_eq!(fates(&json!({ "entry": 7 })), []);
    }

    #[test]
    fn recorded_reports_are_read() {
        let read = |text: &str| fates(&serde_json::from_str(text).unwrap()).remove(0);
        let arrived = read(include_str!("../../../fixtures/whatsapp_status_delivered.json"));
        assert_eq!((arrived.receipt.as_str(), arrived.outcome), ("wamid.OUT1", Outcome::Delivered));
        let failed = read(include_str!("../../../fixtures/whatsapp_status_failed_131047.json"));
        assert_eq!((failed.receipt.as_str(), failed.outcome), ("wamid.OUT2", Outcome::Blocked));
        assert!(failed.reason.unwrap().starts_with("131047: Message failed to send because"));
    }

    #[test]
    fn only_who_knows_the_token_shakes_hands() {
        assert!(is_handshake("token", "subscribe", "token"));
        assert!(!is_handshake("token", "unsubscribe", "token"));
        assert!(!is_handshake("token", "subscribe", "other"));
        assert!(!is_handshake("token", "subscribe", ""));
    }

    #[test]
    fn signatures_are_of_the_body_and_the_secret() {
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"secret");
        let tag = hmac::sign(&key, b"{}");
        let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let header = format!("sha256={hex}");
        assert!(is_signed("secret", b"{}", &header));
        assert!(!is_signed("other", b"{}", &header));
        assert!(!is_signed("secret", b"{ }", &header));
        for bad in ["", "sha256=", "sha256=zz", "sha256=abc", &hex] {
            assert!(!is_signed("secret", b"{}", bad), "{bad}");
        }
    }
}
