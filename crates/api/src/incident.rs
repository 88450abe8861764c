//! Incidents.
mod open;
pub mod shape;
mod update;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, put};
use app::incident::{Filter, Key, State as Which};
use chrono::{DateTime, Utc};
use domain::incident::{Impact, Incident};
use domain::preview::Preview;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::{Audience, Signed};
use crate::body::Body;
use crate::idempotency::Key as IdempotencyKey;
use crate::list::{self, list_of};
use crate::problem::{Problem, kind};
use crate::query::{self, QueryString};
use crate::responses::{Reading, Writing};
use crate::seam;
use crate::state::State;
use crate::version::{Expected, show};

pub use open::Openings;
use shape::{IncidentPatch, NewIncident, NewPostmortem};

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list_incidents)
        .service(open_incident)
        .service(preview_incident)
        .service(get_incident)
        .service(edit_incident)
        .service(delete_incident)
        .service(put_postmortem)
        .service(delete_postmortem)
        .configure(update::routes);
}

list_of!(IncidentList, Incident);

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// `open`, or one of the states.
    #[param(pattern = "^(open|investigating|identified|monitoring|resolved)$")]
    status: Option<String>,
    impact: Option<Impact>,
    /// Touching this component, by id or slug.
    #[param(max_length = 80)]
    component: Option<String>,
    /// Touching a member of this group, by id or slug.
    #[param(max_length = 80)]
    group: Option<String>,
    /// Not over before this.
    from: Option<DateTime<Utc>>,
    /// Begun before this.
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

impl ListQuery {
    fn which(&self) -> Result<Option<Which>, Problem> {
        let read = |text: &String| match text.as_str() {
            "open" => Ok(Which::Open),
            state => state.parse().map(Which::Is),
        };
        let state = self.status.as_ref().map(read).transpose();
        state.map_err(|error: String| Problem::new(kind::MALFORMED).because(error))
    }
}

/// How callers name an incident in a path.
pub fn key(text: &str) -> Result<Key, Problem> {
    query::key(text, "an incident has an id or a number")
}

/// List incidents, newest first
#[utoipa::path(
    tag = "incidents",
    params(ListQuery),
    responses((status = 200, description = "Incidents", body = IncidentList), Reading),
    security((), ("bearer" = [])),
)]
#[get("/incidents")]
async fn list_incidents(
    req: HttpRequest,
    state: Data<State>,
    Audience(audience): Audience,
    QueryString(query): QueryString<ListQuery>,
) -> Result<HttpResponse, Problem> {
    let window = list::window(query.limit, query.cursor.as_deref())?;
    let which = query.which()?;
    let ListQuery { impact, component, group, from, to, q, .. } = query;
    let search = query::words(q)?;
    let named = query::Touching { component, group };
    let page = seam::read(&state, move |db| {
        let (component, group) = named.find(db, audience)?;
        let filter =
            Filter { visibility: None, state: which, impact, component, group, from, to, search };
        app::incident::page(db, audience, filter, window)
    })
    .await?;
    Ok(list::respond(&req, window.limit, page))
}

/// Open an incident
///
/// A `template` fills in what the body leaves out; what the body says goes before it. With a
/// `dedup_key` of an incident that is still open nothing is created and that incident is the
/// answer, however many callers race.
#[utoipa::path(
    tag = "incidents",
    request_body = NewIncident,
    responses(
        (status = 201, description = "Opened", body = Incident),
        (status = 200, description = "One with this `dedup_key` was open already", body = Incident),
        Writing,
    ),
    security(("bearer" = ["incidents"])),
)]
#[post("/incidents")]
async fn open_incident(
    Signed(caller): Signed,
    state: Data<State>,
    idempotency: IdempotencyKey,
    body: Body<NewIncident>,
) -> Result<HttpResponse, Problem> {
    let idempotency = idempotency.with_body(body.digest);
    open::open(&state, idempotency, caller, body.value.wish()?).await
}

/// Show what opening an incident would do
///
/// The components as they would be, who would be told, and what each channel would say. Nothing is
/// written, nobody is told, no number is used up, and an `Idempotency-Key` is not remembered.
#[utoipa::path(
    tag = "incidents",
    request_body = NewIncident,
    responses((status = 200, description = "What would happen", body = Preview), Writing),
    security(("bearer" = ["incidents"])),
)]
#[post("/incidents/preview")]
async fn preview_incident(
    Signed(caller): Signed,
    state: Data<State>,
    _unused: IdempotencyKey,
    body: Body<NewIncident>,
) -> Result<HttpResponse, Problem> {
    let wish = body.value.wish()?;
    let preview = seam::run(&state, move |db| app::incident::preview(db, &caller, wish)).await?;
    Ok(HttpResponse::Ok().json(preview))
}

