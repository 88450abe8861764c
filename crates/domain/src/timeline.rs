//! What incidents and maintenances have in common: updates that say something of components, and
//! what that makes of the components over time.
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::caller::Visibility;
use crate::component::Status;

/// What an update says of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    pub component: Uuid,
    pub status: Status,
}

/// An update, as far as a state machine cares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<S> {
    /// Orders entries that show the same time.
    pub id: Uuid,
    pub status: S,
    pub display_at: DateTime<Utc>,
    pub effects: Vec<Effect>,
}

/// What an update changed about a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    pub component: Uuid,
    pub old: Status,
    pub new: Status,
}

/// From `at` on `status` is said of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub at: DateTime<Utc>,
    pub status: Status,
}

/// Everything that one incident or maintenance ever said. `operational` means that it says nothing
/// of the component any more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// What it says of each component now; all it ever touched.
    pub components: BTreeMap<Uuid, Status>,
    /// For each entry by its id, what it changed.
    pub changes: BTreeMap<Uuid, Vec<Change>>,
    /// For each component, what was said of it over time.
    pub steps: BTreeMap<Uuid, Vec<Step>>,
}

impl Said {
    /// Says something of a component from `at` on.
    pub fn say(&mut self, effect: Effect, at: DateTime<Utc>) -> Change {
        let Effect { component, status } = effect;
        let old = self.components.insert(component, status).unwrap_or(Status::Operational);
        let steps = self.steps.entry(component).or_default();
        if old != status {
            steps.push(Step { at, status });
        }
        Change { component, old, new: status }
    }

    /// What is said of components that are said not to be well.
    pub fn in_force(&self) -> Vec<Effect> {
        self.components
            .iter()
            .filter(|(_, status)| **status != Status::Operational)
            .map(|(component, status)| Effect { component: *component, status: *status })
            .collect()
    }

    /// Takes everything back from `at` on.
    pub fn recover(&mut self, at: DateTime<Utc>) -> Vec<Change> {
        let well = Status::Operational;
        self.in_force()
            .into_iter()
            .map(|effect| self.say(Effect { status: well, ..effect }, at))
            .collect()
    }
}

/// A component an incident or maintenance touches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AffectedComponent)]
pub struct Affected {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    /// What an incident says of the component now, `operational` once it has recovered; what a
    /// maintenance makes of it while in progress.
    pub status: Status,
    #[serde(skip)]
    #[schema(ignore)]
    pub visibility: Visibility,
}

/// What an update changed about a component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UpdatedComponent {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    pub old_status: Status,
    pub new_status: Status,
    #[serde(skip)]
    #[schema(ignore)]
    pub visibility: Visibility,
}
