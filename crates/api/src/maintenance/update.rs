//! Updates of maintenances.
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, patch, post};
use domain::maintenance::Update;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::key;
use super::shape::{MaintenanceUpdatePatch, NewMaintenanceUpdate, planned};
use crate::auth::Signed;
use crate::body::Body;
use crate::idempotency::{Key as IdempotencyKey, created};
use crate::problem::Problem;
use crate::responses::Writing;
use crate::seam;
use crate::state::State;
use crate::version::{Expected, show};

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(add_maintenance_update).service(edit_maintenance_update);
}

/// Add an update to a maintenance
///
/// This is how it begins early, is verified, completed or cancelled. What was completed or cancelled
/// stays so. A cancelled occurrence of a series is not made again.
#[utoipa::path(
    tag = "maintenances",
    params(
        ("key" = String, Path, description = "Id or number of the maintenance"),
        ("If-Match" = Option<String>, Header, description = "The version of the maintenance that was seen, like `\"v3\"`"),
    ),
    request_body = NewMaintenanceUpdate,
    responses((status = 201, description = "Added; `ETag` is the maintenance's", body = Update), Writing),
    security(("bearer" = ["maintenances"])),
)]
#[post("/maintenances/{key}/updates")]
async fn add_maintenance_update(
    Signed(caller): Signed,
    state: Data<State>,
    path: Path<String>,
    Expected(expected): Expected,
    idempotency: IdempotencyKey,
    body: Body<NewMaintenanceUpdate>,
) -> Result<HttpResponse, Problem> {
    let key = key(&path)?;
    let idempotency = idempotency.with_body(body.digest);
    let NewMaintenanceUpdate { status, message, components, notify, display_at } = body.value;
    let components = planned(components)?;
    let new = app::maintenance::NewUpdate { status, message, components, notify, display_at };
    seam::post(&state, idempotency, move |db| {
        let (it, update) = app::maintenance::add_update(db, &caller, key, expected, new)?;
        created(format!("/api/v1/maintenances/{}", it.id), it.version, &update)
    })
    .await
}

/// Correct what an update of a maintenance says
#[utoipa::path(
    tag = "maintenances",
    params(
        ("key" = String, Path, description = "Id or number of the maintenance"),
        ("update_id" = Uuid, Path, description = "Id of the update"),
        ("If-Match" = Option<String>, Header, description = "The version of the maintenance that was seen, like `\"v3\"`"),
    ),
    request_body = MaintenanceUpdatePatch,
    responses((status = 200, description = "As it is now; `ETag` is the maintenance's", body = Update), Writing),
    security(("bearer" = ["maintenances"])),
)]
#[patch("/maintenances/{key}/updates/{update_id}")]
async fn edit_maintenance_update(
    Signed(caller): Signed,
    state: Data<State>,
    path: Path<(String, Uuid)>,
    Expected(expected): Expected,
    body: Body<MaintenanceUpdatePatch>,
) -> Result<HttpResponse, Problem> {
    let (maintenance, id) = path.into_inner();
    let key = key(&maintenance)?;
    let MaintenanceUpdatePatch { message } = body.value;
    let (it, update) = seam::write(&state, move |db| {
        app::maintenance::edit_update(db, &caller, key, id, expected, message)
    })
    .await?;
    Ok(show(HttpResponse::Ok(), it.version, &update))
}
