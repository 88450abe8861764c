//! What the owner of a subscription does by the links in their messages. A GET changes nothing,
//! because mail scanners and chat programs follow every link.
use actix_web::http::header::{CACHE_CONTROL, HeaderName, VARY};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post};
use app::link::Purpose;
use app::subscription::OwnEdit;
use domain::subscription::{OwnSubscription, State as SubscriptionState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::leaf::{self, Leaf};
use super::shape::{FilterPatch, change_filter, filter_patch_size};
use crate::body::Body;
use crate::idempotency::{Key as IdempotencyKey, answer};
use crate::patch::{Patch, patch_object, set_only};
use crate::problem::Problem;
use crate::responses::{Reading, Writing};
use crate::seam;
use crate::state::State;
use crate::validate;
use crate::version::{Expected, show};

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(preview_confirmation)
        .service(confirm_subscription)
        .service(preview_unsubscription)
        .service(unsubscribe)
        .service(get_own_subscription)
        .service(edit_own_subscription)
        .service(delete_own_subscription);
}

/// What a POST to the same address would do.
#[derive(Serialize, ToSchema)]
pub struct LinkPreview {
    #[schema(value_type = String, example = "confirm")]
    action: &'static str,
    /// The subscription; `null` when it has ended already.
    subscription: Option<OwnSubscription>,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnSubscriptionPatch {
    /// Merged member by member; `null` wants everything.
    #[serde(default, deserialize_with = "patch_object")]
    #[validate(custom(function = filter_patch_size))]
    #[schema(value_type = Option<FilterPatch>)]
    filter: Patch<FilterPatch>,
    #[serde(default, deserialize_with = "set_only")]
    #[validate(custom(function = validate::locale))]
    #[schema(value_type = String, required = false, max_length = 35, pattern = "^[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8})*$")]
    locale: Option<String>,
    #[serde(default, deserialize_with = "set_only")]
    #[validate(custom(function = validate::time_zone))]
    #[schema(value_type = String, required = false)]
    time_zone: Option<String>,
    /// `active` or `paused`.
    #[serde(default, deserialize_with = "set_only")]
    #[schema(value_type = SubscriptionState, required = false)]
    state: Option<SubscriptionState>,
}

/// Tell what confirming would do
///
/// Changes nothing. Answers a browser with a page that has one button.
#[utoipa::path(
    tag = "self-service",
    params(("token" = String, Path, description = "From `confirm_url`")),
    responses((status = 200, description = "What a POST would do", body = LinkPreview), Reading),
    security(()),
)]
#[get("/confirm/{token}")]
async fn preview_confirmation(
    req: HttpRequest,
    state: Data<State>,
    token: Path<String>,
) -> Result<HttpResponse, Problem> {
    let shared = state.clone();
    let own = seam::read(&state, move |db| {
        app::subscription::own(db, &shared.vault, Purpose::Confirm, &token)
    })
    .await?;
    if leaf::is_wanted(&req) {
        return Ok(private(leaf::response(&Leaf::confirm(&state, &own))));
    }
    let preview = LinkPreview { action: "confirm", subscription: Some(own) };
    Ok(private(HttpResponse::Ok().json(preview)))
}

/// Confirm a subscription
///
/// Doing it again changes nothing.
#[utoipa::path(
    tag = "self-service",
    params(("token" = String, Path, description = "From `confirm_url`")),
    responses((status = 200, description = "Subscribed", body = OwnSubscription), Writing),
    security(()),
)]
#[post("/confirm/{token}")]
async fn confirm_subscription(
    req: HttpRequest,
    state: Data<State>,
    token: Path<String>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    let locale = locale(&req, &state, Purpose::Confirm, &token).await?;
    let shared = state.clone();
    let done = seam::post(&state, key, move |db| {
        answer(200, &app::subscription::confirm(db, &shared.vault, &token)?)
    })
    .await?;
    Ok(locale.map_or(done, |it| leaf::response(&Leaf::confirmed(&state, &it))))
}

/// Tell what unsubscribing would do
///
/// Changes nothing. Answers a browser with a page that has one button.
#[utoipa::path(
    tag = "self-service",
    params(("token" = String, Path, description = "From the link in a message")),
    responses((status = 200, description = "What a POST would do", body = LinkPreview), Reading),
    security(()),
)]
#[get("/unsubscribe/{token}")]
async fn preview_unsubscription(
    req: HttpRequest,
    state: Data<State>,
    token: Path<String>,
) -> Result<HttpResponse, Problem> {
    let shared = state.clone();
    let own = seam::read(&state, move |db| app::subscription::would_end(db, &shared.vault, &token))
        .await?;
    if leaf::is_wanted(&req) {
        let leaf = match &own {
            Some(own) => Leaf::unsubscribe(&state, own),
            None => Leaf::unsubscribed(&state, leaf::spoken(&req)),
        };
        return Ok(private(leaf::response(&leaf)));
    }
    let preview = LinkPreview { action: "unsubscribe", subscription: own };
    Ok(private(HttpResponse::Ok().json(preview)))
}

