//! Histories of all kinds, against a model that asks second by second.
use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::ledger::{Effects, Source, derive};
use crate::timeline::Step;

/// Around a change of clocks: by an hour, by half an hour, over midnight, by a whole day.
const PLACES: [(Tz, &str); 6] = [
    (Tz::Europe__Berlin, "2026-03-28"),
    (Tz::America__New_York, "2026-10-31"),
    (Tz::Australia__Lord_Howe, "2026-04-04"),
    (Tz::America__Sao_Paulo, "2018-11-03"),
    (Tz::Pacific__Apia, "2011-12-29"),
    (Tz::UTC, "2026-02-28"),
];
const N_DAYS: u64 = 3;
const HOUR: i64 = 3600;

/// Something that is said of a component, in seconds after the range begins.
#[derive(Clone, Debug)]
struct Span {
    status: Status,
    from: i64,
    to: i64,
    planned: bool,
}

#[derive(Clone, Debug)]
struct History {
    place: usize,
    spans: Vec<Span>,
    begins: i64,
    ends: Option<i64>,
    start_day: Option<u64>,
    /// How far the tallying has come, in days.
    tallied: u64,
    /// Up to when the last day counts.
    now: i64,
}

fn span() -> impl Strategy<Value = Span> {
    let status = prop::sample::select(&Status::ALL[1..]);
    (status, -10 * HOUR..75 * HOUR, 1..40 * HOUR, any::<bool>()).prop_map(
        |(status, from, length, planned)| Span { status, from, to: from + length, planned },
    )
}

fn history() -> impl Strategy<Value = History> {
    let known = (-20 * HOUR..30 * HOUR, prop::option::of(30 * HOUR..80 * HOUR));
    (
        0..PLACES.len(),
        prop::collection::vec(span(), 0..7),
        known,
        prop::option::of(0..N_DAYS),
        0..=N_DAYS,
        50 * HOUR..80 * HOUR,
    )
        .prop_map(|(place, spans, (begins, ends), start_day, tallied, now)| History {
            place,
            spans,
            begins,
            ends,
            start_day,
            tallied,
            now,
        })
}

struct Made {
    range: Range,
    component: Component,
    past: Past,
    seconds: i64,
}

impl History {
    /// What the database would hold. All times are `nudge` microseconds later.
    fn make(&self, nudge: i64) -> Made {
        let (zone, first) = PLACES[self.place];
        let first = day(first);
        let days = |n: u64| first + chrono::Days::new(n);
        let zero = crate::calendar::begin(first, zone);
        let instant = |it: i64| zero + Duration::seconds(it) + Duration::microseconds(nudge);
        let now = zero + Duration::seconds(self.now);
        let range = Range::new(Some(first), Some(days(N_DAYS - 1)), zone, now).unwrap();
        let mut component = component(COMPONENT);
        component.start_date = self.start_day.map(days);
        let intervals = self.ledger(&instant);
        let tallied_to = days(self.tallied).min(crate::calendar::day_of(now, zone));
        let past = Past {
            component: COMPONENT,
            ledger_version: 1,
            from: first,
            known_from: Some(instant(self.begins)),
            known_to: self.ends.map(instant),
            days: roll(&intervals, first, tallied_to, zone),
            tallied_to,
            intervals,
        };
        let seconds = (range.as_of - zero).num_seconds();
        Made { range, component, past, seconds }
    }

    fn ledger(&self, instant: &impl Fn(i64) -> DateTime<Utc>) -> Vec<Interval> {
        let effects: Vec<Effects> = (1..)
            .map(Uuid::from_u128)
            .zip(&self.spans)
            .map(|(id, it)| Effects {
                source: if it.planned { Source::Maintenance(id) } else { Source::Incident(id) },
                steps: vec![
                    Step { at: instant(it.from), status: it.status },
                    Step { at: instant(it.to), status: Status::Operational },
                ],
            })
            .collect();
        let pieces = derive(instant(self.begins), &[], &effects);
        let ends = self.ends.map(instant);
        let bound = |index: usize| pieces.get(index + 1).map(|it| it.from);
        let intervals = pieces.iter().enumerate().map(|(index, it)| Interval {
            incident_id: it.incident,
            ..interval(it.status, it.from, bound(index))
        });
        let troubled = intervals.filter(|it| it.status != Status::Operational);
        crate::ledger::clip(troubled.collect(), None, ends)
    }

