//! An event of each kind, to try templates on.
use chrono::{DateTime, Utc};
use domain::event::{Announcement, Kind, Logged};
use domain::page::{Indicator, Page};
use minijinja::Value;
use serde_json::json;
use uuid::Uuid;

use crate::message::Message;
use crate::{Bodies, Notice, Reader};

/// What templates see of each kind of event.
pub(super) fn contexts() -> impl Iterator<Item = Value> {
    Announcement::ALL.iter().map(|kind| context(*kind))
}

fn context(kind: Announcement) -> Value {
    let payload = payload(kind.as_str());
    let event = Logged {
        id: Uuid::nil(),
        sequence: 1,
        subject: None,
        kind: Kind::Announcement(kind),
        payload: payload.clone(),
        public_payload: None,
        indicator: Indicator::Minor,
        created_at: DateTime::<Utc>::UNIX_EPOCH,
    };
    let page = Page {
        id: Uuid::nil(),
        name: "Example".to_owned(),
        url: "https://status.example.org".to_owned(),
        time_zone: "Etc/UTC".to_owned(),
    };
    let notice = Notice {
        event: &event,
        page: &page,
        payload: &payload,
        api_url: "https://status.example.org",
        reader: Reader {
            locale: "en",
            time_zone: chrono_tz::Tz::UTC,
            manage_url: None,
            unsubscribe_url: None,
        },
        wording: None,
        earlier: &[],
        bodies: &Bodies::default(),
    };
    super::context(&notice, &Message::of(&notice))
}

fn payload(kind: &str) -> serde_json::Value {
    const TIME: &str = "1970-01-01T00:00:00Z";
    let component = json!({
        "id": Uuid::nil(),
        "slug": "checkout",
        "name": "Checkout",
        "status": "partial_outage",
    });
    let story = |status: &str| {
        json!({
            "id": Uuid::nil(),
            "number": 1,
            "title": "Errors at the checkout",
            "status": status,
            "impact": "major",
            "components": [component],
            "updates": [{
                "id": Uuid::nil(),
                "status": status,
                "message": "We look into it.",
                "components": [],
                "display_at": TIME,
                "created_at": TIME,
            }],
            "metadata": {},
            "postmortem": { "body": "What happened.", "published_at": TIME },
            "url": "https://status.example.org/incidents/1",
            "created_at": TIME,
            "updated_at": TIME,
        })
    };
    let mut payload = match kind.split('.').next() {
        Some("incident") => story("investigating"),
        Some("maintenance") => story("scheduled"),
        Some("component") => component,
        _ => json!({ "id": Uuid::nil(), "confirm_url": "https://status.example.org/confirm" }),
    };
    let more = match kind.split('.').next() {
        Some("incident") => json!({ "started_at": TIME, "resolved_at": null }),
        Some("maintenance") => json!({
            "starts_at": TIME,
            "ends_at": TIME,
            "started_at": TIME,
            "completed_at": TIME,
            "recurrence": "FREQ=WEEKLY",
            "time_zone": "Europe/Berlin",
        }),
        Some("component") => json!({ "previous_status": "operational", "status_since": TIME }),
        Some("credential") => json!({ "channel": "slack", "reason": "…", "failing_since": TIME }),
        _ => json!({ "channel": "webhook", "failing_since": TIME, "disabled_at": TIME }),
    };
    if let (Some(members), serde_json::Value::Object(more)) = (payload.as_object_mut(), more) {
        members.extend(more);
    }
    payload
}
