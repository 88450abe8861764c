//! Subscribing oneself.
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use app::subscription::Wish;
use domain::subscription::Filter;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::shape::{english, filter_size};
use super::{accepted, means};
use crate::auth::Address;
use crate::body::Body;
use crate::idempotency::Key as IdempotencyKey;
use crate::limit::party;
use crate::patch::object;
use crate::problem::{Problem, kind};
use crate::responses::Writing;
use crate::seam;
use crate::state::State;
use crate::validate;

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(subscribe);
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubscribeRequest {
    /// `email` or `webhook`.
    #[validate(length(min = 1, max = 40))]
    #[schema(min_length = 1, max_length = 40, example = "webhook")]
    channel: String,
    /// For `email` `{to}`, for `webhook` `{url, format?}`.
    #[schema(schema_with = crate::openapi::channel_config)]
    config: Value,
    /// May name what the public page shows.
    #[serde(default, deserialize_with = "object")]
    #[validate(custom(function = filter_size))]
    filter: Filter,
    #[serde(default = "english")]
    #[validate(custom(function = validate::locale))]
    #[schema(default = "en", max_length = 35, pattern = "^[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8})*$")]
    locale: String,
    /// The page's when left out.
    #[validate(custom(function = validate::time_zone))]
    #[schema(example = "America/Sao_Paulo")]
    time_zone: Option<String>,
}

/// Subscribe oneself
///
/// The owner of the address is asked to confirm, by a link or, for webhooks, by answering
/// `subscription.confirm` with its `challenge`, as `{"challenge": "…"}` or plain text. The answer
/// to this request is always the same, so that nobody learns who is subscribed. An address is
/// asked at most once in ten minutes and five times a day; what is not confirmed within seven days
/// is forgotten.
#[utoipa::path(
    tag = "self-service",
    request_body = SubscribeRequest,
    responses((status = 202, description = "If it is possible, the address is asked now", body = Object, example = json!({})), Writing),
    security((), ("bearer" = [])),
)]
#[post("/subscribe")]
async fn subscribe(
    state: Data<State>,
    Address(address): Address,
    key: IdempotencyKey,
    body: Body<SubscribeRequest>,
) -> Result<HttpResponse, Problem> {
    if !state.offers_subscribe {
        return Err(Problem::new(kind::NOT_FOUND).because("nobody can subscribe themselves here"));
    }
    let key = key.with_body(body.digest);
    let SubscribeRequest { channel, config, filter, locale, time_zone } = body.value;
    let time_zone = time_zone.unwrap_or_else(|| state.db.page().time_zone.clone());
    let wish = Wish { channel, config, filter, locale, time_zone };
    let (shared, address) = (state.clone(), party(address).to_string());
    seam::post(&state, key, move |db| {
        app::subscription::subscribe(db, means(&shared), &address, wish)?;
        Ok(accepted())
    })
    .await
}
