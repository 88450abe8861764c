//! Incident templates.
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post};
use app::incident_template::Draft;
use domain::caller::Visibility;
use domain::component::Key;
use domain::incident::{Impact, Status};
use domain::incident_template::IncidentTemplate;
use domain::text::{COMPONENTS_MAX, MESSAGE_MAX, NAME_MAX, TITLE_TEMPLATE_MAX};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use crate::auth::Signed;
use crate::body::Body;
use crate::group::Paging;
use crate::idempotency::{Key as IdempotencyKey, created};
use crate::incident::shape::{NamedComponent, named};
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
    cfg.service(list_incident_templates)
        .service(create_incident_template)
        .service(get_incident_template)
        .service(edit_incident_template)
        .service(delete_incident_template);
}

list_of!(IncidentTemplateList, IncidentTemplate);

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewIncidentTemplate {
    #[validate(length(min = 1, max = NAME_MAX))]
    #[schema(min_length = 1, max_length = 120)]
    name: String,
    /// Made of the name when left out.
    #[validate(custom(function = validate::slug))]
    #[schema(min_length = 1, max_length = 80, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    slug: Option<String>,
    /// A minijinja template: `{{ variables }}`, filters, `if` and `for`.
    #[validate(length(min = 1, max = TITLE_TEMPLATE_MAX))]
    #[schema(min_length = 1, max_length = 1000)]
    title: String,
    /// Markdown as a minijinja template; the first update.
    #[validate(length(min = 1, max = MESSAGE_MAX))]
    #[schema(min_length = 1, max_length = 25000)]
    message: String,
    status: Option<Status>,
    #[serde(default)]
    #[validate(length(max = COMPONENTS_MAX), nested)]
    #[schema(max_items = 500)]
    components: Vec<NamedComponent>,
    impact_override: Option<Impact>,
    visibility: Option<Visibility>,
    /// Whether subscribers are told.
    notify: Option<bool>,
    #[serde(default)]
    #[validate(custom(function = validate::metadata))]
    #[schema(value_type = Object)]
    metadata: Map<String, Value>,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct IncidentTemplatePatch {
    #[serde(default, deserialize_with = "set_only")]
    #[validate(length(min = 1, max = NAME_MAX))]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 120)]
    name: Option<String>,
    #[serde(default, deserialize_with = "set_only")]
    #[validate(custom(function = validate::slug))]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 80, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    slug: Option<String>,
    #[serde(default, deserialize_with = "set_only")]
    #[validate(length(min = 1, max = TITLE_TEMPLATE_MAX))]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 1000)]
    title: Option<String>,
    #[serde(default, deserialize_with = "set_only")]
    #[validate(length(min = 1, max = MESSAGE_MAX))]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 25000)]
    message: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<Status>)]
    status: Patch<Status>,
    /// Replaces them all.
    #[serde(default, deserialize_with = "set_only")]
    #[validate(length(max = COMPONENTS_MAX), nested)]
    #[schema(value_type = Vec<NamedComponent>, required = false, max_items = 500)]
    components: Option<Vec<NamedComponent>>,
    #[serde(default)]
    #[schema(value_type = Option<Impact>)]
    impact_override: Patch<Impact>,
    #[serde(default)]
    #[schema(value_type = Option<Visibility>)]
    visibility: Patch<Visibility>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    notify: Patch<bool>,
    /// Merged member by member; `null` removes.
    #[serde(default)]
    #[validate(custom(function = validate::metadata_patch))]
    #[schema(value_type = Option<Object>)]
    metadata: Patch<Map<String, Value>>,
}

/// List incident templates, newest first
#[utoipa::path(
    tag = "incident templates",
    params(Paging),
    responses((status = 200, description = "Templates", body = IncidentTemplateList), Reading),
    security(("bearer" = ["read"])),
)]
#[get("/incident-templates")]
async fn list_incident_templates(
    req: HttpRequest,
    Signed(caller): Signed,
    state: Data<State>,
    QueryString(paging): QueryString<Paging>,
) -> Result<HttpResponse, Problem> {
    let window = list::window(paging.limit, paging.cursor.as_deref())?;
    let page =
        seam::read(&state, move |db| app::incident_template::page(db, &caller, window)).await?;
    Ok(list::respond(&req, window.limit, page))
}

