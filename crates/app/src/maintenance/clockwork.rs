//! The clock: what was announced happens. Nothing is remembered between two looks at the database,
//! so it does not matter who looks, how often, or for how long nobody did.
use std::collections::HashSet;

use chrono::{DateTime, Duration, Utc};
use domain::caller::Caller;
use domain::component::Component;
use domain::event::{Announcement, Event, Record};
use domain::maintenance::{Deed, Maintenance, Status, Update};
use persistence::{component, maintenance};
use uuid::Uuid;

use super::{announced, ids_of, recorded, rework, series};
use crate::ledger::settle_and_tell;
use crate::timeline::id_at;
use crate::{Db, DbError, Error, Write};

/// Maintenances per transaction: what costs is the commit, and the components they share are
/// settled once.
const AT_ONCE: i64 = 50;

/// Does some of what is due, each thing once, however many replicas look at the same time. Says
/// whether there may be more.
pub fn step(db: &Db) -> Result<bool, Error> {
    let moved = match db.write(|db| advance(db, 0, AT_ONCE)) {
        Err(error) if !is_outage(&error) => {
            tracing::warn!(%error, "maintenances could not be moved together");
            one_by_one(db)?
        }
        done => done?,
    };
    let extended = db.write(series::extend_one)?;
    Ok(moved > 0 || extended)
}

fn is_outage(error: &Error) -> bool {
    matches!(error, Error::Db(DbError::Unavailable(_)))
}

/// One that cannot be moved must not stop the others.
fn one_by_one(db: &Db) -> Result<usize, Error> {
    let (mut moved, mut skipped) = (0, 0);
    while skipped < AT_ONCE {
        match db.write(|db| advance(db, skipped, 1)) {
            Ok(0) => break,
            Ok(n) => moved += n,
            Err(error) if is_outage(&error) => return Err(error),
            Err(error) => {
                tracing::error!(%error, "a maintenance could not be moved");
                skipped += 1;
            }
        }
    }
    Ok(moved)
}

/// How long there is nothing to do for the clock, if nothing changes; nothing when there is nothing
/// planned.
pub fn next_due(db: &Db) -> Result<Option<Duration>, Error> {
    let (due_at, now) = db.read::<_, Error>(|db| Ok(maintenance::next_due(db)?))?;
    Ok(due_at.map(|it| (it - now).max(Duration::zero())))
}

/// A maintenance that the clock moved.
struct Moved {
    it: Maintenance,
    deeds: Vec<Deed>,
    /// Whether subscribers hear of it when its components turn.
    announce: bool,
}

fn advance(db: &mut Write<'_>, skipped: i64, limit: i64) -> Result<usize, Error> {
    let now = db.now()?;
    let due = maintenance::lock_due(db, now, skipped, limit)?;
    if due.is_empty() {
        return Ok(0);
    }
    let ids: Vec<Uuid> = due.iter().flat_map(|it| ids_of(&it.components)).collect();
    let mut touched = component::lock(db, &[], &ids)?.components;
    let mut moved = Vec::new();
    for it in due {
        moved.push(move_on(db, it, now)?);
    }
    let mut facts = Vec::new();
    for moved in &moved {
        facts.extend(tell(db, moved, &touched, now)?);
    }
    facts.extend(settle(db, &moved, &mut touched, now)?);
    db.emit(&Caller::system(), now, facts)?;
    Ok(moved.len())
}

fn move_on(db: &mut Write<'_>, mut it: Maintenance, now: DateTime<Utc>) -> Result<Moved, Error> {
    let deeds = it.deeds(now);
    let it = carry_out(db, it, &deeds, now)?;
    let starts = deeds.iter().any(|it| matches!(it, Deed::Start { .. }));
    let completes = deeds.iter().any(|it| matches!(it, Deed::Complete { .. }));
    let announce =
        (starts && it.notify_on_start && !completes) || (completes && it.notify_on_completion);
    Ok(Moved { it, deeds, announce })
}

