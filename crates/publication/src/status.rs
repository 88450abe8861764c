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
        let snapshot = snapshot.clone();
        let (groups, components, incidents, version, updated_at) = match audience {
            Visibility::Internal => (
                snapshot.groups,
                snapshot.components,
                snapshot.incidents,
                snapshot.internal_version,
                snapshot.internal_updated_at,
            ),
            Visibility::Public => {
                let components = public_components(snapshot.components, &snapshot.groups);
                (
                    public_groups(snapshot.groups, &components),
                    components,
                    snapshot.incidents.into_iter().filter_map(Incident::for_public).collect(),
                    snapshot.public_version,
                    snapshot.public_updated_at,
                )
            }
        };
        let statuses: Vec<Status> = components.iter().map(|it| it.status).collect();
        let open: Vec<_> = incidents.iter().map(|it| it.impact).collect();
        let status = banner(&statuses, &open);
        let maintenances = Vec::new();
        let page = snapshot.page;
        Self { page, status, groups, components, incidents, maintenances, updated_at, version }
    }
}

/// A public component of an internal group stands alone.
fn public_components(components: Vec<Component>, groups: &[Group]) -> Vec<Component> {
    let is_public = |id: &uuid::Uuid| {
        groups.iter().any(|it| it.id == *id && it.visibility == Visibility::Public)
    };
    components
        .into_iter()
        .filter_map(Component::for_public)
        .map(|it| Component { group_id: it.group_id.filter(is_public), ..it })
        .collect()
}

fn public_groups(groups: Vec<Group>, components: &[Component]) -> Vec<Group> {
    let worst = |group: &Group| {
        let members = components.iter().filter(|it| it.group_id == Some(group.id));
        members.map(|it| it.status).max().unwrap_or(Status::Operational)
    };
    groups
        .into_iter()
        .filter(|it| it.visibility == Visibility::Public)
        .map(|it| Group { status: worst(&it), ..it })
        .collect()
}
