//! A component: a part of the service whose status people care about.
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::caller::Visibility;
use crate::uptime::Percent;
use crate::words::words;

words! {
    /// How a component is, from best to worst (Statuspage's words).
    #[schema(as = ComponentStatus)]
    Status {
        Operational = "operational",
        UnderMaintenance = "under_maintenance",
        DegradedPerformance = "degraded_performance",
        PartialOutage = "partial_outage",
        MajorOutage = "major_outage",
    }
}

/// A component as the API shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Component {
    pub id: Uuid,
    /// Unique and URL-safe; usable wherever an id stands.
    pub slug: String,
    pub name: String,
    pub description: Option<String>,
    pub group_id: Option<Uuid>,
    /// 1-based place in its group or on the page.
    pub position: i32,
    pub visibility: Visibility,
    /// The baseline: what a human or a monitor said of it.
    pub reported_status: Status,
    /// Derived, never written: the worst of the baseline and of what each unresolved incident says.
    pub status: Status,
    pub status_since: DateTime<Utc>,
    /// Uptime is counted from this day on.
    pub start_date: Option<NaiveDate>,
    /// How much of the time it is promised to be up, in percent; uptime tells what is left of the
    /// budget.
    #[schema(value_type = Option<f64>, exclusive_minimum = 0, maximum = 100, example = 99.95)]
    pub uptime_target: Option<Percent>,
    /// Whether a page should draw its uptime.
    pub showcase: bool,
    /// Whether a page should hide it while it is operational.
    pub only_show_if_degraded: bool,
    pub link: Option<String>,
    /// Free data for integrations; never shown to the public.
    #[schema(value_type = Object, example = json!({"team": "payments"}))]
    pub metadata: Map<String, Value>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What it takes to create one.
#[derive(Clone, Debug)]
pub struct Draft {
    pub slug: Option<String>,
    pub name: String,
    pub description: Option<String>,
    pub group_id: Option<Uuid>,
    pub position: Option<i32>,
    pub visibility: Visibility,
    pub reported_status: Status,
    pub start_date: Option<NaiveDate>,
    pub uptime_target: Option<Percent>,
    pub showcase: bool,
    pub only_show_if_degraded: bool,
    pub link: Option<String>,
    pub metadata: Map<String, Value>,
}

/// How callers name a component or group: by id, or by slug.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    Id(Uuid),
    Slug(String),
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Uuid::try_parse(text).map_or_else(|_| Self::Slug(text.to_owned()), Self::Id)
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Slug(slug) => f.write_str(slug),
        }
    }
}

impl Component {
    /// The component as the public may see it, or nothing when it is internal.
    pub fn for_public(mut self) -> Option<Self> {
        if self.visibility == Visibility::Internal {
            return None;
        }
        self.metadata = Map::new();
        Some(self)
    }
}
