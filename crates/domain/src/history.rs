//! Looking back, month by month.
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};
use chrono_tz::Tz;

use crate::calendar::begin;
use crate::incident::Incident;
use crate::maintenance::Maintenance;

/// A month of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(NaiveDate);

/// What touched a month, as readers of one kind see it.
#[derive(Clone, Debug)]
pub struct Past {
    pub month: Month,
    pub zone: Tz,
    /// The last day of the month that has begun.
    pub last_day: NaiveDate,
    /// When the month's next day begins, if it has one to come.
    pub next_day: Option<DateTime<Utc>>,
    /// Whether anything happened before.
    pub is_first: bool,
    /// Whether the month is over.
    pub is_over: bool,
    /// Newest first.
    pub incidents: Vec<Incident>,
    /// Those that began, the last first.
    pub maintenances: Vec<Maintenance>,
    /// Whether there were more than are here.
    pub is_cut: bool,
}

impl Month {
    /// The month a day is in.
    pub fn of(day: NaiveDate) -> Self {
        Self(day.with_day(1).unwrap_or(day))
    }

    /// The first day.
    pub const fn first(self) -> NaiveDate {
        self.0
    }

    /// The last day.
    pub fn last(self) -> NaiveDate {
        self.next().0.pred_opt().unwrap_or(self.0)
    }

    /// The month after.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.checked_add_months(Months::new(1)).unwrap_or(self.0))
    }

    /// The month before.
    #[must_use]
    pub fn previous(self) -> Self {
        Self(self.0.checked_sub_months(Months::new(1)).unwrap_or(self.0))
    }

    /// When it begins in a zone.
    pub fn begin(self, zone: Tz) -> DateTime<Utc> {
        begin(self.0, zone)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m"))
    }
}

/// `2026-11`, from 1970 to 9999.
impl FromStr for Month {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_shaped = text.len() == 7 && text.is_ascii();
        let day = is_shaped.then(|| format!("{text}-01").parse::<NaiveDate>().ok()).flatten();
        day.filter(|it| (1970..=9998).contains(&it.year()))
            .map(Self)
            .ok_or_else(|| "a month looks like `2026-11`".to_owned())
    }
}

impl Past {
    /// Its days, newest first, each with the times at which it begins and ends.
    pub fn days(&self) -> impl Iterator<Item = (NaiveDate, DateTime<Utc>, DateTime<Utc>)> {
        let first = self.month.first();
        let days = std::iter::successors(Some(self.last_day), NaiveDate::pred_opt);
        let zone = self.zone;
        days.take_while(move |it| *it >= first)
            .map(move |it| (it, begin(it, zone), begin(it.succ_opt().unwrap_or(it), zone)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_read_and_written() {
        let month: Month = "2026-12".parse().unwrap();
        assert_eq!(month.to_string(), "2026-12");
        assert_eq!(
            (month.next().to_string(), month.previous().to_string()),
            ("2027-01".into(), "2026-11".into())
        );
        assert_eq!(month.last().to_string(), "2026-12-31");
        for wrong in
            ["", "2026", "2026-13", "2026-1", "2026-011", "1969-12", "26-12-1", "２０２６-1"]
        {
            assert!(wrong.parse::<Month>().is_err(), "{wrong}");
        }
    }
}
