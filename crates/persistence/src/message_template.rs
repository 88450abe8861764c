//! The operator's own wording of messages.
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use domain::event::Announcement;
use domain::message_template::{MESSAGE_TEMPLATES_MAX, MessageTemplate};
use uuid::Uuid;

use crate::cursor::{Cursor, Page, Window};
use crate::schema::message_templates as templates;
use crate::word::Word;
use crate::{DbError, Read, Write};

/// Name of the index that allows one template per channel, event and locale.
pub const PLACE_TAKEN: &str = "message_templates_place_key";

/// The template.
pub fn find(db: &mut Read<'_>, id: Uuid) -> Result<MessageTemplate, DbError> {
    let row: Row = templates::table.find(id).select(Row::as_select()).first(db.conn)?;
    Ok(row.into())
}

/// The template, locked until the transaction ends.
pub fn lock(db: &mut Write<'_>, id: Uuid) -> Result<MessageTemplate, DbError> {
    let row: Row =
        templates::table.find(id).for_update().select(Row::as_select()).first(db.conn)?;
    Ok(row.into())
}

/// Templates, newest first.
pub fn page(db: &mut Read<'_>, window: Window) -> Result<Page<MessageTemplate>, DbError> {
    let mut query = templates::table.into_boxed();
    if let Some(Cursor { id, .. }) = window.after {
        query = query.filter(templates::id.lt(id));
    }
    let rows: Vec<Row> = query
        .order(templates::id.desc())
        .limit(window.fetch())
        .select(Row::as_select())
        .load(db.conn)?;
    Ok(window.cut(rows, |row| Cursor { key: 0, id: row.id }).map(MessageTemplate::from))
}

/// Every template, or those of one channel.
pub fn all(db: &mut Read<'_>) -> Result<Vec<MessageTemplate>, DbError> {
    let limit = i64::try_from(MESSAGE_TEMPLATES_MAX).unwrap_or(i64::MAX);
    let rows: Vec<Row> = templates::table
        .order(templates::id)
        .limit(limit)
        .select(Row::as_select())
        .load(db.conn)?;
    Ok(rows.into_iter().map(MessageTemplate::from).collect())
}

/// How many there are.
pub fn count(db: &mut Read<'_>) -> Result<usize, DbError> {
    let n: i64 = templates::table.count().get_result(db.conn)?;
    Ok(usize::try_from(n).unwrap_or(0))
}

/// Adds a template. May violate [`PLACE_TAKEN`].
pub fn insert(db: &mut Write<'_>, template: &MessageTemplate) -> Result<(), DbError> {
    diesel::insert_into(templates::table).values(Row::from(template)).execute(db.conn)?;
    Ok(())
}

/// Writes a template back. May violate [`PLACE_TAKEN`].
pub fn update(db: &mut Write<'_>, template: &MessageTemplate) -> Result<(), DbError> {
    let row = Row::from(template);
    diesel::update(templates::table.find(template.id)).set(row).execute(db.conn)?;
    Ok(())
}

/// Removes a template.
pub fn delete(db: &mut Write<'_>, id: Uuid) -> Result<(), DbError> {
    diesel::delete(templates::table.find(id)).execute(db.conn)?;
    Ok(())
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = templates, check_for_backend(diesel::pg::Pg), treat_none_as_null = true)]
struct Row {
    id: Uuid,
    channel: String,
    event: Option<Word<Announcement>>,
    locale: Option<String>,
    subject: Option<String>,
    body: String,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Row> for MessageTemplate {
    fn from(row: Row) -> Self {
        let Row { id, channel, event, locale, subject, body, version, created_at, updated_at } =
            row;
        let event = event.map(|it| it.0);
        Self { id, channel, event, locale, subject, body, version, created_at, updated_at }
    }
}

impl From<&MessageTemplate> for Row {
    fn from(template: &MessageTemplate) -> Self {
        let MessageTemplate {
            id,
            channel,
            event,
            locale,
            subject,
            body,
            version,
            created_at,
            updated_at,
        } = template.clone();
        let event = event.map(Word);
        Self { id, channel, event, locale, subject, body, version, created_at, updated_at }
    }
}
