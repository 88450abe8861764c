//! The operator's own wording of messages.
use channels::Lane;
use channels::wording::Wording;
use domain::caller::{Caller, Scope};
use domain::event::{Announcement, Event, Record};
use domain::message_template::{MESSAGE_TEMPLATES_MAX, MessageTemplate};
use persistence::message_template;
use serde_json::json;
use uuid::Uuid;

use crate::error::check_version;
use crate::{Error, FieldError, Page, Read, Window, Write};

/// What it takes to word messages of a channel.
#[derive(Clone, Debug)]
pub struct Draft {
    pub channel: String,
    pub edit: Edit,
}

/// What may be edited of a wording.
#[derive(Clone, Debug)]
pub struct Edit {
    pub event: Option<Announcement>,
    pub locale: Option<String>,
    pub subject: Option<String>,
    pub body: String,
}

/// The template.
pub fn find(db: &mut Read<'_>, caller: &Caller, id: Uuid) -> Result<MessageTemplate, Error> {
    caller.must(Scope::Subscriptions)?;
    message_template::find(db, id).map_err(Error::missing("message template"))
}

/// Templates, newest first.
pub fn page(
    db: &mut Read<'_>,
    caller: &Caller,
    window: Window,
) -> Result<Page<MessageTemplate>, Error> {
    caller.must(Scope::Subscriptions)?;
    Ok(message_template::page(db, window)?)
}

/// Adds a template; there is one at most for each channel, event and locale.
pub fn create(db: &mut Write<'_>, caller: &Caller, draft: Draft) -> Result<MessageTemplate, Error> {
    caller.must(Scope::Subscriptions)?;
    let Draft { channel, edit } = draft;
    let mut wrong = check(&edit);
    let complaint = match channels::find(&channel) {
        None => Some(("unknown", "there is no such channel")),
        Some(it) if it.lane() == Lane::Strict => {
            Some(("unsound", "this channel tells data, and has no words"))
        }
        Some(_) => None,
    };
    wrong.extend(complaint.map(|(code, detail)| {
        let (pointer, detail) = ("/channel".to_owned(), detail.to_owned());
        FieldError { pointer, code, detail }
    }));
    if !wrong.is_empty() {
        return Err(Error::Invalid(wrong));
    }
    if message_template::count(db)? >= MESSAGE_TEMPLATES_MAX {
        return Err(Error::Conflict("there are 1,000 message templates already"));
    }
    let now = db.now()?;
    let Edit { event, locale, subject, body } = edit;
    let id = Uuid::now_v7();
    let (version, created_at, updated_at) = (1, now, now);
    let created = MessageTemplate {
        id,
        channel,
        event,
        locale,
        subject,
        body,
        version,
        created_at,
        updated_at,
    };
    message_template::insert(db, &created).map_err(taken())?;
    db.emit(caller, now, vec![record(Record::MessageTemplateCreated, &created)])?;
    Ok(created)
}

/// Changes what `change` changes.
pub fn edit(
    db: &mut Write<'_>,
    caller: &Caller,
    id: Uuid,
    expected: Option<i64>,
    change: impl FnOnce(&mut Edit),
) -> Result<MessageTemplate, Error> {
    caller.must(Scope::Subscriptions)?;
    let before = lock(db, id, expected)?;
    let MessageTemplate { event, locale, subject, body, .. } = before.clone();
    let mut edit = Edit { event, locale, subject, body };
    change(&mut edit);
    let wrong = check(&edit);
    if !wrong.is_empty() {
        return Err(Error::Invalid(wrong));
    }
    let now = db.now()?;
    let Edit { event, locale, subject, body } = edit;
    let version = before.version + 1;
    let after =
        MessageTemplate { event, locale, subject, body, version, updated_at: now, ..before };
    message_template::update(db, &after).map_err(taken())?;
    db.emit(caller, now, vec![record(Record::MessageTemplateEdited, &after)])?;
    Ok(after)
}

/// Removes a template: Farol's own words, or those of a more general one, take its place.
pub fn delete(
    db: &mut Write<'_>,
    caller: &Caller,
    id: Uuid,
    expected: Option<i64>,
) -> Result<(), Error> {
    caller.must(Scope::Subscriptions)?;
    let found = lock(db, id, expected)?;
    let now = db.now()?;
    message_template::delete(db, id)?;
    db.emit(caller, now, vec![record(Record::MessageTemplateDeleted, &found)])?;
    Ok(())
}

fn lock(db: &mut Write<'_>, id: Uuid, expected: Option<i64>) -> Result<MessageTemplate, Error> {
    let found = message_template::lock(db, id).map_err(Error::missing("message template"))?;
    check_version(expected, found.version)?;
    Ok(found)
}

fn check(edit: &Edit) -> Vec<FieldError> {
    let field =
        |it: channels::Fault| FieldError { pointer: it.pointer, code: it.code, detail: it.detail };
    let checked = Wording::check(edit.subject.as_deref(), &edit.body);
    checked.err().map(field).into_iter().collect()
}

fn taken() -> impl FnOnce(crate::DbError) -> Error {
    Error::taken(message_template::PLACE_TAKEN, "the wording for this channel, event and locale")
}

fn record(kind: Record, template: &MessageTemplate) -> Event {
    Event::unseen(kind, json!(template))
}
