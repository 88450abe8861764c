//! What happens around every request: its id, its log line, its measurements, its last defences.
use std::cell::Cell;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse, ResponseError};
use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use tracing::Instrument;
use uuid::{Builder, Uuid};

use crate::problem::Problem;
use crate::state::State;
use crate::{auth, state};

pub const ID: HeaderName = HeaderName::from_static("x-request-id");
/// What scripts of other origins may read of an answer.
pub const EXPOSED: &str =
    "ETag, Link, Location, RateLimit, RateLimit-Policy, Retry-After, X-Farol-Stale, X-Request-Id";
/// Longest id taken over from the caller.
const ID_MAX: usize = 128;

/// The request is a HEAD, which handlers take for a GET.
#[derive(Clone, Copy)]
pub struct OfHead;

/// `X-Request-Id` of the request.
#[derive(Clone)]
pub struct RequestId(pub String);

type Either<B> = EitherBody<B, BoxBody>;

/// Gives the request its id, answers every error as a problem, and writes it down.
pub async fn around<B: MessageBody + 'static>(
    mut req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<Either<B>>, Error> {
    let started = Instant::now();
    let id = request_id(req.headers());
    req.extensions_mut().insert(RequestId(id.clone()));
    let method = req.method().clone();
    if method == Method::HEAD {
        // The handlers know GET; the connection remembers that no body goes out.
        req.head_mut().method = Method::GET;
        req.extensions_mut().insert(OfHead);
    }
    let path = shown_path(req.path());
    let span = tracing::info_span!("request", id = %id, method = %method, path);
    let outcome = AssertUnwindSafe(next.call(req)).catch_unwind().instrument(span.clone()).await;
    let mut response = match outcome {
        Ok(Ok(response)) => finish(response, &id),
        Ok(Err(error)) => return Err(problem_of(&error).at(&id).into()),
        Err(_panic) => return Err(span.in_scope(|| Problem::internal(&Panicked)).at(&id).into()),
    };
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(ID, value);
    }
    if response.status() != StatusCode::NOT_MODIFIED {
        let is_docs = response.request().path().starts_with("/docs");
        secure(response.headers_mut(), is_docs);
    }
    span.in_scope(|| note(&response, &method, started.elapsed()));
    Ok(response)
}

#[derive(Debug, thiserror::Error)]
#[error("a handler panicked")]
struct Panicked;

/// The path as it may be logged: what follows these is a credential.
fn shown_path(path: &str) -> &str {
    auth::BEARING_TOKENS.into_iter().find(|it| path.starts_with(it)).unwrap_or(path)
}

fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(&ID).and_then(|it| it.to_str().ok());
    let usable = |id: &&str| {
        (1..=ID_MAX).contains(&id.len()) && id.bytes().all(|b| (b'!'..=b'~').contains(&b))
    };
    given.filter(usable).map_or_else(|| new_id(app::clock::now()).to_string(), str::to_owned)
}

thread_local! {
    static LAST_ID: Cell<u128> = Cell::new(Uuid::new_v4().as_u128());
}

/// A new id, version 7. Its random part is counted up from a random start (RFC 9562 §6.2): it must
/// be unique and not secret, and asking the kernel costs as much as making a short answer.
pub fn new_id(now: DateTime<Utc>) -> Uuid {
    let next = LAST_ID.get().wrapping_add(1);
    LAST_ID.set(next);
    let [.., a, b, c, d, e, f, g, h, i, j] = next.to_be_bytes();
    let millis = u64::try_from(now.timestamp_millis()).unwrap_or_default();
    Builder::from_unix_timestamp_millis(millis, &[a, b, c, d, e, f, g, h, i, j]).into_uuid()
}

/// Names the request in problems that handlers answered, and makes problems of plain errors.
fn finish<B: MessageBody + 'static>(
    response: ServiceResponse<B>,
    id: &str,
) -> ServiceResponse<Either<B>> {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response.map_into_left_body();
    }
    let known = response.response().extensions().get::<Problem>().cloned();
    let is_problem =
        response.headers().get(CONTENT_TYPE).is_some_and(|it| it == "application/problem+json");
    if is_problem && known.is_none() {
        return response.map_into_left_body();
    }
    let problem = known.unwrap_or_else(|| Problem::from(status)).at(id);
    replace(response, &problem)
}

