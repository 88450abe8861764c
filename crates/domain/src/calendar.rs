//! What is planned, day by day.
use chrono::{DateTime, Duration, NaiveDate, NaiveTime, TimeZone as _, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::maintenance::{Maintenance, Status};
use crate::timeline::Affected;

/// The type of planned work as iCalendar (RFC 5545 §8.1).
pub const CONTENT_TYPE: &str = "text/calendar; charset=utf-8";

/// What is planned in a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Calendar {
    /// IANA name of the zone in which days begin.
    #[schema(example = "Etc/UTC")]
    pub time_zone: String,
    /// Every day asked for, in order.
    pub days: Vec<Day>,
}

/// What is planned on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CalendarDay)]
pub struct Day {
    pub date: NaiveDate,
    /// Those that touch the day, the first first; not what was cancelled.
    pub maintenances: Vec<Planned>,
}

/// A maintenance in brief.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PlannedMaintenance)]
pub struct Planned {
    pub id: Uuid,
    pub number: i64,
    pub title: String,
    pub status: Status,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub components: Vec<Affected>,
    pub series_id: Option<Uuid>,
    pub url: String,
}

impl From<Maintenance> for Planned {
    fn from(it: Maintenance) -> Self {
        let Maintenance { id, number, title, status, starts_at, ends_at, components, .. } = it;
        let Maintenance { series_id, url, .. } = it;
        Self { id, number, title, status, starts_at, ends_at, components, series_id, url }
    }
}

/// When a day begins in a zone: at midnight, or when clocks are put forward over it.
pub fn begin(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    let at = |hours: i64| zone.from_local_datetime(&(midnight + Duration::hours(hours))).earliest();
    (0..=24).find_map(at).map_or_else(|| midnight.and_utc(), |it| it.to_utc())
}

/// The day of an instant: the one that began last. Where clocks are put back over midnight, the hour
/// before it that comes a second time belongs to the new day.
pub fn day_of(at: DateTime<Utc>, zone: Tz) -> NaiveDate {
    let date = at.with_timezone(&zone).date_naive();
    let after = date.succ_opt().filter(|it| begin(*it, zone) <= at);
    let before = date.pred_opt().filter(|_| begin(date, zone) > at);
    after.or(before).unwrap_or(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_without_midnight_begins_an_hour_later() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let sao_paulo = begin(day("2018-11-04"), chrono_tz::America::Sao_Paulo);
        assert_eq!(sao_paulo.to_rfc3339(), "2018-11-04T03:00:00+00:00");
        let berlin = begin(day("2027-03-28"), chrono_tz::Europe::Berlin);
        assert_eq!(berlin.to_rfc3339(), "2027-03-27T23:00:00+00:00");
    }

    #[test]
    fn every_instant_is_of_the_day_that_began_last() {
        let zones = [
            chrono_tz::America::St_Johns,
            chrono_tz::America::Sao_Paulo,
            chrono_tz::Pacific::Apia,
            chrono_tz::Atlantic::Azores,
            chrono_tz::Asia::Beirut,
        ];
        let first: NaiveDate = "2010-01-01".parse().unwrap();
        for zone in zones {
            for day in first.iter_days().take(800) {
                let (from, to) = (begin(day, zone), begin(day.succ_opt().unwrap(), zone));
                assert!(from <= to, "{day} {zone}");
                for at in [from, from + Duration::minutes(30), to - Duration::seconds(1)] {
                    assert!(at >= to || at < from || day_of(at, zone) == day, "{at} {zone}");
                }
            }
        }
    }

    #[test]
    fn the_ends_of_time_have_days_too() {
        for day in [NaiveDate::MIN, NaiveDate::MAX] {
            for zone in [chrono_tz::Pacific::Apia, chrono_tz::America::St_Johns] {
                let _ = day_of(begin(day, zone), zone);
            }
        }
    }
}
