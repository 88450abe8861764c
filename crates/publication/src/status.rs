//! `GET /api/v1/status`: the whole page in one document.
use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::caller::Visibility;
use domain::component::{Component, Status};
use domain::group::{Group, worst_by_group};
use domain::incident::Incident;
use domain::maintenance::Maintenance;
use domain::page::{Banner, Page, Snapshot, banner};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

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
    pub maintenances: Vec<Maintenance>,
    pub updated_at: DateTime<Utc>,
    /// Rises with every change.
    pub version: i64,
}

impl StatusDocument {
    /// The page as readers of this kind may see it.
    pub fn of(snapshot: &Snapshot, audience: Visibility) -> Self {
        let Snapshot { page, groups, components, incidents, maintenances, .. } = snapshot;
        let (groups, components, incidents, maintenances) = match audience {
            Visibility::Internal => {
                (owned(groups), owned(components), owned(incidents), owned(maintenances))
            }
            Visibility::Public => {
                let components = public_components(components, groups);
                let public = incidents.iter().filter(|it| it.visibility == Visibility::Public);
                let incidents = public.filter_map(|it| Incident::clone(it).for_public()).collect();
                let public = maintenances.iter().filter(|it| it.visibility == Visibility::Public);
                let maintenances =
                    public.filter_map(|it| Maintenance::clone(it).for_public()).collect();
                (public_groups(groups, &components), components, incidents, maintenances)
            }
        };
        let (version, updated_at) = match audience {
            Visibility::Internal => (snapshot.internal_version, snapshot.internal_updated_at),
            Visibility::Public => (snapshot.public_version, snapshot.public_updated_at),
        };
        let statuses: Vec<Status> = components.iter().map(|it| it.status).collect();
        let open: Vec<_> = incidents.iter().map(|it| it.impact).collect();
        let is_maintained = maintenances.iter().any(|it| it.status.is_active());
        let status = banner(&statuses, &open, is_maintained);
        let page = page.clone();
        Self { page, status, groups, components, incidents, maintenances, updated_at, version }
    }
}

fn owned<T: Clone>(things: &[Arc<T>]) -> Vec<T> {
    things.iter().map(|it| T::clone(it)).collect()
}

/// A public component of an internal group stands alone.
fn public_components(components: &[Arc<Component>], groups: &[Arc<Group>]) -> Vec<Component> {
    let public = groups.iter().filter(|it| it.visibility == Visibility::Public);
    let public: HashSet<Uuid> = public.map(|it| it.id).collect();
    components
        .iter()
        .filter(|it| it.visibility == Visibility::Public)
        .filter_map(|it| Component::clone(it).for_public())
        .map(|it| Component { group_id: it.group_id.filter(|id| public.contains(id)), ..it })
        .collect()
}

fn public_groups(groups: &[Arc<Group>], components: &[Component]) -> Vec<Group> {
    let worst = worst_by_group(components);
    let public = groups.iter().filter(|it| it.visibility == Visibility::Public);
    public
        .map(|it| {
            let status = worst.get(&it.id).copied().unwrap_or(Status::Operational);
            Group { status, ..Group::clone(it) }
        })
        .collect()
}
