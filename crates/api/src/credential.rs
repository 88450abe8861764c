//! Credentials that subscriptions share.
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get, post};
use domain::credential::{Credential, State as CredentialState};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::auth::Signed;
use crate::idempotency::{Key as IdempotencyKey, answer};
use crate::list::{self, list_of};
use crate::problem::Problem;
use crate::query::QueryString;
use crate::responses::{Reading, Writing};
use crate::seam;
use crate::state::State;

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list_credentials).service(get_credential).service(retry_credential);
}

list_of!(CredentialList, Credential);

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    state: Option<CredentialState>,
    /// How many.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List the credentials that subscriptions share, newest first
///
/// A bot or an account, as its provider sees it: a refused one pauses all its subscriptions, and
/// ends none. To replace it, change the `config` of those subscriptions.
#[utoipa::path(
    tag = "subscriptions",
    params(ListQuery),
    responses((status = 200, description = "Credentials", body = CredentialList), Reading),
    security(("bearer" = ["subscriptions"])),
)]
#[get("/credentials")]
async fn list_credentials(
    req: HttpRequest,
    Signed(caller): Signed,
    state: Data<State>,
    QueryString(query): QueryString<ListQuery>,
) -> Result<HttpResponse, Problem> {
    let window = list::window(query.limit, query.cursor.as_deref())?;
    let which = query.state;
    let page =
        seam::read(&state, move |db| app::credential::page(db, &caller, which, window)).await?;
    Ok(list::respond(&req, window.limit, page))
}

/// Get a credential
#[utoipa::path(
    tag = "subscriptions",
    params(("id" = Uuid, Path, description = "Id")),
    responses((status = 200, description = "The credential", body = Credential), Reading),
    security(("bearer" = ["subscriptions"])),
)]
#[get("/credentials/{id}")]
async fn get_credential(
    Signed(caller): Signed,
    state: Data<State>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let credential = seam::read(&state, move |db| app::credential::find(db, &caller, *id)).await?;
    Ok(HttpResponse::Ok().json(credential))
}

/// Try a refused credential now
///
/// With one of the messages that wait, rather than when its next attempt is due. A message that
/// was refused itself waits for a minute.
#[utoipa::path(
    tag = "subscriptions",
    params(("id" = Uuid, Path, description = "Id of a refused credential")),
    responses((status = 202, description = "It is tried", body = Credential), Writing),
    security(("bearer" = ["subscriptions"])),
)]
#[post("/credentials/{id}/retry")]
async fn retry_credential(
    Signed(caller): Signed,
    state: Data<State>,
    id: Path<Uuid>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    seam::post(&state, key, move |db| answer(202, &app::credential::retry(db, &caller, *id)?)).await
}
