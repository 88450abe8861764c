//! The operator's own wording of messages.
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post};
use app::message_template::{Draft, Edit};
use domain::event::Announcement;
use domain::message_template::MessageTemplate;
use domain::text::{MESSAGE_TEMPLATE_MAX, TITLE_TEMPLATE_MAX};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;
use validator::Validate;

use crate::auth::Signed;
use crate::body::Body;
use crate::group::Paging;
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
    cfg.service(list_message_templates)
        .service(create_message_template)
        .service(get_message_template)
        .service(edit_message_template)
        .service(delete_message_template);
}

list_of!(MessageTemplateList, MessageTemplate);

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMessageTemplate {
    #[validate(length(min = 1, max = 40))]
    #[schema(min_length = 1, max_length = 40, example = "webhook")]
    channel: String,
    /// Every event that has no wording of its own when left out.
    event: Option<Announcement>,
    /// Every language that has no wording of its own when left out. `pt` serves `pt-BR` too. A
    /// wording for the event goes before one for the language.
    #[validate(custom(function = validate::locale))]
    #[schema(max_length = 35, pattern = "^[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8})*$")]
    locale: Option<String>,
    /// For channels whose messages have one; Farol's when left out.
    #[validate(length(min = 1, max = TITLE_TEMPLATE_MAX))]
    #[schema(min_length = 1, max_length = 1000)]
    subject: Option<String>,
    /// A minijinja template; 16 KiB at most.
    #[validate(length(min = 1, max = MESSAGE_TEMPLATE_MAX))]
    #[schema(min_length = 1, max_length = 16384)]
    body: String,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct MessageTemplatePatch {
    #[serde(default)]
    #[schema(value_type = Option<Announcement>)]
    event: Patch<Announcement>,
    #[serde(default)]
    #[validate(custom(function = validate::locale_patch))]
    #[schema(value_type = Option<String>, max_length = 35, pattern = "^[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8})*$")]
    locale: Patch<String>,
    #[serde(default)]
    #[validate(length(min = 1, max = TITLE_TEMPLATE_MAX))]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 1000)]
    subject: Patch<String>,
    #[serde(default, deserialize_with = "set_only")]
    #[validate(length(min = 1, max = MESSAGE_TEMPLATE_MAX))]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 16384)]
    body: Option<String>,
}

/// List message templates, newest first
#[utoipa::path(
    tag = "message templates",
    params(Paging),
    responses((status = 200, description = "Templates", body = MessageTemplateList), Reading),
    security(("bearer" = ["subscriptions"])),
)]
#[get("/message-templates")]
async fn list_message_templates(
    req: HttpRequest,
    Signed(caller): Signed,
    state: Data<State>,
    QueryString(paging): QueryString<Paging>,
) -> Result<HttpResponse, Problem> {
    let window = list::window(paging.limit, paging.cursor.as_deref())?;
    let page =
        seam::read(&state, move |db| app::message_template::page(db, &caller, window)).await?;
    Ok(list::respond(&req, window.limit, page))
}

/// Word the messages of a channel
///
/// There is one template at most for each channel, event and locale; a message takes the most
/// specific one.
#[utoipa::path(
    tag = "message templates",
    request_body = NewMessageTemplate,
    responses((status = 201, description = "Created", body = MessageTemplate), Writing),
    security(("bearer" = ["subscriptions"])),
)]
#[post("/message-templates")]
async fn create_message_template(
    Signed(caller): Signed,
    state: Data<State>,
    key: IdempotencyKey,
    body: Body<NewMessageTemplate>,
) -> Result<HttpResponse, Problem> {
    let key = key.with_body(body.digest);
    let NewMessageTemplate { channel, event, locale, subject, body } = body.value;
    let draft = Draft { channel, edit: Edit { event, locale, subject, body } };
    seam::post(&state, key, move |db| {
        let template = app::message_template::create(db, &caller, draft)?;
        let location = format!("/api/v1/message-templates/{}", template.id);
        created(location, template.version, &template)
    })
    .await
}

/// Get a message template
#[utoipa::path(
    tag = "message templates",
    params(("id" = Uuid, Path, description = "Id")),
    responses((status = 200, description = "The template", body = MessageTemplate), Reading),
    security(("bearer" = ["subscriptions"])),
)]
#[get("/message-templates/{id}")]
async fn get_message_template(
    Signed(caller): Signed,
    state: Data<State>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let found = seam::read(&state, move |db| app::message_template::find(db, &caller, *id)).await?;
    Ok(show(HttpResponse::Ok(), found.version, &found))
}

/// Change a message template
#[utoipa::path(
    tag = "message templates",
    params(
        ("id" = Uuid, Path, description = "Id"),
        ("If-Match" = Option<String>, Header, description = "The version that was seen, like `\"v3\"`"),
    ),
    request_body = MessageTemplatePatch,
    responses((status = 200, description = "As it is now", body = MessageTemplate), Writing),
    security(("bearer" = ["subscriptions"])),
)]
#[patch("/message-templates/{id}")]
async fn edit_message_template(
    Signed(caller): Signed,
    state: Data<State>,
    id: Path<Uuid>,
    Expected(expected): Expected,
    body: Body<MessageTemplatePatch>,
) -> Result<HttpResponse, Problem> {
    let patch = body.value;
    let changed = seam::write(&state, move |db| {
        app::message_template::edit(db, &caller, *id, expected, |edit| patch.apply(edit))
    })
    .await?;
    Ok(show(HttpResponse::Ok(), changed.version, &changed))
}

/// Remove a message template
#[utoipa::path(
    tag = "message templates",
    params(
        ("id" = Uuid, Path, description = "Id"),
        ("If-Match" = Option<String>, Header, description = "The version that was seen, like `\"v3\"`"),
    ),
    responses((status = 204, description = "Removed"), Writing),
    security(("bearer" = ["subscriptions"])),
)]
#[delete("/message-templates/{id}")]
async fn delete_message_template(
    Signed(caller): Signed,
    state: Data<State>,
    id: Path<Uuid>,
    Expected(expected): Expected,
) -> Result<HttpResponse, Problem> {
    seam::write(&state, move |db| app::message_template::delete(db, &caller, *id, expected))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

impl MessageTemplatePatch {
    fn apply(self, edit: &mut Edit) {
        let Self { event, locale, subject, body } = self;
        event.apply(&mut edit.event);
        locale.apply(&mut edit.locale);
        subject.apply(&mut edit.subject);
        if let Some(body) = body {
            edit.body = body;
        }
    }
}
