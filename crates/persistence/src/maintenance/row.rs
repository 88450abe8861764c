//! Rows of maintenances, and how they become one read model.
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use domain::caller::Visibility;
use domain::maintenance::{Clock, Entry, Maintenance, Status, Timeline, Update, replay};
use serde_json::Value;
use uuid::Uuid;

use crate::schema::{maintenance_updates, maintenances};
use crate::timeline::{Named, affected, by_subject, named, searchable};
use crate::word::Word;
use crate::{DbError, Read};

/// What is read; the state is what the updates make of it.
#[derive(Queryable, Selectable)]
#[diesel(table_name = maintenances, check_for_backend(diesel::pg::Pg))]
pub(super) struct Row {
    pub(super) id: Uuid,
    number: i64,
    title: String,
    visibility: Word<Visibility>,
    pub(super) starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    auto_start: bool,
    auto_complete: bool,
    notify: bool,
    notify_on_start: bool,
    notify_on_completion: bool,
    remind_before_seconds: Vec<i64>,
    recurrence: Option<String>,
    time_zone: Option<String>,
    series_id: Option<Uuid>,
    pub(super) recurrence_id: Option<DateTime<Utc>>,
    sequence: i64,
    dedup_key: Option<String>,
    source: String,
    metadata: Value,
    #[diesel(embed)]
    clock: ClockRow,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = maintenances, check_for_backend(diesel::pg::Pg))]
pub(super) struct ClockRow {
    planned_at: DateTime<Utc>,
    reminders: Vec<i64>,
    listed: bool,
}

impl From<ClockRow> for Clock {
    fn from(ClockRow { planned_at, reminders, listed }: ClockRow) -> Self {
        Self { planned_at, reminders, listed }
    }
}

/// What is written, when it is new and later on.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = maintenances, treat_none_as_null = true)]
pub(super) struct Columns<'a> {
    title: &'a str,
    status: Word<Status>,
    visibility: Word<Visibility>,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    auto_start: bool,
    auto_complete: bool,
    notify: bool,
    notify_on_start: bool,
    notify_on_completion: bool,
    remind_before_seconds: &'a [i64],
    recurrence: Option<&'a str>,
    time_zone: Option<&'a str>,
    series_id: Option<Uuid>,
    recurrence_id: Option<DateTime<Utc>>,
    sequence: i64,
    dedup_key: Option<&'a str>,
    metadata: Value,
    planned_at: DateTime<Utc>,
    reminders: &'a [i64],
    listed: bool,
    due_at: Option<DateTime<Utc>>,
    search_text: String,
    version: i64,
    updated_at: DateTime<Utc>,
}

#[derive(Insertable)]
#[diesel(table_name = maintenances)]
pub(super) struct NewRow<'a> {
    id: Uuid,
    source: &'a str,
    created_at: DateTime<Utc>,
    #[diesel(embed)]
    columns: Columns<'a>,
}

crate::timeline::update_rows!(maintenance_updates, maintenance_id, maintenance);

/// Puts maintenances together with their updates and the present names of their components.
pub(super) fn assemble(db: &mut Read<'_>, rows: Vec<Row>) -> Result<Vec<Maintenance>, DbError> {
    let ids: Vec<Uuid> = rows.iter().map(|it| it.id).collect();
    let updates: Vec<UpdateRow> = maintenance_updates::table
        .filter(maintenance_updates::maintenance_id.eq_any(&ids))
        .select(UpdateRow::as_select())
        .load(db.conn)?;
    let (mut updates, touched) = by_subject(updates, |it| (it.maintenance_id, &it.effects));
    let named = named(db, touched)?;
    let dress = |row: Row| {
        let updates = updates.remove(&row.id).unwrap_or_default();
        let mut entries: Vec<Entry> = updates.iter().map(UpdateRow::entry).collect();
        let mut timeline = replay(&mut entries);
        let updates = UpdateRow::all(updates, &mut timeline.said, &named);
        row.dress(&timeline, updates, &named, db.page())
    };
    Ok(rows.into_iter().map(dress).collect())
}

impl Row {
    fn dress(
        self,
        timeline: &Timeline,
        updates: Vec<Update>,
        named: &BTreeMap<Uuid, Named>,
        page: &domain::page::Settings,
    ) -> Maintenance {
        let Self {
            id,
            number,
            title,
            visibility: Word(visibility),
            starts_at,
            ends_at,
            auto_start,
            auto_complete,
            notify,
            notify_on_start,
            notify_on_completion,
            remind_before_seconds,
            recurrence,
            time_zone,
            series_id,
            recurrence_id,
            sequence,
            dedup_key,
            source,
            metadata,
            clock,
            version,
            created_at,
            updated_at,
        } = self;
        Maintenance {
            id,
            number,
            title,
            status: timeline.status,
            visibility,
            components: affected(&timeline.planned, named),
            updates,
            starts_at,
            ends_at,
            started_at: timeline.started_at,
            completed_at: timeline.completed_at,
            cancelled_at: timeline.cancelled_at,
            auto_start,
            auto_complete,
            notify,
            notify_on_start,
            notify_on_completion,
            remind_before_seconds,
            recurrence,
            time_zone,
            series_id,
            recurrence_id,
            sequence,
            dedup_key,
            source: Some(source),
            metadata: crate::word::object(metadata),
            url: page.maintenance_url(number),
            version,
            created_at,
            updated_at,
            clock: clock.into(),
        }
    }
}

impl<'a> NewRow<'a> {
    pub(super) fn of(new: &'a Maintenance) -> Self {
        let source = new.source.as_deref().unwrap_or_default();
        Self { id: new.id, source, created_at: new.created_at, columns: Columns::of(new) }
    }
}

impl<'a> Columns<'a> {
    pub(super) fn of(maintenance: &'a Maintenance) -> Self {
        let messages = maintenance.updates.iter().map(|it| it.message.as_str());
        let search = std::iter::once(maintenance.title.as_str()).chain(messages);
        Self {
            title: &maintenance.title,
            status: Word(maintenance.status),
            visibility: Word(maintenance.visibility),
            starts_at: maintenance.starts_at,
            ends_at: maintenance.ends_at,
            started_at: maintenance.started_at,
            ended_at: maintenance.completed_at.or(maintenance.cancelled_at),
            auto_start: maintenance.auto_start,
            auto_complete: maintenance.auto_complete,
            notify: maintenance.notify,
            notify_on_start: maintenance.notify_on_start,
            notify_on_completion: maintenance.notify_on_completion,
            remind_before_seconds: &maintenance.remind_before_seconds,
            recurrence: maintenance.recurrence.as_deref(),
            time_zone: maintenance.time_zone.as_deref(),
            series_id: maintenance.series_id,
            recurrence_id: maintenance.recurrence_id,
            sequence: maintenance.sequence,
            dedup_key: maintenance.dedup_key.as_deref(),
            metadata: Value::Object(maintenance.metadata.clone()),
            planned_at: maintenance.clock.planned_at,
            reminders: &maintenance.clock.reminders,
            listed: maintenance.clock.listed,
            due_at: maintenance.due_at(),
            search_text: searchable(search),
            version: maintenance.version,
            updated_at: maintenance.updated_at,
        }
    }
}