/// Create an incident template
///
/// A template that cannot be rendered whatever its variables are is refused.
#[utoipa::path(
    tag = "incident templates",
    request_body = NewIncidentTemplate,
    responses((status = 201, description = "Created", body = IncidentTemplate), Writing),
    security(("bearer" = ["incidents"])),
)]
#[post("/incident-templates")]
async fn create_incident_template(
    Signed(caller): Signed,
    state: Data<State>,
    key: IdempotencyKey,
    body: Body<NewIncidentTemplate>,
) -> Result<HttpResponse, Problem> {
    let key = key.with_body(body.digest);
    let draft = body.value.draft()?;
    seam::post(&state, key, move |db| {
        let template = app::incident_template::create(db, &caller, draft)?;
        let location = format!("/api/v1/incident-templates/{}", template.id);
        created(location, template.version, &template)
    })
    .await
}

/// Get an incident template
#[utoipa::path(
    tag = "incident templates",
    params(("key" = String, Path, description = "Id or slug")),
    responses((status = 200, description = "The template", body = IncidentTemplate), Reading),
    security(("bearer" = ["read"])),
)]
#[get("/incident-templates/{key}")]
async fn get_incident_template(
    Signed(caller): Signed,
    state: Data<State>,
    key: Path<String>,
) -> Result<HttpResponse, Problem> {
    let key = Key::from(key.as_str());
    let template =
        seam::read(&state, move |db| app::incident_template::find(db, &caller, &key)).await?;
    Ok(show(HttpResponse::Ok(), template.version, &template))
}

/// Change an incident template
#[utoipa::path(
    tag = "incident templates",
    params(
        ("key" = String, Path, description = "Id or slug"),
        ("If-Match" = Option<String>, Header, description = "The version that was seen, like `\"v3\"`"),
    ),
    request_body = IncidentTemplatePatch,
    responses((status = 200, description = "As it is now", body = IncidentTemplate), Writing),
    security(("bearer" = ["incidents"])),
)]
#[patch("/incident-templates/{key}")]
async fn edit_incident_template(
    Signed(caller): Signed,
    state: Data<State>,
    key: Path<String>,
    Expected(expected): Expected,
    body: Body<IncidentTemplatePatch>,
) -> Result<HttpResponse, Problem> {
    let key = Key::from(key.as_str());
    let change = body.value.change()?;
    let template = seam::write(&state, move |db| {
        app::incident_template::edit(db, &caller, &key, expected, change)
    })
    .await?;
    Ok(show(HttpResponse::Ok(), template.version, &template))
}

/// Remove an incident template; incidents that it filled stay as they are
#[utoipa::path(
    tag = "incident templates",
    params(
        ("key" = String, Path, description = "Id or slug"),
        ("If-Match" = Option<String>, Header, description = "The version that was seen, like `\"v3\"`"),
    ),
    responses((status = 204, description = "Removed"), Writing),
    security(("bearer" = ["incidents"])),
)]
#[delete("/incident-templates/{key}")]
async fn delete_incident_template(
    Signed(caller): Signed,
    state: Data<State>,
    key: Path<String>,
    Expected(expected): Expected,
) -> Result<HttpResponse, Problem> {
    let key = Key::from(key.as_str());
    seam::write(&state, move |db| app::incident_template::delete(db, &caller, &key, expected))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

impl NewIncidentTemplate {
    fn draft(self) -> Result<Draft, Problem> {
        let Self {
            name,
            slug,
            title,
            message,
            status,
            components,
            impact_override,
            visibility,
            notify,
            metadata,
        } = self;
        Ok(Draft {
            slug,
            name,
            title,
            message,
            status,
            components: named(components)?,
            impact_override,
            visibility,
            notify,
            metadata,
        })
    }
}

impl IncidentTemplatePatch {
    fn change(self) -> Result<impl FnOnce(&mut Draft), Problem> {
        let Self {
            name,
            slug,
            title,
            message,
            status,
            components,
            impact_override,
            visibility,
            notify,
            metadata,
        } = self;
        let components = components.map(named).transpose()?;
        Ok(move |draft: &mut Draft| {
            let now = draft.clone();
            draft.name = name.unwrap_or(now.name);
            draft.slug = slug.or(now.slug);
            draft.title = title.unwrap_or(now.title);
            draft.message = message.unwrap_or(now.message);
            status.apply(&mut draft.status);
            draft.components = components.unwrap_or(now.components);
            impact_override.apply(&mut draft.impact_override);
            visibility.apply(&mut draft.visibility);
            notify.apply(&mut draft.notify);
            metadata.merge(&mut draft.metadata);
        })
    }
}
