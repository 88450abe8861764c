//! Looking back: months, and the newest of everything.
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use domain::calendar::begin;
use domain::caller::Visibility;
use domain::component;
use domain::history::{Month, Past};
use domain::incident::Incident;
use domain::maintenance::Maintenance;
use persistence::history;
use uuid::Uuid;

use crate::{Error, Read};

/// Most incidents, and most maintenances, of a month.
const MOST: i64 = 2_000;

/// What the newest are to touch.
#[derive(Clone, Debug)]
pub enum Touching {
    Component(component::Key),
    Group(component::Key),
}

/// The newest incidents and maintenances, as the reader may see them.
#[derive(Clone, Debug)]
pub struct Recent {
    /// Name of what they touch, if that was asked.
    pub about: Option<String>,
    /// Since when there can be any.
    pub since: DateTime<Utc>,
    pub incidents: Vec<Incident>,
    pub maintenances: Vec<Maintenance>,
}

/// A month as the reader may see it; the present one unless told otherwise. A month that has not
/// begun is nothing.
pub fn month(db: &mut Read<'_>, audience: Visibility, month: Option<Month>) -> Result<Past, Error> {
    let zone: Tz = db.page().time_zone.parse().unwrap_or(Tz::UTC);
    let now = db.now()?;
    let today = now.with_timezone(&zone).date_naive();
    let month = month.unwrap_or_else(|| Month::of(today));
    if month.first() > today {
        return Err(Error::NotFound("month, as it has not begun"));
    }
    let only_public = audience == Visibility::Public;
    let span = (month.begin(zone), month.next().begin(zone));
    let mut incidents = history::incidents(db, only_public, span, MOST + 1)?;
    let mut maintenances = history::maintenances(db, only_public, span, MOST + 1)?;
    let most = usize::try_from(MOST).unwrap_or(usize::MAX);
    let is_cut = incidents.len().max(maintenances.len()) > most;
    incidents.truncate(most);
    maintenances.truncate(most);
    let last_day = month.last().min(today);
    let tomorrow = today.succ_opt().filter(|_| today <= month.last());
    Ok(Past {
        month,
        zone,
        last_day,
        next_day: tomorrow.map(|it| begin(it, zone)),
        is_first: !history::has_any_before(db, only_public, span.0)?,
        is_over: month.last() < today,
        incidents: seen(incidents, audience, Incident::for_public),
        maintenances: seen(maintenances, audience, Maintenance::for_public),
        is_cut,
    })
}

/// The newest, at most `limit` of each.
pub fn recent(
    db: &mut Read<'_>,
    audience: Visibility,
    touching: Option<&Touching>,
    limit: u16,
) -> Result<Recent, Error> {
    let only_public = audience == Visibility::Public;
    let (about, since, touched) = match touching {
        None => (None, persistence::page::created_at(db)?, None),
        Some(named) => {
            let (name, since, components) = find(db, audience, named)?;
            (Some(name), since, Some(components))
        }
    };
    let (touched, limit) = (touched.as_deref(), i64::from(limit));
    let incidents = history::recent_incidents(db, only_public, touched, limit)?;
    let maintenances = history::recent_maintenances(db, only_public, touched, limit)?;
    Ok(Recent {
        about,
        since,
        incidents: seen(incidents, audience, Incident::for_public),
        maintenances: seen(maintenances, audience, Maintenance::for_public),
    })
}

/// The name of what is asked for, since when it is there, and the components behind it that the reader may know of.
fn find(
    db: &mut Read<'_>,
    audience: Visibility,
    named: &Touching,
) -> Result<(String, DateTime<Utc>, Vec<Uuid>), Error> {
    match named {
        Touching::Component(key) => {
            let component = crate::component::find(db, audience, key)?;
            Ok((component.name, component.created_at, vec![component.id]))
        }
        Touching::Group(key) => {
            let group = crate::group::find(db, audience, key)?;
            let members = persistence::component::of_groups(db, &[group.id])?;
            let seen = members.into_iter().filter(|it| {
                audience == Visibility::Internal || it.visibility == Visibility::Public
            });
            Ok((group.name, group.created_at, seen.map(|it| it.id).collect()))
        }
    }
}

fn seen<T>(all: Vec<T>, audience: Visibility, public: impl Fn(T) -> Option<T>) -> Vec<T> {
    match audience {
        Visibility::Internal => all,
        Visibility::Public => all.into_iter().filter_map(public).collect(),
    }
}
