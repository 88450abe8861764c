//! Changing an occurrence and all that follow: the series ends before it, and another one begins.
use chrono::{DateTime, Utc};
use domain::caller::Caller;
use domain::event::Record;
use domain::maintenance::{Maintenance, Series, Status, Template, Window};
use domain::recurrence::Recurrence;
use domain::timeline::Effect;
use persistence::maintenance;
use uuid::Uuid;

use super::amend::{change_window, plan, replan};
use super::schedule::Occurrence;
use super::wish::repeat;
use super::{Edit, lock_components, recorded, rework, series};
use crate::{Error, Write};

/// A series from one of its occurrences on, locked.
pub(super) struct Rest {
    series: Series,
    /// When the rule has the first begin.
    at: DateTime<Utc>,
    /// Those that have not begun, in the order of the rule.
    occurrences: Vec<Maintenance>,
}

/// Locks a series from an occurrence on: before that one, so that all are locked in one order.
pub(super) fn lock(db: &mut Write<'_>, series: Uuid, from: &Maintenance) -> Result<Rest, Error> {
    let series = maintenance::lock_series(db, series)?;
    let at = from.recurrence_id.unwrap_or(from.starts_at);
    let occurrences = maintenance::lock_following(db, series.id, at)?;
    Ok(Rest { series, at, occurrences })
}

/// Changes a scheduled maintenance, which may begin a series then, and the scheduled ones that
/// follow it in `series`, the first of the answer. If times stay what they are, so do occurrences
/// that were moved or called off; otherwise the new rule decides of each in order.
pub(super) fn edit(
    db: &mut Write<'_>,
    caller: &Caller,
    before: Maintenance,
    series: Option<Rest>,
    edit: Edit,
    window: Window,
    now: DateTime<Utc>,
) -> Result<Vec<Maintenance>, Error> {
    if before.status != Status::Scheduled {
        return Err(Error::Conflict("only what has not begun can be changed with what follows"));
    }
    let effects = plan(db, &before, edit.components.as_ref())?;
    let effects = effects.unwrap_or_else(|| planned(&before));
    let times_stay = edit.recurrence == before.recurrence
        && edit.time_zone == before.time_zone
        && window == before.window();
    let left = series.as_ref().and_then(|it| it.series.recurrence.following(it.at));
    let recurrence = match (&edit.recurrence, left) {
        (None, _) => None,
        (Some(_), Some(left)) if times_stay => Some(left),
        (Some(rule), left) => {
            // A count goes on counting.
            let is_same = edit.recurrence == before.recurrence;
            let left = left.as_ref().filter(|_| is_same).map(Recurrence::rule);
            let time_zone = edit.time_zone.as_deref();
            Some(repeat(left.unwrap_or(rule), time_zone, window.starts_at)?)
        }
    };
    let (old, rest) = match series {
        Some(Rest { series, at, occurrences }) => {
            cut(db, &series, at, now)?;
            (Some(series), occurrences)
        }
        None => (None, vec![before.clone()]),
    };
    let mut job = Job { db, caller, edit, effects, now };
    let changed = match recurrence {
        Some(recurrence) if times_stay => job.rehome(recurrence, old.as_ref(), rest)?,
        Some(recurrence) => job.repeat(recurrence, window, rest)?,
        None => job.alone(before.clone(), window, rest)?,
    };
    let Some(first) = changed.first() else { return Ok(changed) };
    let touched = lock_components(db, first)?;
    db.emit(caller, now, vec![super::changed(&before, first, &touched)])?;
    Ok(changed)
}

/// Ends a series before an occurrence, and returns those that follow.
pub(super) fn end(db: &mut Write<'_>, rest: Rest) -> Result<Vec<Maintenance>, Error> {
    let now = db.now()?;
    cut(db, &rest.series, rest.at, now)?;
    Ok(rest.occurrences)
}

/// A series of which nothing is left keeps its rule: no more of it is made.
fn cut(
    db: &mut Write<'_>,
    series: &Series,
    at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let recurrence = series.recurrence.cut(at).unwrap_or_else(|| series.recurrence.clone());
    maintenance::update_series(db, &Series { recurrence, ..series.clone() }, None, now)?;
    Ok(())
}

fn planned(it: &Maintenance) -> Vec<Effect> {
    let effect = |it: &domain::timeline::Affected| Effect { component: it.id, status: it.status };
    it.components.iter().map(effect).collect()
}

/// What is to be done to each occurrence.
struct Job<'a, 'c> {
    db: &'a mut Write<'c>,
    caller: &'a Caller,
    edit: Edit,
    effects: Vec<Effect>,
    now: DateTime<Utc>,
}

