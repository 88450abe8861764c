//! `GET /api/v1/status`, from memory.

use std::future::ready;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use publication::{Sheet, StatusDocument};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::Audience;
use crate::document;
use crate::problem::Problem;
use crate::responses::Reading;
use crate::state::State;

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(get_status);
}

/// Get the whole page
///
/// Served from memory, also while the database is down: `X-Farol-Stale` then tells for how many
/// seconds nobody could confirm it.
#[utoipa::path(
    tag = "status",
    responses((status = 200, description = "The page", body = StatusDocument<'static>), Reading),
    security((), ("bearer" = [])),
)]
#[get("/status")]
async fn get_status(
    req: HttpRequest,
    state: Data<State>,
    Audience(audience): Audience,
) -> Result<HttpResponse, Problem> {
    ready(document::sheet(&req, &state, Sheet::Status, audience)).await
}
