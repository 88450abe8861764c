//! The page for the many: strangers who only ask for it get it before the middlewares begin.
//!
//! Every header is the one that the long way would have written. Whatever asks for more than the
//! page (credentials, another origin, an id of its own, debug logs) goes the long way.
use std::sync::LazyLock;
use std::time::Instant;

use actix_web::HttpResponse;
use actix_web::body::BoxBody;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use domain::caller::Visibility;
use metrics::{Counter, Histogram};
use publication::{Document, Encoding};
use uuid::Uuid;

use crate::{conditional, request, state};

const PATH: &str = "/api/v1/status";
/// Headers that make an answer depend on more than the page.
const PARTICULAR: [HeaderName; 3] = [header::AUTHORIZATION, header::ORIGIN, request::ID];

/// What is counted of answers of one kind.
struct Tally {
    n_answers: Counter,
    took: Histogram,
}

/// Of 200 and of 304. They name the recorder once, because looking it up costs more than counting.
static TALLIES: LazyLock<[Tally; 2]> = LazyLock::new(|| ["200", "304"].map(Tally::of));

impl Tally {
    fn of(status: &'static str) -> Self {
        let labels = [("method", "GET"), ("route", PATH), ("status", status)];
        Self {
            n_answers: metrics::counter!("farol_http_requests_total", &labels),
            took: metrics::histogram!("farol_http_request_duration_seconds", &labels),
        }
    }
}

/// The answer, if this is a request that needs no more than the page.
pub fn answer(req: &ServiceRequest) -> Option<HttpResponse> {
    let headers = req.headers();
    if req.path() != PATH
        || req.method() != Method::GET
        || PARTICULAR.iter().any(|it| headers.contains_key(it))
        || tracing::enabled!(tracing::Level::DEBUG)
    {
        return None;
    }
    let state = state::of(req.request());
    let pages = state.live.pages()?;
    if state.is_internal() || !(state.is_ready)() || state.live.stale_for().is_some() {
        return None;
    }
    let began = Instant::now();
    let response = present(pages.status(Visibility::Public), headers)?;
    let [fresh, known] = &*TALLIES;
    let tally = if response.status() == StatusCode::OK { fresh } else { known };
    tally.n_answers.increment(1);
    tally.took.record(began.elapsed());
    Some(response)
}

fn present(document: &Document, asked: &HeaderMap) -> Option<HttpResponse> {
    let accepted = asked.get(header::ACCEPT_ENCODING).and_then(|it| it.to_str().ok());
    let encoding = Encoding::negotiate(accepted.unwrap_or_default());
    let etag = HeaderValue::try_from(document.etag(encoding)).ok()?;
    let is_known = conditional::matches(asked.get(header::IF_NONE_MATCH), &etag);
    let mut response = if is_known {
        HttpResponse::new(StatusCode::NOT_MODIFIED)
    } else {
        HttpResponse::with_body(StatusCode::OK, BoxBody::new(document.body(encoding)))
    };
    let headers = response.headers_mut();
    headers.reserve(12);
    if !is_known {
        set(headers, header::CONTENT_TYPE, "application/json");
        if let Some(name) = encoding.name() {
            set(headers, header::CONTENT_ENCODING, name);
        }
    }
    headers.insert(header::ETAG, etag);
    set(headers, header::VARY, "Accept-Encoding, Authorization, Origin");
    set(headers, header::CACHE_CONTROL, conditional::PUBLIC);
    set(headers, header::ACCESS_CONTROL_EXPOSE_HEADERS, request::EXPOSED);
    set(headers, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    let mut id = Uuid::encode_buffer();
    let id = Uuid::now_v7().hyphenated().encode_lower(&mut id);
    headers.insert(request::ID, HeaderValue::from_str(id).ok()?);
    request::secure(headers, false);
    Some(response)
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}
