//! Groups of components, one level deep.
use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::caller::Visibility;
use crate::component::{Component, Status};

/// A group of components as the API shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Group {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    pub description: Option<String>,
    /// 1-based place among groups and ungrouped components.
    pub position: i32,
    /// Whether a page should start with the group folded.
    pub collapsed: bool,
    pub visibility: Visibility,
    /// The worst status of the members the reader may see.
    pub status: Status,
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
    pub position: Option<i32>,
    pub collapsed: bool,
    pub visibility: Visibility,
}

/// The worst status of each group's members among these.
pub fn worst_by_group<'c>(
    components: impl IntoIterator<Item = &'c Component>,
) -> HashMap<Uuid, Status> {
    let mut worst = HashMap::new();
    for Component { group_id, status, .. } in components {
        if let Some(group) = group_id {
            let so_far = worst.entry(*group).or_insert(*status);
            *so_far = (*so_far).max(*status);
        }
    }
    worst
}
