//! Subscriptions.
mod bulk;
mod leaf;
mod own;
mod public;
mod shape;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post};
use app::idempotency::Answer;
use app::subscription::{Draft, Edit, Means, Which};
use domain::subscription::{State as SubscriptionState, Subscription};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use self::shape::{
    NewSubscription, Recovered, Recovery, SubscriptionPatch, SubscriptionWithSecret,
};
use crate::auth::Signed;
use crate::body::Body;
use crate::delivery::DeliveryList;
use crate::group::Paging;
use crate::idempotency::{Key as IdempotencyKey, answer, created};
use crate::list::{self, list_of};
use crate::problem::{Problem, kind};
use crate::query::QueryString;
use crate::responses::{Reading, Writing};
use crate::seam;
use crate::state::State;
use crate::version::{Expected, show, show_exactly};

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list_subscriptions)
        .service(create_subscription)
        .configure(bulk::routes)
        .service(get_subscription)
        .service(edit_subscription)
        .service(delete_subscription)
        .service(test_subscription)
        .service(rotate_subscription_secret)
        .service(recover_subscription)
        .service(list_subscription_deliveries)
        .configure(public::routes)
        .configure(own::routes);
}

list_of!(SubscriptionList, Subscription);

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    #[param(max_length = 40)]
    channel: Option<String>,
    state: Option<SubscriptionState>,
    /// How many.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

fn means(state: &State) -> Means<'_> {
    Means { vault: &state.vault, egress: &state.egress, mail: state.mail }
}

fn accepted() -> Answer {
    Answer { status: 202, location: None, etag: None, body: "{}".to_owned() }
}

/// The name of a channel in a query.
fn known_channel(name: Option<String>) -> Result<Option<String>, Problem> {
    if name.as_ref().is_some_and(|it| it.chars().count() > 40) {
        return Err(Problem::new(kind::MALFORMED).because("`channel` may have 40 characters"));
    }
    Ok(name)
}

/// List subscriptions, newest first
#[utoipa::path(
    tag = "subscriptions",
    params(ListQuery),
    responses((status = 200, description = "Subscriptions", body = SubscriptionList), Reading),
    security(("bearer" = ["subscriptions"])),
)]
#[get("/subscriptions")]
async fn list_subscriptions(
    req: HttpRequest,
    Signed(caller): Signed,
    state: Data<State>,
    QueryString(query): QueryString<ListQuery>,
) -> Result<HttpResponse, Problem> {
    let window = list::window(query.limit, query.cursor.as_deref())?;
    let which = Which { channel: known_channel(query.channel)?, state: query.state };
    let page =
        seam::read(&state, move |db| app::subscription::page(db, &caller, &which, window)).await?;
    Ok(list::respond(&req, window.limit, page))
}

/// Subscribe a destination
#[utoipa::path(
    tag = "subscriptions",
    request_body = NewSubscription,
    responses((status = 201, description = "Subscribed", body = SubscriptionWithSecret), Writing),
    security(("bearer" = ["subscriptions"])),
)]
#[post("/subscriptions")]
async fn create_subscription(
    Signed(caller): Signed,
    state: Data<State>,
    key: IdempotencyKey,
    body: Body<NewSubscription>,
) -> Result<HttpResponse, Problem> {
    let key = key.with_body(body.digest);
    let NewSubscription {
        channel,
        label,
        config,
        filter,
        audience,
        locale,
        time_zone,
        digest_minutes,
    } = body.value;
    let time_zone = time_zone.unwrap_or_else(|| state.db.page().time_zone.clone());
    let draft =
        Draft { channel, label, config, filter, audience, locale, time_zone, digest_minutes };
    let shared = state.clone();
    seam::post(&state, key, move |db| {
        let (shown, secret) = app::subscription::create(db, &caller, means(&shared), draft)?;
        let location = format!("/api/v1/subscriptions/{}", shown.id);
        let version = shown.version;
        let secret = secret.map(|it| it.to_string_secret());
        created(location, version, &SubscriptionWithSecret { shown, secret })
    })
    .await
}

/// Get a subscription
#[utoipa::path(
    tag = "subscriptions",
    params(("id" = Uuid, Path, description = "Id")),
    responses((status = 200, description = "The subscription", body = Subscription), Reading),
    security(("bearer" = ["subscriptions"])),
)]
#[get("/subscriptions/{id}")]
async fn get_subscription(
    Signed(caller): Signed,
    state: Data<State>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let found = seam::read(&state, move |db| app::subscription::find(db, &caller, *id)).await?;
    show_exactly(found.version, &found)
}

