//! The log of facts as operators read it.
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use domain::event::{Entry, EntryWithPayload, Kind};
use domain::incident::Impact;
use serde_json::Value;
use uuid::Uuid;

use crate::cursor::{Cursor, Page, Window};
use crate::schema::events;
use crate::word::Word;
use crate::{DbError, Read};

/// Which facts to list. Everything absent lets everything pass.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub kind: Option<Kind>,
    pub incident: Option<Uuid>,
    pub maintenance: Option<Uuid>,
    pub component: Option<Uuid>,
    /// Not before this.
    pub from: Option<DateTime<Utc>>,
    /// Before this.
    pub to: Option<DateTime<Utc>>,
}

/// Facts in the order of writing, newest first.
pub fn page(db: &mut Read<'_>, filter: &Filter, window: Window) -> Result<Page<Entry>, DbError> {
    let mut query = events::table.into_boxed();
    if let Some(kind) = filter.kind {
        query = query.filter(events::kind.eq(kind.as_str()));
    }
    if let Some(incident) = filter.incident {
        query = query.filter(events::incident_id.eq(incident));
    }
    if let Some(maintenance) = filter.maintenance {
        query = query.filter(events::maintenance_id.eq(maintenance));
    }
    if let Some(component) = filter.component {
        // The first condition is the one of the index.
        query = query
            .filter(events::component_ids.ne(Vec::<Uuid>::new()))
            .filter(events::component_ids.contains(vec![component]));
    }
    if let Some(from) = filter.from {
        query = query.filter(events::created_at.ge(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(events::created_at.lt(to));
    }
    if let Some(Cursor { key, .. }) = window.after {
        query = query.filter(events::position.lt(key));
    }
    let rows: Vec<Row> = query
        .order(events::position.desc())
        .limit(window.fetch())
        .select(Row::as_select())
        .load(db.conn)?;
    let page = window.cut(rows, |row| Cursor { key: row.position, id: row.id });
    Ok(page.map(Entry::from))
}

/// The fact with what it says.
pub fn find(db: &mut Read<'_>, id: Uuid) -> Result<EntryWithPayload, DbError> {
    let (row, payload, public_payload): (Row, Value, Option<Value>) = events::table
        .filter(events::id.eq(id))
        .select((Row::as_select(), events::payload, events::public_payload))
        .first(db.conn)?;
    Ok(EntryWithPayload { entry: row.into(), payload: Some(payload), public_payload })
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = events, check_for_backend(diesel::pg::Pg))]
struct Row {
    position: i64,
    id: Uuid,
    sequence: Option<i64>,
    kind: String,
    announce: bool,
    incident_id: Option<Uuid>,
    maintenance_id: Option<Uuid>,
    component_ids: Vec<Uuid>,
    group_ids: Vec<Uuid>,
    subscription_id: Option<Uuid>,
    impact: Option<Word<Impact>>,
    actor: String,
    request_id: Option<String>,
    created_at: DateTime<Utc>,
    expanded_at: Option<DateTime<Utc>>,
}

impl From<Row> for Entry {
    fn from(row: Row) -> Self {
        let Row {
            position: _,
            id,
            sequence,
            kind,
            announce,
            incident_id,
            maintenance_id,
            component_ids,
            group_ids,
            subscription_id,
            impact,
            actor,
            request_id,
            created_at,
            expanded_at,
        } = row;
        Self {
            id,
            sequence,
            r#type: kind,
            actor,
            request_id,
            created_at,
            announced: announce,
            incident_id,
            maintenance_id,
            component_ids,
            group_ids,
            subscription_id,
            impact: impact.map(|it| it.0),
            expanded_at,
            deliveries: None,
        }
    }
}
