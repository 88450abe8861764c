//! Events.
use domain::delivery::State;
use domain::event::{Announcement, Entry, EntryWithPayload, Tallies};
use domain::incident::Impact;
use domain::page::{Banner, Indicator, Snapshot};
use publication::StreamEvent;
use serde_json::json;

use super::{at, id, incident, snapshot};

pub fn event() -> Entry {
    let mut deliveries = Tallies::default();
    deliveries.add("webhook".to_owned(), State::Delivered, 2);
    deliveries.add("webhook".to_owned(), State::Retrying, 1);
    Entry {
        id: id(8),
        sequence: Some(42),
        r#type: Announcement::IncidentCreated.as_str().to_owned(),
        actor: format!("user:{}", id(9)),
        request_id: Some("01890a5d-ac96-774b-bcce-b302099a8057".to_owned()),
        created_at: at(10),
        announced: true,
        incident_id: Some(id(3)),
        maintenance_id: None,
        component_ids: vec![id(1)],
        group_ids: vec![id(2)],
        subscription_id: None,
        impact: Some(Impact::Major),
        expanded_at: Some(at(10)),
        deliveries: Some(deliveries),
    }
}

pub fn event_with_payload() -> EntryWithPayload {
    EntryWithPayload {
        entry: event(),
        payload: Some(json!(incident())),
        public_payload: incident().for_public().map(|it| json!(it)),
    }
}

pub fn streamed() -> StreamEvent {
    let Snapshot { page, .. } = snapshot();
    let status = Banner { indicator: Indicator::Minor, description: "Minor Service Outage" };
    let data =
        [("incident".to_owned(), json!(incident().for_public())), ("page".to_owned(), json!(page))];
    StreamEvent {
        id: id(8),
        r#type: Announcement::IncidentCreated.as_str().to_owned(),
        timestamp: at(10),
        sequence: 17,
        status,
        data: data.into_iter().collect(),
    }
}