/// Get an incident
#[utoipa::path(
    tag = "incidents",
    params(("key" = String, Path, description = "Id or number")),
    responses((status = 200, description = "The incident", body = Incident), Reading),
    security((), ("bearer" = [])),
)]
#[get("/incidents/{key}")]
async fn get_incident(
    state: Data<State>,
    Audience(audience): Audience,
    path: Path<String>,
) -> Result<HttpResponse, Problem> {
    let key = key(&path)?;
    let incident = seam::read(&state, move |db| app::incident::find(db, audience, key)).await?;
    Ok(show(HttpResponse::Ok(), incident.version, &incident))
}

/// Change an incident; its state changes by updates
#[utoipa::path(
    tag = "incidents",
    params(
        ("key" = String, Path, description = "Id or number"),
        ("If-Match" = Option<String>, Header, description = "The version that was seen, like `\"v3\"`"),
    ),
    request_body = IncidentPatch,
    responses((status = 200, description = "As it is now", body = Incident), Writing),
    security(("bearer" = ["incidents"])),
)]
#[patch("/incidents/{key}")]
async fn edit_incident(
    Signed(caller): Signed,
    state: Data<State>,
    path: Path<String>,
    Expected(expected): Expected,
    body: Body<IncidentPatch>,
) -> Result<HttpResponse, Problem> {
    let key = key(&path)?;
    let patch = body.value;
    let incident = seam::write(&state, move |db| {
        app::incident::edit(db, &caller, key, expected, |edit| patch.apply(edit))
    })
    .await?;
    Ok(show(HttpResponse::Ok(), incident.version, &incident))
}

/// Remove an incident
#[utoipa::path(
    tag = "incidents",
    params(
        ("key" = String, Path, description = "Id or number"),
        ("If-Match" = Option<String>, Header, description = "The version that was seen, like `\"v3\"`"),
    ),
    responses((status = 204, description = "Removed"), Writing),
    security(("bearer" = ["incidents"])),
)]
#[delete("/incidents/{key}")]
async fn delete_incident(
    Signed(caller): Signed,
    state: Data<State>,
    path: Path<String>,
    Expected(expected): Expected,
) -> Result<HttpResponse, Problem> {
    let key = key(&path)?;
    seam::write(&state, move |db| app::incident::delete(db, &caller, key, expected)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Write the postmortem
#[utoipa::path(
    tag = "incidents",
    params(
        ("key" = String, Path, description = "Id or number"),
        ("If-Match" = Option<String>, Header, description = "The version that was seen, like `\"v3\"`"),
    ),
    request_body = NewPostmortem,
    responses((status = 200, description = "The incident with its postmortem", body = Incident), Writing),
    security(("bearer" = ["incidents"])),
)]
#[put("/incidents/{key}/postmortem")]
async fn put_postmortem(
    Signed(caller): Signed,
    state: Data<State>,
    path: Path<String>,
    Expected(expected): Expected,
    body: Body<NewPostmortem>,
) -> Result<HttpResponse, Problem> {
    let key = key(&path)?;
    let NewPostmortem { body, published } = body.value;
    let incident = seam::write(&state, move |db| {
        app::incident::put_postmortem(db, &caller, key, expected, body, published)
    })
    .await?;
    Ok(show(HttpResponse::Ok(), incident.version, &incident))
}

/// Remove the postmortem
#[utoipa::path(
    tag = "incidents",
    params(
        ("key" = String, Path, description = "Id or number"),
        ("If-Match" = Option<String>, Header, description = "The version that was seen, like `\"v3\"`"),
    ),
    responses((status = 200, description = "The incident without it", body = Incident), Writing),
    security(("bearer" = ["incidents"])),
)]
#[delete("/incidents/{key}/postmortem")]
async fn delete_postmortem(
    Signed(caller): Signed,
    state: Data<State>,
    path: Path<String>,
    Expected(expected): Expected,
) -> Result<HttpResponse, Problem> {
    let key = key(&path)?;
    let incident =
        seam::write(&state, move |db| app::incident::delete_postmortem(db, &caller, key, expected))
            .await?;
    Ok(show(HttpResponse::Ok(), incident.version, &incident))
}
