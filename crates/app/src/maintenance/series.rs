//! Making the occurrences of a series.
use chrono::{DateTime, Utc};
use domain::caller::{Caller, Visibility};
use domain::component::Component;
use domain::event::{About, Event, Kind, Record};
use domain::maintenance::{Extension, Maintenance, Series, Template, Window};
use domain::recurrence::Recurrence;
use persistence::{component, maintenance};
use serde_json::json;
use uuid::Uuid;

use super::schedule::{Occurrence, plant};
use crate::{Error, Write};

/// Adds a series without occurrences.
pub(super) fn begin(
    db: &mut Write<'_>,
    recurrence: Recurrence,
    window: Window,
    template: Template,
    source: String,
    now: DateTime<Utc>,
) -> Result<Series, Error> {
    let (id, made_to) = (Uuid::now_v7(), window.starts_at);
    let series = Series { id, recurrence, window, template, made_to, source };
    maintenance::insert_series(db, &series, now)?;
    Ok(series)
}

impl Occurrence {
    /// The one that the rule has begin at `start`.
    pub(super) fn of(series: &Series, start: DateTime<Utc>) -> Self {
        Self {
            series: Some(series.id),
            recurrence_id: Some(start),
            recurrence: Some(series.recurrence.rule().to_owned()),
            time_zone: Some(series.recurrence.time_zone().to_owned()),
        }
    }
}

/// Makes the occurrences that are missing when those that begin at `ahead` are there. Nobody is
/// told: a series is announced once, and each occurrence by its reminders.
pub(super) fn plant_all(
    db: &mut Write<'_>,
    caller: &Caller,
    mut series: Series,
    ahead: &[DateTime<Utc>],
    components: &[Component],
    now: DateTime<Utc>,
) -> Result<(Vec<Maintenance>, Vec<Event>), Error> {
    let Extension { starts, made_to, extend_at } = series.extend(ahead, now);
    series.made_to = made_to;
    maintenance::update_series(db, &series, extend_at, now)?;
    let mut planted = Vec::new();
    for start in starts {
        let occurrence = Occurrence::of(&series, start);
        let window = series.window.at(start);
        planted.push(plant(db, caller, &series.template, window, occurrence, now)?);
    }
    let facts =
        if planted.is_empty() { Vec::new() } else { vec![fact(&series, &planted, components)] };
    Ok((planted, facts))
}

fn fact(series: &Series, planted: &[Maintenance], components: &[Component]) -> Event {
    let occurrence =
        |it: &Maintenance| json!({ "id": it.id, "number": it.number, "starts_at": it.starts_at });
    let occurrences: Vec<_> = planted.iter().map(occurrence).collect();
    let payload = json!({ "series_id": series.id, "occurrences": occurrences });
    let is_public = series.template.visibility == Visibility::Public;
    Event {
        kind: Kind::Record(Record::MaintenancesPlanned),
        announce: false,
        about: About {
            components: series.template.effects.iter().map(|it| it.component).collect(),
            groups: crate::timeline::groups_of(components),
            ..About::default()
        },
        public_payload: is_public.then(|| payload.clone()),
        payload,
    }
}

/// Makes what is missing of one series that needs it. Says whether there was one.
pub(super) fn extend_one(db: &mut Write<'_>) -> Result<bool, Error> {
    let now = db.now()?;
    let Some(series) = maintenance::lock_due_series(db, now)? else { return Ok(false) };
    let caller = Caller::system();
    let ahead = maintenance::ahead(db, series.id, now)?;
    let ids: Vec<Uuid> = series.template.effects.iter().map(|it| it.component).collect();
    let components = component::among(db, &ids)?;
    let (_, facts) = plant_all(db, &caller, series, &ahead, &components, now)?;
    db.emit(&caller, now, facts)?;
    Ok(true)
}
