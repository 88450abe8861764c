//! Uptime, and incidents by the number.
use chrono::{Duration, NaiveDate};
use chrono_tz::Tz;
use domain::caller::Visibility;
use domain::incident::Impact;
use domain::ledger::Interval;
use domain::range::Range;
use domain::report::{Figures, Group, GroupBy, Report, StateSeconds};
use domain::uptime::{Counted, Frame, Granularity, Past, Rule, Subjects, Uptime, document};

use super::{at, component, group, id, interval};

fn today() -> NaiveDate {
    at(0).date_naive()
}

/// Two days, of which the second had an hour of trouble.
pub fn uptime() -> Uptime {
    let (today, now) = (today(), at(0) + Duration::hours(3));
    let yesterday = today - Duration::days(1);
    let range = Range { zone: Tz::UTC, from: yesterday, to: today, as_of: now };
    let (component, group, rule) = (component(), group(), Rule::default());
    let past = Past {
        component: component.id,
        ledger_version: 3,
        from: yesterday,
        known_from: Some(at(0) - Duration::days(30)),
        known_to: None,
        days: Vec::new(),
        tallied_to: yesterday,
        intervals: vec![Interval { to: Some(at(70)), ..interval() }],
    };
    let incident = Counted {
        id: id(3),
        number: 7,
        title: "API errors".to_owned(),
        impact: Impact::Major,
        started_at: at(10),
        resolved_at: Some(at(70)),
        url: "https://status.example.org/incidents/7".to_owned(),
        visibility: Visibility::Public,
        version: 1,
    };
    let audience = Visibility::Public;
    document(
        Frame { rule: &rule, range: &range, granularity: Granularity::Day, audience },
        &Subjects {
            components: vec![&component],
            groups: vec![&group],
            pasts: [(component.id, &past)].into(),
            incidents: [(incident.id, &incident)].into(),
        },
    )
}

/// Two incidents in ninety days.
pub fn report() -> Report {
    let figures = Figures {
        incidents: 2,
        resolved: 2,
        mttr_seconds: Some(3_600),
        mtbf_seconds: Some(864_000),
        seconds: StateSeconds { investigating: 1_200, identified: 4_800, monitoring: 1_200 },
    };
    Report {
        from: today() - Duration::days(89),
        to: today(),
        as_of: at(0),
        time_zone: "Etc/UTC".to_owned(),
        group_by: GroupBy::Component,
        total: figures,
        groups: vec![Group { key: id(1).to_string(), name: "API".to_owned(), figures }],
    }
}
