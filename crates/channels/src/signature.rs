//! Standard Webhooks 1.0 signatures, symmetric scheme `v1`.

use std::fmt;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

/// Marks a symmetric secret (Standard Webhooks 1.0, "Signature scheme").
const PREFIX: &str = "whsec_";

/// Key lengths the specification admits, in bytes.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// The key shared with one webhook endpoint. `Debug` does not show it.
#[derive(Clone)]
pub struct SigningSecret {
    bytes: Vec<u8>,
    /// The same, made ready to sign with.
    key: hmac::Key,
}

/// The text is not `whsec_` followed by padded base64 of 24 to 64 bytes.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a signing secret is `whsec_` followed by the base64 of 24 to 64 bytes")]
pub struct BadSecret;

impl SigningSecret {
    fn of(bytes: Vec<u8>) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &bytes);
        Self { bytes, key }
    }

    /// Takes 32 bytes from a cryptographic random source.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self::of(bytes.to_vec())
    }

    /// Reads the form in which secrets are shown to their owner, `whsec_…`.
    pub fn parse(text: &str) -> Result<Self, BadSecret> {
        let encoded = text.strip_prefix(PREFIX).ok_or(BadSecret)?;
        match STANDARD.decode(encoded) {
            Ok(key) if KEY_BYTES.contains(&key.len()) => Ok(Self::of(key)),
            _ => Err(BadSecret),
        }
    }

    /// Reveals the secret as `whsec_…`, for its owner and for encryption at rest.
    pub fn to_string_secret(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.bytes))
    }

    /// Signs one attempt: `v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`.
    ///
    /// `id` stays the same for every attempt and holds no dot; `timestamp_seconds` is the Unix
    /// time of this attempt; `body` is exactly what goes over the wire.
    pub fn sign(&self, id: &str, timestamp_seconds: i64, body: &[u8]) -> String {
        let mut mac = hmac::Context::with_key(&self.key);
        mac.update(format!("{id}.{timestamp_seconds}.").as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.sign()))
    }
}

impl PartialEq for SigningSecret {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for SigningSecret {}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SigningSecret(redacted)")
    }
}

/// The value of `webhook-signature`: one signature per secret, so that a receiver verifies with
/// either while a secret is being rotated.
pub fn signature_header(
    secrets: &[&SigningSecret],
    id: &str,
    timestamp_seconds: i64,
    body: &[u8],
) -> String {
    let signatures: Vec<String> =
        secrets.iter().map(|secret| secret.sign(id, timestamp_seconds, body)).collect();
    signatures.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOWN: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNED: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    #[test]
    fn agrees_with_the_reference_libraries() {
        let secret = SigningSecret::parse(SHOWN).unwrap();
        assert_eq!(secret.sign(ID, 1_614_265_330, BODY), SIGNED);
    }

    #[test]
    fn rotation_lists_both_signatures() {
        let old = SigningSecret::parse(SHOWN).unwrap();
        let new = SigningSecret::from_bytes([7; 32]);
        let header = signature_header(&[&new, &old], ID, 1_614_265_330, BODY);
        assert_eq!(header, format!("{} {SIGNED}", new.sign(ID, 1_614_265_330, BODY)));
    }

    #[test]
    fn the_shown_form_reads_back() {
        let secret = SigningSecret::from_bytes([0xfb; 32]);
        assert_eq!(SigningSecret::parse(&secret.to_string_secret()), Ok(secret));
    }

    #[test]
    fn anything_else_is_not_a_secret() {
        let short = format!("whsec_{}", STANDARD.encode([1; 23]));
        let long = format!("whsec_{}", STANDARD.encode([1; 65]));
        let bare = SHOWN.trim_start_matches(PREFIX);
        for text in ["", PREFIX, bare, "whsk_AAAA", "whsec_!!!", &short, &long] {
            assert_eq!(SigningSecret::parse(text), Err(BadSecret), "{text}");
        }
    }

    #[test]
    fn debug_keeps_the_secret() {
        let shown = format!("{:?}", SigningSecret::from_bytes([65; 32]));
        assert_eq!(shown, "SigningSecret(redacted)");
    }
}
