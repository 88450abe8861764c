//! The `Idempotency-Key` of a request (draft-ietf-httpapi-idempotency-key-header-07).
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use app::idempotency::{Answer, KEY_MAX, Request, body_digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::caller::Caller;
use serde::Serialize;

use crate::auth::{Address, BEARING_TOKENS};
use crate::problem::{Problem, kind};

/// The key, if the caller sent one. Without a body; see [`Self::with_body`].
pub struct Key(pub Option<Request>);

impl Key {
    /// The key of a request with this body.
    #[must_use]
    pub fn with_body(mut self, digest: [u8; 32]) -> Self {
        if let Some(request) = &mut self.0 {
            request.body_digest = digest;
        }
        self
    }
}

impl FromRequest for Key {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(req).map(Self))
    }
}

fn read(req: &HttpRequest) -> Result<Option<Request>, Problem> {
    let Some(header) = req.headers().get("idempotency-key") else { return Ok(None) };
    let malformed = || {
        Problem::new(kind::MALFORMED)
            .because("`Idempotency-Key` takes 1 to 255 printable ASCII characters")
    };
    let key = header.to_str().map_err(|_not_ascii| malformed())?.trim();
    let is_visible = key.bytes().all(|b| (b' '..=b'~').contains(&b));
    if key.is_empty() || key.len() > KEY_MAX || !is_visible {
        return Err(malformed());
    }
    let extensions = req.extensions();
    let principal = match extensions.get::<Caller>() {
        Some(caller) => caller.actor.to_string(),
        None => {
            let address = extensions.get::<Address>().map(|it| it.0.to_string());
            format!("address:{}", address.unwrap_or_default())
        }
    };
    Ok(Some(Request {
        principal,
        route: route(req),
        key: key.to_owned(),
        body_digest: body_digest(&[]),
    }))
}

/// The method and path; of a path that bears a token, which is not to be stored, a digest.
fn route(req: &HttpRequest) -> String {
    let (method, path) = (req.method(), req.path());
    if !BEARING_TOKENS.iter().any(|it| path.starts_with(it)) {
        return format!("{method} {path}");
    }
    let pattern = req.match_pattern().unwrap_or_default();
    format!("{method} {pattern} {}", URL_SAFE_NO_PAD.encode(body_digest(path.as_bytes())))
}

/// An answer that shows a thing.
pub fn answer(status: u16, shown: &impl Serialize) -> Result<Answer, app::Error> {
    let body = serde_json::to_string(shown).map_err(|_not_json| app::Error::Vault)?;
    Ok(Answer { status, location: None, etag: None, body })
}

/// An answer that shows a new thing and where it is.
pub fn created(
    location: String,
    version: i64,
    shown: &impl Serialize,
) -> Result<Answer, app::Error> {
    let etag = Some(format!("\"v{version}\""));
    Ok(Answer { location: Some(location), etag, ..answer(201, shown)? })
}
