//! `If-Match`: changing only what one has seen (RFC 9110 §13.1.1).
use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{ETAG, IF_MATCH};
use actix_web::{FromRequest, HttpRequest, HttpResponse, HttpResponseBuilder};
use serde::Serialize;

use crate::conditional::short_digest;
use crate::problem::Problem;

/// The version the caller has seen, if they say.
pub struct Expected(pub Option<i64>);

/// Matches no version there ever is.
const NONE: i64 = -1;

impl FromRequest for Expected {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(read(req))))
    }
}

/// A tag that is none of ours matches nothing, which is for the comparison to say.
fn read(req: &HttpRequest) -> Option<i64> {
    let text = req.headers().get(IF_MATCH)?.to_str().unwrap_or_default().trim();
    if text == "*" {
        return None;
    }
    let tag = text.strip_prefix("\"v").and_then(|it| it.strip_suffix('"'));
    let version = tag.and_then(|it| it.split('.').next()?.parse().ok());
    Some(version.unwrap_or(NONE))
}

/// Answers with a thing and its version.
pub fn show(
    mut response: HttpResponseBuilder,
    version: i64,
    shown: &impl Serialize,
) -> HttpResponse {
    response.insert_header((ETAG, format!("\"v{version}\""))).json(shown)
}

/// Answers with a thing that changes by itself, too, like the time it was last used, and is no new
/// version then. Its tag also names the bytes, so that nobody is told that old ones are still good;
/// `If-Match` reads only the version out of it.
pub fn show_exactly(version: i64, shown: &impl Serialize) -> Result<HttpResponse, Problem> {
    let body = serde_json::to_vec(shown).map_err(|error| Problem::internal(&error))?;
    let tag = format!("\"v{version}.{}\"", short_digest(&body));
    Ok(HttpResponse::Ok().insert_header((ETAG, tag)).content_type("application/json").body(body))
}
