//! Rows of incidents, and how they become one read model.
mod insert;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use domain::caller::Visibility;
use domain::incident::{Entry, Impact, Incident, Status, replay};
use serde_json::Value;
use uuid::Uuid;

use crate::schema::{incident_updates, incidents};
use crate::timeline::{Named, affected, by_subject, named};
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

pub use insert::insert;

crate::timeline::update_rows!(incident_updates, incident_id, incident);

/// Puts incidents together with their updates and the present names of their components.
pub(super) fn assemble(db: &mut Read<'_>, rows: Vec<Row>) -> Result<Vec<Incident>, DbError> {
    let ids: Vec<Uuid> = rows.iter().map(|it| it.id).collect();
    let updates: Vec<UpdateRow> = incident_updates::table
        .filter(incident_updates::incident_id.eq_any(&ids))
        .select(UpdateRow::as_select())
        .load(db.conn)?;
    let (mut by_incident, touched) = by_subject(updates, |it| (it.incident_id, &it.effects));
    let named = named(db, touched)?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let updates = by_incident.remove(&row.id).unwrap_or_default();
            row.dress(updates, &named, db.page())
        })
        .collect())
}

impl Row {
    fn dress(
        self,
        updates: Vec<UpdateRow>,
        named: &BTreeMap<Uuid, Named>,
        page: &domain::page::Settings,
    ) -> Incident {
        let mut entries: Vec<Entry> = updates.iter().map(UpdateRow::entry).collect();
        let mut timeline = replay(self.started_at, &mut entries);
        let updates = UpdateRow::all(updates, &mut timeline.said, named);
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
            components: affected(&timeline.said.components, named),
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