fn replace<B: MessageBody + 'static>(
    response: ServiceResponse<B>,
    problem: &Problem,
) -> ServiceResponse<Either<B>> {
    let (request, old) = response.into_parts();
    let mut new = problem.error_response();
    for (name, value) in old.headers() {
        if name != CONTENT_TYPE && name != header::CONTENT_LENGTH {
            new.headers_mut().insert(name.clone(), value.clone());
        }
    }
    ServiceResponse::new(request, new).map_into_right_body()
}

fn problem_of(error: &Error) -> Problem {
    match error.as_error::<Problem>() {
        Some(problem) => problem.clone(),
        None => Problem::from(error.as_response_error().status_code()).because(error),
    }
}

/// What protects whoever takes a body in which nothing runs (OWASP REST Security Cheat Sheet,
/// "Security headers").
pub static SAFETY: [(HeaderName, HeaderValue); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
];
static DOCS_RUN: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
);

/// Adds [`SAFETY`] to answers with a body; those of the stored answer hold for a 304. The documentation
/// page runs scripts, and a page of ours may say itself what it needs.
fn secure(headers: &mut HeaderMap, is_docs: bool) {
    if is_docs {
        headers.insert(header::CONTENT_SECURITY_POLICY, DOCS_RUN.clone());
    }
    for (name, value) in &SAFETY {
        if *name != header::CONTENT_SECURITY_POLICY || !headers.contains_key(name) {
            headers.insert(name.clone(), value.clone());
        }
    }
}

fn note<B>(response: &ServiceResponse<B>, method: &Method, took: Duration) {
    let status = response.status().as_u16();
    let route = response.request().match_pattern().unwrap_or_else(|| "none".to_owned());
    // Anybody can make up methods, but not labels.
    let known = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH];
    let known = known.iter().chain(&[Method::DELETE, Method::OPTIONS]).any(|it| it == method);
    let method = if known { method.as_str() } else { "other" }.to_owned();
    let labels = [("method", method), ("route", route), ("status", status.to_string())];
    metrics::counter!("farol_http_requests_total", &labels).increment(1);
    metrics::histogram!("farol_http_request_duration_seconds", &labels).record(took);
    tracing::debug!(status, micros = took.as_micros(), "answered");
}

/// Whether scripts of this origin may use credentials.
pub fn is_trusted(state: &State, origin: &HeaderValue) -> bool {
    origin.to_str().is_ok_and(|it| state.cors_origins.iter().any(|known| known == it))
}

/// Lets browsers of the allowed origins use credentials, and every browser read the public page.
pub async fn cors(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, Error> {
    let origin = req.headers().get(header::ORIGIN).cloned();
    let is_asked_from_elsewhere = origin.is_some();
    let known = origin.filter(|it| is_trusted(state::of(req.request()), it));
    let is_public = req.headers().get(header::AUTHORIZATION).is_none();
    let is_preflight = req.method() == Method::OPTIONS
        && req.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let is_read = req.method() == Method::GET;
    let mut response = if is_preflight {
        let answer = HttpResponse::new(StatusCode::NO_CONTENT);
        req.into_response(answer).map_into_right_body()
    } else {
        next.call(req).await?.map_into_left_body()
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    let mut set = |name: HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    if is_preflight {
        let (methods, names) = if known.is_some() {
            (
                "GET, HEAD, POST, PUT, PATCH, DELETE",
                "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, X-Request-Id",
            )
        } else {
            ("GET, HEAD", "If-None-Match, Last-Event-ID, X-Request-Id")
        };
        set(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        set(header::ACCESS_CONTROL_ALLOW_HEADERS, names);
        set(header::ACCESS_CONTROL_MAX_AGE, "600");
    }
    if is_asked_from_elsewhere {
        set(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
    match known {
        Some(origin) => {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        }
        None if is_preflight || (is_public && is_read) => {
            let any = HeaderValue::from_static("*");
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, any);
        }
        None => {}
    }
    Ok(response)
}
