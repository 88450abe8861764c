//! Groups of components.
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, put};
use domain::caller::Visibility;
use domain::component::Key;
use domain::group::{Draft, Group};
use domain::text::{DESCRIPTION_MAX, NAME_MAX};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use crate::auth::{Audience, Signed};
use crate::body::Body;
use crate::component::{History, Order, Span};
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
    cfg.service(list_groups)
        .service(create_group)
        .service(order_groups)
        .service(get_group)
        .service(edit_group)
        .service(archive_group)
        .service(get_group_history);
}

list_of!(GroupList, Group);

/// Which part of a list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// How many.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<u16>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewGroup {
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
    /// After all others when left out.
    #[validate(range(min = 1, max = 1_000_000))]
    #[schema(minimum = 1, maximum = 1_000_000)]
    position: Option<i32>,
    #[serde(default)]
    collapsed: bool,
    #[serde(default = "public")]
    visibility: Visibility,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct GroupPatch {
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
    #[serde(default, deserialize_with = "set_only")]
    #[validate(range(min = 1, max = 1_000_000))]
    #[schema(value_type = i32, required = false, minimum = 1, maximum = 1_000_000)]
    position: Option<i32>,
    #[serde(default, deserialize_with = "set_only")]
    #[schema(value_type = bool, required = false)]
    collapsed: Option<bool>,
    #[serde(default, deserialize_with = "set_only")]
    #[schema(value_type = Visibility, required = false)]
    visibility: Option<Visibility>,
}

fn public() -> Visibility {
    Visibility::Public
}

/// List groups in page order
#[utoipa::path(
    tag = "groups",
    params(Paging),
    responses((status = 200, description = "Groups", body = GroupList), Reading),
    security((), ("bearer" = [])),
)]
#[get("/groups")]
async fn list_groups(
    req: HttpRequest,
    state: Data<State>,
    Audience(audience): Audience,
    QueryString(paging): QueryString<Paging>,
) -> Result<HttpResponse, Problem> {
    let window = list::window(paging.limit, paging.cursor.as_deref())?;
    let page = seam::read(&state, move |db| app::group::page(db, audience, window)).await?;
    Ok(list::respond(&req, window.limit, page))
}

/// Create a group
#[utoipa::path(
    tag = "groups",
    request_body = NewGroup,
    responses((status = 201, description = "Created", body = Group), Writing),
    security(("bearer" = ["components"])),
)]
#[post("/groups")]
async fn create_group(
    Signed(caller): Signed,
    state: Data<State>,
    key: IdempotencyKey,
    body: Body<NewGroup>,
) -> Result<HttpResponse, Problem> {
    let key = key.with_body(body.digest);
    let NewGroup { name, slug, description, position, collapsed, visibility } = body.value;
    let draft = Draft { slug, name, description, position, collapsed, visibility };
    seam::post(&state, key, move |db| {
        let group = app::group::create(db, &caller, draft)?;
        created(format!("/api/v1/groups/{}", group.id), group.version, &group)
    })
    .await
}

/// Put groups in order
#[utoipa::path(
    tag = "groups",
    request_body = Order,
    responses((status = 200, description = "All groups in their new order", body = GroupList), Writing),
    security(("bearer" = ["components"])),
)]
#[put("/groups/order")]
async fn order_groups(
    req: HttpRequest,
    Signed(caller): Signed,
    state: Data<State>,
    body: Body<Order>,
) -> Result<HttpResponse, Problem> {
    let ids = body.value.ids;
    let all = seam::write(&state, move |db| app::group::order(db, &caller, &ids)).await?;
    Ok(list::all(&req, all))
}

/// Get a group
#[utoipa::path(
    tag = "groups",
    params(("key" = String, Path, description = "Id or slug")),
    responses((status = 200, description = "The group", body = Group), Reading),
    security((), ("bearer" = [])),
)]
#[get("/groups/{key}")]
async fn get_group(
    state: Data<State>,
    Audience(audience): Audience,
    key: Path<String>,
) -> Result<HttpResponse, Problem> {
    let key = Key::from(key.as_str());
    let group = seam::read(&state, move |db| app::group::find(db, audience, &key)).await?;
    Ok(show(HttpResponse::Ok(), group.version, &group))
}

/// Change a group
#[utoipa::path(
    tag = "groups",
    params(
        ("key" = String, Path, description = "Id or slug"),
        ("If-Match" = Option<String>, Header, description = "The version that was seen, like `\"v3\"`"),
    ),
    request_body = GroupPatch,
    responses((status = 200, description = "As it is now", body = Group), Writing),
    security(("bearer" = ["components"])),
)]
#[patch("/groups/{key}")]
async fn edit_group(
    Signed(caller): Signed,
    state: Data<State>,
    key: Path<String>,
    Expected(expected): Expected,
    body: Body<GroupPatch>,
) -> Result<HttpResponse, Problem> {
    let key = Key::from(key.as_str());
    let patch = body.value;
    let group = seam::write(&state, move |db| {
        app::group::edit(db, &caller, &key, expected, |edit| patch.apply(edit))
    })
    .await?;
    Ok(show(HttpResponse::Ok(), group.version, &group))
}

/// Archive a group; its members stand alone from then on
#[utoipa::path(
    tag = "groups",
    params(
        ("key" = String, Path, description = "Id or slug"),
        ("If-Match" = Option<String>, Header, description = "The version that was seen, like `\"v3\"`"),
    ),
    responses((status = 204, description = "Archived"), Writing),
    security(("bearer" = ["components"])),
)]
#[delete("/groups/{key}")]
async fn archive_group(
    Signed(caller): Signed,
    state: Data<State>,
    key: Path<String>,
    Expected(expected): Expected,
) -> Result<HttpResponse, Problem> {
    let key = Key::from(key.as_str());
    seam::write(&state, move |db| app::group::archive(db, &caller, &key, expected)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Get the ledger of a group: at every instant the worst of its members
#[utoipa::path(
    tag = "groups",
    params(("key" = String, Path, description = "Id or slug"), Span),
    responses((status = 200, description = "Which status it had when", body = History), Reading),
    security((), ("bearer" = [])),
)]
#[get("/groups/{key}/history")]
async fn get_group_history(
    state: Data<State>,
    Audience(audience): Audience,
    key: Path<String>,
    QueryString(span): QueryString<Span>,
) -> Result<HttpResponse, Problem> {
    let key = Key::from(key.as_str());
    validate::span(&span)?;
    let intervals =
        seam::read(&state, move |db| app::group::history(db, audience, &key, span.from, span.to))
            .await?;
    Ok(HttpResponse::Ok().json(History { intervals }))
}

impl GroupPatch {
    fn apply(self, edit: &mut app::group::Edit) {
        let Self { name, slug, description, position, collapsed, visibility } = self;
        let now = edit.clone();
        edit.name = name.unwrap_or(now.name);
        edit.slug = slug.unwrap_or(now.slug);
        description.apply(&mut edit.description);
        edit.position = position.unwrap_or(now.position);
        edit.collapsed = collapsed.unwrap_or(now.collapsed);
        edit.visibility = visibility.unwrap_or(now.visibility);
    }
}
