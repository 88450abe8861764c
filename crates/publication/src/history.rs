//! `GET /api/v1/history`: a month, day by day.
use chrono::{DateTime, NaiveDate, Utc};
use domain::history::Past;
use domain::incident::Incident;
use domain::maintenance::Maintenance;
use domain::page::Page;
use serde::Serialize;
use utoipa::ToSchema;

/// A month, day by day.
#[derive(Serialize, ToSchema)]
#[schema(as = HistoryMonth)]
pub struct HistoryDocument<'p> {
    page: &'p Page,
    #[schema(example = "2026-11", pattern = r"^\d{4}-\d{2}$")]
    month: String,
    /// Every day that has begun, newest first. Days begin in the page's time zone.
    days: Vec<Day<'p>>,
    /// The month before; `null` if nothing happened before this one.
    #[schema(example = "2026-10", pattern = r"^\d{4}-\d{2}$")]
    previous: Option<String>,
    /// The month after; `null` until this one is over.
    #[schema(example = "2026-12", pattern = r"^\d{4}-\d{2}$")]
    next: Option<String>,
    /// Whether the month had more incidents or maintenances than fit: `GET /api/v1/incidents` and
    /// `/maintenances` page through all of them.
    is_cut: bool,
}

/// What touched a day.
#[derive(Serialize, ToSchema)]
#[schema(as = HistoryDay)]
struct Day<'p> {
    date: NaiveDate,
    /// Those that were open at any time of the day, newest first.
    incidents: Vec<&'p Incident>,
    /// Those in progress at any time of the day, the last first.
    maintenances: Vec<&'p Maintenance>,
}

impl<'p> HistoryDocument<'p> {
    pub fn of(page: &'p Page, past: &'p Past) -> Self {
        let Past { incidents, maintenances, .. } = past;
        let days = past.days().map(|(date, begin, end)| {
            let touches = |from: DateTime<Utc>, to: Option<DateTime<Utc>>| {
                from < end && to.is_none_or(|to| to >= begin)
            };
            let was_open = |it: &&Incident| touches(it.started_at, it.resolved_at);
            let was_active = |it: &&Maintenance| {
                it.started_at.is_some_and(|at| touches(at, it.completed_at.or(it.cancelled_at)))
            };
            Day {
                date,
                incidents: incidents.iter().filter(was_open).collect(),
                maintenances: maintenances.iter().filter(was_active).collect(),
            }
        });
        Self {
            page,
            month: past.month.to_string(),
            days: days.collect(),
            previous: (!past.is_first).then(|| past.month.previous().to_string()),
            next: past.is_over.then(|| past.month.next().to_string()),
            is_cut: past.is_cut,
        }
    }
}