/// Change a subscription
#[utoipa::path(
    tag = "subscriptions",
    params(
        ("id" = Uuid, Path, description = "Id"),
        ("If-Match" = Option<String>, Header, description = "The version that was seen, like `\"v3\"`"),
    ),
    request_body = SubscriptionPatch,
    responses((status = 200, description = "As it is now", body = Subscription), Writing),
    security(("bearer" = ["subscriptions"])),
)]
#[patch("/subscriptions/{id}")]
async fn edit_subscription(
    Signed(caller): Signed,
    state: Data<State>,
    id: Path<Uuid>,
    Expected(expected): Expected,
    body: Body<SubscriptionPatch>,
) -> Result<HttpResponse, Problem> {
    let patch = body.value;
    let shared = state.clone();
    let changed = seam::write(&state, move |db| {
        let change = |edit: &mut Edit| patch.apply(edit);
        app::subscription::edit(db, &caller, means(&shared), *id, expected, change)
    })
    .await?;
    Ok(show(HttpResponse::Ok(), changed.version, &changed))
}

/// End a subscription
#[utoipa::path(
    tag = "subscriptions",
    params(
        ("id" = Uuid, Path, description = "Id"),
        ("If-Match" = Option<String>, Header, description = "The version that was seen, like `\"v3\"`"),
    ),
    responses((status = 204, description = "Ended"), Writing),
    security(("bearer" = ["subscriptions"])),
)]
#[delete("/subscriptions/{id}")]
async fn delete_subscription(
    Signed(caller): Signed,
    state: Data<State>,
    id: Path<Uuid>,
    Expected(expected): Expected,
) -> Result<HttpResponse, Problem> {
    seam::write(&state, move |db| app::subscription::delete(db, &caller, *id, expected)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Send a test message
#[utoipa::path(
    tag = "subscriptions",
    params(("id" = Uuid, Path, description = "Id")),
    responses((status = 202, description = "On its way; look at the deliveries", body = Object, example = json!({})), Writing),
    security(("bearer" = ["subscriptions"])),
)]
#[post("/subscriptions/{id}/test")]
async fn test_subscription(
    Signed(caller): Signed,
    state: Data<State>,
    id: Path<Uuid>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    seam::post(&state, key, move |db| {
        app::subscription::test(db, &caller, *id)?;
        Ok(accepted())
    })
    .await
}

/// Replace the signing secret
///
/// For 24 hours messages carry a signature with each of the two.
#[utoipa::path(
    tag = "subscriptions",
    params(("id" = Uuid, Path, description = "Id")),
    responses((status = 200, description = "The new secret, shown this once", body = SubscriptionWithSecret), Writing),
    security(("bearer" = ["subscriptions"])),
)]
#[post("/subscriptions/{id}/rotate-secret")]
async fn rotate_subscription_secret(
    Signed(caller): Signed,
    state: Data<State>,
    id: Path<Uuid>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    let shared = state.clone();
    seam::post(&state, key, move |db| {
        let (shown, secret) = app::subscription::rotate_secret(db, &caller, means(&shared), *id)?;
        let secret = Some(secret.to_string_secret());
        answer(200, &SubscriptionWithSecret { shown, secret })
    })
    .await
}

/// Send again what never arrived
#[utoipa::path(
    tag = "subscriptions",
    params(("id" = Uuid, Path, description = "Id")),
    request_body = Recovery,
    responses((status = 202, description = "Enqueued, oldest first", body = Recovered), Writing),
    security(("bearer" = ["subscriptions"])),
)]
#[post("/subscriptions/{id}/recover")]
async fn recover_subscription(
    Signed(caller): Signed,
    state: Data<State>,
    id: Path<Uuid>,
    key: IdempotencyKey,
    body: Body<Recovery>,
) -> Result<HttpResponse, Problem> {
    let key = key.with_body(body.digest);
    let since = body.value.since;
    seam::post(&state, key, move |db| {
        let enqueued = app::subscription::recover(db, &caller, *id, since)?;
        answer(202, &Recovered { enqueued })
    })
    .await
}

/// List the deliveries of a subscription, newest first
#[utoipa::path(
    tag = "subscriptions",
    params(("id" = Uuid, Path, description = "Id"), Paging),
    responses((status = 200, description = "Deliveries", body = DeliveryList), Reading),
    security(("bearer" = ["subscriptions"])),
)]
#[get("/subscriptions/{id}/deliveries")]
async fn list_subscription_deliveries(
    req: HttpRequest,
    Signed(caller): Signed,
    state: Data<State>,
    id: Path<Uuid>,
    QueryString(paging): QueryString<Paging>,
) -> Result<HttpResponse, Problem> {
    let window = list::window(paging.limit, paging.cursor.as_deref())?;
    let filter = app::delivery::Filter { subscription: Some(*id), ..Default::default() };
    let page =
        seam::read(&state, move |db| app::delivery::page(db, &caller, &filter, window)).await?;
    Ok(list::respond(&req, window.limit, page))
}
