//! Maintenances.
use domain::calendar::{Calendar, Day, Planned};
use domain::caller::Visibility;
use domain::component::Status;
use domain::maintenance::{Clock, Maintenance, Status as Stage, Update, Warning};
use domain::timeline::Affected;
use serde_json::{Map, Value, json};

use super::{at, id};

pub fn update() -> Update {
    Update {
        id: id(14),
        status: Stage::Scheduled,
        message: "The API will be **read-only** for some minutes.".to_owned(),
        message_html: "<p>The API will be <strong>read-only</strong> for some minutes.</p>"
            .to_owned(),
        components: Vec::new(),
        notify: true,
        display_at: at(20),
        author: None,
        created_at: at(20),
        updated_at: at(20),
    }
}

pub fn maintenance() -> Maintenance {
    Maintenance {
        id: id(13),
        number: 3,
        title: "Database upgrade".to_owned(),
        status: Stage::Scheduled,
        visibility: Visibility::Public,
        components: vec![Affected {
            id: id(1),
            slug: "api".to_owned(),
            name: "API".to_owned(),
            status: Status::UnderMaintenance,
            visibility: Visibility::Public,
        }],
        updates: vec![update()],
        starts_at: at(10_000),
        ends_at: at(10_060),
        started_at: None,
        completed_at: None,
        cancelled_at: None,
        auto_start: true,
        auto_complete: true,
        notify: true,
        notify_on_start: true,
        notify_on_completion: true,
        remind_before_seconds: vec![86_400, 3_600],
        recurrence: None,
        time_zone: None,
        series_id: None,
        recurrence_id: None,
        sequence: 0,
        dedup_key: None,
        source: None,
        metadata: Map::new(),
        url: "https://status.example.org/maintenances/3".to_owned(),
        version: 1,
        created_at: at(20),
        updated_at: at(20),
        clock: Clock { planned_at: at(20), reminders: Vec::new(), listed: true },
    }
}

pub fn with_warnings() -> Value {
    let warning = Warning {
        code: "overlap",
        detail: "overlaps with maintenance 2, \"New switches\", of api".to_owned(),
        maintenance_id: id(15),
        number: 2,
        component: "api".to_owned(),
        starts_at: at(10_030),
        ends_at: at(10_090),
    };
    let mut shown = json!(maintenance());
    if let Some(members) = shown.as_object_mut() {
        members.insert("warnings".to_owned(), json!([warning]));
    }
    shown
}

pub fn calendar() -> Calendar {
    let planned = Planned::from(maintenance());
    let day = Day { date: planned.starts_at.date_naive(), maintenances: vec![planned] };
    Calendar { time_zone: "Etc/UTC".to_owned(), days: vec![day] }
}
