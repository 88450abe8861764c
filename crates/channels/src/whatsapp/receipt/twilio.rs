//! The status callback of Twilio's messages (twilio.com/docs/messaging/guides/track-outbound-message-status).
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::delivery::Outcome;
use serde::Deserialize as _;
use serde_json::Value;
use uuid::Uuid;

use super::Fate;
use crate::whatsapp::{Config, twilio};

/// Where the API takes the reports.
pub const PATH: &str = "/api/v1/receipts/twilio";

/// The address at which Twilio reports of the message of a delivery.
pub fn callback(api_url: &str, delivery: Uuid) -> String {
    format!("{api_url}{PATH}?delivery={delivery}")
}

/// Whether a form carries the signature of the account in this configuration: `X-Twilio-Signature`,
/// the base64 HMAC-SHA1 of the URL and the sorted parameters (twilio.com/docs/usage/security).
pub fn is_signed(config: &Value, url: &str, form: &[(String, String)], header: &str) -> bool {
    let Ok(Config::Twilio(config)) = Config::deserialize(config) else { return false };
    let Ok(tag) = STANDARD.decode(header) else { return false };
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, config.auth_token().as_bytes());
    let mut form: Vec<&(String, String)> = form.iter().collect();
    form.sort();
    form.dedup();
    spellings(url).into_iter().any(|mut signed| {
        for (name, value) in &form {
            signed.push_str(name);
            signed.push_str(value);
        }
        hmac::verify(&key, signed.as_bytes(), &tag).is_ok()
    })
}

/// What a form tells, unless the message is still on its way.
pub fn fate(form: &[(String, String)]) -> Option<Fate> {
    let field = |name: &str| form.iter().find(|it| it.0 == name).map(|it| it.1.as_str());
    let receipt = field("MessageSid")?;
    match field("MessageStatus")? {
        "delivered" | "read" => Fate::of(receipt, Outcome::Delivered, None),
        status @ ("failed" | "undelivered") => {
            let code: i64 = field("ErrorCode").and_then(|it| it.parse().ok()).unwrap_or_default();
            let outcome = twilio::outcome(code).unwrap_or(Outcome::Misconfigured);
            let detail = field("ErrorMessage").unwrap_or(status);
            Fate::of(receipt, outcome, Some(&format!("{code}: {detail}")))
        }
        _ => None,
    }
}

/// With the port and without: which one Twilio signs differs, and its own libraries take both.
fn spellings(url: &str) -> [String; 2] {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let (host, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let bare = host.rsplit_once(':').filter(|it| it.1.bytes().all(|b| b.is_ascii_digit()));
    let other = match bare {
        Some((bare, _)) => bare.to_owned(),
        None => format!("{host}:{}", if scheme == "http" { 80 } else { 443 }),
    };
    [url.to_owned(), format!("{scheme}://{other}{path}")]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn form(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn config(token: &str) -> Value {
        json!({
            "provider": "twilio",
            "account_sid": "AC00000000000000000000000000000001",
            "auth_token": token,
            "from": "+14155238886",
            "to": "+4915112345678",
        })
    }

    /// The example of "Validating Signatures from Twilio".
    #[test]
    fn agrees_with_the_documented_example() {
        let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
        let sent = form(&[
            ("CallSid", "CA1234567890ABCDE"),
            ("Caller", "+12349013030"),
            ("Digits", "1234"),
            ("From", "+12349013030"),
            ("To", "+18005551212"),
        ]);
        let signed = "0/KCTR6DLpKmkAf8muzZqo1nDgQ=";
        assert!(is_signed(&config("12345"), url, &sent, signed));
        let shuffled: Vec<_> = sent.iter().rev().cloned().collect();
        assert!(is_signed(&config("12345"), url, &shuffled, signed));
        let with_port = "https://mycompany.com:443/myapp.php?foo=1&bar=2";
        assert!(is_signed(&config("12345"), with_port, &sent, signed));
        for (token, url, header) in [
            ("54321", url, signed),
            ("12345", "https://mycompany.com/myapp.php?foo=1", signed),
            ("12345", url, "1/KCTR6DLpKmkAf8muzZqo1nDgQ="),
            ("12345", url, "?"),
            ("12345", url, ""),
        ] {
            assert!(!is_signed(&config(token), url, &sent, header), "{token} {url} {header}");
        }
        assert!(!is_signed(&config("12345"), url, &sent[1..], signed));
        assert!(!is_signed(&json!({ "provider": "waha" }), url, &sent, signed));
    }

    #[test]
    fn fates_are_read_out_of_forms() {
        let of = |status: &str, code: &str| {
            let sent = [("MessageSid", "SM1"), ("MessageStatus", status), ("ErrorCode", code)];
            fate(&form(&sent)).map(|it| it.outcome)
        };
        for (status, code, outcome) in [
            ("sent", "", None),
            ("delivered", "", Some(Outcome::Delivered)),
            ("read", "", Some(Outcome::Delivered)),
            ("undelivered", "63024", Some(Outcome::Gone)),
            ("failed", "63016", Some(Outcome::Blocked)),
            ("failed", "63018", Some(Outcome::Transient)),
            ("failed", "63020", Some(Outcome::Credential)),
            ("failed", "30008", Some(Outcome::Misconfigured)),
            ("failed", "", Some(Outcome::Misconfigured)),
        ] {
            assert_eq!(of(status, code), outcome, "{status} {code}");
        }
        assert_eq!(fate(&form(&[("MessageStatus", "read")])), None);
        assert_eq!(fate(&form(&[("MessageSid", "a\0b"), ("MessageStatus", "read")])), None);
    }
}
