mod group;
mod model;

use chrono::{DateTime, Duration, NaiveDate, Utc};
use chrono_tz::Tz;
use serde_json::{Map, json};

use super::*;
use crate::caller::Visibility;
use crate::component::{Component, Status};
use crate::ledger::Cause;
use crate::range::Range;

const START: &str = "2026-08-27";
const COMPONENT: Uuid = Uuid::from_u128(7);

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn component(id: Uuid) -> Component {
    Component {
        id,
        slug: "api".to_owned(),
        name: "API".to_owned(),
        description: None,
        group_id: None,
        position: 1,
        visibility: Visibility::Public,
        reported_status: Status::Operational,
        status: Status::Operational,
        status_since: at("2026-01-01T00:00:00Z"),
        start_date: None,
        uptime_target: None,
        showcase: true,
        only_show_if_degraded: false,
        link: None,
        metadata: Map::new(),
        version: 1,
        created_at: at("2026-01-01T00:00:00Z"),
        updated_at: at("2026-01-01T00:00:00Z"),
    }
}

fn interval(status: Status, from: DateTime<Utc>, to: Option<DateTime<Utc>>) -> Interval {
    Interval {
        status,
        from,
        to,
        cause: Cause::Reported,
        incident_id: None,
        maintenance_id: None,
        actor: None,
    }
}

/// A component that is known since January, with these times of trouble, in minutes after noon of
/// a day in the range.
fn past(component: Uuid, trouble: &[(Status, i64, i64)]) -> Past {
    let noon = at("2026-09-01T12:00:00Z");
    let minutes = |it: i64| noon + Duration::minutes(it);
    let intervals =
        trouble.iter().map(|(s, from, to)| interval(*s, minutes(*from), Some(minutes(*to))));
    Past {
        component,
        ledger_version: 1,
        from: day(START),
        known_from: Some(at("2026-01-01T00:00:00Z")),
        known_to: None,
        days: Vec::new(),
        tallied_to: day(START),
        intervals: intervals.collect(),
    }
}

/// Ninety whole days.
fn ninety_days() -> Range {
    let to = day("2026-11-24");
    Range::new(Some(day(START)), Some(to), Tz::UTC, at("2026-11-25T12:00:00Z")).unwrap()
}

fn reckon(
    rule: &Rule,
    component: &Component,
    past: &Past,
    granularity: Granularity,
) -> ComponentUptime {
    let range = ninety_days();
    let frame = Frame { rule, range: &range, granularity, audience: Visibility::Public };
    let subjects = Subjects {
        components: vec![component],
        pasts: [(component.id, past)].into(),
        ..Subjects::default()
    };
    document(frame, &subjects).components.remove(0)
}

fn percent(rule: &Rule, trouble: &[(Status, i64, i64)]) -> serde_json::Value {
    let it = reckon(rule, &component(COMPONENT), &past(COMPONENT, trouble), Granularity::Total);
    json!(it.figures.uptime_percent)
}

#[test]
fn ninety_days_with_known_trouble() {
    let rule = Rule::default();
    assert_eq!(percent(&rule, &[]), json!(100.0));
    assert_eq!(percent(&rule, &[(Status::MajorOutage, 0, 60)]), json!(99.9537));
    assert_eq!(percent(&rule, &[(Status::PartialOutage, 0, 60)]), json!(99.9861));
    let merged = [(Status::MajorOutage, 0, 60), (Status::PartialOutage, 60, 120)];
    let all = [&merged[..], &[(Status::DegradedPerformance, 120, 600)]].concat();
    assert_eq!(percent(&rule, &[(Status::PartialOutage, 0, 120)]), json!(99.9722));
    // An hour of major inside two hours of partial: 3600 + 0.3 · 3600 seconds.
    assert_eq!(percent(&rule, &merged), json!(99.9398));
    assert_eq!(percent(&rule, &all), json!(99.9398));
    assert_eq!(percent(&rule, &[(Status::MajorOutage, -100_000, 200_000)]), json!(0.0));
}

#[test]
fn maintenance_counts_as_the_rule_has_it() {
    let rule = |maintenance: Maintenance| Rule { maintenance, ..Rule::default() };
    let all = [(Status::UnderMaintenance, -100_000, 200_000)];
    assert_eq!(percent(&rule(Maintenance::Up), &all), json!(100.0));
    assert_eq!(percent(&rule(Maintenance::Excluded), &all), json!(null));
    assert_eq!(percent(&rule(Maintenance::Down), &all), json!(0.0));
    let some = [(Status::UnderMaintenance, 0, 64_800), (Status::MajorOutage, 64_800, 65_448)];
    assert_eq!(percent(&rule(Maintenance::Up), &some), json!(99.5));
    assert_eq!(percent(&rule(Maintenance::Excluded), &some), json!(99.0));
    assert_eq!(percent(&rule(Maintenance::Down), &some), json!(49.5));
}

#[test]
fn a_microsecond_of_trouble_is_seen_in_the_percentage() {
    let mut past = past(COMPONENT, &[]);
    let instant = at("2026-09-01T12:00:00.4Z");
    past.intervals =
        vec![interval(Status::MajorOutage, instant, Some(instant + Duration::microseconds(1)))];
    let it = reckon(&Rule::default(), &component(COMPONENT), &past, Granularity::Day);
    assert_eq!(json!(it.figures.uptime_percent), json!(99.9999));
    assert_eq!((it.figures.seconds.operational, it.figures.seconds.major_outage), (7_776_000, 0));
    let days = it.figures.days.unwrap();
    assert_eq!(days.iter().filter(|it| json!(it.uptime_percent) == json!(99.9999)).count(), 1);
    assert_eq!(days.iter().filter(|it| json!(it.uptime_percent) == json!(100.0)).count(), 89);
}

