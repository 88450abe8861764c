//! What would happen if it were done.
use serde::Serialize;
use serde_json::Value;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

use crate::component::Status;
use crate::event::Announcement;
use crate::incident::Incident;

/// What opening an incident would do.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = IncidentPreview)]
pub struct Preview {
    /// Whether an open incident with this `dedup_key` would be the answer, and nothing be done.
    pub existing: bool,
    /// As it would be created: then without `number` and `url`, and with ids that it will not have.
    #[schema(schema_with = unnumbered)]
    pub incident: Value,
    /// The components it touches.
    pub components: Vec<Turn>,
    /// How many subscriptions would be told; channels without any are left out.
    pub audience: Vec<Told>,
    /// What each of those channels would say, by one example.
    pub messages: Vec<Example>,
}

/// What would become of a component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PreviewedComponent)]
pub struct Turn {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    pub status_before: Status,
    pub status_after: Status,
}

/// How many would be told on a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PreviewedAudience)]
pub struct Told {
    #[schema(example = "slack")]
    pub channel: String,
    pub subscriptions: i64,
}

/// A message as it would go out on a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PreviewedMessage)]
pub struct Example {
    #[schema(example = "slack")]
    pub channel: String,
    /// What it tells of.
    pub event: Announcement,
    /// The language that most of these subscriptions asked for.
    #[schema(example = "en")]
    pub locale: String,
    /// Where messages of the channel have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What a person reads.
    pub text: String,
    /// The body of the request that would be made, without addresses and secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
}

/// An incident whose `number` and `url` may be missing.
fn unnumbered() -> RefOr<Schema> {
    let mut schema = Incident::schema();
    if let RefOr::T(Schema::Object(incident)) = &mut schema {
        incident.required.retain(|it| it != "number" && it != "url");
    }
    schema
}
