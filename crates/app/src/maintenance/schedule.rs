//! Scheduling a maintenance.
use chrono::{DateTime, Utc};
use domain::caller::{Caller, Scope};
use domain::event::Announcement;
use domain::maintenance::{
    Clock, Deed, Draft, Maintenance, Status, Template, Unsound, Update, Warning, Window,
};
use persistence::maintenance;
use uuid::Uuid;

use super::clockwork::carry_out;
use super::{Named, announced, series};
use crate::ledger::settle_and_tell;
use crate::timeline::{Resolved, id_at, resolve};
use crate::{Error, Write, markdown};

/// What came of scheduling a maintenance.
#[derive(Clone, Debug)]
pub enum Scheduled {
    /// Of a series the first occurrence.
    Created(Maintenance, Vec<Warning>),
    /// One with the same deduplication key was open already.
    Existing(Maintenance),
}

/// Schedules a maintenance, or a series of which it is the first, and tells subscribers of that
/// one. What is over already is history and tells nobody; what should have begun is left to the
/// clock, which tells that it began. Callers that race with one deduplication key all get the same.
pub fn schedule(
    db: &mut Write<'_>,
    caller: &Caller,
    draft: Draft,
    named: &Named,
) -> Result<Scheduled, Error> {
    caller.must(Scope::Maintenances)?;
    if let Some(key) = &draft.template.dedup_key {
        maintenance::lock_dedup_key(db, key)?;
        if let Some(existing) = maintenance::with_dedup_key(db, key)? {
            return Ok(Scheduled::Existing(existing));
        }
    }
    let Resolved { mut touched, effects, now } = resolve(db, named, &[])?;
    draft.window.check(now)?;
    let Draft { template, window, time_zone, recurrence } = draft;
    let message_html = markdown::render(&template.message);
    let template = Template { effects, message_html, ..template };
    let (created, mut facts) = match recurrence {
        Some(_) if window.ends_at <= now => return Err(Unsound::SeriesInPast.into()),
        Some(recurrence) => {
            let source = caller.actor.to_string();
            let series = series::begin(db, recurrence, window, template, source, now)?;
            series::plant_all(db, caller, series, &[], &touched, now)?
        }
        None => {
            let occurrence = Occurrence { time_zone, ..Occurrence::default() };
            let planted = plant(db, caller, &template, window, occurrence, now)?;
            (vec![planted], Vec::new())
        }
    };
    let ids: Vec<Uuid> = created.iter().map(|it| it.id).collect();
    let first = created.into_iter().next().ok_or(Error::NotFound("occurrence"))?;
    let is_past = first.status.is_over();
    let is_told_next = first.auto_start && first.notify_on_start && first.starts_at <= now;
    let announce = first.notify && !is_past && !is_told_next;
    facts.insert(0, announced(Announcement::MaintenanceScheduled, announce, &first, &touched));
    if is_past {
        facts.extend(settle_and_tell(db, caller, &mut touched, first.starts_at, now, false)?);
    }
    db.emit(caller, now, facts)?;
    let warnings = maintenance::overlaps(db, &ids)?;
    Ok(Scheduled::Created(first, warnings))
}

/// What makes a maintenance one of a series.
#[derive(Clone, Debug, Default)]
pub(super) struct Occurrence {
    pub series: Option<Uuid>,
    pub recurrence_id: Option<DateTime<Utc>>,
    pub recurrence: Option<String>,
    pub time_zone: Option<String>,
}

/// Writes down a maintenance. What is over already has gone through all its states.
pub(super) fn plant(
    db: &mut Write<'_>,
    caller: &Caller,
    template: &Template,
    window: Window,
    occurrence: Occurrence,
    now: DateTime<Utc>,
) -> Result<Maintenance, Error> {
    let mut new = build(caller, template, window, occurrence, now);
    let is_past = window.ends_at <= now;
    let first = Update {
        id: id_at(now),
        status: Status::Scheduled,
        message: template.message.clone(),
        message_html: template.message_html.clone(),
        components: Vec::new(),
        notify: template.notify && !is_past,
        display_at: new.clock.planned_at,
        author: Some(caller.name.clone()),
        created_at: now,
        updated_at: now,
    };
    new.updates.push(first.clone());
    let key_taken = "the deduplication key, by another open maintenance,";
    let taken = Error::taken(maintenance::DEDUP_KEY_TAKEN, key_taken);
    let planted = maintenance::insert(db, &new, &first, &template.effects).map_err(taken)?;
    if !is_past {
        return Ok(planted);
    }
    let Window { starts_at, ends_at } = window;
    let deeds = [Deed::Start { at: starts_at }, Deed::Complete { at: ends_at }];
    let silent = Maintenance { notify_on_start: false, notify_on_completion: false, ..planted };
    let mut past = carry_out(db, silent, &deeds, now)?;
    (past.notify_on_start, past.notify_on_completion) =
        (template.notify_on_start, template.notify_on_completion);
    past.version = 1;
    maintenance::update(db, &past)?;
    Ok(past)
}

fn build(
    caller: &Caller,
    template: &Template,
    window: Window,
    occurrence: Occurrence,
    now: DateTime<Utc>,
) -> Maintenance {
    let Template {
        title,
        message: _,
        message_html: _,
        effects: _,
        visibility,
        auto_start,
        auto_complete,
        notify,
        notify_on_start,
        notify_on_completion,
        remind_before_seconds,
        dedup_key,
        metadata,
    } = template.clone();
    let Window { starts_at, ends_at } = window;
    let Occurrence { series, recurrence_id, recurrence, time_zone } = occurrence;
    let clock = Clock::wind(starts_at, &remind_before_seconds, now);
    Maintenance {
        id: Uuid::now_v7(),
        number: 0,
        title,
        status: Status::Scheduled,
        visibility,
        components: Vec::new(),
        updates: Vec::new(),
        starts_at,
        ends_at,
        started_at: None,
        completed_at: None,
        cancelled_at: None,
        auto_start,
        auto_complete,
        notify,
        notify_on_start,
        notify_on_completion,
        remind_before_seconds,
        recurrence,
        time_zone,
        series_id: series,
        recurrence_id,
        sequence: 0,
        dedup_key,
        source: Some(caller.actor.to_string()),
        metadata,
        url: String::new(),
        version: 1,
        created_at: now,
        updated_at: now,
        clock: Clock { planned_at: now.min(starts_at), ..clock },
    }
}