#[test]
fn a_target_has_a_budget_that_can_be_overdrawn() {
    let target = |percent: &str, trouble: &[(Status, i64, i64)]| {
        let uptime_target = Percent::parse(percent);
        let component = Component { uptime_target, ..component(COMPONENT) };
        let rule = Rule { maintenance: Maintenance::Excluded, ..Rule::default() };
        let it = reckon(&rule, &component, &past(COMPONENT, trouble), Granularity::Total);
        let it = it.target.unwrap();
        (it.met, it.budget_seconds, it.budget_left_seconds)
    };
    let hour = [(Status::MajorOutage, 0, 60)];
    assert_eq!(target("99.95", &hour), (Some(true), 3888, 288));
    assert_eq!(target("99.96", &hour), (Some(false), 3110, -490));
    assert_eq!(target("100", &[]), (Some(true), 0, 0));
    assert_eq!(target("100", &hour), (Some(false), 0, -3600));
    assert_eq!(target("99", &[(Status::UnderMaintenance, -100_000, 200_000)]), (None, 0, 0));
    let unset =
        reckon(&Rule::default(), &component(COMPONENT), &past(COMPONENT, &[]), Granularity::Total);
    assert_eq!(unset.target, None);
}

#[test]
fn time_before_the_start_and_after_the_archive_is_unknown() {
    let mut component = component(COMPONENT);
    let mut it = past(COMPONENT, &[(Status::MajorOutage, 0, 60)]);
    component.start_date = Some(day("2026-11-15"));
    let late = reckon(&Rule::default(), &component, &it, Granularity::Month);
    assert_eq!(
        (late.figures.seconds.unknown, late.figures.seconds.operational),
        (80 * 86_400, 10 * 86_400)
    );
    let months = late.figures.months.unwrap();
    let shown = json!(months.iter().map(|it| (&it.month, it.uptime_percent)).collect::<Vec<_>>());
    let expected =
        json!([["2026-08", null], ["2026-09", null], ["2026-10", null], ["2026-11", 100.0]]);
    assert_eq!(shown, expected);

    component.start_date = None;
    it.known_to = Some(at("2026-09-01T12:30:00Z"));
    let archived = reckon(&Rule::default(), &component, &it, Granularity::Total);
    assert_eq!(
        (archived.figures.seconds.major_outage, archived.figures.seconds.operational),
        (1800, 475_200)
    );
    it.known_from = None;
    let never = reckon(&Rule::default(), &component, &it, Granularity::Total);
    assert_eq!((never.figures.uptime_percent, never.figures.seconds.unknown), (None, 7_776_000));
}

#[test]
fn the_public_learns_nothing_of_internal_incidents_but_their_seconds() {
    let ids = [1, 2].map(Uuid::from_u128);
    let counted = |id: Uuid, visibility: Visibility| Counted {
        id,
        number: 1,
        title: "t".to_owned(),
        impact: Impact::Critical,
        started_at: at("2026-09-01T12:00:00Z"),
        resolved_at: None,
        url: String::new(),
        visibility,
        version: 1,
    };
    let [open, secret] =
        [counted(ids[0], Visibility::Public), counted(ids[1], Visibility::Internal)];
    let mut past = past(COMPONENT, &[(Status::MajorOutage, 0, 60), (Status::MajorOutage, 90, 120)]);
    for (interval, id) in past.intervals.iter_mut().zip(ids) {
        interval.incident_id = Some(id);
    }
    let (rule, range) = (Rule::default(), ninety_days());
    let mut hidden = component(Uuid::from_u128(8));
    hidden.visibility = Visibility::Internal;
    let shown = component(COMPONENT);
    let subjects = Subjects {
        components: vec![&shown, &hidden],
        groups: Vec::new(),
        pasts: [(shown.id, &past), (hidden.id, &past)].into(),
        incidents: [(ids[0], &open), (ids[1], &secret)].into(),
    };
    let seen = |audience: Visibility| {
        let granularity = Granularity::Day;
        document(Frame { rule: &rule, range: &range, granularity, audience }, &subjects)
    };
    let public = seen(Visibility::Public);
    assert_eq!(
        (public.components.len(), public.components[0].figures.seconds.major_outage),
        (1, 5400)
    );
    assert_eq!(public.components[0].figures.incidents, std::slice::from_ref(&open));
    assert!(!json!(public).to_string().contains(&ids[1].to_string()));
    let internal = seen(Visibility::Internal);
    assert_eq!((internal.components.len(), internal.components[0].figures.incidents.len()), (2, 2));
    let days = internal.components[0].figures.days.as_ref().unwrap();
    assert_eq!(days.iter().find(|it| it.date == day("2026-09-01")).unwrap().incident_ids, ids);
}

#[test]
fn decimals_are_read_exactly_or_not_at_all() {
    for (text, shown) in
        [("0", 0.0), ("0.3", 0.3), ("1", 1.0), ("1.000000", 1.0), ("0.000001", 0.000_001)]
    {
        assert_eq!(json!(Weight::parse(text)), json!(shown), "{text}");
    }
    for (text, shown) in
        [("99.95", 99.95), ("100", 100.0), ("99.9999", 99.9999), ("0.0001", 0.0001)]
    {
        assert_eq!(json!(Percent::parse(text)), json!(shown), "{text}");
    }
    for text in ["", ".", ".5", "-1", "+1", "1.1", "0.0000001", "1e0", "0,3", "nan", "٣", "0001"] {
        assert_eq!(Weight::parse(text), None, "{text}");
    }
    for text in ["100.0001", "101", "99.99999", "-0", "1e2", "inf"] {
        assert_eq!(Percent::parse(text), None, "{text}");
    }
}