/// Unsubscribe with one click
///
/// Takes the POST of RFC 8058 as it comes from mail programs (`List-Unsubscribe=One-Click`),
/// without credentials and without looking at the body. The subscription ends, and what identifies
/// its owner is wiped. Doing it again changes nothing.
#[utoipa::path(
    tag = "self-service",
    params(("token" = String, Path, description = "From the link in a message")),
    responses((status = 200, description = "Nothing more is sent", body = Object, example = json!({})), Writing),
    security(()),
)]
#[post("/unsubscribe/{token}")]
async fn unsubscribe(
    req: HttpRequest,
    state: Data<State>,
    token: Path<String>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    let locale = locale(&req, &state, Purpose::Manage, &token).await?;
    let shared = state.clone();
    let done = seam::post(&state, key, move |db| {
        app::subscription::end(db, &shared.vault, &token, None)?;
        answer(200, &serde_json::json!({}))
    })
    .await?;
    Ok(locale.map_or(done, |it| leaf::response(&Leaf::unsubscribed(&state, &it))))
}

/// Get one's own subscription
#[utoipa::path(
    tag = "self-service",
    params(("token" = String, Path, description = "From `manage_url`")),
    responses((status = 200, description = "The subscription", body = OwnSubscription), Reading),
    security(()),
)]
#[get("/manage/{token}")]
async fn get_own_subscription(
    req: HttpRequest,
    state: Data<State>,
    token: Path<String>,
) -> Result<HttpResponse, Problem> {
    let (shared, given) = (state.clone(), token.clone());
    let own = seam::read(&state, move |db| {
        app::subscription::own(db, &shared.vault, Purpose::Manage, &given)
    })
    .await?;
    if leaf::is_wanted(&req) {
        let action = format!("../unsubscribe/{token}");
        return Ok(private(leaf::response(&Leaf::manage(&state, &own, action))));
    }
    Ok(private(show(HttpResponse::Ok(), own.version, &own)))
}

/// Change one's own subscription
#[utoipa::path(
    tag = "self-service",
    params(
        ("token" = String, Path, description = "From `manage_url`"),
        ("If-Match" = Option<String>, Header, description = "The version that was seen, like `\"v3\"`"),
    ),
    request_body = OwnSubscriptionPatch,
    responses((status = 200, description = "As it is now", body = OwnSubscription), Writing),
    security(()),
)]
#[patch("/manage/{token}")]
async fn edit_own_subscription(
    state: Data<State>,
    token: Path<String>,
    Expected(expected): Expected,
    body: Body<OwnSubscriptionPatch>,
) -> Result<HttpResponse, Problem> {
    let (patch, shared) = (body.value, state.clone());
    let own = seam::write(&state, move |db| {
        let change = |edit: &mut OwnEdit| patch.apply(edit);
        app::subscription::edit_own(db, &shared.vault, &token, expected, change)
    })
    .await?;
    Ok(show(HttpResponse::Ok(), own.version, &own))
}

/// End one's own subscription
///
/// As unsubscribing does.
#[utoipa::path(
    tag = "self-service",
    params(
        ("token" = String, Path, description = "From `manage_url`"),
        ("If-Match" = Option<String>, Header, description = "The version that was seen, like `\"v3\"`"),
    ),
    responses((status = 204, description = "Ended"), Writing),
    security(()),
)]
#[delete("/manage/{token}")]
async fn delete_own_subscription(
    state: Data<State>,
    token: Path<String>,
    Expected(expected): Expected,
) -> Result<HttpResponse, Problem> {
    let shared = state.clone();
    seam::write(&state, move |db| app::subscription::end(db, &shared.vault, &token, expected))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The language of the page to answer with; nothing where JSON is wanted. Asked for before
/// anything is changed, because what has ended speaks no language any more.
async fn locale(
    req: &HttpRequest,
    state: &Data<State>,
    purpose: Purpose,
    token: &str,
) -> Result<Option<String>, Problem> {
    if !leaf::is_wanted(req) {
        return Ok(None);
    }
    let (shared, token, spoken) = (state.clone(), token.to_owned(), leaf::spoken(req).to_owned());
    seam::read(state, move |db| match app::subscription::own(db, &shared.vault, purpose, &token) {
        Ok(own) => Ok(Some(own.locale)),
        Err(app::Error::NotFound(_)) => Ok(Some(spoken)),
        Err(error) => Err(error),
    })
    .await
}

/// Links are credentials: no cache keeps what they lead to, and no search engine.
fn private(mut response: HttpResponse) -> HttpResponse {
    for (name, value) in [
        (CACHE_CONTROL, "private, no-store"),
        (VARY, "Accept, Accept-Language"),
        (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
    ] {
        response
            .headers_mut()
            .insert(name, actix_web::http::header::HeaderValue::from_static(value));
    }
    response
}

impl OwnSubscriptionPatch {
    fn apply(self, edit: &mut OwnEdit) {
        let Self { filter, locale, time_zone, state } = self;
        let now = edit.clone();
        change_filter(filter, &mut edit.filter);
        edit.locale = locale.unwrap_or(now.locale);
        edit.time_zone = time_zone.unwrap_or(now.time_zone);
        edit.state = state.unwrap_or(now.state);
    }
}
