//! A page to look at: components, some history, an incident under way, work that is planned.
use chrono::{DateTime, Duration, SubsecRound as _, Utc};
use domain::caller::{Caller, Visibility};
use domain::component::{Draft as ComponentDraft, Key as ComponentKey, Status};
use domain::group::Draft as GroupDraft;
use domain::incident::Status as State;
use domain::maintenance::Moment;
use serde_json::Map;

use crate::incident::{Key, NewUpdate, Opened};
use crate::maintenance::Wish;
use crate::{Error, Write, component, group, incident, maintenance};

const GROUPS: [(&str, &[&str]); 2] =
    [("Platform", &["API", "Web application", "Webhooks"]), ("Data", &["Database", "Search"])];

/// Incidents that are over: title, what happened, component, status, days ago, minutes.
const PAST: [(&str, &str, &str, Status, i64, i64); 4] = [
    (
        "Slow searches",
        "A rebuild of the index took all disks.",
        "search",
        Status::DegradedPerformance,
        3,
        95,
    ),
    (
        "Webhooks delayed",
        "A queue was **stuck** after a deploy.",
        "webhooks",
        Status::PartialOutage,
        11,
        42,
    ),
    (
        "API errors",
        "One of three replicas ran out of connections.",
        "api",
        Status::PartialOutage,
        24,
        17,
    ),
    (
        "Database failover",
        "The primary lost its disk; the replica took over.",
        "database",
        Status::MajorOutage,
        52,
        8,
    ),
];

/// Fills an empty page. Nobody is notified.
pub fn fill(db: &mut Write<'_>) -> Result<(), Error> {
    let caller = Caller::system();
    if !component::page(db, Visibility::Internal, None, crate::Window { after: None, limit: 1 })?
        .data
        .is_empty()
    {
        return Err(Error::Conflict("the page has components already"));
    }
    let now = db.now()?;
    for (name, members) in GROUPS {
        let created = group::create(db, &caller, group_draft(name))?;
        for member in members {
            let mut draft = component_draft(member);
            draft.group_id = Some(created.id);
            draft.start_date = Some((now - Duration::days(90)).date_naive());
            component::create(db, &caller, draft)?;
        }
    }
    for (title, message, slug, status, days, minutes) in PAST {
        let started_at = now - Duration::days(days);
        let wish = incident::Wish {
            started_at: Some(started_at),
            resolved_at: Some(started_at + Duration::minutes(minutes)),
            ..wish(title, message, slug, status)
        };
        incident::open(db, &caller, wish)?;
    }
    let message = "We see more errors than usual and are looking into it.";
    let wish = incident::Wish {
        started_at: Some(now - Duration::minutes(25)),
        ..wish("Elevated error rates", message, "api", Status::PartialOutage)
    };
    if let Opened::Created(open) = incident::open(db, &caller, wish)? {
        let update = NewUpdate {
            status: Some(State::Identified),
            message: "A faulty deploy was found; it is being rolled back.".to_owned(),
            components: vec![(ComponentKey::from("api"), Status::DegradedPerformance)],
            notify: false,
            display_at: Some(now - Duration::minutes(8)),
        };
        incident::add_update(db, &caller, Key::Id(open.id), None, update)?;
    }
    let begins = (now + Duration::days(5)).trunc_subsecs(0);
    let plan = plan(begins).draft(db.page())?;
    let named = vec![(ComponentKey::from("database"), Status::UnderMaintenance)];
    maintenance::schedule(db, &caller, plan, &named)?;
    Ok(())
}

/// Patches every other week.
fn plan(begins: DateTime<Utc>) -> Wish {
    Wish {
        title: "Database patches".to_owned(),
        message: "Expect some seconds without writes.".to_owned(),
        visibility: Visibility::Public,
        starts_at: Moment::Instant(begins),
        ends_at: Moment::Instant(begins + Duration::minutes(45)),
        time_zone: Some("Etc/UTC".to_owned()),
        recurrence: Some("FREQ=WEEKLY;INTERVAL=2".to_owned()),
        auto_start: true,
        auto_complete: true,
        notify: false,
        notify_on_start: None,
        notify_on_completion: None,
        remind_before_seconds: None,
        dedup_key: None,
        metadata: Map::new(),
    }
}

fn group_draft(name: &str) -> GroupDraft {
    GroupDraft {
        slug: None,
        name: name.to_owned(),
        description: None,
        position: None,
        collapsed: false,
        visibility: Visibility::Public,
    }
}

fn component_draft(name: &str) -> ComponentDraft {
    ComponentDraft {
        slug: None,
        name: name.to_owned(),
        description: None,
        group_id: None,
        position: None,
        visibility: Visibility::Public,
        reported_status: Status::Operational,
        start_date: None,
        uptime_target: None,
        showcase: true,
        only_show_if_degraded: false,
        link: None,
        metadata: Map::new(),
    }
}

fn wish(title: &str, message: &str, slug: &str, status: Status) -> incident::Wish {
    incident::Wish {
        title: Some(title.to_owned()),
        message: Some(message.to_owned()),
        components: Some(vec![(ComponentKey::from(slug), status)]),
        notify: Some(false),
        ..incident::Wish::default()
    }
}
