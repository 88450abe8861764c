//! The page as Statuspage's public API v2 has it, for the clients that exist. Keys, nulls and order
//! are those of captured answers; ids are the short form of ours.
mod component;
mod incident;

use std::collections::HashMap;

use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use domain::component::Status;
use domain::incident::Incident;
use domain::maintenance::{self, Maintenance};
use domain::page::{Banner, Indicator, short_id};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::document::Document;
use crate::view::View;

use component::Component;
use incident::{Incident as Shown, Maintenance as Planned};

/// How many of each the lists of everything hold.
pub const RECENT: u16 = 50;

pub(crate) const CONTENT_TYPE: &str = "application/json; charset=utf-8";

/// Finishes one of the documents below.
pub fn document(document: &impl Serialize) -> Document {
    Document::json(document).of_type(CONTENT_TYPE)
}

/// The page.
#[derive(Serialize, ToSchema)]
#[schema(as = StatuspagePage)]
struct Page {
    /// Twelve characters; stable for the life of the database.
    #[schema(example = "b302099a8057", pattern = "^[a-z0-9]{12}$")]
    id: String,
    name: String,
    url: String,
    #[schema(example = "Etc/UTC")]
    time_zone: String,
    /// In the page's zone, with milliseconds.
    #[schema(format = DateTime)]
    updated_at: String,
}

/// The banner.
#[derive(Serialize, ToSchema)]
#[schema(as = StatuspageStatus)]
struct PageStatus {
    indicator: Indicator,
    #[schema(value_type = String, example = "All Systems Operational")]
    description: &'static str,
}

/// `summary.json`: what is the matter now.
#[derive(Serialize, ToSchema)]
#[schema(as = StatuspageSummary)]
pub struct Summary {
    page: Page,
    components: Vec<Component>,
    /// The unresolved ones.
    incidents: Vec<Shown>,
    /// Those that are not over.
    scheduled_maintenances: Vec<Planned>,
    status: PageStatus,
}

/// `status.json`: the banner.
#[derive(Serialize, ToSchema)]
#[schema(as = StatuspageShortStatus)]
pub struct ShortStatus {
    page: Page,
    status: PageStatus,
}

/// `components.json`: groups, each followed by its members, and the other components.
#[derive(Serialize, ToSchema)]
#[schema(as = StatuspageComponents)]
pub struct Components {
    page: Page,
    components: Vec<Component>,
}

/// `incidents.json` and `incidents/unresolved.json`, newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = StatuspageIncidents)]
pub struct Incidents {
    page: Page,
    incidents: Vec<Shown>,
}

/// `scheduled-maintenances.json`, `…/upcoming.json` and `…/active.json`, the last to begin first.
#[derive(Serialize, ToSchema)]
#[schema(as = StatuspageMaintenances)]
pub struct Maintenances {
    page: Page,
    scheduled_maintenances: Vec<Planned>,
}

impl Summary {
    pub fn of(view: &View) -> Self {
        let shown = Context::of(view);
        Self {
            page: shown.page(),
            components: shown.components(),
            incidents: shown.incidents(&view.incidents),
            scheduled_maintenances: shown.maintenances(view.planned()),
            status: shown.status(),
        }
    }
}

impl ShortStatus {
    pub fn of(view: &View) -> Self {
        let shown = Context::of(view);
        Self { page: shown.page(), status: shown.status() }
    }
}

impl Components {
    pub fn of(view: &View) -> Self {
        let shown = Context::of(view);
        Self { page: shown.page(), components: shown.components() }
    }
}

impl Incidents {
    /// Those that are open.
    pub fn unresolved(view: &View) -> Self {
        Self::among(view, &view.incidents)
    }

    /// These, newest first.
    pub fn among(view: &View, incidents: &[Incident]) -> Self {
        let shown = Context::of(view);
        Self { page: shown.page(), incidents: shown.incidents(incidents) }
    }
}

impl Maintenances {
    /// Those that have not begun.
    pub fn upcoming(view: &View) -> Self {
        let is_upcoming = |it: &&Maintenance| it.status == maintenance::Status::Scheduled;
        Self::among(view, view.planned().filter(is_upcoming))
    }

