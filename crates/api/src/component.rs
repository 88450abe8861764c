//! Components.
pub mod shape;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, put};
use chrono::{DateTime, Utc};
use domain::component::{Component, Draft, Key};
use domain::ledger::Interval;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;
use validator::Validate;

use crate::auth::{Audience, Signed};
use crate::body::Body;
use crate::idempotency::{Key as IdempotencyKey, created};
use crate::list::{self, list_of};
use crate::problem::Problem;
use crate::query::QueryString;
use crate::responses::{Reading, Writing};
use crate::seam;
use crate::state::State;
use crate::validate;
use crate::version::{Expected, show};

use shape::{ComponentPatch, NewComponent};

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list_components)
        .service(create_component)
        .service(order_components)
        .service(get_component)
        .service(edit_component)
        .service(archive_component)
        .service(get_component_history);
}

list_of!(ComponentList, Component);

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Members of this group only.
    group: Option<Uuid>,
    /// How many.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// From when to when.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Span {
    /// Intervals that end after this.
    pub from: Option<DateTime<Utc>>,
    /// Intervals that begin before this.
    pub to: Option<DateTime<Utc>>,
}

/// Which status it had when.
#[derive(serde::Serialize, ToSchema)]
pub struct History {
    /// Oldest first, without gaps, not cut at the ends of the span.
    pub intervals: Vec<Interval>,
}

/// An order: the ids named come first, all others follow as they were.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Order {
    #[validate(length(min = 1, max = 5000))]
    #[schema(min_items = 1, max_items = 5000)]
    pub ids: Vec<Uuid>,
}

/// List components in page order
#[utoipa::path(
    tag = "components",
    params(ListQuery),
    responses((status = 200, description = "Components", body = ComponentList), Reading),
    security((), ("bearer" = [])),
)]
#[get("/components")]
async fn list_components(
    req: HttpRequest,
    state: Data<State>,
    Audience(audience): Audience,
    QueryString(query): QueryString<ListQuery>,
) -> Result<HttpResponse, Problem> {
    let window = list::window(query.limit, query.cursor.as_deref())?;
    let page =
        seam::read(&state, move |db| app::component::page(db, audience, query.group, window))
            .await?;
    Ok(list::respond(&req, window.limit, page))
}

/// Create a component
#[utoipa::path(
    tag = "components",
    request_body = NewComponent,
    responses((status = 201, description = "Created", body = Component), Writing),
    security(("bearer" = ["components"])),
)]
#[post("/components")]
async fn create_component(
    Signed(caller): Signed,
    state: Data<State>,
    key: IdempotencyKey,
    body: Body<NewComponent>,
) -> Result<HttpResponse, Problem> {
    let key = key.with_body(body.digest);
    let draft = Draft::from(body.value);
    seam::post(&state, key, move |db| {
        let component = app::component::create(db, &caller, draft)?;
        let location = format!("/api/v1/components/{}", component.id);
        created(location, component.version, &component)
    })
    .await
}

/// Put components in order
#[utoipa::path(
    tag = "components",
    request_body = Order,
    responses((status = 200, description = "All components in their new order", body = ComponentList), Writing),
    security(("bearer" = ["components"])),
)]
#[put("/components/order")]
async fn order_components(
    req: HttpRequest,
    Signed(caller): Signed,
    state: Data<State>,
    body: Body<Order>,
) -> Result<HttpResponse, Problem> {
    let ids = body.value.ids;
    let all = seam::write(&state, move |db| app::component::order(db, &caller, &ids)).await?;
    Ok(list::all(&req, all))
}

/// Get a component
#[utoipa::path(
    tag = "components",
    params(("key" = String, Path, description = "Id or slug")),
    responses((status = 200, description = "The component", body = Component), Reading),
    security((), ("bearer" = [])),
)]
#[get("/components/{key}")]
async fn get_component(
    state: Data<State>,
    Audience(audience): Audience,
    key: Path<String>,
) -> Result<HttpResponse, Problem> {
    let key = Key::from(key.as_str());
    let component = seam::read(&state, move |db| app::component::find(db, audience, &key)).await?;
    Ok(show(HttpResponse::Ok(), component.version, &component))
}

/// Change a component
#[utoipa::path(
    tag = "components",
    params(
        ("key" = String, Path, description = "Id or slug"),
        ("If-Match" = Option<String>, Header, description = "The version that was seen, like `\"v3\"`"),
    ),
    request_body = ComponentPatch,
    responses((status = 200, description = "As it is now", body = Component), Writing),
    security(("bearer" = ["components"])),
)]
#[patch("/components/{key}")]
async fn edit_component(
    Signed(caller): Signed,
    state: Data<State>,
    key: Path<String>,
    Expected(expected): Expected,
    body: Body<ComponentPatch>,
) -> Result<HttpResponse, Problem> {
    let key = Key::from(key.as_str());
    let patch = body.value;
    let component = seam::write(&state, move |db| {
        app::component::edit(db, &caller, &key, expected, |edit| patch.clone().apply(edit))
    })
    .await?;
    Ok(show(HttpResponse::Ok(), component.version, &component))
}

/// Archive a component; its history stays
#[utoipa::path(
    tag = "components",
    params(
        ("key" = String, Path, description = "Id or slug"),
        ("If-Match" = Option<String>, Header, description = "The version that was seen, like `\"v3\"`"),
    ),
    responses((status = 204, description = "Archived"), Writing),
    security(("bearer" = ["components"])),
)]
#[delete("/components/{key}")]
async fn archive_component(
    Signed(caller): Signed,
    state: Data<State>,
    key: Path<String>,
    Expected(expected): Expected,
) -> Result<HttpResponse, Problem> {
    let key = Key::from(key.as_str());
    seam::write(&state, move |db| app::component::archive(db, &caller, &key, expected)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Get the ledger of a component
#[utoipa::path(
    tag = "components",
    params(("key" = String, Path, description = "Id or slug"), Span),
    responses((status = 200, description = "Which status it had when", body = History), Reading),
    security((), ("bearer" = [])),
)]
#[get("/components/{key}/history")]
async fn get_component_history(
    state: Data<State>,
    Audience(audience): Audience,
    key: Path<String>,
    QueryString(span): QueryString<Span>,
) -> Result<HttpResponse, Problem> {
    let key = Key::from(key.as_str());
    validate::span(&span)?;
    let intervals = seam::read(&state, move |db| {
        app::component::history(db, audience, &key, span.from, span.to)
    })
    .await?;
    Ok(HttpResponse::Ok().json(History { intervals }))
}
