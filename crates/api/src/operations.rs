//! What operators and their machines ask: alive, ready, how much; and what a problem means.
use std::future::{Future, ready};

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::problem::{KINDS, Problem, kind};
use crate::responses::Reading;
use crate::state::State;

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(get_health).service(get_readiness).service(get_metrics).service(get_problem);
}

/// How the service is.
#[derive(Serialize, ToSchema)]
struct Health {
    #[schema(value_type = String, example = "ok")]
    status: &'static str,
}

/// What a kind of problem means.
#[derive(Serialize, ToSchema)]
struct ProblemKind {
    /// The `type` of such problems.
    #[schema(example = "/problems/not-found")]
    r#type: String,
    #[schema(value_type = String)]
    title: &'static str,
    status: u16,
    /// What it means and what to do.
    #[schema(value_type = String)]
    explanation: &'static str,
}

/// Tell whether the process lives
#[utoipa::path(
    tag = "operations",
    responses((status = 200, description = "It does", body = Health), Reading),
    security(()),
)]
#[get("/healthz")]
async fn get_health() -> HttpResponse {
    uncached(ready(Health { status: "ok" })).await
}

/// Tell whether requests can be served
#[utoipa::path(
    tag = "operations",
    responses((status = 200, description = "They can", body = Health), Reading),
    security((), ("bearer" = [])),
)]
#[get("/readyz")]
async fn get_readiness(state: Data<State>) -> Result<HttpResponse, Problem> {
    if (state.is_ready)() && state.live.pages().is_some() {
        return Ok(uncached(ready(Health { status: "ok" })).await);
    }
    Err(Problem::unavailable().because("the database does not answer"))
}

async fn uncached(health: impl Future<Output = Health>) -> HttpResponse {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(health.await)
}

/// Get measurements in Prometheus' text format
#[utoipa::path(
    tag = "operations",
    responses((status = 200, description = "Measurements", body = String, content_type = "text/plain"), Reading),
    security((), ("bearer" = [])),
)]
#[get("/metrics")]
async fn get_metrics(state: Data<State>) -> HttpResponse {
    let (busy, open) = state.db.pool_state();
    metrics::gauge!("farol_database_connections", "state" => "busy").set(busy);
    metrics::gauge!("farol_database_connections", "state" => "open").set(open);
    metrics::gauge!("farol_streams")
        .set(u32::try_from(state.hub.seats.taken()).unwrap_or(u32::MAX));
    let text = ready((state.metrics)()).await;
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"))
        .body(text)
}

/// Explain a kind of problem
#[utoipa::path(
    tag = "operations",
    params(("slug" = String, Path, description = "Last part of a problem's `type`")),
    responses((status = 200, description = "What it means", body = ProblemKind), Reading),
    security((), ("bearer" = [])),
)]
#[get("/problems/{slug}")]
async fn get_problem(slug: Path<String>) -> Result<HttpResponse, Problem> {
    let found = ready(KINDS.iter().find(|it| it.slug == *slug)).await;
    let found = found.ok_or_else(|| Problem::new(kind::NOT_FOUND))?;
    Ok(HttpResponse::Ok().json(ProblemKind {
        r#type: format!("/problems/{}", found.slug),
        title: found.title,
        status: found.status,
        explanation: found.explanation,
    }))
}