impl Job<'_, '_> {
    /// The same times in a series of its own.
    fn rehome(
        &mut self,
        recurrence: Recurrence,
        old: Option<&Series>,
        rest: Vec<Maintenance>,
    ) -> Result<Vec<Maintenance>, Error> {
        let Some(old) = old else { return Ok(rest) };
        let window = old.window.at(recurrence.starts_at());
        let template = self.template(&rest)?;
        let mut new = self.begin(recurrence, window, template)?;
        new.made_to = old.made_to.max(new.made_to);
        let mut changed = Vec::new();
        for it in rest {
            let start = it.recurrence_id.unwrap_or(it.starts_at);
            let window = it.window();
            changed.push(self.change(it, Occurrence::of(&new, start), window)?);
        }
        let ahead: Vec<DateTime<Utc>> = changed.iter().map(|it| it.starts_at).collect();
        self.plant(new, &ahead, changed)
    }

    /// Other times: occurrences there are become the first of the new ones.
    fn repeat(
        &mut self,
        recurrence: Recurrence,
        window: Window,
        rest: Vec<Maintenance>,
    ) -> Result<Vec<Maintenance>, Error> {
        let template = self.template(&rest)?;
        let mut new = self.begin(recurrence, window, template)?;
        let mut starts = new.extend(&[], self.now).starts.into_iter();
        let mut changed = Vec::new();
        for it in rest {
            match starts.next() {
                Some(start) => {
                    let window = new.window.at(start);
                    changed.push(self.change(it, Occurrence::of(&new, start), window)?);
                    new.made_to = start + chrono::Duration::microseconds(1);
                }
                None => self.remove(&it)?,
            }
        }
        let ahead: Vec<DateTime<Utc>> = changed.iter().map(|it| it.starts_at).collect();
        self.plant(new, &ahead, changed)
    }

    /// The last of its kind.
    fn alone(
        &mut self,
        it: Maintenance,
        window: Window,
        rest: Vec<Maintenance>,
    ) -> Result<Vec<Maintenance>, Error> {
        for other in rest.iter().filter(|other| other.id != it.id) {
            self.remove(other)?;
        }
        let time_zone = self.edit.time_zone.clone();
        let alone = Occurrence { time_zone, ..Occurrence::default() };
        Ok(vec![self.change(it, alone, window)?])
    }

    fn begin(
        &mut self,
        recurrence: Recurrence,
        window: Window,
        template: Template,
    ) -> Result<Series, Error> {
        let source = self.caller.actor.to_string();
        series::begin(self.db, recurrence, window, template, source, self.now)
    }

    fn plant(
        &mut self,
        new: Series,
        ahead: &[DateTime<Utc>],
        mut changed: Vec<Maintenance>,
    ) -> Result<Vec<Maintenance>, Error> {
        let (planted, facts) = series::plant_all(self.db, self.caller, new, ahead, &[], self.now)?;
        self.db.emit(self.caller, self.now, facts)?;
        changed.extend(planted);
        Ok(changed)
    }

    /// What occurrences begin with from now on.
    fn template(&self, rest: &[Maintenance]) -> Result<Template, Error> {
        let first = rest.first().ok_or(Error::NotFound("occurrence"))?;
        let mut like = first.clone();
        self.edit.clone().apply(&mut like);
        let said = first.updates.iter().min_by_key(|it| it.id);
        Ok(Template {
            title: like.title,
            message: said.map(|it| it.message.clone()).unwrap_or_default(),
            message_html: said.map(|it| it.message_html.clone()).unwrap_or_default(),
            effects: self.effects.clone(),
            visibility: like.visibility,
            auto_start: like.auto_start,
            auto_complete: like.auto_complete,
            notify: like.notify,
            notify_on_start: like.notify_on_start,
            notify_on_completion: like.notify_on_completion,
            remind_before_seconds: like.remind_before_seconds,
            dedup_key: like.dedup_key,
            metadata: like.metadata,
        })
    }

    fn change(
        &mut self,
        before: Maintenance,
        occurrence: Occurrence,
        window: Window,
    ) -> Result<Maintenance, Error> {
        let mut after = before.clone();
        self.edit.clone().apply(&mut after);
        let Occurrence { series, recurrence_id, recurrence, time_zone } = occurrence;
        (after.series_id, after.recurrence_id) = (series, recurrence_id);
        (after.recurrence, after.time_zone) = (recurrence, time_zone);
        change_window(&mut after, &before, window, self.now);
        replan(self.db, &after, &self.effects)?;
        rework(self.db, after, self.now)
    }

    fn remove(&mut self, it: &Maintenance) -> Result<(), Error> {
        maintenance::delete(self.db, it.id, self.now)?;
        let gone = recorded(Record::MaintenanceDeleted, it.visibility, it, &[]);
        Ok(self.db.emit(self.caller, self.now, vec![gone])?)
    }
}
