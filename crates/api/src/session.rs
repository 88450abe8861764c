//! Signing in and out.
use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};
use app::idempotency::Answer;
use app::session::{Begun, Changed, Refreshed};
use domain::caller::Scope;
use domain::user::{EMAIL_MAX, PASSWORD_MAX, PASSWORD_MIN, User};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;
use validator::Validate;

use crate::auth::{Address, Signed};
use crate::body::Body;
use crate::idempotency::{Key as IdempotencyKey, answer};
use crate::jwt::GOOD_FOR;
use crate::limit::party;
use crate::problem::Problem;
use crate::responses::{Reading, Writing};
use crate::seam;
use crate::state::State;

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(login).service(refresh).service(logout).service(get_me).service(change_password);
}

/// Stands for a wrong current password among the answers that are kept.
const WRONG: u16 = 422;

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct Login {
    #[validate(length(min = 1, max = EMAIL_MAX))]
    #[schema(min_length = 1, max_length = 254)]
    email: String,
    #[validate(length(min = 1, max = PASSWORD_MAX))]
    #[schema(min_length = 1, max_length = 128, format = "password")]
    password: String,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct Refresh {
    #[validate(length(min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100, format = "password")]
    refresh_token: String,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPassword {
    #[validate(length(min = 1, max = PASSWORD_MAX))]
    #[schema(min_length = 1, max_length = 128, format = "password")]
    current_password: String,
    #[validate(length(min = PASSWORD_MIN, max = PASSWORD_MAX))]
    #[schema(min_length = 12, max_length = 128, format = "password")]
    new_password: String,
}

/// Credentials for a while.
#[derive(Serialize, ToSchema)]
struct Session {
    /// For `Authorization: Bearer …`.
    access_token: String,
    #[schema(value_type = String, example = "Bearer")]
    token_type: &'static str,
    /// How long the access token is good, in seconds.
    #[schema(example = 600)]
    expires_in: i64,
    /// For `POST /api/v1/auth/refresh`, once.
    refresh_token: String,
}

/// Who is calling.
#[derive(Serialize, ToSchema)]
struct Me {
    /// The user; `null` for a token.
    user: Option<User>,
    /// The token's id; `null` for a user.
    token_id: Option<Uuid>,
    /// What the caller may do; `admin` includes all.
    scopes: Vec<Scope>,
}

/// Sign in
#[utoipa::path(
    tag = "auth",
    request_body = Login,
    responses((status = 200, description = "Signed in", body = Session), Writing),
    security(()),
)]
#[post("/auth/login")]
async fn login(
    state: Data<State>,
    Address(address): Address,
    key: IdempotencyKey,
    body: Body<Login>,
) -> Result<HttpResponse, Problem> {
    let key = key.with_body(body.digest);
    let Login { email, password } = body.value;
    let address = party(address).to_string();
    let user =
        seam::compute(&state, move |db| app::session::check(db, &email, &password, &address))
            .await?;
    let signer = state.clone();
    seam::post(&state, key, move |db| {
        let begun = app::session::begin(db, &app::session::stranger(&user), user.id)?;
        answer(200, &session(&signer, begun)?)
    })
    .await
}

/// Trade a refresh token for new credentials
#[utoipa::path(
    tag = "auth",
    request_body = Refresh,
    responses((status = 200, description = "Renewed", body = Session), Writing),
    security(()),
)]
#[post("/auth/refresh")]
async fn refresh(
    state: Data<State>,
    key: IdempotencyKey,
    body: Body<Refresh>,
) -> Result<HttpResponse, Problem> {
    let key = key.with_body(body.digest);
    let token = body.value.refresh_token;
    let signer = state.clone();
    seam::post(&state, key, move |db| match app::session::refresh(db, &token)? {
        Refreshed::Renewed(begun) => answer(200, &session(&signer, *begun)?),
        Refreshed::Refused => answer(401, &()),
    })
    .await
}

/// Sign out
#[utoipa::path(
    tag = "auth",
    responses((status = 204, description = "The session has ended"), Writing),
    security(("bearer" = [])),
)]
#[post("/auth/logout")]
async fn logout(
    Signed(caller): Signed,
    state: Data<State>,
    key: IdempotencyKey,
) -> Result<HttpResponse, Problem> {
    seam::post(&state, key, move |db| {
        app::session::end(db, &caller)?;
        Ok(nothing())
    })
    .await
}

/// Get who is calling
#[utoipa::path(
    tag = "auth",
    responses((status = 200, description = "The caller", body = Me), Reading),
    security(("bearer" = [])),
)]
#[get("/auth/me")]
async fn get_me(Signed(caller): Signed, state: Data<State>) -> Result<HttpResponse, Problem> {
    let scopes = caller.scopes.clone();
    let me = match caller.actor {
        domain::caller::Actor::Token { id } => Me { user: None, token_id: Some(id), scopes },
        _ => {
            let user = seam::read(&state, move |db| app::user::me(db, &caller)).await?;
            Me { user: Some(user), token_id: None, scopes }
        }
    };
    Ok(HttpResponse::Ok().json(me))
}

/// Change one's own password; other sessions end
#[utoipa::path(
    tag = "auth",
    request_body = NewPassword,
    responses((status = 204, description = "Changed"), Writing),
    security(("bearer" = [])),
)]
#[post("/auth/password")]
async fn change_password(
    Signed(caller): Signed,
    state: Data<State>,
    key: IdempotencyKey,
    body: Body<NewPassword>,
) -> Result<HttpResponse, Problem> {
    let key = key.with_body(body.digest);
    let NewPassword { current_password, new_password } = body.value;
    let answered = seam::post(&state, key, move |db| {
        match app::session::change_password(db, &caller, &current_password, &new_password)? {
            Changed::Done => Ok(nothing()),
            Changed::Refused => answer(WRONG, &()),
        }
    })
    .await?;
    if answered.status().as_u16() == WRONG {
        let detail = "this is not the password";
        return Err(app::Error::invalid("/current_password", "wrong", detail).into());
    }
    Ok(answered)
}

fn nothing() -> Answer {
    Answer { status: 204, location: None, etag: None, body: String::new() }
}

fn session(state: &State, begun: Begun) -> Result<Session, app::Error> {
    let Begun { session, user, refresh_token } = begun;
    let access_token =
        state.jwt.issue(user.id, session, app::clock::now()).ok_or(app::Error::Vault)?;
    Ok(Session {
        access_token,
        token_type: "Bearer",
        expires_in: GOOD_FOR.num_seconds(),
        refresh_token: refresh_token.0,
    })
}
