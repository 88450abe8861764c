//! API tokens.
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, delete, get, post};
use app::token::NewToken as Draft;
use chrono::{DateTime, Utc};
use domain::caller::Scope;
use domain::text::NAME_MAX;
use domain::token::Token;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;
use validator::Validate;

use crate::auth::Signed;
use crate::body::Body;
use crate::group::Paging;
use crate::idempotency::{Key as IdempotencyKey, created};
use crate::instant;
use crate::list::{self, list_of};
use crate::problem::Problem;
use crate::query::QueryString;
use crate::responses::{Reading, Writing};
use crate::seam;
use crate::state::State;
use crate::version::{Expected, show_exactly};

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list_tokens).service(create_token).service(get_token).service(revoke_token);
}

list_of!(TokenList, Token);

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewToken {
    #[validate(length(min = 1, max = NAME_MAX))]
    #[schema(min_length = 1, max_length = 120)]
    name: String,
    /// No more than the caller may do.
    #[validate(length(min = 1, max = 10))]
    #[schema(min_items = 1, max_items = 10)]
    scopes: Vec<Scope>,
    /// Never, when left out.
    #[serde(default, deserialize_with = "instant::maybe")]
    expires_at: Option<DateTime<Utc>>,
}

/// A new token with its secret, which is shown this once.
#[derive(Serialize, ToSchema)]
struct CreatedToken {
    #[serde(flatten)]
    shown: Token,
    /// The secret, for `Authorization: Bearer …`.
    token: String,
}

/// List tokens, newest first
///
/// An admin sees all, other people their own.
#[utoipa::path(
    tag = "tokens",
    params(Paging),
    responses((status = 200, description = "Tokens", body = TokenList), Reading),
    security(("bearer" = ["admin"])),
)]
#[get("/tokens")]
async fn list_tokens(
    req: HttpRequest,
    Signed(caller): Signed,
    state: Data<State>,
    QueryString(paging): QueryString<Paging>,
) -> Result<HttpResponse, Problem> {
    let window = list::window(paging.limit, paging.cursor.as_deref())?;
    let page = seam::read(&state, move |db| app::token::page(db, &caller, window)).await?;
    Ok(list::respond(&req, window.limit, page))
}

/// Make a token
///
/// People may make tokens for what they may do themselves; a token may only with the scope `admin`.
#[utoipa::path(
    tag = "tokens",
    request_body = NewToken,
    responses((status = 201, description = "Made; the secret is shown this once", body = CreatedToken), Writing),
    security(("bearer" = ["admin"])),
)]
#[post("/tokens")]
async fn create_token(
    Signed(caller): Signed,
    state: Data<State>,
    key: IdempotencyKey,
    body: Body<NewToken>,
) -> Result<HttpResponse, Problem> {
    let key = key.with_body(body.digest);
    let NewToken { name, scopes, expires_at } = body.value;
    let draft = Draft { name, scopes, expires_at };
    seam::post(&state, key, move |db| {
        let (shown, token) = app::token::create(db, &caller, draft)?;
        let location = format!("/api/v1/tokens/{}", shown.id);
        let version = shown.version;
        created(location, version, &CreatedToken { shown, token })
    })
    .await
}

/// Get a token, without its secret
#[utoipa::path(
    tag = "tokens",
    params(("id" = Uuid, Path, description = "Id")),
    responses((status = 200, description = "The token", body = Token), Reading),
    security(("bearer" = ["admin"])),
)]
#[get("/tokens/{id}")]
async fn get_token(
    Signed(caller): Signed,
    state: Data<State>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let token = seam::read(&state, move |db| app::token::find(db, &caller, *id)).await?;
    show_exactly(token.version, &token)
}

/// Revoke a token
#[utoipa::path(
    tag = "tokens",
    params(
        ("id" = Uuid, Path, description = "Id"),
        ("If-Match" = Option<String>, Header, description = "The version that was seen, like `\"v3\"`"),
    ),
    responses((status = 204, description = "Revoked"), Writing),
    security(("bearer" = ["admin"])),
)]
#[delete("/tokens/{id}")]
async fn revoke_token(
    Signed(caller): Signed,
    state: Data<State>,
    id: Path<Uuid>,
    Expected(expected): Expected,
) -> Result<HttpResponse, Problem> {
    seam::write(&state, move |db| app::token::revoke(db, &caller, *id, expected)).await?;
    Ok(HttpResponse::NoContent().finish())
}
