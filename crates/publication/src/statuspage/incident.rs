//! Incidents, and maintenances, which are incidents with a schedule there.
use chrono::{DateTime, Utc};
use domain::component::Status;
use domain::incident;
use domain::maintenance;
use domain::page::short_id;
use domain::timeline::{Affected, UpdatedComponent};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Context;
use super::component::Component;

/// An incident.
#[derive(Serialize, ToSchema)]
#[schema(as = StatuspageIncident)]
pub(super) struct Incident {
    id: String,
    name: String,
    /// `investigating`, `identified`, `monitoring`, `resolved`, or `postmortem` once one is published;
    /// of maintenances `scheduled`, `in_progress`, `verifying` or `completed`.
    #[schema(value_type = String, example = "identified")]
    status: &'static str,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    #[schema(format = DateTime)]
    monitoring_at: Option<String>,
    #[schema(format = DateTime)]
    resolved_at: Option<String>,
    /// At its worst: `none`, `minor`, `major` or `critical`; of maintenances `maintenance`.
    #[schema(value_type = String, example = "major")]
    impact: &'static str,
    shortlink: String,
    #[schema(format = DateTime)]
    started_at: String,
    page_id: String,
    /// Newest first.
    incident_updates: Vec<Update>,
    /// As they are now.
    components: Vec<Component>,
    /// Always `null`.
    reminder_intervals: Option<String>,
}

/// A maintenance.
#[derive(Serialize, ToSchema)]
#[schema(as = StatuspageMaintenance)]
pub(super) struct Maintenance {
    #[serde(flatten)]
    incident: Incident,
    #[schema(format = DateTime)]
    scheduled_for: String,
    #[schema(format = DateTime)]
    scheduled_until: String,
}

/// One entry of a timeline.
#[derive(Serialize, ToSchema)]
#[schema(as = StatuspageUpdate)]
struct Update {
    id: String,
    #[schema(value_type = String, example = "identified")]
    status: &'static str,
    /// Markdown; may be empty where the clock moved a maintenance.
    body: String,
    incident_id: String,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    #[schema(format = DateTime)]
    display_at: String,
    affected_components: Option<Vec<AffectedComponent>>,
    deliver_notifications: bool,
    /// Always `null`.
    custom_tweet: Option<String>,
    /// Always `null`.
    tweet_id: Option<String>,
}

/// What an update changed about a component.
#[derive(Serialize, ToSchema)]
#[schema(as = StatuspageAffectedComponent)]
struct AffectedComponent {
    code: String,
    /// `Group - Component`, if it is in a group.
    name: String,
    old_status: Status,
    new_status: Status,
}

const POSTMORTEM: &str = "postmortem";

/// Updates of incidents and of maintenances differ in the words for states alone.
macro_rules! shown {
    ($context:ident, $of:expr, $update:ident, $status:expr) => {
        Update {
            id: short_id($update.id),
            status: $status,
            body: $update.message.clone(),
            incident_id: short_id($of),
            created_at: $context.time($update.created_at),
            updated_at: $context.time($update.updated_at),
            display_at: $context.time($update.display_at),
            affected_components: $context.affected(&$update.components),
            deliver_notifications: $update.notify,
            custom_tweet: None,
            tweet_id: None,
        }
    };
}

impl Context<'_> {
    pub(super) fn incident(&self, it: &incident::Incident) -> Incident {
        let published = it.postmortem.as_ref().and_then(|it| Some((it, it.published_at?)));
        let is_over = it.status == incident::Status::Resolved;
        let told = published.map(|(postmortem, at)| Update {
            id: short_id(Uuid::from_u128(!it.id.as_u128())),
            status: POSTMORTEM,
            body: postmortem.body.clone(),
            incident_id: short_id(it.id),
            created_at: self.time(at),
            updated_at: self.time(postmortem.updated_at),
            display_at: self.time(at),
            affected_components: None,
            deliver_notifications: true,
            custom_tweet: None,
            tweet_id: None,
        });
        let updates = it.updates.iter();
        let updates = updates.map(|update| shown!(self, it.id, update, update.status.as_str()));
        Incident {
            id: short_id(it.id),
            name: it.title.clone(),
            status: if is_over && published.is_some() { POSTMORTEM } else { it.status.as_str() },
            created_at: self.time(it.created_at),
            updated_at: self.time(it.updated_at),
            monitoring_at: self.maybe(it.monitoring_at),
            resolved_at: self.maybe(it.resolved_at),
            impact: it.impact.as_str(),
            shortlink: it.url.clone(),
            started_at: self.time(it.started_at),
            page_id: self.page_id.clone(),
            incident_updates: told.into_iter().chain(updates).collect(),
            components: self.now(&it.components),
            reminder_intervals: None,
        }
    }

    pub(super) fn maintenance(&self, it: &maintenance::Maintenance) -> Maintenance {
        let updates = it.updates.iter();
        let updates = updates.map(|update| shown!(self, it.id, update, status(update.status)));
        let incident = Incident {
            id: short_id(it.id),
            name: it.title.clone(),
            status: status(it.status),
            created_at: self.time(it.created_at),
            updated_at: self.time(it.updated_at),
            monitoring_at: None,
            resolved_at: self.maybe(it.completed_at.or(it.cancelled_at)),
            impact: "maintenance",
            shortlink: it.url.clone(),
            started_at: self.time(it.started_at.unwrap_or(it.created_at)),
            page_id: self.page_id.clone(),
            incident_updates: updates.collect(),
            components: self.now(&it.components),
            reminder_intervals: None,
        };
        Maintenance {
            incident,
            scheduled_for: self.time(it.starts_at),
            scheduled_until: self.time(it.ends_at),
        }
    }

    fn maybe(&self, at: Option<DateTime<Utc>>) -> Option<String> {
        at.map(|it| self.time(it))
    }

    fn affected(&self, components: &[UpdatedComponent]) -> Option<Vec<AffectedComponent>> {
        let affected = components.iter().map(|it| AffectedComponent {
            code: short_id(it.id),
            name: self.name(it.id, &it.name),
            old_status: it.old_status,
            new_status: it.new_status,
        });
        (!components.is_empty()).then(|| affected.collect())
    }

    /// The components as they are now; one that is gone is left out.
    fn now(&self, touched: &[Affected]) -> Vec<Component> {
        let present = touched.iter().filter_map(|it| self.components.get(&it.id));
        present.map(|it| self.leaf(it)).collect()
    }
}

/// What is called off is completed there.
const fn status(status: maintenance::Status) -> &'static str {
    match status {
        maintenance::Status::Cancelled => maintenance::Status::Completed.as_str(),
        other => other.as_str(),
    }
}