    /// The status in a second after the range began, in words of the contract.
    fn model(&self, second: i64, local: NaiveDate) -> Option<Status> {
        let first = day(PLACES[self.place].1);
        let started = self.start_day.is_none_or(|it| local >= first + chrono::Days::new(it));
        let known = second >= self.begins && self.ends.is_none_or(|end| second < end);
        let said = self.spans.iter().filter(|it| it.from <= second && second < it.to);
        (started && known).then(|| said.map(|it| it.status).max().unwrap_or(Status::Operational))
    }
}

fn name(status: Option<Status>) -> &'static str {
    status.map_or("unknown", Status::as_str)
}

fn uptime(made: &Made, rule: &Rule, granularity: Granularity) -> ComponentUptime {
    let frame = Frame { rule, range: &made.range, granularity, audience: Visibility::Internal };
    let subjects = Subjects {
        components: vec![&made.component],
        pasts: [(COMPONENT, &made.past)].into(),
        ..Subjects::default()
    };
    document(frame, &subjects).components.remove(0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn every_second_is_counted_once_and_under_its_status(history in history()) {
        let made = history.make(0);
        let zero = made.range.begins_at();
        let mut expected: BTreeMap<NaiveDate, BTreeMap<&str, i64>> = BTreeMap::new();
        let mut local = made.range.from;
        for second in 0..made.seconds {
            if second % 60 == 0 {
                let at = zero + Duration::seconds(second);
                local = at.with_timezone(&made.range.zone).date_naive();
            }
            let day = expected.entry(local).or_default();
            *day.entry(name(history.model(second, local))).or_default() += 1;
        }
        let found = uptime(&made, &Rule::default(), Granularity::Day);
        let mut whole: BTreeMap<&str, i64> = BTreeMap::new();
        for day in found.figures.days.unwrap() {
            let seconds = json!(day.seconds);
            let expected = expected.remove(&day.date).unwrap_or_default();
            for (status, seconds) in seconds.as_object().unwrap() {
                let expected = expected.get(status.as_str()).copied().unwrap_or(0);
                prop_assert_eq!(seconds, &json!(expected), "{} {}", day.date, status);
            }
            for (status, seconds) in &expected {
                *whole.entry(status).or_default() += seconds;
            }
        }
        prop_assert!(expected.is_empty(), "{expected:?}");
        let of = |status: &str| whole.get(status).copied().unwrap_or(0);
        let known = made.seconds - of("unknown");
        let up = 10 * known - 10 * of("major_outage") - 3 * of("partial_outage");
        let floored = (known > 0).then(|| u32::try_from(up * 100_000 / known).unwrap());
        prop_assert_eq!(found.figures.uptime_percent.map(Percent::millionths), floored);
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn it_does_not_matter_how_far_the_tallying_has_come(
        history in history(), nudge in 0..1_000_000i64
    ) {
        let tallied = uptime(&history.make(nudge), &Rule::default(), Granularity::Day);
        let whole = History { tallied: 0, ..history };
        prop_assert_eq!(&tallied, &uptime(&whole.make(nudge), &Rule::default(), Granularity::Day));
    }

    #[test]
    fn seconds_add_up_and_100_means_100(
        history in history(), nudge in 0..1_000_000i64, excluded in any::<bool>()
    ) {
        let made = history.make(nudge);
        let maintenance = if excluded { Maintenance::Excluded } else { Maintenance::Down };
        let rule = Rule { maintenance, ..Rule::default() };
        let found = uptime(&made, &rule, Granularity::Day);
        let mut sum = Seconds::default();
        for day in found.figures.days.iter().flatten() {
            sum += day.seconds;
            let json = json!(day.seconds);
            let total: i64 = json.as_object().unwrap().values().filter_map(Value::as_i64).sum();
            let slot = made.range.slots().into_iter().find(|it| it.day == day.date).unwrap();
            prop_assert_eq!(total, (slot.to - slot.from).num_seconds());
        }
        prop_assert_eq!(sum, found.figures.seconds);
        let months = uptime(&made, &rule, Granularity::Month);
        prop_assert_eq!(months.figures.seconds, found.figures.seconds);
        prop_assert_eq!(months.figures.uptime_percent, found.figures.uptime_percent);
        let bad = found.figures.seconds.major_outage + found.figures.seconds.partial_outage
            + if excluded { 0 } else { found.figures.seconds.under_maintenance };
        if bad > 0 {
            prop_assert!(found.figures.uptime_percent.is_none_or(|it| it.millionths() < 1_000_000));
        }
    }
}
