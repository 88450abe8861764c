//! What callers send about incidents.
use app::incident::{Edit, Named, Wish};
use chrono::{DateTime, Utc};
use domain::caller::Visibility;
use domain::component::{self, Key};
use domain::incident::{Impact, Status};
use domain::text::{
    COMPONENTS_MAX, DEDUP_KEY_MAX, MESSAGE_MAX, POSTMORTEM_MAX, SLUG_MAX, TITLE_MAX,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::instant;
use crate::patch::{Patch, set_only};
use crate::problem::{FieldError, Problem};
use crate::validate;

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewIncident {
    /// A template by id or slug: what is left out here comes from it.
    #[validate(length(min = 1, max = SLUG_MAX))]
    #[schema(min_length = 1, max_length = 80, example = "api-errors")]
    template: Option<String>,
    /// What the template is filled with; whatever it needs must be there.
    #[serde(default)]
    #[validate(custom(function = validate::variables))]
    #[schema(value_type = Object, example = json!({"region": "eu"}))]
    variables: Map<String, Value>,
    /// May be left out with a `template`.
    #[serde(default, deserialize_with = "set_only")]
    #[validate(length(min = 1, max = TITLE_MAX))]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 200)]
    title: Option<String>,
    /// Markdown; the first update. May be left out with a `template`.
    #[serde(default, deserialize_with = "set_only")]
    #[validate(length(min = 1, max = MESSAGE_MAX))]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 25000)]
    message: Option<String>,
    /// `investigating` when left out, `resolved` with `resolved_at`.
    status: Option<Status>,
    #[serde(default, deserialize_with = "set_only")]
    #[validate(length(max = COMPONENTS_MAX), nested)]
    #[schema(value_type = Vec<NamedComponent>, required = false, max_items = 500)]
    components: Option<Vec<NamedComponent>>,
    impact_override: Option<Impact>,
    #[serde(default, deserialize_with = "set_only")]
    #[schema(value_type = Visibility, required = false, default = "public")]
    visibility: Option<Visibility>,
    /// Whether subscribers are told.
    #[serde(default, deserialize_with = "set_only")]
    #[schema(value_type = bool, required = false, default = true)]
    notify: Option<bool>,
    /// In the past: it began before it was noticed.
    #[serde(default, deserialize_with = "instant::maybe")]
    started_at: Option<DateTime<Utc>>,
    /// With `started_at`: it is history, and nobody is told.
    #[serde(default, deserialize_with = "instant::maybe")]
    resolved_at: Option<DateTime<Utc>>,
    /// At most one incident per key is open at a time.
    #[validate(length(min = 1, max = DEDUP_KEY_MAX))]
    #[schema(min_length = 1, max_length = 255)]
    dedup_key: Option<String>,
    #[serde(default, deserialize_with = "set_only")]
    #[validate(custom(function = validate::metadata))]
    #[schema(value_type = Object, required = false)]
    metadata: Option<Map<String, Value>>,
}

/// A component by id or slug, and how it is.
#[derive(Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NamedComponent)]
pub struct NamedComponent {
    /// Either this
    pub id: Option<Uuid>,
    /// or this.
    #[validate(length(min = 1, max = 80))]
    #[schema(min_length = 1, max_length = 80)]
    pub slug: Option<String>,
    pub status: component::Status,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IncidentPatch {
    #[serde(default, deserialize_with = "set_only")]
    #[validate(length(min = 1, max = TITLE_MAX))]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 200)]
    title: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<Impact>)]
    impact_override: Patch<Impact>,
    #[serde(default, deserialize_with = "set_only")]
    #[schema(value_type = Visibility, required = false)]
    visibility: Option<Visibility>,
    /// Moves the beginning of what it said about components first, too.
    #[serde(default, deserialize_with = "instant::set_only")]
    #[schema(value_type = DateTime<Utc>, required = false)]
    started_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "set_only")]
    #[schema(value_type = bool, required = false)]
    pinned: Option<bool>,
    /// Merged member by member; `null` removes.
    #[serde(default)]
    #[validate(custom(function = validate::metadata_patch))]
    #[schema(value_type = Option<Object>)]
    metadata: Patch<Map<String, Value>>,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUpdate {
    /// The state stays when left out.
    pub status: Option<Status>,
    /// Markdown.
    #[validate(length(min = 1, max = MESSAGE_MAX))]
    #[schema(min_length = 1, max_length = 25000)]
    pub message: String,
    #[serde(default)]
    #[validate(length(max = COMPONENTS_MAX), nested)]
    #[schema(max_items = 500)]
    pub components: Vec<NamedComponent>,
    /// Whether subscribers are told.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub notify: bool,
    /// Now when left out; effects count from this time.
    #[serde(default, deserialize_with = "instant::maybe")]
    pub display_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdatePatch {
    #[serde(default, deserialize_with = "set_only")]
    #[schema(value_type = Status, required = false)]
    pub status: Option<Status>,
    #[serde(default, deserialize_with = "set_only")]
    #[validate(length(min = 1, max = MESSAGE_MAX))]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 25000)]
    pub message: Option<String>,
    /// Replaces what the update said of components.
    #[serde(default, deserialize_with = "set_only")]
    #[validate(length(max = COMPONENTS_MAX), nested)]
    #[schema(value_type = Vec<NamedComponent>, required = false, max_items = 500)]
    pub components: Option<Vec<NamedComponent>>,
    #[serde(default, deserialize_with = "instant::set_only")]
    #[schema(value_type = DateTime<Utc>, required = false)]
    pub display_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPostmortem {
    /// Markdown.
    #[validate(length(min = 1, max = POSTMORTEM_MAX))]
    #[schema(min_length = 1, max_length = 100000)]
    pub body: String,
    /// Whether the public may read it; subscribers hear of the first time.
    #[serde(default)]
    pub published: bool,
}

fn yes() -> bool {
    true
}

/// Each component must be named by exactly one of id and slug.
pub fn named(components: Vec<NamedComponent>) -> Result<Named, Problem> {
    let mut wrong = Vec::new();
    let mut named = Vec::new();
    for (index, NamedComponent { id, slug, status }) in components.into_iter().enumerate() {
        match (id, slug) {
            (Some(id), None) => named.push((Key::Id(id), status)),
            (None, Some(slug)) => named.push((Key::Slug(slug), status)),
            _ => wrong.push(FieldError {
                pointer: format!("/components/{index}"),
                code: "shape".to_owned(),
                detail: "give either `id` or `slug`".to_owned(),
            }),
        }
    }
    if wrong.is_empty() { Ok(named) } else { Err(Problem::invalid(wrong)) }
}

impl NewIncident {
    pub fn wish(self) -> Result<Wish, Problem> {
        let Self {
            template,
            variables,
            title,
            message,
            status,
            components,
            impact_override,
            visibility,
            notify,
            started_at,
            resolved_at,
            dedup_key,
            metadata,
        } = self;
        Ok(Wish {
            template: template.as_deref().map(Key::from),
            variables,
            title,
            message,
            status,
            components: components.map(named).transpose()?,
            impact_override,
            visibility,
            notify,
            started_at,
            resolved_at,
            dedup_key,
            metadata,
        })
    }
}

impl IncidentPatch {
    pub fn apply(self, edit: &mut Edit) {
        let Self { title, impact_override, visibility, started_at, pinned, metadata } = self;
        let now = edit.clone();
        edit.title = title.unwrap_or(now.title);
        impact_override.apply(&mut edit.impact_override);
        edit.visibility = visibility.unwrap_or(now.visibility);
        edit.started_at = started_at.unwrap_or(now.started_at);
        edit.pinned = pinned.unwrap_or(now.pinned);
        metadata.merge(&mut edit.metadata);
    }
}