/// What is told of a maintenance: one thing at most, of which whoever could not be told in time
/// hears the last.
fn tell(
    db: &mut Write<'_>,
    Moved { it, deeds, announce }: &Moved,
    components: &[Component],
    now: DateTime<Utc>,
) -> Result<Vec<Event>, Error> {
    let mut facts = Vec::new();
    for (nth, deed) in deeds.iter().enumerate() {
        let is_last = nth + 1 == deeds.len();
        let kind = match deed {
            Deed::List => {
                facts.push(recorded(Record::MaintenanceListed, it.visibility, it, components));
                continue;
            }
            Deed::Remind => {
                facts.push(announced(Announcement::MaintenanceReminder, true, it, components));
                continue;
            }
            Deed::Start { .. } => Announcement::MaintenanceStarted,
            Deed::Complete { .. } => Announcement::MaintenanceCompleted,
        };
        let was_missed = matches!(deed, Deed::Complete { .. }) && nth > 0;
        let tells = is_last && *announce && !(was_missed && is_followed(db, it, now)?);
        facts.push(announced(kind, tells, it, components));
    }
    Ok(facts)
}

/// Of the occurrences of a series that were missed only the last is told of.
fn is_followed(db: &mut Write<'_>, it: &Maintenance, now: DateTime<Utc>) -> Result<bool, Error> {
    let Some(series) = it.series_id else { return Ok(false) };
    Ok(maintenance::is_followed_by_missed(db, series, it.starts_at, now)?)
}

/// Makes the components what they are, from the first instant at which anything happened.
fn settle(
    db: &mut Write<'_>,
    moved: &[Moved],
    touched: &mut Vec<Component>,
    now: DateTime<Utc>,
) -> Result<Vec<Event>, Error> {
    let at = |deed: &Deed| match deed {
        Deed::Start { at } | Deed::Complete { at } => Some(*at),
        Deed::List | Deed::Remind => None,
    };
    let turning = moved.iter().filter(|it| it.deeds.iter().any(|it| at(it).is_some()));
    let turning: Vec<&Moved> = turning.collect();
    let Some(from) = turning.iter().flat_map(|it| it.deeds.iter().filter_map(at)).min() else {
        return Ok(Vec::new());
    };
    let of = |it: &&Moved| ids_of(&it.it.components);
    let all: HashSet<Uuid> = turning.iter().flat_map(of).collect();
    touched.retain(|it| all.contains(&it.id));
    let told: HashSet<Uuid> = turning.iter().filter(|it| it.announce).flat_map(of).collect();
    let mut facts = settle_and_tell(db, &Caller::system(), touched, from, now, true)?;
    for fact in &mut facts {
        fact.announce = fact.about.components.iter().any(|it| told.contains(it));
    }
    Ok(facts)
}

/// Writes down what the clock did to a locked maintenance, and returns it as it is then. Its
/// components are the caller's to settle.
pub(super) fn carry_out(
    db: &mut Write<'_>,
    it: Maintenance,
    deeds: &[Deed],
    now: DateTime<Utc>,
) -> Result<Maintenance, Error> {
    let mut moved = false;
    for (nth, deed) in (1i64..).zip(deeds) {
        let (status, display_at, notify) = match *deed {
            Deed::List | Deed::Remind => continue,
            Deed::Start { at } => (Status::InProgress, at, it.notify_on_start),
            Deed::Complete { at } => (Status::Completed, at, it.notify_on_completion),
        };
        let update = Update {
            // One after the other, though they are written at one time.
            id: id_at(now + chrono::Duration::milliseconds(nth)),
            status,
            message: String::new(),
            message_html: String::new(),
            components: Vec::new(),
            notify,
            display_at,
            author: Some(Caller::system().name),
            created_at: now,
            updated_at: now,
        };
        maintenance::insert_update(db, it.id, &update, &[])?;
        moved = true;
    }
    if moved {
        return rework(db, it, now);
    }
    // Pages that are held know by the version that it is to be shown.
    let is_listed = deeds.iter().any(|it| matches!(it, Deed::List));
    let it = Maintenance { version: it.version + i64::from(is_listed), ..it };
    maintenance::update(db, &it)?;
    Ok(it)
}
