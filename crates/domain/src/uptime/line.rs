//! Figures in a row, one for each day of a range, and what becomes of them in groups.
use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use uuid::Uuid;

use super::rule::Rule;
use super::tally::{Seconds, Tally, micros, tally_slot};
use super::{Granularity, Past};
use crate::calendar::begin;
use crate::component::Component;
use crate::ledger::{clip, worst_of};
use crate::range::{Range, Slot};

/// What was in a time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Period {
    pub tally: Tally,
    pub seconds: Seconds,
    /// In the order of their ids.
    pub incidents: Vec<Uuid>,
}

/// A period and the day it begins with.
pub(super) type Dated = (NaiveDate, Period);

/// When the status of something is known.
#[derive(Clone, Copy)]
struct Known {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

impl Period {
    fn add(&mut self, other: &Self) {
        self.tally += other.tally;
        self.seconds += other.seconds;
        if !other.incidents.is_empty() {
            self.incidents.extend_from_slice(&other.incidents);
            self.incidents.sort_unstable();
            self.incidents.dedup();
        }
    }
}

/// When the status of a component counts: not before its ledger and its `start_date`, and not after
/// it was archived.
fn known(component: &Component, past: &Past, range: &Range) -> Option<Known> {
    let starts = component.start_date.map(|day| begin(day, range.zone));
    let from = past.known_from?;
    let from = starts.map_or(from, |it| it.max(from));
    let to = past.known_to.map_or(range.as_of, |it| it.min(range.as_of));
    (from < to).then_some(Known { from, to })
}

/// The days of a component.
pub(super) fn of_component(
    component: &Component,
    past: &Past,
    range: &Range,
    slots: &[Slot],
) -> Vec<Dated> {
    line(past, known(component, past, range), slots)
}

fn line(past: &Past, known: Option<Known>, slots: &[Slot]) -> Vec<Dated> {
    let period = |slot: &Slot| {
        let seen =
            known.map(|it| Slot { from: it.from.max(slot.from), to: it.to.min(slot.to), ..*slot });
        (slot.day, period(past, slot, seen.filter(|it| it.from < it.to)))
    };
    slots.iter().map(period).collect()
}

/// `seen` is the part of the slot in which the status is known.
fn period(past: &Past, slot: &Slot, seen: Option<Slot>) -> Period {
    let length = micros(slot.from, slot.to);
    let Some(seen) = seen else {
        let tally = Tally { unknown: length, ..Tally::default() };
        return Period { tally, seconds: tally.into(), incidents: Vec::new() };
    };
    let tallied = past.days.binary_search_by_key(&slot.day, |it| it.day).ok();
    let (mut tally, incidents) = if slot.day < past.tallied_to {
        let day = tallied.and_then(|index| past.days.get(index));
        day.map(|it| (it.tally, it.incidents.clone())).unwrap_or_default()
    } else {
        let day = tally_slot(&past.intervals, seen);
        (day.tally, day.incidents)
    };
    let seen = micros(seen.from, seen.to);
    tally.operational = (seen - tally.troubled()).max(0);
    tally.unknown = length - seen;
    Period { tally, seconds: tally.into(), incidents }
}

/// The days of several components together.
pub(super) fn together<'l>(slots: &[Slot], lines: impl Iterator<Item = &'l [Dated]>) -> Vec<Dated> {
    let mut sum: Vec<Dated> = slots.iter().map(|it| (it.day, Period::default())).collect();
    for line in lines {
        for ((_, sum), (_, period)) in sum.iter_mut().zip(line) {
            sum.add(period);
        }
    }
    sum
}

/// The days of a group of which at every instant the worst component counts.
pub(super) fn worst_at_every_instant(
    members: &[(&Component, &Past)],
    range: &Range,
    slots: &[Slot],
) -> Vec<Dated> {
    let mut spans: Option<Known> = None;
    let mut intervals = Vec::new();
    for (component, past) in members {
        let Some(known) = known(component, past, range) else { continue };
        intervals.push(clip(past.intervals.clone(), Some(known.from), Some(known.to)));
        spans =
            Some(spans.map_or(known, |it| Known {
                from: it.from.min(known.from),
                to: it.to.max(known.to),
            }));
    }
    let merged = Past {
        component: Uuid::nil(),
        ledger_version: 0,
        from: range.from,
        known_from: None,
        known_to: None,
        days: Vec::new(),
        tallied_to: range.from,
        intervals: worst_of(&intervals),
    };
    line(&merged, spans, slots)
}

/// The line cut into days, months, or not at all, and all of it as one.
pub(super) fn cut(line: Vec<Dated>, granularity: Granularity) -> (Vec<Dated>, Period) {
    let mut whole = Period::default();
    line.iter().for_each(|(_, period)| whole.add(period));
    let cut = match granularity {
        Granularity::Day => line,
        Granularity::Month => months(line),
        Granularity::Total => Vec::new(),
    };
    (cut, whole)
}

fn months(line: Vec<Dated>) -> Vec<Dated> {
    let mut months: Vec<Dated> = Vec::new();
    for (day, period) in line {
        let first = day.with_day(1).unwrap_or(day);
        match months.last_mut().filter(|(month, _)| *month == first) {
            Some((_, month)) => month.add(&period),
            None => months.push((first, period)),
        }
    }
    months
}

/// In each period, and in all, the figures of the component that was up the least of what is known;
/// of equals the first.
pub(super) fn lowest(rule: &Rule, members: &[(Vec<Dated>, Period)]) -> (Vec<Dated>, Period) {
    let least = |periods: Vec<&Period>| {
        let percent = |it: &Period| rule.judge(&it.tally).percent();
        let known = periods.iter().filter(|it| percent(it).is_some());
        let least = known.min_by_key(|it| percent(it)).or(periods.first());
        least.map(|it| (*it).clone()).unwrap_or_default()
    };
    let days = members.first().map_or(&[][..], |(cut, _)| cut).iter().enumerate();
    let cut = days.map(|(index, (day, _))| {
        let of_all = members.iter().filter_map(|(cut, _)| cut.get(index));
        (*day, least(of_all.map(|(_, period)| period).collect()))
    });
    (cut.collect(), least(members.iter().map(|(_, whole)| whole).collect()))
}
