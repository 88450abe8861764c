//! How much of the time components were up.
use std::collections::HashMap;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use domain::uptime::{Figures, Granularity, Percent, Query, Seconds, Subject, Target, Uptime};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::auth::Audience;
use crate::csv;
use crate::document;
use crate::problem::{Problem, kind};
use crate::query::{QueryString, date};
use crate::responses::Reading;
use crate::state::State;

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(get_uptime);
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct UptimeQuery {
    /// This component only, by id or slug; an archived one by id.
    #[param(max_length = 80)]
    component: Option<String>,
    /// This group and its components only, by id or slug.
    #[param(max_length = 80)]
    group: Option<String>,
    /// The first day, in the page's time zone; 89 days before the last when left out.
    #[param(example = "2026-10-01")]
    from: Option<String>,
    /// The last day, likewise; today when left out or in the future.
    #[param(example = "2026-10-31")]
    to: Option<String>,
    /// How the range is cut up: into days when left out.
    granularity: Option<Granularity>,
}

impl TryFrom<UptimeQuery> for Query {
    type Error = Problem;

    fn try_from(query: UptimeQuery) -> Result<Self, Problem> {
        let UptimeQuery { component, group, from, to, granularity } = query;
        let subject = match (component, group) {
            (None, None) => Subject::Everything,
            (Some(key), None) => Subject::Component(key.as_str().into()),
            (None, Some(key)) => Subject::Group(key.as_str().into()),
            (Some(_), Some(_)) => {
                let either = "ask for a `component` or for a `group`";
                return Err(Problem::new(kind::MALFORMED).because(either));
            }
        };
        let from = from.as_deref().map(date).transpose()?;
        let to = to.as_deref().map(date).transpose()?;
        Ok(Self { subject, from, to, granularity: granularity.unwrap_or(Granularity::Day) })
    }
}

/// Get uptime
///
/// Reckoned from the ledger of each component, in which overlapping incidents count once, by the
/// operator's rule, which is in the answer. Time before a component was there, or before its
/// `start_date`, is unknown rather than up. At most 366 days, and 50,000 days of components, at
/// once. With `Accept: text/csv` as a sheet: a row for each day, month or whole range.
#[utoipa::path(
    tag = "uptime",
    params(UptimeQuery),
    responses(
        (status = 200, description = "Uptime", content((Uptime = "application/json"), (String = "text/csv"))),
        Reading,
    ),
    security((), ("bearer" = [])),
)]
#[get("/uptime")]
async fn get_uptime(
    req: HttpRequest,
    state: Data<State>,
    Audience(audience): Audience,
    QueryString(query): QueryString<UptimeQuery>,
) -> Result<HttpResponse, Problem> {
    let query = Query::try_from(query)?;
    document::sheet_or_json(&req, &state, audience, SHEET, move |db| {
        let uptime = app::uptime::document(db, audience, &query)?;
        let until = uptime.good_until();
        Ok((uptime, until))
    })
    .await
}

const SHEET: csv::Form<Uptime, 14> =
    csv::Form { disposition: "attachment; filename=\"uptime.csv\"", header: &HEADER, rows };

const HEADER: [&str; 14] = [
    "kind",
    "id",
    "slug",
    "name",
    "period",
    "uptime_percent",
    "operational_seconds",
    "under_maintenance_seconds",
    "degraded_performance_seconds",
    "partial_outage_seconds",
    "major_outage_seconds",
    "unknown_seconds",
    "target_percent",
    "incidents",
];

fn rows(uptime: &Uptime) -> Vec<[String; 14]> {
    let components = uptime.components.iter().flat_map(|it| {
        let head = ["component", &it.id.to_string(), &it.slug, &it.name].map(str::to_owned);
        lines(uptime, &head, &it.figures, it.target)
    });
    let groups = uptime.groups.iter().flat_map(|it| {
        let head = ["group", &it.id.to_string(), &it.slug, &it.name].map(str::to_owned);
        lines(uptime, &head, &it.figures, None)
    });
    components.chain(groups).collect()
}

/// The rows of a component or group.
fn lines(
    uptime: &Uptime,
    head: &[String; 4],
    it: &Figures,
    target: Option<Target>,
) -> Vec<[String; 14]> {
    let numbers: HashMap<Uuid, i64> = it.incidents.iter().map(|it| (it.id, it.number)).collect();
    let line = |period: String, percent: Option<Percent>, seconds: &Seconds, ids: &[Uuid]| {
        let mut numbers: Vec<i64> = ids.iter().filter_map(|id| numbers.get(id).copied()).collect();
        numbers.sort_unstable();
        let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        let [kind, id, slug, name] = head.clone();
        let text = |percent: Option<Percent>| percent.map(|it| it.to_string()).unwrap_or_default();
        [
            kind,
            id,
            slug,
            name,
            period,
            text(percent),
            seconds.operational.to_string(),
            seconds.under_maintenance.to_string(),
            seconds.degraded_performance.to_string(),
            seconds.partial_outage.to_string(),
            seconds.major_outage.to_string(),
            seconds.unknown.to_string(),
            text(target.map(|it| it.percent)),
            numbers.join(" "),
        ]
    };
    let days = it.days.iter().flatten();
    let days =
        days.map(|it| line(it.date.to_string(), it.uptime_percent, &it.seconds, &it.incident_ids));
    let months = it.months.iter().flatten();
    let months =
        months.map(|it| line(it.month.clone(), it.uptime_percent, &it.seconds, &it.incident_ids));
    let whole = (uptime.granularity == Granularity::Total).then(|| {
        let ids: Vec<Uuid> = it.incidents.iter().map(|it| it.id).collect();
        line(format!("{}/{}", uptime.from, uptime.to), it.uptime_percent, &it.seconds, &ids)
    });
    days.chain(months).chain(whole).collect()
}
