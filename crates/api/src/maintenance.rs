//! Scheduled maintenance.
pub mod shape;
mod update;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post};
use app::maintenance::{Filter, Key, Range, Scheduled, State as Which};
use chrono::{DateTime, Utc};
use domain::maintenance::{Maintenance, Warning};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::auth::{Audience, Signed};
use crate::body::Body;
use crate::idempotency::{Key as IdempotencyKey, answer, created};
use crate::list::{self, list_of};
use crate::problem::{Problem, kind};
use crate::query::{self, QueryString};
use crate::responses::{Reading, Writing};
use crate::seam;
use crate::state::State;
use crate::version::{Expected, show};

use shape::{MaintenancePatch, NewMaintenance};

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list_maintenances)
        .service(schedule_maintenance)
        .service(get_maintenance)
        .service(edit_maintenance)
        .service(delete_maintenance)
        .configure(update::routes);
}

list_of!(MaintenanceList, Maintenance);

/// A maintenance, and what is worth a second look about it.
#[derive(Serialize, ToSchema)]
struct MaintenanceWithWarnings {
    #[serde(flatten)]
    maintenance: Maintenance,
    /// Other maintenances of the same components at the same time.
    warnings: Vec<Warning>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// `upcoming` (scheduled), `active` (in progress or verifying), `past` (completed or
    /// cancelled), or one of the states.
    #[param(
        pattern = "^(upcoming|active|past|scheduled|in_progress|verifying|completed|cancelled)$"
    )]
    status: Option<String>,
    /// Touching this component, by id or slug.
    #[param(max_length = 80)]
    component: Option<String>,
    /// Touching a member of this group, by id or slug.
    #[param(max_length = 80)]
    group: Option<String>,
    /// Occurrences of this series.
    series: Option<Uuid>,
    /// To end after this.
    from: Option<DateTime<Utc>>,
    /// To begin before this.
    to: Option<DateTime<Utc>>,
    /// Words in titles and messages; `"a phrase"`, `or` and `-without` work as in web searches.
    #[param(max_length = 200)]
    q: Option<String>,
    /// How many.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RangeQuery {
    /// Of a series: `this` occurrence alone, or this one and all that are `following`.
    #[param(pattern = "^(this|following)$", default = "this")]
    scope: Option<String>,
}

impl ListQuery {
    fn which(&self) -> Result<Option<Which>, Problem> {
        let read = |text: &String| match text.as_str() {
            "upcoming" => Ok(Which::Upcoming),
            "active" => Ok(Which::Active),
            "past" => Ok(Which::Past),
            state => state.parse().map(Which::Is),
        };
        let state = self.status.as_ref().map(read).transpose();
        state.map_err(|error: String| Problem::new(kind::MALFORMED).because(error))
    }
}

impl RangeQuery {
    fn range(&self) -> Result<Range, Problem> {
        match self.scope.as_deref() {
            None | Some("this") => Ok(Range::This),
            Some("following") => Ok(Range::Following),
            Some(_) => {
                Err(Problem::new(kind::MALFORMED)
                    .because("`scope` is either `this` or `following`"))
            }
        }
    }
}

/// How callers name a maintenance in a path.
pub fn key(text: &str) -> Result<Key, Problem> {
    query::key(text, "a maintenance has an id or a number")
}

/// List maintenances, the last to begin first
#[utoipa::path(
    tag = "maintenances",
    params(ListQuery),
    responses((status = 200, description = "Maintenances", body = MaintenanceList), Reading),
    security((), ("bearer" = [])),
)]
#[get("/maintenances")]
async fn list_maintenances(
    req: HttpRequest,
    state: Data<State>,
    Audience(audience): Audience,
    QueryString(query): QueryString<ListQuery>,
) -> Result<HttpResponse, Problem> {
    let window = list::window(query.limit, query.cursor.as_deref())?;
    let which = query.which()?;
    let ListQuery { component, group, series, from, to, q, .. } = query;
    let search = query::words(q)?;
    let named = query::Touching { component, group };
    let page = seam::read(&state, move |db| {
        let (component, group) = named.find(db, audience)?;
        let filter =
            Filter { visibility: None, state: which, component, group, series, from, to, search };
        app::maintenance::page(db, audience, filter, window)
    })
    .await?;
    Ok(list::respond(&req, window.limit, page))
}

