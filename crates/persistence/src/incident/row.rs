//! Rows of incidents, and how they become one read model.
use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use domain::caller::Visibility;
use domain::component::{self, Component};
use domain::incident::{
    Affected, Change, Effect, Entry, Impact, Incident, Status, Timeline, Update, UpdatedComponent,
    replay,
};
use serde_json::Value;
use uuid::Uuid;

use super::New;
use crate::schema::{components, incident_updates, incidents};
use crate::word::Word;
use crate::{DbError, Read};

#[derive(Queryable, Selectable)]
#[diesel(table_name = incidents, check_for_backend(diesel::pg::Pg))]
pub(super) struct Row {
    pub(super) id: Uuid,
    number: i64,
    title: String,
    status: Word<Status>,
    impact: Word<Impact>,
    impact_override: Option<Word<Impact>>,
    visibility: Word<Visibility>,
    pub(super) started_at: DateTime<Utc>,
    identified_at: Option<DateTime<Utc>>,
    monitoring_at: Option<DateTime<Utc>>,
    resolved_at: Option<DateTime<Utc>>,
    dedup_key: Option<String>,
    source: String,
    pinned: bool,
    metadata: Value,
    postmortem_body: Option<String>,
    postmortem_html: Option<String>,
    postmortem_published_at: Option<DateTime<Utc>>,
    postmortem_updated_at: Option<DateTime<Utc>>,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Insertable)]
#[diesel(table_name = incidents, treat_none_as_default_value = false)]
pub(super) struct NewRow<'a> {
    id: Uuid,
    /// The next one when there is none.
    #[diesel(treat_none_as_default_value = true)]
    number: Option<i64>,
    title: &'a str,
    status: Word<Status>,
    impact: Word<Impact>,
    impact_override: Option<Word<Impact>>,
    visibility: Word<Visibility>,
    started_at: DateTime<Utc>,
    identified_at: Option<DateTime<Utc>>,
    monitoring_at: Option<DateTime<Utc>>,
    resolved_at: Option<DateTime<Utc>>,
    dedup_key: Option<&'a str>,
    source: &'a str,
    metadata: Value,
    search_text: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = incident_updates, check_for_backend(diesel::pg::Pg), treat_none_as_null = true)]
pub(super) struct UpdateRow {
    id: Uuid,
    incident_id: Uuid,
    status: Word<Status>,
    message: String,
    message_html: String,
    effects: Value,
    notify: bool,
    display_at: DateTime<Utc>,
    author: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// A component as incidents name it.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = components, check_for_backend(diesel::pg::Pg))]
struct Named {
    id: Uuid,
    slug: String,
    name: String,
    visibility: Word<Visibility>,
    position: i32,
}

impl From<&Component> for Named {
    fn from(component: &Component) -> Self {
        let Component { id, slug, name, visibility, position, .. } = component;
        Self {
            id: *id,
            slug: slug.clone(),
            name: name.clone(),
            visibility: Word(*visibility),
            position: *position,
        }
    }
}

/// Puts incidents together with their updates and the present names of their components.
pub(super) fn assemble(db: &mut Read<'_>, rows: Vec<Row>) -> Result<Vec<Incident>, DbError> {
    let ids: Vec<Uuid> = rows.iter().map(|it| it.id).collect();
    let updates: Vec<UpdateRow> = incident_updates::table
        .filter(incident_updates::incident_id.eq_any(&ids))
        .select(UpdateRow::as_select())
        .load(db.conn)?;
    let mut by_incident: HashMap<Uuid, Vec<UpdateRow>> = HashMap::new();
    let mut touched: Vec<Uuid> = Vec::new();
    for update in updates {
        touched.extend(effects(&update.effects).iter().map(|it| it.component));
        by_incident.entry(update.incident_id).or_default().push(update);
    }
    touched.sort_unstable();
    touched.dedup();
    let named: Vec<Named> = if touched.is_empty() {
        Vec::new()
    } else {
        let named = components::table.filter(components::id.eq_any(touched));
        named.select(Named::as_select()).load(db.conn)?
    };
    let named: BTreeMap<Uuid, Named> = named.into_iter().map(|it| (it.id, it)).collect();
    Ok(rows
        .into_iter()
        .map(|row| {
            let updates = by_incident.remove(&row.id).unwrap_or_default();
            row.dress(updates, &named, db.page())
        })
        .collect())
}

impl Row {
    /// An incident whose only update is `first`, which names `touched`.
    pub(super) fn opened(
        self,
        first: UpdateRow,
        touched: &[Component],
        page: &domain::page::Settings,
    ) -> Incident {
        let named = touched.iter().map(|it| (it.id, Named::from(it))).collect();
        self.dress(vec![first], &named, page)
    }

