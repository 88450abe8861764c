//! `GET /api/v1/stream`: what happens, as it happens.
mod hub;
mod reader;
mod seats;
mod track;

use std::future::ready;

use actix_web::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue,
};
use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, get};
use domain::caller::Visibility;
use publication::StreamEvent;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::{self, Address, Audience};
use crate::problem::{Problem, kind};
use crate::query::QueryString;
use crate::request::OfHead;
use crate::responses::Streaming;
use crate::state::State;
use hub::From;
use reader::{Pass, Reader};

pub use hub::Hub;
pub use seats::StreamLimits;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(get_stream);
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct StreamQuery {
    /// The `version` of a page from `GET /api/v1/status`: what changed after it follows. Of little
    /// use later, when the header says more.
    #[param(minimum = 0)]
    last_event_id: Option<i64>,
}

/// Follow what happens
///
/// Server-Sent Events of the types `incident.*`, `maintenance.*`, `component.*`, `group.*` and
/// `page.*`. Each has an `id`: the public counts the events that it may know of, callers with
/// `read` hear of all and count all. A reader who names the last one it has goes on after it,
/// without loss or repetition. Who names none, or one that is too old (some 1,000 events are kept),
/// or reads too slowly, gets the event `status` first: its data is the document of
/// `GET /api/v1/status`, and what is not in it follows. A comment is sent every 15 seconds. The
/// stream ends when the token that opened it is no longer good.
#[utoipa::path(
    tag = "status",
    params(
        StreamQuery,
        ("Last-Event-ID" = Option<i64>, Header, minimum = 0,
            description = "The `id` of the last event that arrived. `EventSource` sends it by itself when it connects again"),
    ),
    responses(
        (status = 200, description = "Events, without end", body = StreamEvent, content_type = "text/event-stream"),
        Streaming,
    ),
    security((), ("bearer" = [])),
)]
#[get("/stream")]
async fn get_stream(
    req: HttpRequest,
    state: Data<State>,
    Audience(audience): Audience,
    Address(address): Address,
    QueryString(query): QueryString<StreamQuery>,
) -> Result<HttpResponse, Problem> {
    ready(()).await;
    let from = from(&req, query.last_event_id)?;
    if state.live.pages().is_none() {
        return Err(Problem::unavailable());
    }
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_TYPE, "text/event-stream"))
        .insert_header((CACHE_CONTROL, "no-store"))
        // Proxies such as nginx would collect a buffer full of events first.
        .insert_header(("x-accel-buffering", "no"))
        .force_close();
    if req.extensions().get::<OfHead>().is_some() {
        return Ok(response.finish());
    }
    let seat = state.hub.seats.take(address)?;
    let token = req.headers().get(AUTHORIZATION).and_then(auth::token_of);
    let pass = token.filter(|_| audience == Visibility::Internal);
    let pass = pass.map(|it| Pass::new(&state, it.to_owned(), address));
    Ok(response.streaming(Reader::new(state, audience, pass, from, seat).stream()))
}

/// Where the reader was: the header is of this connection, the query as old as the address.
fn from(req: &HttpRequest, version: Option<i64>) -> Result<Option<From>, Problem> {
    let malformed =
        || Problem::new(kind::MALFORMED).because("`Last-Event-ID` is a number that events have");
    let id = |it: &HeaderValue| {
        let id = it.to_str().ok().and_then(|it| it.parse().ok());
        id.filter(|it| *it >= 0).ok_or_else(malformed)
    };
    if let Some(header) = req.headers().get(LAST_EVENT_ID) {
        return Ok(Some(From::Event(id(header)?)));
    }
    match version {
        Some(version) if version < 0 => {
            Err(Problem::new(kind::MALFORMED).because("`last_event_id` is not negative"))
        }
        version => Ok(version.map(From::Version)),
    }
}
