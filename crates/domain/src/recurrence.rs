//! A window that comes back: an RFC 5545 recurrence rule on the wall clock of a time zone.
#[cfg(test)]
mod tests;
mod text;

use chrono::{
    DateTime, Datelike, Days, Duration, MappedLocalTime, Months, NaiveDate, NaiveDateTime,
    NaiveTime, TimeZone, Timelike, Utc,
};
use chrono_tz::{GapInfo, Tz};
use rrule::{Frequency, RRule, RRuleSet};

use text::Text;

/// Longest rule, in bytes.
pub const RULE_MAX: usize = 500;
/// Highest `COUNT`.
pub const COUNT_MAX: u32 = 10_000;
/// Highest `INTERVAL`.
pub const INTERVAL_MAX: u16 = 1_000;
/// Most starts in one day, which `BYHOUR` and `BYMINUTE` could make 1440.
pub const STARTS_PER_DAY_MAX: usize = 24;
/// How long after the first start `UNTIL` may lie, and how long a rule may be silent before its
/// first start, in years.
pub const YEARS_MAX: u16 = 30;
/// The years a first start may lie in: those the expansion is exact for.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=9_900;
/// No start is looked for from here on.
const END: NaiveDate = NaiveDate::from_ymd_opt(9_999, 1, 1).expect("a date");

/// What is wrong with a recurrence, in a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Fault {
    /// `recurrence`, `time_zone` or `starts_at`.
    pub member: &'static str,
    pub detail: String,
}

impl Fault {
    fn of(member: &'static str, detail: impl Into<String>) -> Self {
        Self { member, detail: detail.into() }
    }
}

/// A rule, the zone on whose wall clock it counts, and its first start. It has one start at least.
///
/// The local time of day stays what it is when the offset of the zone changes. Where that local
/// time does not exist, because clocks are put forward, the start is what it would have been with
/// the offset before the gap (02:30 becomes 03:30); where it exists twice, the start is the first.
/// So RFC 5545 §3.3.5 and §3.3.10 have it. The latter also speaks of ignoring starts that do not
/// exist; calendars do not, and a window that was announced had better not vanish.
///
/// The finest frequency is `DAILY`: work that comes more often than people can be told about is no
/// announced maintenance, and several windows a day can be had with `BYHOUR`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recurrence {
    text: String,
    /// The text without `COUNT` and `UNTIL`, and what it means: both ends are counted here, in
    /// instants, because the grid lives on a wall clock without a zone.
    base: String,
    grid: RRule,
    count: Option<u32>,
    until: Option<DateTime<Utc>>,
    zone: Tz,
    starts_at: DateTime<Utc>,
    /// `starts_at` on the wall clock.
    first: NaiveDateTime,
}

impl Recurrence {
    /// Reads a rule like `FREQ=WEEKLY;BYDAY=TU`; the prefix `RRULE:` may stand before it. `UNTIL`
    /// without `Z` is local time, and as a date it includes that day.
    ///
    /// # Errors
    /// When a member is wrong, or they do not fit together: `starts_at` is the first start.
    pub fn new(rule: &str, time_zone: &str, starts_at: DateTime<Utc>) -> Result<Self, Fault> {
        let zone: Tz = time_zone.parse().map_err(|_unknown| {
            let hint = "is not a time zone of the IANA database, like Europe/Berlin";
            Fault::of("time_zone", format!("{:?} {hint}", brief(time_zone)))
        })?;
        if starts_at.nanosecond() != 0 || !YEARS.contains(&starts_at.year()) {
            let detail = "a recurring window starts at a whole second between 1970 and 9900";
            return Err(Fault::of("starts_at", detail));
        }
        let first = starts_at.with_timezone(&zone).naive_local();
        let Text { base, count, until } = Text::read(rule)?;
        let until = until.map(|it| it.instant(zone));
        let grid = text::grid(&base, first)?;
        let text = text::write(&base, count, until);
        let it = Self { text, base, grid, count, until, zone, starts_at, first };
        it.check().map(|()| it)
    }

    fn check(&self) -> Result<(), Fault> {
        let latest = self.starts_at + Months::new(12 * u32::from(YEARS_MAX));
        if self.until.is_some_and(|it| it < self.starts_at) {
            return Err(Fault::of("recurrence", "UNTIL lies before starts_at"));
        }
        if self.until.is_some_and(|it| it > latest) {
            let detail = format!("UNTIL lies more than {YEARS_MAX} years after starts_at");
            return Err(Fault::of("recurrence", detail));
        }
        let first = self.grid_from(self.starts_at).next();
        match first.filter(|it| *it <= latest) {
            None => {
                let detail = format!("the rule has no start within {YEARS_MAX} years of starts_at");
                Err(Fault::of("recurrence", detail))
            }
            Some(first) if first != self.starts_at => {
                let [first, given] = [first, self.starts_at]
                    .map(|it| it.with_timezone(&self.zone).format("%A %Y-%m-%d %H:%M:%S UTC%:z"));
                let detail = format!("the rule first starts on {first}, not on {given}");
                Err(Fault::of("starts_at", detail))
            }
            Some(_) => Ok(()),
        }
    }

    /// The rule in upper case, without `RRULE:`, `FREQ` first, and `UNTIL` in UTC.
    pub fn rule(&self) -> &str {
        &self.text
    }

    /// The IANA name of the zone.
    pub fn time_zone(&self) -> &str {
        self.zone.name()
    }

    /// The first start.
    pub fn starts_at(&self) -> DateTime<Utc> {
        self.starts_at
    }