/// Schedule a maintenance
///
/// The clock starts it at `starts_at` and completes it at `ends_at`, unless `auto_start` or
/// `auto_complete` say otherwise. While it is in progress it decides about the status of its
/// components in place of what monitors report, but not of what incidents say. A window that is
/// over already is history and tells nobody.
///
/// With a `recurrence` it is the first of a series: its occurrences are made 90 days ahead, three at
/// least and 200 at most. `maintenance.scheduled` tells of the first; the others announce
/// themselves by their reminders. With a `dedup_key` of a maintenance that is still open nothing is
/// created and that one is the answer, however many callers race.
#[utoipa::path(
    tag = "maintenances",
    request_body = NewMaintenance,
    responses(
        (status = 201, description = "Scheduled; of a series the first", body = MaintenanceWithWarnings),
        (status = 200, description = "One with this `dedup_key` was open already", body = MaintenanceWithWarnings),
        Writing,
    ),
    security(("bearer" = ["maintenances"])),
)]
#[post("/maintenances")]
async fn schedule_maintenance(
    Signed(caller): Signed,
    state: Data<State>,
    idempotency: IdempotencyKey,
    body: Body<NewMaintenance>,
) -> Result<HttpResponse, Problem> {
    let idempotency = idempotency.with_body(body.digest);
    let (wish, named) = body.value.wish()?;
    seam::post(&state, idempotency, move |db| {
        caller.must(domain::caller::Scope::Maintenances)?;
        let draft = wish.draft(db.page())?;
        match app::maintenance::schedule(db, &caller, draft, &named)? {
            Scheduled::Existing(maintenance) => {
                answer(200, &MaintenanceWithWarnings { maintenance, warnings: Vec::new() })
            }
            Scheduled::Created(maintenance, warnings) => {
                let location = format!("/api/v1/maintenances/{}", maintenance.id);
                let version = maintenance.version;
                created(location, version, &MaintenanceWithWarnings { maintenance, warnings })
            }
        }
    })
    .await
}

/// Get a maintenance
#[utoipa::path(
    tag = "maintenances",
    params(("key" = String, Path, description = "Id or number")),
    responses((status = 200, description = "The maintenance", body = Maintenance), Reading),
    security((), ("bearer" = [])),
)]
#[get("/maintenances/{key}")]
async fn get_maintenance(
    state: Data<State>,
    Audience(audience): Audience,
    path: Path<String>,
) -> Result<HttpResponse, Problem> {
    let key = key(&path)?;
    let found = seam::read(&state, move |db| app::maintenance::find(db, audience, key)).await?;
    Ok(show(HttpResponse::Ok(), found.version, &found))
}

/// Change a maintenance; its state changes by updates
///
/// Subscribers hear of another window if `notify` is set, and of nothing else. Reminders that were
/// sent are not sent again. An occurrence can be moved without touching its series; with
/// `scope=following` the series ends before it and another one begins with it, where `recurrence:
/// null` makes it the last. If neither window nor rule change, later occurrences that were moved or
/// cancelled stay so; otherwise the rule decides of all of them anew.
#[utoipa::path(
    tag = "maintenances",
    params(
        ("key" = String, Path, description = "Id or number"),
        RangeQuery,
        ("If-Match" = Option<String>, Header, description = "The version that was seen, like `\"v3\"`"),
    ),
    request_body = MaintenancePatch,
    responses((status = 200, description = "As it is now", body = MaintenanceWithWarnings), Writing),
    security(("bearer" = ["maintenances"])),
)]
#[patch("/maintenances/{key}")]
async fn edit_maintenance(
    Signed(caller): Signed,
    state: Data<State>,
    path: Path<String>,
    QueryString(query): QueryString<RangeQuery>,
    Expected(expected): Expected,
    body: Body<MaintenancePatch>,
) -> Result<HttpResponse, Problem> {
    let (key, range) = (key(&path)?, query.range()?);
    let change = body.value.change()?;
    let (maintenance, warnings) = seam::write(&state, move |db| {
        app::maintenance::edit(db, &caller, key, expected, range, change)
    })
    .await?;
    let version = maintenance.version;
    Ok(show(HttpResponse::Ok(), version, &MaintenanceWithWarnings { maintenance, warnings }))
}

/// Remove a maintenance
///
/// To tell people that it will not happen, cancel it by an update instead.
#[utoipa::path(
    tag = "maintenances",
    params(
        ("key" = String, Path, description = "Id or number"),
        RangeQuery,
        ("If-Match" = Option<String>, Header, description = "The version that was seen, like `\"v3\"`"),
    ),
    responses((status = 204, description = "Removed"), Writing),
    security(("bearer" = ["maintenances"])),
)]
#[delete("/maintenances/{key}")]
async fn delete_maintenance(
    Signed(caller): Signed,
    state: Data<State>,
    path: Path<String>,
    QueryString(query): QueryString<RangeQuery>,
    Expected(expected): Expected,
) -> Result<HttpResponse, Problem> {
    let (key, range) = (key(&path)?, query.range()?);
    seam::write(&state, move |db| app::maintenance::delete(db, &caller, key, expected, range))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
