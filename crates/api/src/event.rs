//! The log of facts.
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use app::event::Which;
use chrono::{DateTime, Utc};
use domain::component::Key as ComponentKey;
use domain::event::{Announcement, Entry, EntryWithPayload, Kind, Record};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::auth::Signed;
use crate::list::{self, list_of};
use crate::problem::{Problem, kind};
use crate::query::QueryString;
use crate::responses::Reading;
use crate::seam;
use crate::state::State;
use crate::{incident, maintenance};

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list_events).service(get_event);
}

list_of!(EventList, Entry);

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Of this type.
    #[param(schema_with = kinds)]
    kind: Option<String>,
    /// About this incident, by id or number.
    #[param(max_length = 36)]
    incident: Option<String>,
    /// About this maintenance, by id or number.
    #[param(max_length = 36)]
    maintenance: Option<String>,
    /// About this component, by id or slug.
    #[param(max_length = 80)]
    component: Option<String>,
    /// Not before this.
    from: Option<DateTime<Utc>>,
    /// Before this.
    to: Option<DateTime<Utc>>,
    /// How many.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Everything that can happen.
fn kinds() -> RefOr<Schema> {
    let announced = Announcement::ALL.iter().map(|it| it.as_str());
    let recorded = Record::ALL.iter().map(|it| it.as_str());
    let words = announced.chain(recorded);
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into()
}

/// List what happened, newest first
///
/// Everything that was done, by whom, and how far telling subscribers of it has come. The log goes
/// back 30 days at least.
#[utoipa::path(
    tag = "events",
    params(ListQuery),
    responses((status = 200, description = "Events", body = EventList), Reading),
    security(("bearer" = ["read"])),
)]
#[get("/events")]
async fn list_events(
    req: HttpRequest,
    Signed(caller): Signed,
    state: Data<State>,
    QueryString(query): QueryString<ListQuery>,
) -> Result<HttpResponse, Problem> {
    let window = list::window(query.limit, query.cursor.as_deref())?;
    let kind = query.kind.as_deref().map(str::parse::<Kind>).transpose();
    let kind = kind.map_err(|error| Problem::new(kind::MALFORMED).because(error))?;
    let incident = query.incident.as_deref().map(incident::key).transpose()?;
    let maintenance = query.maintenance.as_deref().map(maintenance::key).transpose()?;
    let component = query.component.as_deref().map(ComponentKey::from);
    let which = Which { kind, incident, maintenance, component, from: query.from, to: query.to };
    let page = seam::read(&state, move |db| app::event::page(db, &caller, which, window)).await?;
    Ok(list::respond(&req, window.limit, page))
}

/// Get an event with what it says
#[utoipa::path(
    tag = "events",
    params(("id" = Uuid, Path, description = "Id, which is also the `webhook-id` of messages about it")),
    responses((status = 200, description = "The event", body = EntryWithPayload), Reading),
    security(("bearer" = ["read"])),
)]
#[get("/events/{id}")]
async fn get_event(
    Signed(caller): Signed,
    state: Data<State>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let event = seam::read(&state, move |db| app::event::find(db, &caller, *id)).await?;
    Ok(HttpResponse::Ok().json(event))
}
