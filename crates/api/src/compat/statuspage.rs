//! Statuspage's public API v2, for the clients that exist.
use std::future::ready;
use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use app::history::{Recent, recent};
use app::{Error, Read};
use domain::caller::Visibility;
use publication::shelf::Made;
use publication::statuspage::{
    Components, Incidents, Maintenances, RECENT, ShortStatus, Summary, document as finished,
};
use publication::{Document, Live, Sheet, View};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::Audience;
use crate::document;
use crate::problem::Problem;
use crate::responses::Reading;
use crate::state::State;

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(get_summary)
        .service(get_short_status)
        .service(get_components)
        .service(get_incidents)
        .service(get_unresolved)
        .service(get_maintenances)
        .service(get_upcoming)
        .service(get_active);
}

/// One handler for each document of the present page: they differ in name and words alone.
macro_rules! sheets {
    ($($(#[doc = $doc:literal])+ $name:ident $path:literal $sheet:ident $body:ident;)+) => {$(
        $(#[doc = $doc])+
        #[utoipa::path(
            tag = "statuspage",
            responses((status = 200, description = "As Statuspage answers", body = $body), Reading),
            security((), ("bearer" = [])),
        )]
        #[get($path)]
        async fn $name(
            req: HttpRequest,
            state: Data<State>,
            Audience(audience): Audience,
        ) -> Result<HttpResponse, Problem> {
            ready(document::sheet(&req, &state, Sheet::$sheet, audience)).await
        }
    )+};
}

sheets! {
    /// Get what is the matter now, as Statuspage has it
    get_summary "/api/v2/summary.json" Summary Summary;
    /// Get the banner, as Statuspage has it
    get_short_status "/api/v2/status.json" ShortStatus ShortStatus;
    /// List groups and components, as Statuspage has them
    get_components "/api/v2/components.json" Components Components;
    /// List the unresolved incidents, as Statuspage has them
    get_unresolved "/api/v2/incidents/unresolved.json" Unresolved Incidents;
    /// List the maintenances to come, as Statuspage has them
    get_upcoming "/api/v2/scheduled-maintenances/upcoming.json" Upcoming Maintenances;
    /// List the maintenances in progress, as Statuspage has them
    get_active "/api/v2/scheduled-maintenances/active.json" Active Maintenances;
}

/// List the newest 50 incidents, as Statuspage has them
#[utoipa::path(
    tag = "statuspage",
    responses((status = 200, description = "As Statuspage answers", body = Incidents), Reading),
    security((), ("bearer" = [])),
)]
#[get("/api/v2/incidents.json")]
async fn get_incidents(
    req: HttpRequest,
    state: Data<State>,
    Audience(audience): Audience,
) -> Result<HttpResponse, Problem> {
    newest(req, state, audience, INCIDENTS).await
}

/// List the newest 50 maintenances, as Statuspage has them
#[utoipa::path(
    tag = "statuspage",
    responses((status = 200, description = "As Statuspage answers", body = Maintenances), Reading),
    security((), ("bearer" = [])),
)]
#[get("/api/v2/scheduled-maintenances.json")]
async fn get_maintenances(
    req: HttpRequest,
    state: Data<State>,
    Audience(audience): Audience,
) -> Result<HttpResponse, Problem> {
    newest(req, state, audience, MAINTENANCES).await
}

/// How the newest are shown.
type Show = fn(&View, &Recent) -> Document;

const INCIDENTS: Show = |view, recent| finished(&Incidents::among(view, &recent.incidents));
const MAINTENANCES: Show =
    |view, recent| finished(&Maintenances::among(view, recent.maintenances.iter()));

fn of_newest(
    db: &mut Read<'_>,
    live: &Live,
    audience: Visibility,
    show: Show,
) -> Result<Made, Error> {
    let recent = recent(db, audience, None, RECENT)?;
    let pages = live.pages();
    let view = pages.as_ref().and_then(|it| it.view(audience));
    let view = view.ok_or(Error::NotFound("page yet"))?;
    Ok(Made { document: show(view, &recent), until: None })
}

async fn newest(
    req: HttpRequest,
    state: Data<State>,
    audience: Visibility,
    show: Show,
) -> Result<HttpResponse, Problem> {
    let live = Arc::clone(&state.live);
    document::kept(&req, &state, audience, move |db| of_newest(db, &live, audience, show)).await
}

/// Has what is not of the present page made before anybody asks.
pub fn plant(state: &State) {
    for (path, show) in [
        ("/api/v2/incidents.json", INCIDENTS),
        ("/api/v2/scheduled-maintenances.json", MAINTENANCES),
    ] {
        let live = Arc::clone(&state.live);
        document::plant(state, path, move |db| of_newest(db, &live, Visibility::Public, show));
    }
}
