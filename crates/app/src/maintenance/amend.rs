//! Changing what was planned and correcting what was said.
use chrono::{DateTime, Utc};
use domain::caller::{Caller, Scope, Visibility};
use domain::event::Record;
use domain::maintenance::{Clock, Maintenance, Moment, Unsound, Warning, Window};
use domain::timeline::Effect;
use persistence::maintenance;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::wish::{in_order, window};
use super::{Key, Named, changed, following, ids_of, lock, lock_components, recorded, rework};
use crate::ledger::settle_and_tell;
use crate::timeline::resolve;
use crate::{Error, Write};

/// How much of a series a change is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Range {
    /// One occurrence.
    #[default]
    This,
    /// This one and all that follow.
    Following,
}

/// What may be edited of a maintenance, as it is before the edit.
#[derive(Clone, Debug)]
pub struct Edit {
    pub title: String,
    pub visibility: Visibility,
    pub starts_at: Moment,
    pub ends_at: Moment,
    pub time_zone: Option<String>,
    pub recurrence: Option<String>,
    pub auto_start: bool,
    pub auto_complete: bool,
    pub notify: bool,
    pub notify_on_start: bool,
    pub notify_on_completion: bool,
    pub remind_before_seconds: Vec<i64>,
    pub metadata: Map<String, Value>,
    /// Replaces what is planned; only before it begins.
    pub components: Option<Named>,
}

impl Edit {
    pub(super) fn of(it: &Maintenance) -> Self {
        Self {
            title: it.title.clone(),
            visibility: it.visibility,
            starts_at: Moment::Instant(it.starts_at),
            ends_at: Moment::Instant(it.ends_at),
            time_zone: it.time_zone.clone(),
            recurrence: it.recurrence.clone(),
            auto_start: it.auto_start,
            auto_complete: it.auto_complete,
            notify: it.notify,
            notify_on_start: it.notify_on_start,
            notify_on_completion: it.notify_on_completion,
            remind_before_seconds: it.remind_before_seconds.clone(),
            metadata: it.metadata.clone(),
            components: None,
        }
    }

    /// The edit, as far as it is the same for every occurrence of a series.
    pub(super) fn apply(self, to: &mut Maintenance) {
        let Self {
            title,
            visibility,
            starts_at: _,
            ends_at: _,
            time_zone: _,
            recurrence: _,
            auto_start,
            auto_complete,
            notify,
            notify_on_start,
            notify_on_completion,
            remind_before_seconds,
            metadata,
            components: _,
        } = self;
        to.title = title;
        to.visibility = visibility;
        to.auto_start = auto_start;
        to.auto_complete = auto_complete;
        to.notify = notify;
        to.notify_on_start = notify_on_start;
        to.notify_on_completion = notify_on_completion;
        to.remind_before_seconds = in_order(remind_before_seconds);
        to.metadata = metadata;
    }
}

/// Changes what `change` changes. Subscribers hear of another window; of anything else nobody.
pub fn edit(
    db: &mut Write<'_>,
    caller: &Caller,
    key: Key,
    expected: Option<i64>,
    range: Range,
    change: impl FnOnce(&mut Edit),
) -> Result<(Maintenance, Vec<Warning>), Error> {
    caller.must(Scope::Maintenances)?;
    // Series are locked before their occurrences.
    let found = maintenance::find(db, key).map_err(Error::missing("maintenance"))?;
    let series = match found.series_id {
        Some(id) if range == Range::Following => Some(following::lock(db, id, &found)?),
        _ => None,
    };
    let before = lock(db, key, expected)?;
    let mut edit = Edit::of(&before);
    change(&mut edit);
    let now = db.now()?;
    let window = window(edit.starts_at, edit.ends_at, edit.time_zone.as_deref())?;
    check_window(&before, window, now)?;
    let repeats_otherwise =
        edit.recurrence != before.recurrence || edit.time_zone != before.time_zone;
    let changed = if series.is_some() || (before.series_id.is_none() && edit.recurrence.is_some()) {
        following::edit(db, caller, before, series, edit, window, now)?
    } else if before.series_id.is_some() && repeats_otherwise {
        return Err(Unsound::RuleOfOne.into());
    } else {
        edit_one(db, caller, before, edit, window, now)?
    };
    let ids: Vec<Uuid> = changed.iter().map(|it| it.id).collect();
    let warnings = maintenance::overlaps(db, &ids)?;
    let first = changed.into_iter().next().ok_or(Error::NotFound("maintenance"))?;
    Ok((first, warnings))
}

