//! What readers of the stream get: Server-Sent Events (WHATWG HTML §9.2), each of finished bytes.
use bytes::Bytes;
use chrono::{DateTime, Utc};
use domain::caller::Visibility;
use domain::page::{Banner, Page};
use domain::stream::Fact;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::document::{Document, Encoding};

/// What `data:` of an event says, on one line.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StreamEvent {
    /// Also the `webhook-id` of messages about it.
    pub id: Uuid,
    /// As in `event:`.
    #[schema(example = "incident.created")]
    pub r#type: String,
    /// When it happened.
    pub timestamp: DateTime<Utc>,
    /// Its place in the order of events, as in `id:`. Counts what this reader may know of.
    #[schema(minimum = 1)]
    pub sequence: i64,
    /// The banner when this was sent, or a moment later.
    pub status: Banner,
    /// The thing as the API shows it, under `incident`, `maintenance`, `component` or `group`, and
    /// the `page`. A thing that can no longer be seen has nothing but its `id`.
    #[schema(value_type = Object)]
    pub data: Map<String, Value>,
}

impl StreamEvent {
    /// The fact as this audience hears of it, if it does.
    pub fn of(fact: &Fact, audience: Visibility, page: &Page, status: Banner) -> Option<Self> {
        let shown = fact.shown_to(audience)?;
        let noun = fact.kind.split('.').next().unwrap_or_default();
        let mut data = match shown {
            // What is said of the page stands beside it.
            Value::Object(members) if noun == "page" => members.clone(),
            thing => Map::from_iter([(noun.to_owned(), thing.clone())]),
        };
        data.insert("page".to_owned(), json!(page));
        Some(Self {
            id: fact.id,
            r#type: fact.kind.clone(),
            timestamp: fact.created_at,
            sequence: fact.place.of(audience),
            status,
            data,
        })
    }

    /// As it goes out.
    pub fn frame(&self) -> Bytes {
        let Self { sequence, r#type, .. } = self;
        let mut frame = format!("id: {sequence}\nevent: {type}\ndata: ").into_bytes();
        serde_json::to_writer(&mut frame, self)
            .unwrap_or_else(|_| unreachable!("events are plain data"));
        frame.extend_from_slice(b"\n\n");
        frame.into()
    }
}

/// The event `status`: the whole page for who cannot go on from where they were. What follows has
/// greater numbers than `id`. JSON has no line breaks but between its parts, and ours has none.
pub fn status_event(id: i64, document: &Document) -> [Bytes; 3] {
    let head = format!("id: {id}\nevent: status\ndata: ");
    [head.into(), document.body(Encoding::Identity), Bytes::from_static(b"\n\n")]
}

#[cfg(test)]
mod tests {
    use domain::page::Indicator;
    use domain::stream::Place;

    use super::*;

    fn fact(kind: &str, payload: Value, public: Option<Value>) -> Fact {
        Fact {
            id: Uuid::nil(),
            kind: kind.to_owned(),
            created_at: DateTime::UNIX_EPOCH,
            place: Place { internal: 7, public: 3 },
            numbered_after: Place { internal: 6, public: 2 },
            payload: Some(payload),
            public_payload: public,
        }
    }

    fn said(fact: &Fact, audience: Visibility) -> Option<String> {
        let (url, time_zone) = ("https://s.example".to_owned(), "Etc/UTC".to_owned());
        let page = Page { id: Uuid::nil(), name: "Test".to_owned(), url, time_zone };
        let status = Banner { indicator: Indicator::None, description: "All Systems Operational" };
        let frame = StreamEvent::of(fact, audience, &page, status)?.frame();
        Some(String::from_utf8(frame.to_vec()).unwrap())
    }

    #[test]
    fn an_event_is_three_lines_and_an_empty_one() {
        let fact = fact("incident.created", json!({"title": "a\nb"}), Some(json!({"title": "c"})));
        let internal = said(&fact, Visibility::Internal).unwrap();
        let lines: Vec<&str> = internal.split('\n').collect();
        assert_eq!(lines[..2], ["id: 7", "event: incident.created"]);
        assert_eq!((lines.len(), lines[3..].concat().as_str()), (5, ""));
        let data: Value = serde_json::from_str(lines[2].strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!(data["data"]["incident"], json!({"title": "a\nb"}));
        assert_eq!(data["data"]["page"]["name"], "Test");
        let public = said(&fact, Visibility::Public).unwrap();
        assert!(public.starts_with("id: 3\n") && public.contains("\"sequence\":3,"), "{public}");
    }

    #[test]
    fn the_public_hears_nothing_of_what_it_may_not_know() {
        let hidden = fact("component.edited", json!({"name": "x"}), None);
        assert_eq!(said(&hidden, Visibility::Public), None);
        let order = fact("page.order_changed", json!({"groups": []}), Some(json!({})));
        assert!(said(&order, Visibility::Internal).unwrap().contains("\"groups\":[],\"page\":{"));
        assert!(!said(&order, Visibility::Public).unwrap().contains("groups"));
    }
}
