//! How often things go wrong, and for how long.
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use chrono::TimeDelta;
use domain::report::{Figures, GroupBy, Query, Report};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::Audience;
use crate::csv;
use crate::document;
use crate::problem::Problem;
use crate::query::{QueryString, date};
use crate::responses::Reading;
use crate::state::State;

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(report_incidents);
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ReportQuery {
    /// The first day, in the page's time zone; 89 days before the last when left out.
    #[param(example = "2026-10-01")]
    from: Option<String>,
    /// The last day, likewise; today when left out or in the future.
    #[param(example = "2026-10-31")]
    to: Option<String>,
    /// By component when left out.
    group_by: Option<GroupBy>,
}

/// Report on incidents
///
/// How many started in a range of at most 366 days, how long it took to resolve them (MTTR), how
/// long it was from one to the next (MTBF), and how long they were in each state. Callers without
/// `read` get the figures of public incidents and components. With `Accept: text/csv` as a sheet,
/// in which the row without a key is the total.
#[utoipa::path(
    tag = "uptime",
    params(ReportQuery),
    responses(
        (status = 200, description = "Figures", content((Report = "application/json"), (String = "text/csv"))),
        Reading,
    ),
    security((), ("bearer" = [])),
)]
#[get("/reports/incidents")]
async fn report_incidents(
    req: HttpRequest,
    state: Data<State>,
    Audience(audience): Audience,
    QueryString(query): QueryString<ReportQuery>,
) -> Result<HttpResponse, Problem> {
    let ReportQuery { from, to, group_by } = query;
    let query = Query {
        from: from.as_deref().map(date).transpose()?,
        to: to.as_deref().map(date).transpose()?,
        group_by: group_by.unwrap_or(GroupBy::Component),
    };
    document::sheet_or_json(&req, &state, audience, SHEET, move |db| {
        let report = app::report::incidents(db, audience, &query)?;
        let until = report.as_of + TimeDelta::minutes(1);
        Ok((report, Some(until)))
    })
    .await
}

const SHEET: csv::Form<Report, 9> =
    csv::Form { disposition: "attachment; filename=\"incidents.csv\"", header: &HEADER, rows };

const HEADER: [&str; 9] = [
    "key",
    "name",
    "incidents",
    "resolved",
    "mttr_seconds",
    "mtbf_seconds",
    "investigating_seconds",
    "identified_seconds",
    "monitoring_seconds",
];

fn rows(report: &Report) -> Vec<[String; 9]> {
    let groups = report.groups.iter().map(|it| row(&it.key, &it.name, &it.figures));
    groups.chain(std::iter::once(row("", "total", &report.total))).collect()
}

fn row(key: &str, name: &str, it: &Figures) -> [String; 9] {
    let mean = |it: Option<i64>| it.map(|it| it.to_string()).unwrap_or_default();
    [
        key.to_owned(),
        name.to_owned(),
        it.incidents.to_string(),
        it.resolved.to_string(),
        mean(it.mttr_seconds),
        mean(it.mtbf_seconds),
        it.seconds.investigating.to_string(),
        it.seconds.identified.to_string(),
        it.seconds.monitoring.to_string(),
    ]
}