fn edit_one(
    db: &mut Write<'_>,
    caller: &Caller,
    before: Maintenance,
    edit: Edit,
    window: Window,
    now: DateTime<Utc>,
) -> Result<Vec<Maintenance>, Error> {
    let effects = plan(db, &before, edit.components.as_ref())?;
    let time_zone = edit.time_zone.clone();
    let mut after = before.clone();
    edit.apply(&mut after);
    after.time_zone = time_zone;
    change_window(&mut after, &before, window, now);
    if let Some(effects) = &effects {
        replan(db, &after, effects)?;
    }
    let after = rework(db, after, now)?;
    let touched = lock_components(db, &after)?;
    db.emit(caller, now, vec![changed(&before, &after, &touched)])?;
    Ok(vec![after])
}

/// What is planned of components from now on, if that is another plan. Locks them.
pub(super) fn plan(
    db: &mut Write<'_>,
    before: &Maintenance,
    named: Option<&Named>,
) -> Result<Option<Vec<Effect>>, Error> {
    let Some(named) = named else { return Ok(None) };
    if before.status != domain::maintenance::Status::Scheduled {
        let detail = "it has begun already; say in an update what becomes of components";
        return Err(Error::invalid("/components", "unsound", detail));
    }
    Ok(Some(resolve(db, named, &ids_of(&before.components))?.effects))
}

/// Replaces the plan of a maintenance that has not begun.
pub(super) fn replan(
    db: &mut Write<'_>,
    it: &Maintenance,
    effects: &[Effect],
) -> Result<(), Error> {
    if let Some(first) = it.updates.iter().map(|it| it.id).min() {
        maintenance::replan(db, it.id, first, effects)?;
    }
    Ok(())
}

/// Sets the window. Reminders that were sent are not sent again; those that are not, or for which
/// there was no time, are planned anew.
pub(super) fn change_window(
    after: &mut Maintenance,
    before: &Maintenance,
    window: Window,
    now: DateTime<Utc>,
) {
    let is_sent = |it: &i64| {
        let had_time = before.starts_at - chrono::Duration::seconds(*it) > before.clock.planned_at;
        before.remind_before_seconds.contains(it)
            && !before.clock.reminders.contains(it)
            && had_time
    };
    let reminders = after.remind_before_seconds.iter().copied().filter(|it| !is_sent(it));
    let reminders: Vec<i64> = reminders.collect();
    after.clock = Clock::wind(window.starts_at, &reminders, now);
    if window == before.window() {
        // What the clock was not to do it does from now on, not for the time before.
        let is_told = (after.auto_start && !before.auto_start)
            || (after.auto_complete && !before.auto_complete);
        if !is_told {
            after.clock.planned_at = before.clock.planned_at;
        }
        return;
    }
    (after.starts_at, after.ends_at) = (window.starts_at, window.ends_at);
    after.sequence += 1;
}

fn check_window(before: &Maintenance, window: Window, now: DateTime<Utc>) -> Result<(), Unsound> {
    if window == before.window() {
        return Ok(());
    }
    window.check(now)?;
    if before.status.is_over() {
        return Err(Unsound::IsOver);
    }
    if before.status.is_active() && window.starts_at != before.starts_at {
        return Err(Unsound::HasBegun);
    }
    if !before.status.is_active() && window.ends_at <= now {
        return Err(Unsound::EndsInPast);
    }
    Ok(())
}

/// Removes a maintenance from the page; its components recover from it. An occurrence that is
/// removed is not made again.
pub fn delete(
    db: &mut Write<'_>,
    caller: &Caller,
    key: Key,
    expected: Option<i64>,
    range: Range,
) -> Result<(), Error> {
    caller.must(Scope::Maintenances)?;
    let found = maintenance::find(db, key).map_err(Error::missing("maintenance"))?;
    let rest = match (found.series_id, range) {
        (Some(series), Range::Following) => {
            let rest = following::lock(db, series, &found)?;
            following::end(db, rest)?
        }
        _ => Vec::new(),
    };
    let it = lock(db, key, expected)?;
    let mut touched = lock_components(db, &it)?;
    let now = db.now()?;
    let mut facts = Vec::new();
    for gone in std::iter::once(&it).chain(rest.iter().filter(|rest| rest.id != it.id)) {
        maintenance::delete(db, gone.id, now)?;
        facts.push(recorded(Record::MaintenanceDeleted, gone.visibility, gone, &touched));
    }
    if let Some(started_at) = it.started_at {
        facts.extend(settle_and_tell(db, caller, &mut touched, started_at, now, false)?);
    }
    db.emit(caller, now, facts)?;
    Ok(())
}
