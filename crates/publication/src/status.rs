//! `GET /api/v1/status`: the whole page in one document.
use chrono::{DateTime, Utc};
use domain::caller::Visibility;
use domain::component::{Component, Status};
use domain::group::Group;
use domain::incident::Incident;
use domain::page::{Banner, Page, Snapshot, banner};
use serde::Serialize;
use utoipa::ToSchema;

/// The whole page.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StatusDocument {
    pub page: Page,
    /// The banner over everything.
    pub status: Banner,
    /// In page order.
    pub groups: Vec<Group>,
    /// In page order.
    pub components: Vec<Component>,
    /// The open ones, newest first, with all their updates.
    pub incidents: Vec<Incident>,
    /// Those in progress, and those of the next 30 days.
    #[schema(value_type = Vec<Object>)]
    pub maintenances: Vec<serde_json::Value>,
    pub updated_at: DateTime<Utc>,
    /// Rises with every change.
    pub version: i64,
}

impl StatusDocument {
    /// The page as readers of this kind may see it.
    pub fn of(snapshot: &Snapshot, audience: Visibility) -> Self {
        let Snapshot { page, groups, components, incidents, .. } = snapshot;
        let (groups, components, incidents) = match audience {
            Visibility::Internal => (groups.clone(), components.clone(), incidents.clone()),
            Visibility::Public => {
                let components = public_components(components, groups);
                let public = incidents.iter().filter(|it| it.visibility == Visibility::Public);
                let incidents = public.cloned().filter_map(Incident::for_public).collect();
                (public_groups(groups, &components), components, incidents)
            }
        };
        let (version, updated_at) = match audience {
            Visibility::Internal => (snapshot.internal_version, snapshot.internal_updated_at),
            Visibility::Public => (snapshot.public_version, snapshot.public_updated_at),
        };
        let statuses: Vec<Status> = components.iter().map(|it| it.status).collect();
        let open: Vec<_> = incidents.iter().map(|it| it.impact).collect();
        let status = banner(&statuses, &open);
        let maintenances = Vec::new();
        let page = page.clone();
        Self { page, status, groups, components, incidents, maintenances, updated_at, version }
    }
}

/// A public component of an internal group stands alone.
fn public_components(components: &[Component], groups: &[Group]) -> Vec<Component> {
    let is_public = |id: &uuid::Uuid| {
        groups.iter().any(|it| it.id == *id && it.visibility == Visibility::Public)
    };
    components
        .iter()
        .cloned()
        .filter_map(Component::for_public)
        .map(|it| Component { group_id: it.group_id.filter(is_public), ..it })
        .collect()
}

fn public_groups(groups: &[Group], components: &[Component]) -> Vec<Group> {
    let worst = |group: &Group| {
        let members = components.iter().filter(|it| it.group_id == Some(group.id));
        members.map(|it| it.status).max().unwrap_or(Status::Operational)
    };
    let public = groups.iter().filter(|it| it.visibility == Visibility::Public);
    public.map(|it| Group { status: worst(it), ..it.clone() }).collect()
}
