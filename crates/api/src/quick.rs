//! The page for the many: strangers who only ask for it get it before the middlewares begin.
//!
//! Every header is the one that the long way would have written. Whatever asks for more than the
//! page (credentials, an id of its own, debug logs) goes the long way.
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use actix_web::HttpResponse;
use actix_web::body::BoxBody;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use chrono::{DateTime, Utc};
use domain::caller::Visibility;
use metrics::{Counter, Histogram};
use publication::{Document, Encoding, Sheet};
use uuid::Uuid;

use crate::state::State;
use crate::{conditional, request};

/// What is counted of answers of one kind.
struct Tally {
    n_answers: Counter,
    took: Histogram,
}

/// Of a document's 200 and 304. They name the recorder once, because looking it up costs more than
/// counting.
type Tallies = [Tally; 2];

impl Tally {
    fn of(route: &'static str, status: &'static str) -> Self {
        let labels = [("method", "GET"), ("route", route), ("status", status)];
        Self {
            n_answers: metrics::counter!("farol_http_requests_total", &labels),
            took: metrics::histogram!("farol_http_request_duration_seconds", &labels),
        }
    }
}

/// What decides how the page is presented.
#[derive(Default)]
struct Asked<'r> {
    accepted: Option<&'r HeaderValue>,
    seen: Option<&'r HeaderValue>,
    origin: Option<&'r HeaderValue>,
}

impl<'r> Asked<'r> {
    /// Nothing if a header makes the answer depend on more than the page. Most requests have few
    /// headers: one look at each is cheaper than to look up each name.
    fn of(headers: &'r HeaderMap) -> Option<Self> {
        let mut asked = Self::default();
        for (name, value) in headers {
            match *name {
                header::AUTHORIZATION => return None,
                header::ORIGIN => asked.origin = asked.origin.or(Some(value)),
                header::ACCEPT_ENCODING => asked.accepted = asked.accepted.or(Some(value)),
                header::IF_NONE_MATCH => asked.seen = asked.seen.or(Some(value)),
                _ if *name == request::ID => return None,
                _ => {}
            }
        }
        Some(asked)
    }
}

/// The answer, if this is a request that needs no more than a document that is there.
pub fn answer(state: &State, req: &ServiceRequest) -> Option<HttpResponse> {
    if req.method() != Method::GET || tracing::enabled!(tracing::Level::DEBUG) {
        return None;
    }
    let sheet = Sheet::at(req.path()).filter(|_| req.query_string().is_empty());
    if sheet.is_none() && !is_shelved(req.path()) {
        return None;
    }
    let asked = Asked::of(req.headers())?;
    let (live, began) = (&state.live, Instant::now());
    if state.is_internal() || !(state.is_ready)() || live.stale_at(began).is_some() {
        return None;
    }
    let (pages, now) = (live.glance(), live.time_at(began));
    let pages = pages.as_ref()?;
    let mut response = match sheet {
        Some(sheet) => present(pages.sheet(sheet, Visibility::Public)?, &asked, now)?,
        None => {
            let uri = req.uri().path_and_query()?.as_str();
            let version = pages.version(Visibility::Public)?;
            present(live.shelf().glance(uri, version, now)?.document(), &asked, now)?
        }
    };
    if let Some(origin) = asked.origin {
        share(response.headers_mut(), state, origin);
    }
    tally(sheet, response.status(), began.elapsed());
    Some(response)
}

/// Where documents of the shelf are served.
fn is_shelved(path: &str) -> bool {
    SHELVED.iter().any(|it| path.starts_with(it))
}

/// How the paths of such documents begin.
const SHELVED: [&str; 5] = ["/api/v2/", "/api/v1/history", "/feed.", "/history.", "/components/"];

/// What is on the shelf is counted together: its paths are many.
fn tally(sheet: Option<Sheet>, status: StatusCode, took: Duration) {
    static TALLIES: LazyLock<Vec<Tallies>> = LazyLock::new(|| {
        let routes = Sheet::ALL.into_iter().map(Sheet::path).chain(["shelf"]);
        routes.map(|route| ["200", "304"].map(|status| Tally::of(route, status))).collect()
    });
    let at = sheet.map_or(Sheet::ALL.len(), Sheet::place);
    let Some([fresh, known]) = TALLIES.get(at) else { return };
    let tally = if status == StatusCode::OK { fresh } else { known };
    tally.n_answers.increment(1);
    tally.took.record(took);
}

/// The headers that every answer has. Cloning a value that is checked already costs next to nothing.
static ALWAYS: [(HeaderName, HeaderValue); 3] = [
    (header::VARY, HeaderValue::from_static("Accept-Encoding, Authorization, Origin")),
    (header::CACHE_CONTROL, HeaderValue::from_static(conditional::PUBLIC)),
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
];

/// To scripts of other origins; those that may use credentials are named.
fn share(headers: &mut HeaderMap, state: &State, origin: &HeaderValue) {
    let exposed = HeaderValue::from_static(request::EXPOSED);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    if request::is_trusted(state, origin) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    }
}

fn present(document: &Document, asked: &Asked<'_>, now: DateTime<Utc>) -> Option<HttpResponse> {
    let accepted = asked.accepted.and_then(|it| it.to_str().ok());
    let encoding = Encoding::negotiate(accepted.unwrap_or_default());
    let etag = HeaderValue::from_maybe_shared(document.etag(encoding)).ok()?;
    let mut response = if conditional::matches(asked.seen, &etag) {
        HttpResponse::new(StatusCode::NOT_MODIFIED)
    } else {
        with_body(document, encoding)
    };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, etag);
    for (name, value) in &ALWAYS {
        headers.insert(name.clone(), value.clone());
    }
    let mut id = Uuid::encode_buffer();
    let id = request::new_id(now).hyphenated().encode_lower(&mut id);
    headers.insert(request::ID, HeaderValue::from_str(id).ok()?);
    Some(response)
}

fn with_body(document: &Document, encoding: Encoding) -> HttpResponse {
    let body = BoxBody::new(document.body(encoding));
    let mut response = HttpResponse::with_body(StatusCode::OK, body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(document.content_type()));
    if let Some(name) = encoding.name() {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    for (name, value) in &request::SAFETY {
        headers.insert(name.clone(), value.clone());
    }
    response
}
