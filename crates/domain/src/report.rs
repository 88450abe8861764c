//! How often things go wrong, and for how long.
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::words::words;

words! {
    /// What incidents are counted by.
    #[schema(as = ReportGroupBy)]
    GroupBy {
        /// By the components they touch; one that touches two counts for both.
        Component = "component",
        /// By the month, in the page's zone, in which they started.
        Month = "month",
        Impact = "impact",
    }
}

/// A question about incidents. Days are those of the page's zone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Query {
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    pub group_by: GroupBy,
}

/// How often incidents started in a range, and how long they took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = IncidentReport)]
pub struct Report {
    /// The first day, in the page's zone.
    pub from: NaiveDate,
    /// The last day, inclusive.
    pub to: NaiveDate,
    /// Up to when what is open counts: a full minute.
    pub as_of: DateTime<Utc>,
    /// IANA name of the zone in which days begin.
    #[schema(example = "Etc/UTC")]
    pub time_zone: String,
    pub group_by: GroupBy,
    /// Of all, each counted once.
    pub total: Figures,
    /// Every month or impact there is, in order; components that were touched, the one with the
    /// most incidents first.
    pub groups: Vec<Group>,
}

/// What incidents have in common, and how they were.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = IncidentReportGroup)]
pub struct Group {
    /// Id of the component, month like `2026-11`, or impact.
    pub key: String,
    /// The component's name; of others the key once more.
    pub name: String,
    #[serde(flatten)]
    pub figures: Figures,
}

/// How incidents that started in a range were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = IncidentFigures)]
pub struct Figures {
    pub incidents: i64,
    /// How many of them are resolved.
    pub resolved: i64,
    /// Mean time from start to resolution of those that are resolved; `null` when none is.
    pub mttr_seconds: Option<i64>,
    /// Mean time from the start of one to the start of the next; `null` for fewer than two.
    pub mtbf_seconds: Option<i64>,
    pub seconds: StateSeconds,
}

/// How long incidents were in each state, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = IncidentStateSeconds)]
pub struct StateSeconds {
    pub investigating: i64,
    pub identified: i64,
    pub monitoring: i64,
}
