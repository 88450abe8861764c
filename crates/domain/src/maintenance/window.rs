//! When a maintenance is, and which times make sense.
use chrono::{DateTime, Duration, Months, NaiveDateTime, SubsecRound as _, Utc};
use chrono_tz::Tz;

/// Longest maintenance.
pub const LENGTH_MAX_DAYS: i64 = 366;
/// How far ahead one can be scheduled.
pub const AHEAD_MAX_YEARS: u32 = 5;
/// How far back history can be entered.
pub const BACKFILL_MAX_YEARS: u32 = 10;

/// The time that is announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub starts_at: DateTime<Utc>,
    /// Not part of it.
    pub ends_at: DateTime<Utc>,
}

/// A time as callers give it: an instant, or what clocks show in the zone of the maintenance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    Instant(DateTime<Utc>),
    Local(NaiveDateTime),
}

/// Why a maintenance does not make sense. Each names the field at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsound {
    #[error("`ends_at` is not after `starts_at`")]
    EndsBeforeStart,
    #[error("a maintenance lasts 366 days at most")]
    TooLong,
    #[error("`starts_at` lies more than 5 years ahead")]
    TooFarAhead,
    #[error("`starts_at` lies more than 10 years back")]
    TooLongAgo,
    #[error("a series does not begin in the past")]
    SeriesInPast,
    #[error("`ends_at` lies in the past")]
    EndsInPast,
    #[error("it has begun already")]
    HasBegun,
    #[error("it is over already")]
    IsOver,
    #[error("`display_at` lies in the future")]
    DisplayedInFuture,
    #[error("`display_at` lies before the update before")]
    DisplayedTooEarly,
    #[error("a maintenance that is over says nothing about components")]
    AffectsAfterEnd,
    #[error("each occurrence may be moved by itself; with `scope=following` the rule changes")]
    RuleOfOne,
    #[error("a maintenance that repeats needs a `time_zone`")]
    NoZone,
}

/// A time on the clock that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSuchTime {
    #[error("a time without an offset needs a `time_zone`")]
    NoZone,
    #[error("clocks in this `time_zone` never show this time: they are put forward then")]
    Skipped,
}

impl Unsound {
    /// JSON pointer to the field at fault.
    pub const fn pointer(self) -> &'static str {
        match self {
            Self::EndsBeforeStart | Self::TooLong | Self::IsOver | Self::EndsInPast => "/ends_at",
            Self::TooFarAhead | Self::TooLongAgo | Self::SeriesInPast | Self::HasBegun => {
                "/starts_at"
            }
            Self::DisplayedInFuture | Self::DisplayedTooEarly => "/display_at",
            Self::AffectsAfterEnd => "/components",
            Self::RuleOfOne => "/recurrence",
            Self::NoZone => "/time_zone",
        }
    }
}

impl Moment {
    /// The instant that is meant. A time that clocks show twice is the first of the two (RFC 5545
    /// §3.3.5); one they never show is refused.
    pub fn instant(self, zone: Option<Tz>) -> Result<DateTime<Utc>, NoSuchTime> {
        match (self, zone) {
            (Self::Instant(at), _) => Ok(at),
            (Self::Local(_), None) => Err(NoSuchTime::NoZone),
            (Self::Local(clock), Some(zone)) => clock
                .and_local_timezone(zone)
                .earliest()
                .map(|it| it.to_utc())
                .ok_or(NoSuchTime::Skipped),
        }
    }
}

impl std::str::FromStr for Moment {
    type Err = chrono::ParseError;

    /// RFC 3339, or the same without an offset; to the microsecond, which is what is kept.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let local = || text.parse::<NaiveDateTime>().map(|it| Self::Local(it.trunc_subsecs(6)));
        DateTime::parse_from_rfc3339(text)
            .map(|it| Self::Instant(it.to_utc().trunc_subsecs(6)))
            .or_else(|error| local().map_err(|_not_local_either| error))
    }
}

impl Window {
    /// Refuses what nobody can mean, seen from `now`.
    pub fn check(self, now: DateTime<Utc>) -> Result<(), Unsound> {
        let Self { starts_at, ends_at } = self;
        if ends_at <= starts_at {
            return Err(Unsound::EndsBeforeStart);
        }
        if ends_at - starts_at > Duration::days(LENGTH_MAX_DAYS) {
            return Err(Unsound::TooLong);
        }
        if now.checked_add_months(years(AHEAD_MAX_YEARS)).is_none_or(|it| starts_at > it) {
            return Err(Unsound::TooFarAhead);
        }
        if now.checked_sub_months(years(BACKFILL_MAX_YEARS)).is_none_or(|it| starts_at < it) {
            return Err(Unsound::TooLongAgo);
        }
        Ok(())
    }

    /// How long it lasts.
    pub fn length(self) -> Duration {
        self.ends_at - self.starts_at
    }

    /// One of the same length that begins at `starts_at`.
    #[must_use]
    pub fn at(self, starts_at: DateTime<Utc>) -> Self {
        Self { starts_at, ends_at: starts_at + self.length() }
    }
}

const fn years(n: u32) -> Months {
    Months::new(12 * n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_on_the_clock_are_read_in_the_zone() {
        let berlin = Some(chrono_tz::Europe::Berlin);
        let moment = |text: &str| text.parse::<Moment>().unwrap().instant(berlin);
        let utc = |text: &str| Ok(text.parse::<DateTime<Utc>>().unwrap());
        assert_eq!(moment("2027-03-28T01:30:00"), utc("2027-03-28T00:30:00Z"));
        assert_eq!(moment("2027-03-28T02:30:00"), Err(NoSuchTime::Skipped));
        assert_eq!(moment("2027-10-31T02:30:00"), utc("2027-10-31T00:30:00Z"));
        assert_eq!(moment("2027-03-28T02:30:00+02:00"), utc("2027-03-28T00:30:00Z"));
        let nowhere = "2027-03-28T01:30:00".parse::<Moment>().unwrap();
        assert_eq!(nowhere.instant(None), Err(NoSuchTime::NoZone));
        assert!("tomorrow".parse::<Moment>().is_err());
    }

    #[test]
    fn windows_are_bounded() {
        let now: DateTime<Utc> = "2026-11-24T00:00:00Z".parse().unwrap();
        let check = |from: i64, length: i64| {
            let starts_at = now + Duration::days(from);
            Window { starts_at, ends_at: starts_at + Duration::days(length) }.check(now)
        };
        assert_eq!(check(1, 1), Ok(()));
        assert_eq!(check(-900, 366), Ok(()));
        assert_eq!(check(1, 0), Err(Unsound::EndsBeforeStart));
        assert_eq!(check(1, 367), Err(Unsound::TooLong));
        assert_eq!(check(2000, 1), Err(Unsound::TooFarAhead));
        assert_eq!(check(-4000, 1), Err(Unsound::TooLongAgo));
    }
}
