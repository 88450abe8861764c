//! Components.
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, put};
use chrono::{DateTime, NaiveDate, Utc};
use domain::caller::Visibility;
use domain::component::{Component, Draft, Key, Status};
use domain::ledger::Interval;
use domain::text::{DESCRIPTION_MAX, NAME_MAX, URL_MAX};
use domain::uptime::Percent;
use serde::Deserialize;
use serde_json::{Map, Number, Value};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;
use validator::Validate;

use crate::auth::{Audience, Signed};
use crate::body::Body;
use crate::idempotency::{Key as IdempotencyKey, created};
use crate::list::{self, list_of};
use crate::patch::{Patch, set_only};
use crate::problem::Problem;
use crate::query::QueryString;
use crate::responses::{Reading, Writing};
use crate::seam;
use crate::state::State;
use crate::validate;
use crate::version::{Expected, show};

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

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewComponent {
    #[validate(length(min = 1, max = NAME_MAX))]
    #[schema(min_length = 1, max_length = 120)]
    name: String,
    /// Made of the name when left out.
    #[validate(custom(function = validate::slug))]
    #[schema(min_length = 1, max_length = 80, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    slug: Option<String>,
    #[validate(length(max = DESCRIPTION_MAX))]
    #[schema(max_length = 2000)]
    description: Option<String>,
    group_id: Option<Uuid>,
    /// After all others when left out.
    #[validate(range(min = 1, max = 1_000_000))]
    #[schema(minimum = 1, maximum = 1_000_000)]
    position: Option<i32>,
    #[serde(default = "public")]
    visibility: Visibility,
    #[serde(default = "operational")]
    reported_status: Status,
    start_date: Option<NaiveDate>,
    /// How much of the time it is promised to be up, in percent, to four decimals.
    #[validate(custom(function = validate::target))]
    #[schema(value_type = Option<f64>, exclusive_minimum = 0, maximum = 100)]
    uptime_target: Option<Number>,
    #[serde(default = "yes")]
    #[schema(default = true)]
    showcase: bool,
    #[serde(default)]
    only_show_if_degraded: bool,
    #[validate(length(max = URL_MAX), custom(function = validate::link))]
    #[schema(max_length = 2048, format = "uri", pattern = "^https?://")]
    link: Option<String>,
    #[serde(default)]
    #[validate(custom(function = validate::metadata))]
    #[schema(value_type = Object)]
    metadata: Map<String, Value>,
}

#[derive(Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct ComponentPatch {
    #[serde(default, deserialize_with = "set_only")]
    #[validate(length(min = 1, max = NAME_MAX))]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 120)]
    name: Option<String>,
    #[serde(default, deserialize_with = "set_only")]
    #[validate(custom(function = validate::slug))]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 80, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    slug: Option<String>,
    #[serde(default)]
    #[validate(length(max = DESCRIPTION_MAX))]
    #[schema(value_type = Option<String>, max_length = 2000)]
    description: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    group_id: Patch<Uuid>,
    #[serde(default, deserialize_with = "set_only")]
    #[validate(range(min = 1, max = 1_000_000))]
    #[schema(value_type = i32, required = false, minimum = 1, maximum = 1_000_000)]
    position: Option<i32>,
    #[serde(default, deserialize_with = "set_only")]
    #[schema(value_type = Visibility, required = false)]
    visibility: Option<Visibility>,
    /// The baseline. The status follows from it, unless something worse holds.
    #[serde(default, deserialize_with = "set_only")]
    #[schema(value_type = Status, required = false)]
    reported_status: Option<Status>,
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    start_date: Patch<NaiveDate>,
    /// In percent, to four decimals.
    #[serde(default)]
    #[validate(custom(function = validate::target_patch))]
    #[schema(value_type = Option<f64>, exclusive_minimum = 0, maximum = 100)]
    uptime_target: Patch<Number>,
    #[serde(default, deserialize_with = "set_only")]
    #[schema(value_type = bool, required = false)]
    showcase: Option<bool>,
    #[serde(default, deserialize_with = "set_only")]
    #[schema(value_type = bool, required = false)]
    only_show_if_degraded: Option<bool>,
    #[serde(default)]
    #[validate(length(max = URL_MAX), custom(function = validate::link_patch))]
    #[schema(value_type = Option<String>, max_length = 2048, format = "uri", pattern = "^https?://")]
    link: Patch<String>,
    /// Merged member by member; `null` removes.
    #[serde(default)]
    #[validate(custom(function = validate::metadata_patch))]
    #[schema(value_type = Option<Object>)]
    metadata: Patch<Map<String, Value>>,
}

/// An order: the ids named come first, all others follow as they were.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Order {
    #[validate(length(min = 1, max = 5000))]
    #[schema(min_items = 1, max_items = 5000)]
    pub ids: Vec<Uuid>,
}

fn public() -> Visibility {
    Visibility::Public
}

fn operational() -> Status {
    Status::Operational
}

fn yes() -> bool {
    true
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

/// A target that was found valid.
fn percent(number: &Number) -> Option<Percent> {
    Percent::parse(&number.to_string())
}

impl From<NewComponent> for Draft {
    fn from(body: NewComponent) -> Self {
        let NewComponent {
            name,
            slug,
            description,
            group_id,
            position,
            visibility,
            reported_status,
            start_date,
            uptime_target,
            showcase,
            only_show_if_degraded,
            link,
            metadata,
        } = body;
        Self {
            slug,
            name,
            description,
            group_id,
            position,
            visibility,
            reported_status,
            start_date,
            uptime_target: uptime_target.as_ref().and_then(percent),
            showcase,
            only_show_if_degraded,
            link,
            metadata,
        }
    }
}

impl ComponentPatch {
    fn apply(self, edit: &mut app::component::Edit) {
        let Self {
            name,
            slug,
            description,
            group_id,
            position,
            visibility,
            reported_status,
            start_date,
            uptime_target,
            showcase,
            only_show_if_degraded,
            link,
            metadata,
        } = self;
        let now = edit.clone();
        edit.name = name.unwrap_or(now.name);
        edit.slug = slug.unwrap_or(now.slug);
        description.apply(&mut edit.description);
        group_id.apply(&mut edit.group_id);
        edit.position = position.unwrap_or(now.position);
        edit.visibility = visibility.unwrap_or(now.visibility);
        edit.reported_status = reported_status.unwrap_or(now.reported_status);
        start_date.apply(&mut edit.start_date);
        match uptime_target {
            Patch::Absent => {}
            Patch::Null => edit.uptime_target = None,
            Patch::Value(number) => edit.uptime_target = percent(&number),
        }
        edit.showcase = showcase.unwrap_or(now.showcase);
        edit.only_show_if_degraded = only_show_if_degraded.unwrap_or(now.only_show_if_degraded);
        link.apply(&mut edit.link);
        metadata.merge(&mut edit.metadata);
    }
}
