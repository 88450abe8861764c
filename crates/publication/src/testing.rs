//! Pages for tests.
use chrono::{DateTime, TimeDelta, Utc};
use domain::caller::Visibility;
use domain::component::{Component, Status};
use domain::group::Group;
use domain::incident::{self, Impact, Incident, Postmortem};
use domain::maintenance::{self, Clock, Maintenance};
use domain::page::{Page, Snapshot};
use domain::timeline::{Affected, UpdatedComponent};
use serde_json::{Map, json};
use uuid::Uuid;

/// 2026-02-01T09:00:00Z, and so many minutes later.
pub fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_769_936_400, 0).unwrap() + TimeDelta::minutes(minutes)
}

pub fn id(n: u64) -> Uuid {
    Uuid::from_u64_pair(0x0190_0000_0000_7000, 0x8000_0000_0000_0000 | n)
}

/// An empty page.
pub fn snapshot() -> Snapshot {
    Snapshot {
        page: Page {
            id: id(0xaaaa),
            name: "Acme".to_owned(),
            url: "https://status.acme.test".to_owned(),
            time_zone: "Etc/UTC".to_owned(),
        },
        public_version: 1,
        internal_version: 1,
        groups: Vec::new(),
        components: Vec::new(),
        incidents: Vec::new(),
        maintenances: Vec::new(),
        later: Vec::new(),
        says_maintenance: true,
        taken_at: at(60),
        public_updated_at: at(60),
        internal_updated_at: at(60),
    }
}

pub fn group(n: u64, name: &str) -> Group {
    Group {
        id: id(n),
        slug: name.to_lowercase(),
        name: name.to_owned(),
        description: None,
        position: 1,
        collapsed: false,
        visibility: Visibility::Public,
        status: Status::Operational,
        version: 1,
        created_at: at(-100),
        updated_at: at(0),
    }
}

pub fn component(n: u64, name: &str, group: Option<&Group>) -> Component {
    Component {
        id: id(n),
        slug: name.to_lowercase(),
        name: name.to_owned(),
        description: Some(format!("Public {name}")),
        group_id: group.map(|it| it.id),
        position: 1,
        visibility: Visibility::Public,
        reported_status: Status::Operational,
        status: Status::Operational,
        status_since: at(-100),
        start_date: "2026-01-01".parse().ok(),
        uptime_target: None,
        showcase: true,
        only_show_if_degraded: false,
        link: None,
        metadata: Map::new(),
        version: 1,
        created_at: at(-100),
        updated_at: at(0),
    }
}

pub fn affected(component: &Component, status: Status) -> Affected {
    let Component { id, slug, name, visibility, .. } = component.clone();
    Affected { id, slug, name, status, visibility }
}

pub fn updated(component: &Component, new_status: Status) -> UpdatedComponent {
    let Component { id, slug, name, visibility, .. } = component.clone();
    UpdatedComponent { id, slug, name, old_status: Status::Operational, new_status, visibility }
}

pub fn incident(n: u64, title: &str, touched: &[&Component]) -> Incident {
    let bad = Status::PartialOutage;
    Incident {
        id: id(n),
        number: i64::try_from(n).unwrap(),
        title: title.to_owned(),
        status: incident::Status::Identified,
        impact: Impact::Major,
        impact_override: None,
        visibility: Visibility::Public,
        components: touched.iter().map(|it| affected(it, bad)).collect(),
        updates: vec![incident::Update {
            id: id(n + 1000),
            status: incident::Status::Identified,
            message: format!("{title}: cause found."),
            message_html: format!("<p>{title}: cause found.</p>"),
            components: touched.iter().map(|it| updated(it, bad)).collect(),
            notify: true,
            display_at: at(30),
            author: Some("Ana".to_owned()),
            created_at: at(30),
            updated_at: at(30),
        }],
        started_at: at(0),
        identified_at: Some(at(30)),
        monitoring_at: None,
        resolved_at: None,
        duration_seconds: None,
        dedup_key: Some("key".to_owned()),
        source: Some("token:1".to_owned()),
        pinned: false,
        metadata: Map::from_iter([("ticket".to_owned(), json!("OPS-7"))]),
        postmortem: None,
        url: format!("https://status.acme.test/incidents/{n}"),
        version: 1,
        created_at: at(0),
        updated_at: at(30),
    }
}

pub fn postmortem(body: &str, published_at: Option<DateTime<Utc>>) -> Postmortem {
    let body_html = format!("<p>{body}</p>");
    Postmortem { body: body.to_owned(), body_html, published_at, updated_at: at(50) }
}

pub fn maintenance(n: u64, title: &str, touched: &[&Component]) -> Maintenance {
    let planned = Status::UnderMaintenance;
    Maintenance {
        id: id(n),
        number: i64::try_from(n).unwrap(),
        title: title.to_owned(),
        status: maintenance::Status::Scheduled,
        visibility: Visibility::Public,
        components: touched.iter().map(|it| affected(it, planned)).collect(),
        updates: vec![maintenance::Update {
            id: id(n + 1000),
            status: maintenance::Status::Scheduled,
            message: format!("{title} is planned."),
            message_html: format!("<p>{title} is planned.</p>"),
            components: Vec::new(),
            notify: true,
            display_at: at(20),
            author: Some("Ana".to_owned()),
            created_at: at(20),
            updated_at: at(20),
        }],
        starts_at: at(600),
        ends_at: at(660),
        started_at: None,
        completed_at: None,
        cancelled_at: None,
        auto_start: true,
        auto_complete: true,
        notify: true,
        notify_on_start: true,
        notify_on_completion: true,
        remind_before_seconds: vec![3600],
        recurrence: None,
        time_zone: None,
        series_id: None,
        recurrence_id: None,
        sequence: 0,
        dedup_key: Some("key".to_owned()),
        source: Some("token:1".to_owned()),
        metadata: Map::from_iter([("ticket".to_owned(), json!("OPS-8"))]),
        url: format!("https://status.acme.test/maintenances/{n}"),
        version: 1,
        created_at: at(20),
        updated_at: at(20),
        clock: Clock { listed: true, ..Clock::default() },
    }
}
