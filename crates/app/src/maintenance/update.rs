//! What is said of a maintenance, and how that moves it.
use chrono::{DateTime, Utc};
use domain::caller::{Caller, Scope};
use domain::event::{Announcement, Record};
use domain::maintenance::{Maintenance, Status, Unsound, Update};
use domain::timeline::Effect;
use persistence::maintenance;
use uuid::Uuid;

use super::{Key, announced, ids_of, lock, lock_components, recorded, rework};
use crate::ledger::settle_and_tell;
use crate::timeline::{self, Resolved, id_at, resolve};
use crate::{Error, Write, markdown};

/// What it takes to add an update.
pub type NewUpdate = timeline::NewUpdate<Status>;

/// Adds an update. Its effects count from the time it shows.
pub fn add_update(
    db: &mut Write<'_>,
    caller: &Caller,
    key: Key,
    expected: Option<i64>,
    new: NewUpdate,
) -> Result<(Maintenance, Update), Error> {
    caller.must(Scope::Maintenances)?;
    let before = lock(db, key, expected)?;
    let Resolved { mut touched, effects, now } =
        resolve(db, &new.components, &ids_of(&before.components))?;
    let display_at = new.display_at.unwrap_or(now);
    let status = new.status.unwrap_or(before.status);
    check_update(&before, status, display_at, &effects, now)?;
    let update = Update {
        id: id_at(now),
        status,
        message_html: markdown::render(&new.message),
        message: new.message,
        components: Vec::new(),
        notify: new.notify,
        display_at,
        author: Some(caller.name.clone()),
        created_at: now,
        updated_at: now,
    };
    maintenance::insert_update(db, before.id, &update, &effects)?;
    let was = before.status;
    let called_off = i64::from(status == Status::Cancelled && was != Status::Cancelled);
    let sequence = before.sequence + called_off;
    let after = rework(db, Maintenance { sequence, ..before }, now)?;
    let mut facts = vec![announced(kind_of(was, status), new.notify, &after, &touched)];
    if was.is_active() || status.is_active() {
        facts.extend(settle_and_tell(db, caller, &mut touched, display_at, now, new.notify)?);
    }
    db.emit(caller, now, facts)?;
    let added = after.updates.iter().find(|it| it.id == update.id).cloned();
    Ok((after, added.ok_or(Error::NotFound("update"))?))
}

/// Corrects what an update says.
pub fn edit_update(
    db: &mut Write<'_>,
    caller: &Caller,
    key: Key,
    id: Uuid,
    expected: Option<i64>,
    message: String,
) -> Result<(Maintenance, Update), Error> {
    caller.must(Scope::Maintenances)?;
    let before = lock(db, key, expected)?;
    let now = db.now()?;
    let update = before.updates.iter().find(|it| it.id == id);
    let update = update.cloned().ok_or(Error::NotFound("update"))?;
    let message_html = markdown::render(&message);
    let update = Update { message, message_html, updated_at: now, ..update };
    maintenance::update_message(db, &update)?;
    let seen_before = before.visibility;
    let after = rework(db, before, now)?;
    let touched = lock_components(db, &after)?;
    let fact = recorded(Record::MaintenanceEdited, seen_before, &after, &touched);
    db.emit(caller, now, vec![fact])?;
    Ok((after, update))
}

/// What subscribers are told when an update says `now` after `before`.
fn kind_of(before: Status, now: Status) -> Announcement {
    match now {
        Status::Cancelled if before != now => Announcement::MaintenanceCancelled,
        Status::Completed if before != now => Announcement::MaintenanceCompleted,
        Status::InProgress if !before.is_active() => Announcement::MaintenanceStarted,
        _ => Announcement::MaintenanceUpdated,
    }
}

fn check_update(
    before: &Maintenance,
    status: Status,
    display_at: DateTime<Utc>,
    effects: &[Effect],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    if !before.status.may_become(status) {
        return Err(Error::Conflict(match before.status {
            Status::Scheduled => "a maintenance begins or is cancelled before anything else",
            Status::InProgress | Status::Verifying => "a maintenance that has begun stays begun",
            Status::Completed | Status::Cancelled => "what is over stays over",
        }));
    }
    if display_at > now {
        return Err(Unsound::DisplayedInFuture.into());
    }
    if before.updates.first().is_some_and(|last| display_at < last.display_at) {
        return Err(Unsound::DisplayedTooEarly.into());
    }
    let well = domain::component::Status::Operational;
    if status.is_over() && effects.iter().any(|it| it.status != well) {
        return Err(Unsound::AffectsAfterEnd.into());
    }
    Ok(())
}
