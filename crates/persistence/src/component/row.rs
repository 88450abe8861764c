//! Rows of components.
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use domain::caller::Visibility;
use domain::component::{Component, Status};
use domain::uptime::Percent;
use serde_json::Value;
use uuid::Uuid;

use crate::schema::components;
use crate::word::Word;

#[derive(Queryable, QueryableByName, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = components, check_for_backend(diesel::pg::Pg), treat_none_as_null = true)]
pub(super) struct Row {
    pub(super) id: Uuid,
    slug: String,
    name: String,
    description: Option<String>,
    group_id: Option<Uuid>,
    pub(super) position: i32,
    visibility: Word<Visibility>,
    reported_status: Word<Status>,
    status: Word<Status>,
    status_since: DateTime<Utc>,
    start_date: Option<NaiveDate>,
    uptime_target: Option<i32>,
    showcase: bool,
    only_show_if_degraded: bool,
    link: Option<String>,
    metadata: Value,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Row> for Component {
    fn from(row: Row) -> Self {
        let Row {
            id,
            slug,
            name,
            description,
            group_id,
            position,
            visibility: Word(visibility),
            reported_status: Word(reported_status),
            status: Word(status),
            status_since,
            start_date,
            uptime_target,
            showcase,
            only_show_if_degraded,
            link,
            metadata,
            version,
            created_at,
            updated_at,
        } = row;
        Self {
            id,
            slug,
            name,
            description,
            group_id,
            position,
            visibility,
            reported_status,
            status,
            status_since,
            start_date,
            uptime_target: uptime_target.and_then(percent),
            showcase,
            only_show_if_degraded,
            link,
            metadata: crate::word::object(metadata),
            version,
            created_at,
            updated_at,
        }
    }
}

fn percent(millionths: i32) -> Option<Percent> {
    Percent::from_millionths(millionths.try_into().ok()?)
}

impl From<&Component> for Row {
    fn from(component: &Component) -> Self {
        let Component {
            id,
            slug,
            name,
            description,
            group_id,
            position,
            visibility,
            reported_status,
            status,
            status_since,
            start_date,
            uptime_target,
            showcase,
            only_show_if_degraded,
            link,
            metadata,
            version,
            created_at,
            updated_at,
        } = component.clone();
        Self {
            id,
            slug,
            name,
            description,
            group_id,
            position,
            visibility: Word(visibility),
            reported_status: Word(reported_status),
            status: Word(status),
            status_since,
            start_date,
            uptime_target: uptime_target.and_then(|it| it.millionths().try_into().ok()),
            showcase,
            only_show_if_degraded,
            link,
            metadata: Value::Object(metadata),
            version,
            created_at,
            updated_at,
        }
    }
}
