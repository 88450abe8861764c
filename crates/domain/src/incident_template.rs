//! Incidents that are prepared: a text with variables, and how they begin.
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::caller::Visibility;
use crate::component;
use crate::incident::{Impact, Status};

/// A prepared incident as the API shows it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct IncidentTemplate {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    /// The title with `{{ variables }}`.
    #[schema(example = "Errors in {{ region }}")]
    pub title: String,
    /// Markdown with `{{ variables }}`; the first update.
    pub message: String,
    pub status: Option<Status>,
    /// What it says of components. Archived ones are left out.
    pub components: Vec<TemplateComponent>,
    pub impact_override: Option<Impact>,
    pub visibility: Option<Visibility>,
    pub notify: Option<bool>,
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A component that a template names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TemplateComponent {
    pub id: Uuid,
    pub slug: String,
    pub status: component::Status,
}
