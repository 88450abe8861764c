//! Incident templates.
mod text;

use domain::caller::{Caller, Scope, Visibility};
use domain::component::{self, Key};
use domain::event::{Event, Record};
use domain::incident::{Impact, Status};
use domain::incident_template::{IncidentTemplate, TemplateComponent};
use domain::text::{MESSAGE_MAX, TITLE_MAX};
use persistence::{component as components, incident_template};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::component::free_slug;
use crate::error::check_version;
use crate::{Error, FieldError, Page, Read, Window, Write};

pub(crate) use text::{Text, fill};

/// What it takes to prepare an incident, and what may be edited of it.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Absent: made of the name.
    pub slug: Option<String>,
    pub name: String,
    pub title: String,
    pub message: String,
    pub status: Option<Status>,
    pub components: Vec<(Key, component::Status)>,
    pub impact_override: Option<Impact>,
    pub visibility: Option<Visibility>,
    pub notify: Option<bool>,
    pub metadata: Map<String, Value>,
}

/// The template.
pub fn find(db: &mut Read<'_>, caller: &Caller, key: &Key) -> Result<IncidentTemplate, Error> {
    caller.must(Scope::Read)?;
    incident_template::find(db, key).map_err(Error::missing("incident template"))
}

/// Templates, newest first.
pub fn page(
    db: &mut Read<'_>,
    caller: &Caller,
    window: Window,
) -> Result<Page<IncidentTemplate>, Error> {
    caller.must(Scope::Read)?;
    Ok(incident_template::page(db, window)?)
}

/// Adds a template.
pub fn create(
    db: &mut Write<'_>,
    caller: &Caller,
    draft: Draft,
) -> Result<IncidentTemplate, Error> {
    caller.must(Scope::Incidents)?;
    let components = check(db, &draft)?;
    let slug = match &draft.slug {
        Some(slug) => slug.clone(),
        None => free_slug(&draft.name, "template", |it| incident_template::slug_is_free(db, it))?,
    };
    let now = db.now()?;
    let created = IncidentTemplate {
        id: Uuid::now_v7(),
        slug,
        components,
        version: 1,
        created_at: now,
        updated_at: now,
        name: draft.name,
        title: draft.title,
        message: draft.message,
        status: draft.status,
        impact_override: draft.impact_override,
        visibility: draft.visibility,
        notify: draft.notify,
        metadata: draft.metadata,
    };
    let taken = Error::taken(incident_template::SLUG_TAKEN, "the slug");
    incident_template::insert(db, &created).map_err(taken)?;
    db.emit(caller, now, vec![record(Record::IncidentTemplateCreated, &created)])?;
    Ok(created)
}

/// Changes what `change` changes.
pub fn edit(
    db: &mut Write<'_>,
    caller: &Caller,
    key: &Key,
    expected: Option<i64>,
    change: impl FnOnce(&mut Draft),
) -> Result<IncidentTemplate, Error> {
    caller.must(Scope::Incidents)?;
    let before = lock(db, key, expected)?;
    let mut draft = draft_of(&before);
    change(&mut draft);
    let components = check(db, &draft)?;
    let now = db.now()?;
    let after = IncidentTemplate {
        slug: draft.slug.unwrap_or(before.slug),
        components,
        version: before.version + 1,
        updated_at: now,
        name: draft.name,
        title: draft.title,
        message: draft.message,
        status: draft.status,
        impact_override: draft.impact_override,
        visibility: draft.visibility,
        notify: draft.notify,
        metadata: draft.metadata,
        ..before
    };
    let taken = Error::taken(incident_template::SLUG_TAKEN, "the slug");
    incident_template::update(db, &after).map_err(taken)?;
    db.emit(caller, now, vec![record(Record::IncidentTemplateEdited, &after)])?;
    Ok(after)
}

/// Removes a template. Incidents that it filled stay as they are.
pub fn delete(
    db: &mut Write<'_>,
    caller: &Caller,
    key: &Key,
    expected: Option<i64>,
) -> Result<(), Error> {
    caller.must(Scope::Incidents)?;
    let found = lock(db, key, expected)?;
    let now = db.now()?;
    incident_template::delete(db, found.id)?;
    db.emit(caller, now, vec![record(Record::IncidentTemplateDeleted, &found)])?;
    Ok(())
}

/// The title of a template as a text to fill.
pub(crate) fn title(source: &str) -> Text<'_> {
    Text { pointer: "/title", source, limit: TITLE_MAX }
}

/// The message of a template as a text to fill.
pub(crate) fn message(source: &str) -> Text<'_> {
    Text { pointer: "/message", source, limit: MESSAGE_MAX }
}

fn lock(db: &mut Write<'_>, key: &Key, expected: Option<i64>) -> Result<IncidentTemplate, Error> {
    let found = incident_template::lock(db, key).map_err(Error::missing("incident template"))?;
    check_version(expected, found.version)?;
    Ok(found)
}

fn draft_of(template: &IncidentTemplate) -> Draft {
    let IncidentTemplate {
        id: _,
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
        version: _,
        created_at: _,
        updated_at: _,
    } = template.clone();
    Draft {
        slug: Some(slug),
        name,
        title,
        message,
        status,
        components: components.into_iter().map(|it| (Key::Id(it.id), it.status)).collect(),
        impact_override,
        visibility,
        notify,
        metadata,
    }
}

/// The texts must be sound, and each component exist and be named once.
fn check(db: &mut Read<'_>, draft: &Draft) -> Result<Vec<TemplateComponent>, Error> {
    let texts = [title(&draft.title), message(&draft.message)];
    let mut wrong: Vec<FieldError> = texts.into_iter().filter_map(text::check).collect();
    let mut named: Vec<TemplateComponent> = Vec::new();
    for (index, (key, status)) in draft.components.iter().enumerate() {
        let complaint = match components::find(db, key) {
            Ok(it) if named.iter().any(|of| of.id == it.id) => {
                ("repeated", format!("the component {key} is named twice"))
            }
            Ok(it) => {
                named.push(TemplateComponent { id: it.id, slug: it.slug, status: *status });
                continue;
            }
            Err(crate::DbError::NotFound) => ("unknown", format!("there is no component {key}")),
            Err(other) => return Err(other.into()),
        };
        let (code, detail) = complaint;
        wrong.push(FieldError { pointer: format!("/components/{index}"), code, detail });
    }
    if wrong.is_empty() { Ok(named) } else { Err(Error::Invalid(wrong)) }
}

fn record(kind: Record, template: &IncidentTemplate) -> Event {
    Event::unseen(kind, json!(template))
}
