//! Deliveries.
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get, post};
use app::delivery::Filter;
use domain::delivery::{Delivery, State as DeliveryState};
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
    cfg.service(list_deliveries).service(get_delivery).service(redeliver);
}

list_of!(DeliveryList, Delivery);

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    state: Option<DeliveryState>,
    /// Of this subscription.
    subscription: Option<Uuid>,
    /// Of this event, which is also the `webhook-id`.
    event: Option<Uuid>,
    /// How many.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List deliveries, newest first
#[utoipa::path(
    tag = "deliveries",
    params(ListQuery),
    responses((status = 200, description = "Deliveries", body = DeliveryList), Reading),
    security(("bearer" = ["subscriptions"])),
)]
#[get("/deliveries")]
async fn list_deliveries(
    req: HttpRequest,
    Signed(caller): Signed,
    state: Data<State>,
    QueryString(query): QueryString<ListQuery>,
) -> Result<HttpResponse, Problem> {
    let window = list::window(query.limit, query.cursor.as_deref())?;
    let ListQuery { state: which, subscription, event, .. } = query;
    let filter = Filter { state: which, subscription, event };
    let page =
        seam::read(&state, move |db| app::delivery::page(db, &caller, &filter, window)).await?;
    Ok(list::respond(&req, window.limit, page))
}

/// Get a delivery with its attempts
#[utoipa::path(
    tag = "deliveries",
    params(("id" = Uuid, Path, description = "Id")),
    responses((status = 200, description = "The delivery", body = Delivery), Reading),
    security(("bearer" = ["subscriptions"])),
)]
#[get("/deliveries/{id}")]
async fn get_delivery(
    Signed(caller): Signed,
    state: Data<State>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let delivery = seam::read(&state, move |db| app::delivery::find(db, &caller, *id)).await?;
    Ok(HttpResponse::Ok().json(delivery))
}

/// Send the same event once more
///
/// A new delivery with the same `webhook-id`, after whatever the subscription is owed already.
#[utoipa::path(
    tag = "deliveries",
    params(("id" = Uuid, Path, description = "Id of a finished delivery")),
    responses((status = 202, description = "The new delivery", body = Delivery), Writing),
    security(("bearer" = ["subscriptions"])),
)]
#[post("/deliveries/{id}/redeliver")]
async fn redeliver(
    Signed(caller): Signed,
    state: Data<State>,
    id: Path<Uuid>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    seam::post(&state, key, move |db| answer(202, &app::delivery::redeliver(db, &caller, *id)?))
        .await
}
