//! The page as a whole: its settings and the one banner over everything.
use std::sync::Arc;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::caller::Visibility;
use crate::component::{Component, Status};
use crate::group::Group;
use crate::incident::{Impact, Incident};
use crate::maintenance::Maintenance;
use crate::uptime;
use crate::words::words;

/// What the operator configured of the page; the same on every replica.
#[derive(Clone, Debug)]
pub struct Settings {
    pub name: String,
    /// IANA name.
    pub time_zone: String,
    pub visibility: Visibility,
    /// Where Farol's API is reached, without a trailing slash.
    pub public_url: String,
    /// Where the frontend's pages are, if there is a frontend.
    pub page_url: Option<String>,
    /// How long before a maintenance subscribers are reminded if its author does not say, in
    /// seconds.
    pub maintenance_reminders: Vec<i64>,
    /// Whether documents in Statuspage's format may say `maintenance` of the whole page, which
    /// older clients do not know.
    pub says_maintenance: bool,
    /// What counts as down.
    pub uptime: uptime::Rule,
}

/// The page in public documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Page {
    /// Stable for the life of the database.
    pub id: Uuid,
    pub name: String,
    pub url: String,
    /// IANA name of the zone in which days begin.
    #[schema(example = "Etc/UTC")]
    pub time_zone: String,
}

words! {
    /// The page in one word (Statuspage's words).
    Indicator {
        None = "none",
        Maintenance = "maintenance",
        Minor = "minor",
        Major = "major",
        Critical = "critical",
    }
}

/// The banner: one word for machines, one sentence for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Banner {
    pub indicator: Indicator,
    #[schema(value_type = String, example = "All Systems Operational")]
    pub description: &'static str,
}

/// The short form of an id, as Statuspage has them: twelve characters of `a-z0-9`. The last twelve
/// digits of a UUID of version 4 or 7 are random.
pub fn short_id(id: Uuid) -> String {
    let [.., a, b, c, d, e, f] = id.into_bytes();
    [a, b, c, d, e, f].iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Settings {
    /// The zone in which days begin.
    pub fn zone(&self) -> Tz {
        self.time_zone.parse().unwrap_or(Tz::UTC)
    }

    /// Where readers find an incident: the frontend's page, or the API without one.
    pub fn incident_url(&self, number: i64) -> String {
        self.url(&format!("incidents/{number}"))
    }

    /// Where readers find a maintenance, likewise.
    pub fn maintenance_url(&self, number: i64) -> String {
        self.url(&format!("maintenances/{number}"))
    }

    fn url(&self, path: &str) -> String {
        match &self.page_url {
            Some(base) => format!("{base}/{path}"),
            None => format!("{}/api/v1/{path}", self.public_url),
        }
    }

    /// The page in public documents.
    pub fn page(&self, id: Uuid) -> Page {
        Page {
            id,
            name: self.name.clone(),
            url: self.page_url.as_ref().unwrap_or(&self.public_url).clone(),
            time_zone: self.time_zone.clone(),
        }
    }
}

/// Everything the page shows, as callers with `read` see it, taken at one instant. What one
/// snapshot and the next have in common they share.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub page: Page,
    /// Rises with every change the public may know of.
    pub public_version: i64,
    /// Rises with every change.
    pub internal_version: i64,
    /// In page order.
    pub groups: Vec<Arc<Group>>,
    /// In page order.
    pub components: Vec<Arc<Component>>,
    /// The open ones, newest first.
    pub incidents: Vec<Arc<Incident>>,
    /// Those in progress and those of the next 30 days, the next first.
    pub maintenances: Vec<Arc<Maintenance>>,
    /// Those planned for later, likewise.
    pub later: Vec<Arc<Maintenance>>,
    /// See [`Settings::says_maintenance`].
    pub says_maintenance: bool,
    /// When the snapshot was taken.
    pub taken_at: DateTime<Utc>,
    /// When something the public may know of last changed.
    pub public_updated_at: DateTime<Utc>,
    /// When anything last changed.
    pub internal_updated_at: DateTime<Utc>,
}

/// One banner for many components, first match wins, as Statuspage documents
/// (support.atlassian.com, "Top level status and incident impact calculations").
/// A page without components follows its open incidents. Maintenance shows while any is in progress
/// and nothing is worse, also if it is of no component.
pub fn banner(statuses: &[Status], open: &[Impact], is_maintained: bool) -> Banner {
    use Status::{DegradedPerformance, MajorOutage, PartialOutage, UnderMaintenance};
    let any = |status: Status| statuses.contains(&status);
    let all = |status: Status| !statuses.is_empty() && statuses.iter().all(|it| *it == status);
    let (indicator, description) = if statuses.is_empty() {
        match open.iter().max() {
            None | Some(Impact::None) => (Indicator::None, "All Systems Operational"),
            Some(Impact::Minor) => (Indicator::Minor, "Minor Service Outage"),
            Some(Impact::Major) => (Indicator::Major, "Partial System Outage"),
            Some(Impact::Critical) => (Indicator::Critical, "Major System Outage"),
        }
    } else if all(MajorOutage) {
        (Indicator::Critical, "Major System Outage")
    } else if any(MajorOutage) || all(PartialOutage) {
        (Indicator::Major, "Partial System Outage")
    } else if any(PartialOutage) {
        (Indicator::Minor, "Minor Service Outage")
    } else if statuses.len() > 1 && all(DegradedPerformance) {
        (Indicator::Minor, "Degraded System Service")
    } else if any(DegradedPerformance) {
        (Indicator::Minor, "Partially Degraded Service")
    } else if any(UnderMaintenance) {
        (Indicator::Maintenance, "Service Under Maintenance")
    } else {
        (Indicator::None, "All Systems Operational")
    };
    if indicator == Indicator::None && is_maintained {
        return Banner {
            indicator: Indicator::Maintenance,
            description: "Service Under Maintenance",
        };
    }
    Banner { indicator, description }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_match_wins() {
        use Status::*;
        let cases: &[(&[Status], &str)] = &[
            (&[], "All Systems Operational"),
            (&[Operational, Operational], "All Systems Operational"),
            (&[Operational, UnderMaintenance], "Service Under Maintenance"),
            (&[DegradedPerformance], "Partially Degraded Service"),
            (&[DegradedPerformance, DegradedPerformance], "Degraded System Service"),
            (&[DegradedPerformance, UnderMaintenance], "Partially Degraded Service"),
            (&[PartialOutage], "Partial System Outage"),
            (&[PartialOutage, Operational], "Minor Service Outage"),
            (&[MajorOutage, Operational], "Partial System Outage"),
            (&[MajorOutage, MajorOutage], "Major System Outage"),
        ];
        for (statuses, said) in cases {
            assert_eq!(banner(statuses, &[], false).description, *said, "{statuses:?}");
        }
        assert_eq!(
            banner(&[], &[Impact::Minor, Impact::Critical], true).indicator,
            Indicator::Critical
        );
        assert_eq!(banner(&[Operational], &[Impact::Critical], false).indicator, Indicator::None);
        let maintained = banner(&[Operational], &[], true);
        assert_eq!(maintained.indicator, Indicator::Maintenance);
    }
}
