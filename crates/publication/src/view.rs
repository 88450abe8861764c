//! The page as readers of one kind may see it. Every document is made of a view, so that what the
//! public must not know is left out in one place.
use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::caller::Visibility;
use domain::component::{Component, Status};
use domain::group::{Group, worst_by_group};
use domain::incident::Incident;
use domain::maintenance::Maintenance;
use domain::page::{Banner, Page, Snapshot, banner};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What readers of one kind see.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct View {
    pub page: Page,
    /// Rises with every change they may know of.
    pub version: i64,
    /// When something they may know of last changed.
    pub updated_at: DateTime<Utc>,
    /// In page order.
    pub groups: Vec<Group>,
    /// In page order.
    pub components: Vec<Component>,
    /// The open ones, newest first.
    pub incidents: Vec<Incident>,
    /// Those in progress and those of the next 30 days, the next first.
    pub maintenances: Vec<Maintenance>,
    /// Those planned for later, likewise.
    pub later: Vec<Maintenance>,
    pub says_maintenance: bool,
}

impl View {
    /// What readers of this kind see of a snapshot.
    pub fn of(snapshot: &Snapshot, audience: Visibility) -> Self {
        match audience {
            Visibility::Internal => Self::internal(snapshot),
            Visibility::Public => Self::public(snapshot),
        }
    }

    fn internal(snapshot: &Snapshot) -> Self {
        Self {
            page: snapshot.page.clone(),
            version: snapshot.internal_version,
            updated_at: snapshot.internal_updated_at,
            groups: owned(&snapshot.groups),
            components: owned(&snapshot.components),
            incidents: owned(&snapshot.incidents),
            maintenances: owned(&snapshot.maintenances),
            later: owned(&snapshot.later),
            says_maintenance: snapshot.says_maintenance,
        }
    }

    fn public(snapshot: &Snapshot) -> Self {
        let components = public_components(&snapshot.components, &snapshot.groups);
        Self {
            page: snapshot.page.clone(),
            version: snapshot.public_version,
            updated_at: snapshot.public_updated_at,
            groups: public_groups(&snapshot.groups, &components),
            components,
            incidents: snapshot
                .incidents
                .iter()
                .filter(|it| it.visibility == Visibility::Public)
                .filter_map(|it| Incident::clone(it).for_public())
                .collect(),
            maintenances: public_maintenances(&snapshot.maintenances),
            later: public_maintenances(&snapshot.later),
            says_maintenance: snapshot.says_maintenance,
        }
    }

    /// The banner over everything.
    pub fn banner(&self) -> Banner {
        let statuses: Vec<Status> = self.components.iter().map(|it| it.status).collect();
        let open: Vec<_> = self.incidents.iter().map(|it| it.impact).collect();
        banner(&statuses, &open, self.maintenances.iter().any(|it| it.status.is_active()))
    }
}

fn owned<T: Clone>(things: &[Arc<T>]) -> Vec<T> {
    things.iter().map(|it| T::clone(it)).collect()
}

fn public_maintenances(maintenances: &[Arc<Maintenance>]) -> Vec<Maintenance> {
    let public = maintenances.iter().filter(|it| it.visibility == Visibility::Public);
    public.filter_map(|it| Maintenance::clone(it).for_public()).collect()
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
