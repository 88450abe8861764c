//! Caching: every GET has a strong validator, and whoever has the bytes already gets none.
use actix_web::body::{BodySize, BoxBody, EitherBody, MessageBody, to_bytes_limited};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse};
use app::idempotency::body_digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::problem::{Problem, kind};

/// For what everybody may see. A cache may serve it while it asks for a newer one, and for a day
/// while Farol does not answer (RFC 5861).
pub const PUBLIC: &str = "public, max-age=5, stale-while-revalidate=30, stale-if-error=86400";
/// For everything else.
const PRIVATE: &str = "private, no-store";

/// No answer of ours comes near this.
const BODY_MAX: usize = 64 * 1024 * 1024;

/// Adds what is missing of `ETag` and `Cache-Control`, and answers 304 where that is enough.
pub async fn caching(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody, BoxBody>>, Error> {
    let is_get = req.method() == Method::GET;
    let is_public = is_get && req.headers().get(header::AUTHORIZATION).is_none();
    let seen = req.headers().get(header::IF_NONE_MATCH).cloned();
    let response = next.call(req).await?;
    let is_good = response.status() == StatusCode::OK;
    let mut response = if is_get && is_good && !response.headers().contains_key(header::ETAG) {
        tag(response).await?.map_into_right_body()
    } else {
        response.map_into_left_body()
    };
    let policy = if is_public && is_good { PUBLIC } else { PRIVATE };
    let headers = response.headers_mut();
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(policy));
    }
    if is_get {
        headers.append(header::VARY, HeaderValue::from_static("Authorization"));
    }
    let tag = headers.get(header::ETAG).cloned();
    if is_get && is_good && tag.is_some_and(|tag| matches(seen.as_ref(), &tag)) {
        return Ok(not_modified(response).map_into_right_body());
    }
    Ok(response)
}

/// Whether `If-None-Match` names this tag (RFC 9110 §13.1.2: by weak comparison).
pub fn matches(seen: Option<&HeaderValue>, tag: &HeaderValue) -> bool {
    let Some(seen) = seen else { return false };
    if seen == tag {
        return true;
    }
    let (Ok(seen), Ok(tag)) = (seen.to_str(), tag.to_str()) else { return false };
    seen.split(',').map(str::trim).any(|it| it == "*" || it.strip_prefix("W/").unwrap_or(it) == tag)
}

async fn tag<B: MessageBody + 'static>(
    response: ServiceResponse<B>,
) -> Result<ServiceResponse, Error> {
    if !matches!(response.response().body().size(), BodySize::Sized(_)) {
        return Ok(response.map_into_boxed_body());
    }
    let (request, response) = response.into_parts();
    let (head, body) = response.into_parts();
    let failed = || Error::from(Problem::new(kind::INTERNAL));
    let body = to_bytes_limited(body, BODY_MAX).await.map_err(|_too_large| failed())?;
    let body = body.map_err(|_broken| failed())?;
    let tag = format!("\"{}\"", short_digest(&body));
    let mut response = head.set_body(body).map_into_boxed_body();
    if let Ok(value) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, value);
    }
    Ok(ServiceResponse::new(request, response))
}

/// What stands for these bytes in a tag.
pub fn short_digest(body: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(body_digest(body).get(..12).unwrap_or_default())
}

fn not_modified<B>(response: ServiceResponse<B>) -> ServiceResponse {
    let (request, old) = response.into_parts();
    let mut new = HttpResponse::new(StatusCode::NOT_MODIFIED);
    for (name, value) in old.headers() {
        if ![header::CONTENT_TYPE, header::CONTENT_LENGTH, header::CONTENT_ENCODING].contains(name)
        {
            new.headers_mut().append(name.clone(), value.clone());
        }
    }
    ServiceResponse::new(request, new)
}