    /// Starts in [`from`, `to`), oldest first, at most `limit`. What it costs depends on what lies
    /// between `from` and `to`, not on how far off `from` is; with `COUNT`, all before is counted.
    pub fn starts(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        limit: usize,
    ) -> Vec<DateTime<Utc>> {
        let end = instant(self.zone, END.and_time(NaiveTime::MIN));
        let end = self.until.map_or(end, |it| end.min(it + Duration::seconds(1)));
        let (from, to) = (from.clamp(self.starts_at, end), to.min(end));
        // A gap in local time moves starts by a day at most, and may put them behind later ones.
        let slack = Duration::days(2);
        let near = if self.count.is_some() { self.starts_at } else { from - slack };
        let count = self.count.and_then(|it| usize::try_from(it).ok()).unwrap_or(usize::MAX);
        let mut starts: Vec<DateTime<Utc>> = self
            .grid_from(near)
            .take_while(|it| *it < to + slack)
            .take(count)
            .filter(|it| (from..to).contains(it))
            .take(limit.saturating_add(2 * STARTS_PER_DAY_MAX))
            .collect();
        starts.sort_unstable();
        starts.dedup();
        starts.truncate(limit);
        starts
    }

    /// The same rule with an end: it has the starts before `before`, and no others. Nothing when
    /// there are none.
    pub fn cut(&self, before: DateTime<Utc>) -> Option<Self> {
        if before <= self.starts_at {
            return None;
        }
        if self.starts(before, DateTime::<Utc>::MAX_UTC, 1).is_empty() {
            return Some(self.clone());
        }
        // The last whole second before.
        let until = DateTime::from_timestamp(before.timestamp(), 0)?;
        let until = if until < before { until } else { until - Duration::seconds(1) };
        let text = text::write(&self.base, None, Some(until));
        Some(Self { text, count: None, until: Some(until), ..self.clone() })
    }

    /// The same rule from its first start at or after `from`, with what is left of `COUNT`: what
    /// [`Self::cut`] leaves over. Nothing when there is no such start.
    pub fn following(&self, from: DateTime<Utc>) -> Option<Self> {
        let starts_at = *self.starts(from, DateTime::<Utc>::MAX_UTC, 1).first()?;
        let count = self.count.map(|all| {
            let gone = self.starts(self.starts_at, starts_at, usize::MAX).len();
            all.saturating_sub(u32::try_from(gone).unwrap_or(u32::MAX))
        });
        // A start that a gap has moved does not show the time of day any more.
        let base = text::at(&self.base, self.first.time());
        let first = starts_at.with_timezone(&self.zone).naive_local();
        let base = if first.time() == self.first.time() { self.base.clone() } else { base };
        let text = text::write(&base, count, self.until);
        Some(Self { text, base, count, starts_at, first, ..self.clone() })
    }

    /// The starts from the period that `near` is in, ends aside; not in order around a gap.
    ///
    /// The grid is laid in UTC, which has every local time once, and begins at most one interval
    /// before `near`; so neither gaps nor distance matter to it. It ends where nothing was found in
    /// 100,000 periods, or by the year 10,000 (`rrule`'s validator limits).
    fn grid_from(&self, near: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> + use<> {
        let anchor = self.anchor(near.with_timezone(&self.zone).date_naive());
        let anchor = anchor.and_time(NaiveTime::MIN).and_utc().with_timezone(&rrule::Tz::UTC);
        let set = RRuleSet::new(anchor).rrule(self.grid.clone()).limit();
        let (zone, first) = (self.zone, self.starts_at);
        set.into_iter().map(move |it| instant(zone, it.naive_utc())).filter(move |it| *it >= first)
    }

    /// The first day of the last day, week, month or year of the rule that begins by `near`, and
    /// not before that of the first start.
    fn anchor(&self, near: NaiveDate) -> NaiveDate {
        let first = self.first.date();
        let interval = i64::from(self.grid.get_interval());
        let whole = |periods: i64| (periods / interval * interval).max(0).unsigned_abs();
        let months = |it: NaiveDate| i64::from(it.year()) * 12 + i64::from(it.month0());
        let years = |it: NaiveDate| i64::from(it.year());
        let begin =
            |it: NaiveDate, months| it.checked_add_months(Months::new(u32::try_from(months).ok()?));
        match self.grid.get_freq() {
            Frequency::Yearly => first
                .with_ordinal(1)
                .and_then(|it| begin(it, 12 * whole(years(near) - years(first)))),
            Frequency::Monthly => {
                first.with_day(1).and_then(|it| begin(it, whole(months(near) - months(first))))
            }
            Frequency::Weekly => {
                let first = first.week(self.grid.get_week_start()).first_day();
                first.checked_add_days(Days::new(7 * whole((near - first).num_weeks())))
            }
            _ => first.checked_add_days(Days::new(whole((near - first).num_days()))),
        }
        .unwrap_or(first)
    }
}

/// When the clocks of `zone` show `local`, as RFC 5545 §3.3.5 has it: the first time if they do so
/// twice, and if they never do, what they would have shown with the offset before the gap.
fn instant(zone: Tz, local: NaiveDateTime) -> DateTime<Utc> {
    match zone.from_local_datetime(&local) {
        MappedLocalTime::Single(at) | MappedLocalTime::Ambiguous(at, _) => at.to_utc(),
        MappedLocalTime::None => {
            let before = GapInfo::new(&local, &zone).and_then(|it| it.begin);
            let offset = before.map(|(_, offset)| chrono::Offset::fix(&offset));
            let east = offset.map_or(0, |it| it.local_minus_utc());
            (local - Duration::seconds(i64::from(east))).and_utc()
        }
    }
}

/// As much of a text as belongs into a sentence.
fn brief(text: &str) -> String {
    text.chars().take(60).collect()
}
