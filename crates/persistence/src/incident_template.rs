//! Incident templates.
use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use domain::caller::Visibility;
use domain::component::Key;
use domain::incident::{Impact, Status};
use domain::incident_template::{IncidentTemplate, TemplateComponent};
use domain::timeline::Effect;
use serde_json::Value;
use uuid::Uuid;

use crate::cursor::{Cursor, Page, Window};
use crate::schema::{components, incident_templates as templates};
use crate::timeline::{as_column, effects};
use crate::word::{Word, object};
use crate::{DbError, Read, Write};

/// Name of the constraint that keeps slugs unique.
pub const SLUG_TAKEN: &str = "incident_templates_slug_key";

/// The template.
pub fn find(db: &mut Read<'_>, key: &Key) -> Result<IncidentTemplate, DbError> {
    let row: Row = match key {
        Key::Id(id) => templates::table.find(id).select(Row::as_select()).first(db.conn)?,
        Key::Slug(slug) => templates::table
            .filter(templates::slug.eq(slug))
            .select(Row::as_select())
            .first(db.conn)?,
    };
    one(db, row)
}

/// The template, locked until the transaction ends.
pub fn lock(db: &mut Write<'_>, key: &Key) -> Result<IncidentTemplate, DbError> {
    let id = find(db, key)?.id;
    let row: Row =
        templates::table.find(id).for_update().select(Row::as_select()).first(db.conn)?;
    one(db, row)
}

/// Templates, newest first.
pub fn page(db: &mut Read<'_>, window: Window) -> Result<Page<IncidentTemplate>, DbError> {
    let mut query = templates::table.into_boxed();
    if let Some(Cursor { id, .. }) = window.after {
        query = query.filter(templates::id.lt(id));
    }
    let rows: Vec<Row> = query
        .order(templates::id.desc())
        .limit(window.fetch())
        .select(Row::as_select())
        .load(db.conn)?;
    let page = window.cut(rows, |row| Cursor { key: 0, id: row.id });
    Ok(Page { data: dress(db, page.data)?, next: page.next })
}

/// Whether the slug is free.
pub fn slug_is_free(db: &mut Read<'_>, slug: &str) -> Result<bool, DbError> {
    let taken = templates::table.filter(templates::slug.eq(slug));
    let taken: bool = diesel::select(diesel::dsl::exists(taken)).get_result(db.conn)?;
    Ok(!taken)
}

/// Adds a template. May violate [`SLUG_TAKEN`].
pub fn insert(db: &mut Write<'_>, template: &IncidentTemplate) -> Result<(), DbError> {
    diesel::insert_into(templates::table).values(Row::from(template)).execute(db.conn)?;
    Ok(())
}

/// Writes a template back. May violate [`SLUG_TAKEN`].
pub fn update(db: &mut Write<'_>, template: &IncidentTemplate) -> Result<(), DbError> {
    let row = Row::from(template);
    diesel::update(templates::table.find(template.id)).set(row).execute(db.conn)?;
    Ok(())
}

/// Removes a template.
pub fn delete(db: &mut Write<'_>, id: Uuid) -> Result<(), DbError> {
    diesel::delete(templates::table.find(id)).execute(db.conn)?;
    Ok(())
}

fn one(db: &mut Read<'_>, row: Row) -> Result<IncidentTemplate, DbError> {
    dress(db, vec![row])?.pop().ok_or(DbError::NotFound)
}

/// Puts the present slugs to the components that templates name; archived ones have none.
fn dress(db: &mut Read<'_>, rows: Vec<Row>) -> Result<Vec<IncidentTemplate>, DbError> {
    let named: Vec<Uuid> =
        rows.iter().flat_map(|row| effects(&row.components)).map(|it| it.component).collect();
    let slugs: Vec<(Uuid, String)> = if named.is_empty() {
        Vec::new()
    } else {
        components::table
            .filter(components::id.eq_any(named).and(components::archived_at.is_null()))
            .select((components::id, components::slug))
            .load(db.conn)?
    };
    let slugs: HashMap<Uuid, String> = slugs.into_iter().collect();
    Ok(rows.into_iter().map(|row| row.dress(&slugs)).collect())
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = templates, check_for_backend(diesel::pg::Pg), treat_none_as_null = true)]
struct Row {
    id: Uuid,
    slug: String,
    name: String,
    title: String,
    message: String,
    status: Option<Word<Status>>,
    components: Value,
    impact_override: Option<Word<Impact>>,
    visibility: Option<Word<Visibility>>,
    notify: Option<bool>,
    metadata: Value,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl Row {
    fn dress(self, slugs: &HashMap<Uuid, String>) -> IncidentTemplate {
        let Self {
            id,
            slug,
            name,
            title,
            message,
            status,
            components,
            impact_override,
            visibility,
            notify,
            metadata,
            version,
            created_at,
            updated_at,
        } = self;
        let named = |Effect { component: id, status }| {
            let slug = slugs.get(&id)?.clone();
            Some(TemplateComponent { id, slug, status })
        };
        IncidentTemplate {
            id,
            slug,
            name,
            title,
            message,
            status: status.map(|it| it.0),
            components: effects(&components).into_iter().filter_map(named).collect(),
            impact_override: impact_override.map(|it| it.0),
            visibility: visibility.map(|it| it.0),
            notify,
            metadata: object(metadata),
            version,
            created_at,
            updated_at,
        }
    }
}

impl From<&IncidentTemplate> for Row {
    fn from(template: &IncidentTemplate) -> Self {
        let IncidentTemplate {
            id,
            slug,
            name,
            title,
            message,
            status,
            components,
            impact_override,
            visibility,
            notify,
            metadata,
            version,
            created_at,
            updated_at,
        } = template.clone();
        let effects: Vec<Effect> = components
            .into_iter()
            .map(|TemplateComponent { id: component, slug: _, status }| Effect {
                component,
                status,
            })
            .collect();
        Self {
            id,
            slug,
            name,
            title,
            message,
            status: status.map(Word),
            components: as_column(&effects),
            impact_override: impact_override.map(Word),
            visibility: visibility.map(Word),
            notify,
            metadata: Value::Object(metadata),
            version,
            created_at,
            updated_at,
        }
    }
}
