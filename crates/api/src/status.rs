//! `GET /api/v1/status`, from memory.
pub mod quick;

use std::future::{Ready, ready};

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use publication::{Encoding, StatusDocument};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::Audience;
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
    responses((status = 200, description = "The page", body = StatusDocument), Reading),
    security((), ("bearer" = [])),
)]
#[get("/status")]
async fn get_status(
    req: HttpRequest,
    state: Data<State>,
    Audience(audience): Audience,
) -> Result<HttpResponse, Problem> {
    answer(&req, &state, audience).await
}

fn answer(
    req: &HttpRequest,
    state: &State,
    audience: domain::caller::Visibility,
) -> Ready<Result<HttpResponse, Problem>> {
    let Some(pages) = state.live.pages() else { return ready(Err(Problem::unavailable())) };
    let document = pages.status(audience);
    let accepted = req.headers().get(header::ACCEPT_ENCODING).and_then(|it| it.to_str().ok());
    let encoding = Encoding::negotiate(accepted.unwrap_or_default());
    let etag = document.etag(encoding);
    let mut response = HttpResponse::Ok();
    response
        .content_type("application/json")
        .insert_header((header::ETAG, etag.as_ref()))
        .insert_header((header::VARY, "Accept-Encoding"));
    if let Some(name) = encoding.name() {
        response.insert_header((header::CONTENT_ENCODING, name));
    }
    if !(state.is_ready)() {
        state.live.doubt();
    }
    if let Some(age) = state.live.stale_for() {
        response.insert_header(("x-farol-stale", age.as_secs().to_string()));
    }
    ready(Ok(response.body(document.body(encoding))))
}
