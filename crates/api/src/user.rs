//! Users.
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post};
use app::user::{Edit, NewUser as Draft};
use domain::caller::{Role, Scope};
use domain::text::NAME_MAX;
use domain::user::{EMAIL_MAX, PASSWORD_MAX, PASSWORD_MIN, User};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;
use validator::Validate;

use crate::auth::Signed;
use crate::body::Body;
use crate::group::Paging;
use crate::idempotency::{Key as IdempotencyKey, created};
use crate::list::{self, list_of};
use crate::patch::set_only;
use crate::problem::Problem;
use crate::query::QueryString;
use crate::responses::{Reading, Writing};
use crate::seam;
use crate::state::State;
use crate::version::{Expected, show, show_exactly};

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list_users)
        .service(create_user)
        .service(get_user)
        .service(edit_user)
        .service(delete_user);
}

list_of!(UserList, User);

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewUser {
    #[validate(email, length(max = EMAIL_MAX))]
    #[schema(max_length = 254, format = "email")]
    email: String,
    #[validate(length(min = 1, max = NAME_MAX))]
    #[schema(min_length = 1, max_length = 120)]
    name: String,
    role: Role,
    #[validate(length(min = PASSWORD_MIN, max = PASSWORD_MAX))]
    #[schema(min_length = 12, max_length = 128, format = "password")]
    password: String,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct UserPatch {
    #[serde(default, deserialize_with = "set_only")]
    #[validate(email, length(max = EMAIL_MAX))]
    #[schema(value_type = String, required = false, max_length = 254, format = "email")]
    email: Option<String>,
    #[serde(default, deserialize_with = "set_only")]
    #[validate(length(min = 1, max = NAME_MAX))]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 120)]
    name: Option<String>,
    #[serde(default, deserialize_with = "set_only")]
    #[schema(value_type = Role, required = false)]
    role: Option<Role>,
    #[serde(default, deserialize_with = "set_only")]
    #[schema(value_type = bool, required = false)]
    disabled: Option<bool>,
    /// A new password; the user's sessions end.
    #[serde(default, deserialize_with = "set_only")]
    #[validate(length(min = PASSWORD_MIN, max = PASSWORD_MAX))]
    #[schema(value_type = String, required = false, min_length = 12, max_length = 128, format = "password")]
    password: Option<String>,
}

/// List users, newest first
#[utoipa::path(
    tag = "users",
    params(Paging),
    responses((status = 200, description = "Users", body = UserList), Reading),
    security(("bearer" = ["admin"])),
)]
#[get("/users")]
async fn list_users(
    req: HttpRequest,
    Signed(caller): Signed,
    state: Data<State>,
    QueryString(paging): QueryString<Paging>,
) -> Result<HttpResponse, Problem> {
    let window = list::window(paging.limit, paging.cursor.as_deref())?;
    let page = seam::read(&state, move |db| app::user::page(db, &caller, window)).await?;
    Ok(list::respond(&req, window.limit, page))
}

/// Add a user
#[utoipa::path(
    tag = "users",
    request_body = NewUser,
    responses((status = 201, description = "Added", body = User), Writing),
    security(("bearer" = ["admin"])),
)]
#[post("/users")]
async fn create_user(
    Signed(caller): Signed,
    state: Data<State>,
    key: IdempotencyKey,
    body: Body<NewUser>,
) -> Result<HttpResponse, Problem> {
    // Before the costly hash, which strangers to this must not be able to ask for.
    caller.must(Scope::Admin).map_err(app::Error::from)?;
    let key = key.with_body(body.digest);
    let NewUser { email, name, role, password } = body.value;
    let new = Draft { email, name, role, password };
    let (new, hash) = seam::compute(&state, move |_| {
        let hash = app::password::hash(&new.password)?;
        Ok((new, hash))
    })
    .await?;
    seam::post(&state, key, move |db| {
        let user = app::user::create(db, &caller, &new, &hash)?;
        created(format!("/api/v1/users/{}", user.id), user.version, &user)
    })
    .await
}

/// Get a user
#[utoipa::path(
    tag = "users",
    params(("id" = Uuid, Path, description = "Id")),
    responses((status = 200, description = "The user", body = User), Reading),
    security(("bearer" = ["admin"])),
)]
#[get("/users/{id}")]
async fn get_user(
    Signed(caller): Signed,
    state: Data<State>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let user = seam::read(&state, move |db| app::user::find(db, &caller, *id)).await?;
    show_exactly(user.version, &user)
}

/// Change a user
#[utoipa::path(
    tag = "users",
    params(
        ("id" = Uuid, Path, description = "Id"),
        ("If-Match" = Option<String>, Header, description = "The version that was seen, like `\"v3\"`"),
    ),
    request_body = UserPatch,
    responses((status = 200, description = "As it is now", body = User), Writing),
    security(("bearer" = ["admin"])),
)]
#[patch("/users/{id}")]
async fn edit_user(
    Signed(caller): Signed,
    state: Data<State>,
    id: Path<Uuid>,
    Expected(expected): Expected,
    body: Body<UserPatch>,
) -> Result<HttpResponse, Problem> {
    caller.must(Scope::Admin).map_err(app::Error::from)?;
    let UserPatch { email, name, role, disabled, password } = body.value;
    let user = seam::compute(&state, move |db| {
        let password_hash = password.map(|it| app::password::hash(&it)).transpose()?;
        let edit = Edit { email, name, role, disabled, password_hash };
        db.write(|db| app::user::edit(db, &caller, *id, expected, edit))
    })
    .await?;
    Ok(show(HttpResponse::Ok(), user.version, &user))
}

/// Remove a user
#[utoipa::path(
    tag = "users",
    params(
        ("id" = Uuid, Path, description = "Id"),
        ("If-Match" = Option<String>, Header, description = "The version that was seen, like `\"v3\"`"),
    ),
    responses((status = 204, description = "Removed"), Writing),
    security(("bearer" = ["admin"])),
)]
#[delete("/users/{id}")]
async fn delete_user(
    Signed(caller): Signed,
    state: Data<State>,
    id: Path<Uuid>,
    Expected(expected): Expected,
) -> Result<HttpResponse, Problem> {
    seam::write(&state, move |db| app::user::delete(db, &caller, *id, expected)).await?;
    Ok(HttpResponse::NoContent().finish())
}
