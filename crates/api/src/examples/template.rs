//! Templates, and what they would make.
use domain::component::Status;
use domain::event::Announcement;
use domain::incident_template::{IncidentTemplate, TemplateComponent};
use domain::message_template::MessageTemplate;
use domain::preview::{Example, Preview, Told, Turn};
use serde_json::{Map, json};

use super::{at, id, incident};

pub fn incident_template() -> IncidentTemplate {
    IncidentTemplate {
        id: id(11),
        slug: "api-errors".to_owned(),
        name: "API errors".to_owned(),
        title: "API errors in {{ region }}".to_owned(),
        message: "We see elevated error rates in **{{ region }}** and are investigating."
            .to_owned(),
        status: None,
        components: vec![TemplateComponent {
            id: id(1),
            slug: "api".to_owned(),
            status: Status::PartialOutage,
        }],
        impact_override: None,
        visibility: None,
        notify: None,
        metadata: Map::new(),
        version: 1,
        created_at: at(0),
        updated_at: at(0),
    }
}

pub fn message_template() -> MessageTemplate {
    MessageTemplate {
        id: id(12),
        channel: "telegram".to_owned(),
        event: Some(Announcement::IncidentCreated),
        locale: Some("pt-BR".to_owned()),
        subject: None,
        body: "Investigamos um problema.".to_owned(),
        version: 1,
        created_at: at(0),
        updated_at: at(0),
    }
}

pub fn preview() -> Preview {
    let mut incident = json!(incident());
    if let Some(members) = incident.as_object_mut() {
        members.shift_remove("number");
        members.shift_remove("url");
    }
    Preview {
        existing: false,
        incident,
        components: vec![Turn {
            id: id(1),
            slug: "api".to_owned(),
            name: "API".to_owned(),
            status_before: Status::Operational,
            status_after: Status::PartialOutage,
        }],
        audience: vec![Told { channel: "webhook".to_owned(), subscriptions: 1 }],
        messages: vec![Example {
            channel: "webhook".to_owned(),
            event: Announcement::IncidentCreated,
            locale: "en".to_owned(),
            subject: None,
            text: "[Investigating] API errors".to_owned(),
            request: Some("{\"type\":\"incident.created\"}".to_owned()),
        }],
    }
}
