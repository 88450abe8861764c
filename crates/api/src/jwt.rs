//! Access tokens: short-lived JWTs, signed with one algorithm and a key named by `kid`.
use app::vault::SigningKey;
use chrono::{DateTime, Duration, Utc};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How long an access token is good.
pub const GOOD_FOR: Duration = Duration::minutes(10);
/// How far apart the clocks of replicas may be.
const LEEWAY_SECONDS: u64 = 30;
const ALGORITHM: Algorithm = Algorithm::HS256;
const AUDIENCE: &str = "farol";

/// Signs and checks access tokens. The first key signs, all check.
pub struct Jwt {
    keys: Vec<(String, EncodingKey, DecodingKey)>,
    issuer: String,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    /// The session: ending it ends the token.
    sid: Uuid,
    jti: Uuid,
    iat: i64,
    nbf: i64,
    exp: i64,
}

impl Jwt {
    pub fn new(keys: &[SigningKey], issuer: &str) -> Self {
        let both = |key: &SigningKey| {
            let encoding = EncodingKey::from_secret(&key.secret);
            (key.id.clone(), encoding, DecodingKey::from_secret(&key.secret))
        };
        Self { keys: keys.iter().map(both).collect(), issuer: issuer.to_owned() }
    }

    /// An access token for a session.
    pub fn issue(&self, user: Uuid, session: Uuid, now: DateTime<Utc>) -> Option<String> {
        let (kid, key, _) = self.keys.first()?;
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: user,
            sid: session,
            jti: Uuid::new_v4(),
            iat: now.timestamp(),
            nbf: now.timestamp(),
            exp: (now + GOOD_FOR).timestamp(),
        };
        let header = Header { kid: Some(kid.clone()), ..Header::new(ALGORITHM) };
        encode(&header, &claims, key).ok()
    }

    /// The session a token was issued for, if the token is one of ours and still good.
    pub fn check(&self, token: &str) -> Option<Uuid> {
        let kid = decode_header(token).ok()?.kid?;
        let (_, _, key) = self.keys.iter().find(|(id, _, _)| *id == kid)?;
        let mut validation = Validation::new(ALGORITHM);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[AUDIENCE]);
        validation.validate_nbf = true;
        validation.leeway = LEEWAY_SECONDS;
        Some(decode::<Claims>(token, key, &validation).ok()?.claims.sid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwt(issuer: &str) -> Jwt {
        Jwt::new(&[SigningKey { id: "k1".into(), secret: [7; 32] }], issuer)
    }

    #[test]
    fn only_our_own_tokens_that_have_not_expired_count() {
        let ours = jwt("https://status.example.org");
        let (user, session, now) = (Uuid::new_v4(), Uuid::new_v4(), app::clock::now());
        let token = ours.issue(user, session, now).unwrap();
        assert_eq!(ours.check(&token), Some(session));
        assert_eq!(jwt("https://other.example.org").check(&token), None);
        let other_key = Jwt::new(&[SigningKey { id: "k1".into(), secret: [8; 32] }], &ours.issuer);
        assert_eq!(other_key.check(&token), None);
        let old = ours.issue(user, session, now - Duration::hours(1)).unwrap();
        assert_eq!(ours.check(&old), None);
        let unsigned =
            format!("eyJhbGciOiJub25lIiwia2lkIjoiazEifQ.{}.", token.split('.').nth(1).unwrap());
        assert_eq!(ours.check(&unsigned), None);
    }
}
