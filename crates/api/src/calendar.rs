//! What is planned: day by day, and for people's own calendars.
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use app::maintenance::Filter;
use app::{Error, Read};
use channels::calendar::feed;
use chrono::Duration;
use domain::calendar::{CONTENT_TYPE, Calendar};
use domain::caller::Visibility;
use publication::Document;
use publication::shelf::Made;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::Audience;
use crate::document;
use crate::problem::Problem;
use crate::query::{QueryString, Touching, date};
use crate::responses::Reading;
use crate::seam;
use crate::state::State;

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(get_calendar);
}

/// What lies beside the API.
pub fn root_routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(get_ics);
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DaysQuery {
    /// The first day, as a date in the page's time zone; today when left out. Of a time the date
    /// counts.
    #[param(example = "2027-03-01")]
    from: Option<String>,
    /// The last day, likewise; 30 days after the first when left out, and 365 at most.
    #[param(example = "2027-03-31")]
    to: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct IcsQuery {
    /// Touching this component, by id or slug.
    #[param(max_length = 80)]
    component: Option<String>,
    /// Touching a member of this group, by id or slug.
    #[param(max_length = 80)]
    group: Option<String>,
}

/// Get what is planned, day by day
#[utoipa::path(
    tag = "maintenances",
    params(DaysQuery),
    responses((status = 200, description = "Every day with its maintenances", body = Calendar), Reading),
    security((), ("bearer" = [])),
)]
#[get("/calendar")]
async fn get_calendar(
    state: Data<State>,
    Audience(audience): Audience,
    QueryString(query): QueryString<DaysQuery>,
) -> Result<HttpResponse, Problem> {
    let from = query.from.as_deref().map(date).transpose()?;
    let to = query.to.as_deref().map(date).transpose()?;
    let calendar =
        seam::read(&state, move |db| app::maintenance::calendar(db, audience, from, to)).await?;
    Ok(HttpResponse::Ok().json(calendar))
}

/// Subscribe to what is planned
///
/// An iCalendar object (RFC 5545) with an event for each maintenance of the last 90 days and for all
/// that are planned. Calendars learn of what was moved or cancelled by its `UID` and `SEQUENCE`.
#[utoipa::path(
    tag = "maintenances",
    params(IcsQuery),
    responses(
        (status = 200, description = "A calendar", body = String, content_type = "text/calendar"),
        Reading,
    ),
    security((), ("bearer" = [])),
)]
#[get("/maintenances.ics")]
async fn get_ics(
    req: HttpRequest,
    state: Data<State>,
    Audience(audience): Audience,
    QueryString(query): QueryString<IcsQuery>,
) -> Result<HttpResponse, Problem> {
    let IcsQuery { component, group } = query;
    let named = Touching { component, group };
    document::kept(&req, &state, audience, move |db| of_planned(db, audience, &named)).await
}

fn of_planned(db: &mut Read<'_>, audience: Visibility, named: &Touching) -> Result<Made, Error> {
    let (component, group) = named.clone().find(db, audience)?;
    let filter = Filter { component, group, ..Filter::default() };
    let found = app::maintenance::subscribed(db, audience, filter)?;
    let shown: Vec<Value> = found.iter().map(|it| json!(it)).collect();
    let written = feed(&db.page().name, &shown).into_bytes();
    // What is too long ago to be listed leaves by and by.
    let until = Some(db.now()? + Duration::days(1));
    Ok(Made { document: Document::new(written).of_type(CONTENT_TYPE), until })
}

/// Has the calendar of the whole page made before anybody asks.
pub fn plant(state: &State) {
    let audience = Visibility::Public;
    let all = Touching::default();
    document::plant(state, "/maintenances.ics", move |db| of_planned(db, audience, &all));
}
