//! Looking back: history by month, and as feeds.
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use app::history::{Recent, Touching, month, recent};
use app::{Error, Read};
use domain::caller::Visibility;
use domain::history::Month;
use publication::feed::{ENTRIES, Feed, Format, JsonFeed};
use publication::shelf::Made;
use publication::{Document, HistoryDocument};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::Audience;
use crate::document;
use crate::problem::{Problem, kind};
use crate::query::QueryString;
use crate::responses::Reading;
use crate::state::State;

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(get_history);
}

/// What lies beside the API.
pub fn root_routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(get_atom)
        .service(get_rss)
        .service(get_json_feed)
        .service(get_history_atom)
        .service(get_history_rss);
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct MonthQuery {
    /// The present month when left out. Days begin in the page's time zone.
    #[param(example = "2026-11", pattern = r"^\d{4}-\d{2}$")]
    month: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct FeedQuery {
    /// Only what touched this component, by id or slug.
    #[param(max_length = 80)]
    component: Option<String>,
    /// Only what touched a member of this group, by id or slug; not together with `component`.
    #[param(max_length = 80)]
    group: Option<String>,
}

/// Get a month of history, day by day
///
/// The days that have begun, newest first, each with the incidents that were open and the maintenances
/// that were in progress at any time of it. Served from memory as long as it is asked for.
#[utoipa::path(
    tag = "status",
    params(MonthQuery),
    responses((status = 200, description = "The month", body = HistoryDocument<'static>), Reading),
    security((), ("bearer" = [])),
)]
#[get("/history")]
async fn get_history(
    req: HttpRequest,
    state: Data<State>,
    Audience(audience): Audience,
    QueryString(query): QueryString<MonthQuery>,
) -> Result<HttpResponse, Problem> {
    let malformed = |detail: String| Problem::new(kind::MALFORMED).because(detail);
    let asked = query.month.map(|it| it.parse()).transpose().map_err(malformed)?;
    document::kept(&req, &state, audience, move |db| of_month(db, audience, asked)).await
}

fn of_month(db: &mut Read<'_>, audience: Visibility, asked: Option<Month>) -> Result<Made, Error> {
    let page = app::status::page(db)?;
    let past = month(db, audience, asked)?;
    let document = Document::json(&HistoryDocument::of(&page, &past));
    Ok(Made { document, until: past.next_day })
}

/// Read history as an Atom feed
#[utoipa::path(
    tag = "status",
    params(FeedQuery),
    responses((status = 200, description = "The newest 50 incidents and 50 maintenances",
        body = String, content_type = "application/atom+xml"), Reading),
    security((), ("bearer" = [])),
)]
#[get("/feed.atom")]
async fn get_atom(
    req: HttpRequest,
    state: Data<State>,
    audience: Audience,
    query: QueryString<FeedQuery>,
) -> Result<HttpResponse, Problem> {
    feed(req, state, audience, query, Format::Atom).await
}

/// Read history as an RSS feed
#[utoipa::path(
    tag = "status",
    params(FeedQuery),
    responses((status = 200, description = "The newest 50 incidents and 50 maintenances",
        body = String, content_type = "application/rss+xml"), Reading),
    security((), ("bearer" = [])),
)]
#[get("/feed.rss")]
async fn get_rss(
    req: HttpRequest,
    state: Data<State>,
    audience: Audience,
    query: QueryString<FeedQuery>,
) -> Result<HttpResponse, Problem> {
    feed(req, state, audience, query, Format::Rss).await
}

/// Read history as a JSON feed
#[utoipa::path(
    tag = "status",
    params(FeedQuery),
    responses((status = 200, description = "The newest 50 incidents and 50 maintenances",
        body = JsonFeed, content_type = "application/feed+json"), Reading),
    security((), ("bearer" = [])),
)]
#[get("/feed.json")]
async fn get_json_feed(
    req: HttpRequest,
    state: Data<State>,
    audience: Audience,
    query: QueryString<FeedQuery>,
) -> Result<HttpResponse, Problem> {
    feed(req, state, audience, query, Format::Json).await
}

/// Read history as Statuspage's Atom feed
#[utoipa::path(
    tag = "statuspage",
    params(FeedQuery),
    responses((status = 200, description = "The same as `/feed.atom`",
        body = String, content_type = "application/atom+xml"), Reading),
    security((), ("bearer" = [])),
)]
#[get("/history.atom")]
async fn get_history_atom(
    req: HttpRequest,
    state: Data<State>,
    audience: Audience,
    query: QueryString<FeedQuery>,
) -> Result<HttpResponse, Problem> {
    feed(req, state, audience, query, Format::Atom).await
}

/// Read history as Statuspage's RSS feed
#[utoipa::path(
    tag = "statuspage",
    params(FeedQuery),
    responses((status = 200, description = "The same as `/feed.rss`",
        body = String, content_type = "application/rss+xml"), Reading),
    security((), ("bearer" = [])),
)]
#[get("/history.rss")]
async fn get_history_rss(
    req: HttpRequest,
    state: Data<State>,
    audience: Audience,
    query: QueryString<FeedQuery>,
) -> Result<HttpResponse, Problem> {
    feed(req, state, audience, query, Format::Rss).await
}

async fn feed(
    req: HttpRequest,
    state: Data<State>,
    Audience(audience): Audience,
    QueryString(query): QueryString<FeedQuery>,
    format: Format,
) -> Result<HttpResponse, Problem> {
    let touching = match (query.component, query.group) {
        (Some(_), Some(_)) => {
            let detail = "either `component` or `group`";
            return Err(Problem::new(kind::MALFORMED).because(detail));
        }
        (Some(it), None) => Some(Touching::Component(it.as_str().into())),
        (None, Some(it)) => Some(Touching::Group(it.as_str().into())),
        (None, None) => None,
    };
    let path = req.uri().path_and_query().map_or(req.path(), |it| it.as_str()).to_owned();
    let place = Place { audience, touching, path, format };
    document::kept(&req, &state, audience, move |db| of_feed(db, &place)).await
}

/// Which feed.
struct Place {
    audience: Visibility,
    touching: Option<Touching>,
    path: String,
    format: Format,
}

fn of_feed(db: &mut Read<'_>, place: &Place) -> Result<Made, Error> {
    let Place { audience, touching, path, format } = place;
    let page = app::status::page(db)?;
    let url = format!("{}{path}", db.page().public_url);
    let Recent { about, since, incidents, maintenances } =
        recent(db, *audience, touching.as_ref(), ENTRIES)?;
    let feed = Feed::new(page, (&url, path), about, since, &incidents, &maintenances);
    Ok(Made { document: feed.write(*format), until: None })
}

/// Has the present month and the feeds of the whole page made before anybody asks.
pub fn plant(state: &State) {
    let audience = Visibility::Public;
    document::plant(state, "/api/v1/history", move |db| of_month(db, audience, None));
    for (path, format) in [
        ("/feed.atom", Format::Atom),
        ("/feed.rss", Format::Rss),
        ("/feed.json", Format::Json),
        ("/history.atom", Format::Atom),
        ("/history.rss", Format::Rss),
    ] {
        let place = Place { audience, touching: None, path: path.to_owned(), format };
        document::plant(state, path, move |db| of_feed(db, &place));
    }
}
