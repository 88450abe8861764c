//! What is planned, day by day and for people's calendars.
use chrono::{DateTime, Days, Duration, NaiveDate, Utc};
use chrono_tz::Tz;
use domain::calendar::{Calendar, Day, Planned, begin};
use domain::caller::Visibility;
use domain::maintenance::{Maintenance, Status};
use persistence::maintenance;

use super::{Filter, for_audience, seen_by};
use crate::{Error, Read};

/// Most days in one answer.
const DAYS_MAX: i64 = 366;
/// Most maintenances in one answer.
const PLANNED_MAX: i64 = 2_000;
/// How far back a calendar that people subscribe to goes.
const SUBSCRIBED_BACK: Duration = Duration::days(90);

/// Everything planned on the days from `from` to `to`, both included, as they begin in the page's
/// zone. Absent, they are today and the 30 days after the first.
pub fn calendar(
    db: &mut Read<'_>,
    audience: Visibility,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
) -> Result<Calendar, Error> {
    let zone: Tz = db.page().time_zone.parse().unwrap_or(Tz::UTC);
    let today = db.now()?.with_timezone(&zone).date_naive();
    let from = from.unwrap_or(today);
    let to = to.unwrap_or(from + Days::new(30));
    if to < from || (to - from).num_days() >= DAYS_MAX {
        return Err(Error::Span("`to` must be `from` or up to 365 days later"));
    }
    let days: Vec<NaiveDate> = from.iter_days().take_while(|it| *it <= to).collect();
    let filter = Filter {
        from: Some(begin(from, zone)),
        to: Some(begin(to + Days::new(1), zone)),
        ..Filter::default()
    };
    let planned: Vec<Planned> =
        maintenance::within(db, &for_audience(filter, audience), PLANNED_MAX)?
            .into_iter()
            .filter(|it| it.status != Status::Cancelled)
            .filter_map(|it| seen_by(it, audience))
            .map(Planned::from)
            .collect();
    let day = |date: NaiveDate| {
        let (begins, ends) = (begin(date, zone), begin(date + Days::new(1), zone));
        let on_it = planned.iter().filter(|it| it.starts_at < ends && it.ends_at > begins);
        Day { date, maintenances: on_it.cloned().collect() }
    };
    Ok(Calendar { time_zone: zone.name().to_owned(), days: days.into_iter().map(day).collect() })
}

/// What a calendar holds that people subscribe to: the last 90 days and all that is planned. What
/// was called off stays in it, so that calendars learn of that.
pub fn subscribed(
    db: &mut Read<'_>,
    audience: Visibility,
    filter: Filter,
) -> Result<Vec<Maintenance>, Error> {
    let from: DateTime<Utc> = db.now()? - SUBSCRIBED_BACK;
    let filter = for_audience(Filter { from: Some(from), ..filter }, audience);
    let found = maintenance::within(db, &filter, PLANNED_MAX)?;
    Ok(found.into_iter().filter_map(|it| seen_by(it, audience)).collect())
}