    fn dress(
        self,
        updates: Vec<UpdateRow>,
        named: &BTreeMap<Uuid, Named>,
        page: &domain::page::Settings,
    ) -> Incident {
        let (timeline, updates) = read(self.started_at, updates, named);
        let Self {
            id,
            number,
            title,
            status: Word(status),
            impact: Word(impact),
            impact_override,
            visibility: Word(visibility),
            started_at,
            identified_at,
            monitoring_at,
            resolved_at,
            dedup_key,
            source,
            pinned,
            metadata,
            postmortem_body,
            postmortem_html,
            postmortem_published_at,
            postmortem_updated_at,
            version,
            created_at,
            updated_at,
        } = self;
        Incident {
            id,
            number,
            title,
            status,
            impact,
            impact_override: impact_override.map(|it| it.0),
            visibility,
            components: affected(&timeline, named),
            updates,
            started_at,
            identified_at,
            monitoring_at,
            resolved_at,
            duration_seconds: resolved_at.map(|it| (it - started_at).num_seconds()),
            dedup_key,
            source: Some(source),
            pinned,
            metadata: crate::word::object(metadata),
            postmortem: super::postmortem(
                postmortem_body,
                postmortem_html,
                postmortem_published_at,
                postmortem_updated_at,
            ),
            url: page.incident_url(number),
            version,
            created_at,
            updated_at,
        }
    }
}

/// The timeline that the updates make, and the updates with what each changed, newest first.
fn read(
    started_at: DateTime<Utc>,
    rows: Vec<UpdateRow>,
    named: &BTreeMap<Uuid, Named>,
) -> (Timeline, Vec<Update>) {
    let mut entries: Vec<Entry> = rows.iter().map(UpdateRow::entry).collect();
    let mut timeline = replay(started_at, &mut entries);
    let mut updates: Vec<Update> = rows
        .into_iter()
        .map(|it| {
            let changes = timeline.changes.remove(&it.id).unwrap_or_default();
            it.dress(&changes, named)
        })
        .collect();
    updates.sort_by_key(|it| std::cmp::Reverse((it.display_at, it.id)));
    (timeline, updates)
}

fn affected(timeline: &Timeline, named: &BTreeMap<Uuid, Named>) -> Vec<Affected> {
    let mut affected: Vec<(i32, Affected)> = timeline
        .components
        .iter()
        .filter_map(|(id, status)| {
            let Named { id, slug, name, visibility: Word(visibility), position } =
                named.get(id)?.clone();
            Some((position, Affected { id, slug, name, status: *status, visibility }))
        })
        .collect();
    affected.sort_by_key(|(position, it)| (*position, it.id));
    affected.into_iter().map(|(_, it)| it).collect()
}

impl<'a> NewRow<'a> {
    pub(super) fn of(new: &'a New<'_>, timeline: &Timeline, number: Option<i64>) -> Self {
        let New { id, draft, started_at, source, now } = new;
        Self {
            id: *id,
            number,
            title: &draft.title,
            status: Word(timeline.status),
            impact: Word(draft.impact_override.unwrap_or(timeline.impact)),
            impact_override: draft.impact_override.map(Word),
            visibility: Word(draft.visibility),
            started_at: *started_at,
            identified_at: timeline.identified_at,
            monitoring_at: timeline.monitoring_at,
            resolved_at: timeline.resolved_at,
            dedup_key: draft.dedup_key.as_deref(),
            source,
            metadata: Value::Object(draft.metadata.clone()),
            search_text: format!("{}\n{}", draft.title, draft.message),
            created_at: *now,
            updated_at: *now,
        }
    }
}

impl UpdateRow {
    pub(super) fn of(incident: Uuid, update: &Update, effects: &[Effect]) -> Self {
        Self {
            id: update.id,
            incident_id: incident,
            status: Word(update.status),
            message: update.message.clone(),
            message_html: update.message_html.clone(),
            effects: as_column(effects),
            notify: update.notify,
            display_at: update.display_at,
            author: update.author.clone().unwrap_or_default(),
            created_at: update.created_at,
            updated_at: update.updated_at,
        }
    }

    pub(super) fn entry(&self) -> Entry {
        Entry {
            id: self.id,
            status: self.status.0,
            display_at: self.display_at,
            effects: effects(&self.effects),
        }
    }

    fn dress(self, changes: &[Change], named: &BTreeMap<Uuid, Named>) -> Update {
        let components = changes
            .iter()
            .filter_map(|change| {
                let Named { id, slug, name, visibility: Word(visibility), position: _ } =
                    named.get(&change.component)?.clone();
                let Change { component: _, old: old_status, new: new_status } = *change;
                Some(UpdatedComponent { id, slug, name, old_status, new_status, visibility })
            })
            .collect();
        let Self {
            id,
            incident_id: _,
            status: Word(status),
            message,
            message_html,
            effects: _,
            notify,
            display_at,
            author,
            created_at,
            updated_at,
        } = self;
        Update {
            id,
            status,
            message,
            message_html,
            components,
            notify,
            display_at,
            author: Some(author),
            created_at,
            updated_at,
        }
    }
}

/// Effects as a JSON column.
pub(crate) fn as_column(effects: &[Effect]) -> Value {
    let object =
        |it: &Effect| serde_json::json!({ "component": it.component, "status": it.status });
    Value::Array(effects.iter().map(object).collect())
}

/// The effects in a JSON column, which only [`as_column`] writes.
pub(crate) fn effects(column: &Value) -> Vec<Effect> {
    let effect = |it: &Value| {
        let component: Uuid = it.get("component")?.as_str()?.parse().ok()?;
        let status: component::Status = it.get("status")?.as_str()?.parse().ok()?;
        Some(super::effect(component, status))
    };
    column.as_array().into_iter().flatten().filter_map(effect).collect()
}
