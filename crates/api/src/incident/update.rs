//! Updates of incidents.
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, patch, post};
use app::incident::UpdateEdit;
use domain::incident::Update;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::key;
use super::shape::{NewUpdate, UpdatePatch, named};
use crate::auth::Signed;
use crate::body::Body;
use crate::idempotency::{Key as IdempotencyKey, created};
use crate::problem::Problem;
use crate::responses::Writing;
use crate::seam;
use crate::state::State;
use crate::version::{Expected, show};

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(add_incident_update).service(edit_incident_update).service(delete_incident_update);
}

/// Add an update to an incident
#[utoipa::path(
    tag = "incidents",
    params(
        ("key" = String, Path, description = "Id or number of the incident"),
        ("If-Match" = Option<String>, Header, description = "The version of the incident that was seen, like `\"v3\"`"),
    ),
    request_body = NewUpdate,
    responses((status = 201, description = "Added; `ETag` is the incident's", body = Update), Writing),
    security(("bearer" = ["incidents"])),
)]
#[post("/incidents/{key}/updates")]
async fn add_incident_update(
    Signed(caller): Signed,
    state: Data<State>,
    path: Path<String>,
    Expected(expected): Expected,
    idempotency: IdempotencyKey,
    body: Body<NewUpdate>,
) -> Result<HttpResponse, Problem> {
    let key = key(&path)?;
    let idempotency = idempotency.with_body(body.digest);
    let NewUpdate { status, message, components, notify, display_at } = body.value;
    let components = named(components)?;
    let new = app::incident::NewUpdate { status, message, components, notify, display_at };
    seam::post(&state, idempotency, move |db| {
        let (incident, update) = app::incident::add_update(db, &caller, key, expected, new)?;
        let location = format!("/api/v1/incidents/{}", incident.id);
        created(location, incident.version, &update)
    })
    .await
}

/// Correct an update
///
/// The incident and its components become what they would have been.
#[utoipa::path(
    tag = "incidents",
    params(
        ("key" = String, Path, description = "Id or number of the incident"),
        ("update_id" = Uuid, Path, description = "Id of the update"),
        ("If-Match" = Option<String>, Header, description = "The version of the incident that was seen, like `\"v3\"`"),
    ),
    request_body = UpdatePatch,
    responses((status = 200, description = "As it is now; `ETag` is the incident's", body = Update), Writing),
    security(("bearer" = ["incidents"])),
)]
#[patch("/incidents/{key}/updates/{update_id}")]
async fn edit_incident_update(
    Signed(caller): Signed,
    state: Data<State>,
    path: Path<(String, Uuid)>,
    Expected(expected): Expected,
    body: Body<UpdatePatch>,
) -> Result<HttpResponse, Problem> {
    let (incident, id) = path.into_inner();
    let key = key(&incident)?;
    let UpdatePatch { status, message, components, display_at } = body.value;
    let components = components.map(named).transpose()?;
    let edit = UpdateEdit { status, message, components, display_at };
    let (incident, update) = seam::write(&state, move |db| {
        app::incident::edit_update(db, &caller, key, id, expected, edit)
    })
    .await?;
    Ok(show(HttpResponse::Ok(), incident.version, &update))
}

/// Take an update back
#[utoipa::path(
    tag = "incidents",
    params(
        ("key" = String, Path, description = "Id or number of the incident"),
        ("update_id" = Uuid, Path, description = "Id of the update"),
        ("If-Match" = Option<String>, Header, description = "The version of the incident that was seen, like `\"v3\"`"),
    ),
    responses((status = 204, description = "Taken back"), Writing),
    security(("bearer" = ["incidents"])),
)]
#[delete("/incidents/{key}/updates/{update_id}")]
async fn delete_incident_update(
    Signed(caller): Signed,
    state: Data<State>,
    path: Path<(String, Uuid)>,
    Expected(expected): Expected,
) -> Result<HttpResponse, Problem> {
    let (incident, id) = path.into_inner();
    let key = key(&incident)?;
    seam::write(&state, move |db| app::incident::delete_update(db, &caller, key, id, expected))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
