//! How much of the time components were up.
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use domain::uptime::{Counted, Granularity, Percent, Query, Seconds, Subject, Target, Uptime};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::Audience;
use crate::csv;
use crate::problem::{Problem, kind};
use crate::query::{QueryString, date};
use crate::responses::Reading;
use crate::seam;
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
/// `start_date`, is unknown rather than up. At most 366 days, and 200,000 days of components, at
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
    let uptime = seam::read(&state, move |db| app::uptime::document(db, audience, &query)).await?;
    if csv::is_wanted(&req) {
        return csv::respond("uptime.csv", &HEADER, rows(&uptime).into_iter());
    }
    Ok(csv::or_json(&uptime))
}

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

/// A component or group in the sheet.
struct Lines<'a> {
    head: [String; 4],
    target: Option<Target>,
    incidents: &'a [Counted],
}

impl Lines<'_> {
    fn row(
        &self,
        period: String,
        percent: Option<Percent>,
        seconds: &Seconds,
        among: Option<&[uuid::Uuid]>,
    ) -> [String; 14] {
        let [kind, id, slug, name] = self.head.clone();
        let text = |percent: Option<Percent>| percent.map(|it| it.to_string()).unwrap_or_default();
        let shown =
            self.incidents.iter().rev().filter(|it| among.is_none_or(|ids| ids.contains(&it.id)));
        let numbers: Vec<String> = shown.map(|it| it.number.to_string()).collect();
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
            text(self.target.map(|it| it.percent)),
            numbers.join(" "),
        ]
    }
}

fn rows(uptime: &Uptime) -> Vec<[String; 14]> {
    let whole = format!("{}/{}", uptime.from, uptime.to);
    let mut rows = Vec::new();
    macro_rules! push {
        ($kind:literal, $it:expr, $target:expr) => {{
            let it = $it;
            let head = [$kind.to_owned(), it.id.to_string(), it.slug.clone(), it.name.clone()];
            let lines = Lines { head, target: $target, incidents: &it.incidents };
            for day in it.days.iter().flatten() {
                let (percent, ids) = (day.uptime_percent, &day.incident_ids);
                rows.push(lines.row(day.date.to_string(), percent, &day.seconds, Some(ids)));
            }
            for month in it.months.iter().flatten() {
                let (percent, ids) = (month.uptime_percent, &month.incident_ids);
                rows.push(lines.row(month.month.clone(), percent, &month.seconds, Some(ids)));
            }
            if uptime.granularity == Granularity::Total {
                rows.push(lines.row(whole.clone(), it.uptime_percent, &it.seconds, None));
            }
        }};
    }
    for it in &uptime.components {
        push!("component", it, it.target);
    }
    for it in &uptime.groups {
        push!("group", it, None);
    }
    rows
}
