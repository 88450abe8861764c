//! Components and groups: one flat list there.
use chrono::NaiveDate;
use domain::component::{self, Status};
use domain::group::Group;
use domain::page::short_id;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Context, worst};

/// A component, or a group of components.
#[derive(Serialize, ToSchema)]
#[schema(as = StatuspageComponent)]
pub(super) struct Component {
    id: String,
    name: String,
    /// Of a group, the worst of its members.
    status: Status,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    /// 1-based, within its group or among groups and lone components.
    position: i32,
    description: Option<String>,
    /// Whether the page draws its uptime.
    showcase: bool,
    start_date: Option<NaiveDate>,
    group_id: Option<String>,
    page_id: String,
    /// Whether it is a group.
    group: bool,
    only_show_if_degraded: bool,
    /// Ids of a group's members; absent of components.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    components: Option<Vec<String>>,
}

impl Context<'_> {
    pub(super) fn leaf(&self, it: &component::Component) -> Component {
        Component {
            id: short_id(it.id),
            name: it.name.clone(),
            status: it.status,
            created_at: self.time(it.created_at),
            updated_at: self.time(it.updated_at),
            position: it.position,
            description: it.description.clone(),
            showcase: it.showcase,
            start_date: it.start_date,
            group_id: it.group_id.filter(|id| self.groups.contains_key(id)).map(short_id),
            page_id: self.page_id.clone(),
            group: false,
            only_show_if_degraded: it.only_show_if_degraded,
            components: None,
        }
    }

    pub(super) fn group(&self, it: &Group, members: &[&component::Component]) -> Component {
        let changed = members.iter().map(|it| it.updated_at).chain([it.updated_at]).max();
        Component {
            id: short_id(it.id),
            name: it.name.clone(),
            status: worst(members.iter().map(|it| it.status)),
            created_at: self.time(it.created_at),
            updated_at: self.time(changed.unwrap_or(it.updated_at)),
            position: it.position,
            description: it.description.clone(),
            showcase: false,
            start_date: None,
            group_id: None,
            page_id: self.page_id.clone(),
            group: true,
            only_show_if_degraded: false,
            components: Some(members.iter().map(|it| short_id(it.id)).collect()),
        }
    }
}