    /// Those that are in progress.
    pub fn active(view: &View) -> Self {
        Self::among(view, view.planned().filter(|it| it.status.is_active()))
    }

    /// These, in the order given.
    pub fn among<'v>(view: &View, planned: impl Iterator<Item = &'v Maintenance>) -> Self {
        let shown = Context::of(view);
        Self { page: shown.page(), scheduled_maintenances: shown.maintenances(planned) }
    }
}

impl View {
    /// What is planned or in progress, the last to begin first.
    fn planned(&self) -> impl Iterator<Item = &Maintenance> {
        let mut planned: Vec<&Maintenance> = self.maintenances.iter().chain(&self.later).collect();
        planned.sort_by_key(|it| std::cmp::Reverse((it.starts_at, it.id)));
        planned.into_iter()
    }
}

/// What it takes to show anything of a page.
struct Context<'v> {
    view: &'v View,
    page_id: String,
    zone: Tz,
    components: HashMap<Uuid, &'v domain::component::Component>,
    groups: HashMap<Uuid, &'v str>,
}

impl<'v> Context<'v> {
    fn of(view: &'v View) -> Self {
        Self {
            view,
            page_id: short_id(view.page.id),
            zone: view.page.time_zone.parse().unwrap_or(Tz::UTC),
            components: view.components.iter().map(|it| (it.id, it)).collect(),
            groups: view.groups.iter().map(|it| (it.id, it.name.as_str())).collect(),
        }
    }

    fn page(&self) -> Page {
        let domain::page::Page { id: _, name, url, time_zone } = self.view.page.clone();
        let updated_at = self.time(self.view.updated_at);
        Page { id: self.page_id.clone(), name, url, time_zone, updated_at }
    }

    fn status(&self) -> PageStatus {
        let Banner { indicator, description } = self.view.banner();
        let is_unknown = indicator == Indicator::Maintenance && !self.view.says_maintenance;
        PageStatus { indicator: if is_unknown { Indicator::None } else { indicator }, description }
    }

    /// Groups and lone components by position, each group before its members.
    fn components(&self) -> Vec<Component> {
        let mut members: HashMap<Option<Uuid>, Vec<&domain::component::Component>> = HashMap::new();
        for component in &self.view.components {
            let group = component.group_id.filter(|it| self.groups.contains_key(it));
            members.entry(group).or_default().push(component);
        }
        let mut top: Vec<(i32, Vec<Component>)> = Vec::new();
        for group in &self.view.groups {
            let of = members.remove(&Some(group.id)).unwrap_or_default();
            let mut block = vec![self.group(group, &of)];
            block.extend(of.into_iter().map(|it| self.leaf(it)));
            top.push((group.position, block));
        }
        let alone = members.remove(&None).unwrap_or_default();
        top.extend(alone.into_iter().map(|it| (it.position, vec![self.leaf(it)])));
        top.sort_by_key(|(position, _)| *position);
        top.into_iter().flat_map(|(_, block)| block).collect()
    }

    fn incidents(&self, incidents: &[Incident]) -> Vec<Shown> {
        incidents.iter().map(|it| self.incident(it)).collect()
    }

    fn maintenances<'m>(&self, planned: impl Iterator<Item = &'m Maintenance>) -> Vec<Planned> {
        planned.map(|it| self.maintenance(it)).collect()
    }

    /// Statuspage writes times in the page's zone, with milliseconds.
    fn time(&self, at: DateTime<Utc>) -> String {
        if self.zone == Tz::UTC || self.zone == Tz::Etc__UTC {
            return at.to_rfc3339_opts(SecondsFormat::Millis, true);
        }
        at.with_timezone(&self.zone).to_rfc3339_opts(SecondsFormat::Millis, false)
    }

    fn name(&self, id: Uuid, name: &str) -> String {
        let group = self.components.get(&id).and_then(|it| it.group_id);
        match group.and_then(|it| self.groups.get(&it)) {
            Some(group) => format!("{group} - {name}"),
            None => name.to_owned(),
        }
    }
}

/// Statuspage's order of a worse status is ours.
fn worst(statuses: impl Iterator<Item = Status>) -> Status {
    statuses.max().unwrap_or(Status::Operational)
}

#[cfg(test)]
mod tests;
