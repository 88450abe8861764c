//! The days a question about the past is about.
use chrono::{DateTime, Datelike as _, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::calendar::{begin, day_of};

/// Days when nobody says which, today included.
pub const DAYS_DEFAULT: u16 = 90;
/// Most days at once: a year, also a leap year.
pub const DAYS_MAX: u16 = 366;

/// Days in a zone, up to an instant of the last of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    pub zone: Tz,
    pub from: NaiveDate,
    /// The last day, inclusive.
    pub to: NaiveDate,
    /// Up to when the last day counts: its end, or a full minute of today. Full, so that everybody
    /// who answers within that minute gives the same answer.
    pub as_of: DateTime<Utc>,
}

/// A day, as far as it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    pub day: NaiveDate,
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
}

impl Slot {
    /// The month of the day, like `2026-11`.
    pub fn month(&self) -> String {
        self.day.format("%Y-%m").to_string()
    }
}

/// Days that cannot be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadRange {
    Reversed,
    Future,
    TooLong,
}

impl BadRange {
    /// What is wrong, in a sentence.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reversed => "`to` must not be before `from`",
            Self::Future => "`from` must not be in the future",
            Self::TooLong => "a range may have 366 days; ask for one after the other",
        }
    }
}

impl Range {
    /// The days asked for, at `now`. What is left out is today and the 90 days up to it; the future
    /// is cut off.
    pub fn new(
        from: Option<NaiveDate>,
        to: Option<NaiveDate>,
        zone: Tz,
        now: DateTime<Utc>,
    ) -> Result<Self, BadRange> {
        let minute = full_minute(now);
        let today = day_of(minute, zone);
        if from > Some(today) {
            return Err(BadRange::Future);
        }
        if to < from && to.is_some() {
            return Err(BadRange::Reversed);
        }
        let to = to.map_or(today, |it| it.min(today));
        let back = Days::new(u64::from(DAYS_DEFAULT - 1));
        let from = from.or_else(|| to.checked_sub_days(back)).unwrap_or(to);
        if to - from >= TimeDelta::days(DAYS_MAX.into()) {
            return Err(BadRange::TooLong);
        }
        let range = Self { zone, from, to, as_of: minute };
        Ok(Self { as_of: minute.min(range.ends_at()), ..range })
    }

    /// How many days.
    pub fn n_days(&self) -> i64 {
        (self.to - self.from).num_days() + 1
    }

    /// When the first day begins.
    pub fn begins_at(&self) -> DateTime<Utc> {
        begin(self.from, self.zone)
    }

    /// When the last day ends, be that in the future.
    pub fn ends_at(&self) -> DateTime<Utc> {
        begin(next(self.to), self.zone)
    }

    /// Every day, oldest first. One of 23 or 25 hours is as long as it is.
    pub fn slots(&self) -> Vec<Slot> {
        slots(self.from, next(self.to), self.zone)
            .map(|it| Slot { to: it.to.min(self.as_of), from: it.from.min(self.as_of), ..it })
            .collect()
    }

    /// Every month that is touched, as its first day, and the part of it that counts.
    pub fn months(&self) -> Vec<Slot> {
        let mut months: Vec<Slot> = Vec::new();
        for slot in self.slots() {
            let day = slot.day.with_day(1).unwrap_or(slot.day);
            match months.last_mut().filter(|it| it.day == day) {
                Some(month) => month.to = slot.to,
                None => months.push(Slot { day, ..slot }),
            }
        }
        months
    }
}

/// Whole days from `from` to before `to`.
pub fn slots(from: NaiveDate, to: NaiveDate, zone: Tz) -> impl Iterator<Item = Slot> {
    let mut starts = begin(from, zone);
    from.iter_days().take_while(move |day| *day < to).map(move |day| {
        let ends = begin(next(day), zone);
        let slot = Slot { day, from: starts, to: ends };
        starts = ends;
        slot
    })
}

/// The day after.
pub fn next(day: NaiveDate) -> NaiveDate {
    day.succ_opt().unwrap_or(day)
}

/// The last full minute.
pub fn full_minute(now: DateTime<Utc>) -> DateTime<Utc> {
    let seconds = now.timestamp();
    DateTime::from_timestamp(seconds - seconds.rem_euclid(60), 0).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::Berlin;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    const NOW: &str = "2026-11-24T23:30:59.5Z";

    #[test]
    fn ninety_days_up_to_a_full_minute_of_the_zones_today_unless_told_otherwise() {
        let range = Range::new(None, None, Berlin, at(NOW)).unwrap();
        assert_eq!((range.from, range.to), (day("2026-08-28"), day("2026-11-25")));
        assert_eq!((range.n_days(), range.as_of), (90, at("2026-11-24T23:30:00Z")));
        let slots = range.slots();
        assert_eq!(slots.first().unwrap().from, at("2026-08-27T22:00:00Z"));
        assert_eq!(slots.last().unwrap().from, at("2026-11-24T23:00:00Z"));
        assert_eq!(slots.last().unwrap().to, range.as_of);
        let october = slots.iter().find(|it| it.day == day("2026-10-25")).unwrap();
        assert_eq!(october.to - october.from, TimeDelta::hours(25));
    }

    #[test]
    fn what_is_over_ends_with_its_last_day_and_months_are_cut() {
        let (from, to) = (day("2026-02-27"), day("2026-03-29"));
        let range = Range::new(Some(from), Some(to), Berlin, at(NOW)).unwrap();
        assert_eq!(range.as_of, at("2026-03-29T22:00:00Z"));
        let [february, march] = range.months()[..] else { panic!("{:?}", range.months()) };
        assert_eq!((february.day, february.from), (day("2026-02-01"), at("2026-02-26T23:00:00Z")));
        assert_eq!((february.to, march.from), (march.from, at("2026-02-28T23:00:00Z")));
        assert_eq!(march.to, range.as_of);
    }

    #[test]
    fn the_future_is_cut_off_and_nonsense_refused() {
        let ask = |from: Option<&str>, to: Option<&str>| {
            Range::new(from.map(day), to.map(day), Berlin, at(NOW))
        };
        assert_eq!(ask(None, Some("2999-01-01")).unwrap().to, day("2026-11-25"));
        assert_eq!(ask(Some("2026-11-26"), None), Err(BadRange::Future));
        assert_eq!(ask(Some("2026-11-20"), Some("2026-11-19")), Err(BadRange::Reversed));
        assert_eq!(ask(Some("2025-11-24"), Some("2026-11-25")), Err(BadRange::TooLong));
        assert_eq!(ask(Some("2025-11-25"), Some("2026-11-25")).unwrap().n_days(), 366);
        assert_eq!(ask(None, Some("2020-02-29")).unwrap().from, day("2019-12-02"));
    }
}
