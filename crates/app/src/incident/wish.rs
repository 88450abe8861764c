//! What callers ask for when they open an incident, and what a template adds to it.
use chrono::{DateTime, Utc};
use domain::caller::{Caller, Scope, Visibility};
use domain::component::Key;
use domain::incident::{Draft, Impact, Status};
use domain::incident_template::IncidentTemplate;
use persistence::incident_template;
use serde_json::{Map, Value};

use super::Named;
use crate::incident_template::{fill, message, title};
use crate::{Error, FieldError, Read};

/// An incident as a caller asks for it: what is absent comes from the template or is as usual.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    pub template: Option<Key>,
    pub variables: Map<String, Value>,
    pub title: Option<String>,
    pub message: Option<String>,
    pub status: Option<Status>,
    pub components: Option<Named>,
    pub impact_override: Option<Impact>,
    pub visibility: Option<Visibility>,
    pub notify: Option<bool>,
    pub started_at: Option<DateTime<Utc>>,
    pub resolved_at: Option<DateTime<Utc>>,
    pub dedup_key: Option<String>,
    pub metadata: Option<Map<String, Value>>,
}

impl Wish {
    /// Whether the incident begins when it is opened.
    pub const fn is_of_now(&self) -> bool {
        self.started_at.is_none() && self.resolved_at.is_none()
    }

    /// Completes the wish.
    pub fn draft(mut self, db: &mut Read<'_>, caller: &Caller) -> Result<(Draft, Named), Error> {
        caller.must(Scope::Incidents)?;
        if let Some(key) = self.template.take() {
            let found = incident_template::find(db, &key).map_err(|error| match error {
                crate::DbError::NotFound => {
                    Error::invalid("/template", "unknown", "there is no such template")
                }
                other => other.into(),
            })?;
            self.fill(found)?;
        } else if !self.variables.is_empty() {
            return Err(Error::invalid("/variables", "unsound", "variables need a `template`"));
        }
        self.usual()
    }

    fn fill(&mut self, template: IncidentTemplate) -> Result<(), Error> {
        let given = std::mem::take(&mut self.variables);
        let mut wrong = Vec::new();
        for (text, field) in [
            (title(&template.title), &mut self.title),
            (message(&template.message), &mut self.message),
        ] {
            if field.is_none() {
                match fill(text, &given) {
                    Ok(filled) => *field = Some(filled),
                    Err(Error::Invalid(fields)) => wrong.extend(fields),
                    Err(other) => return Err(other),
                }
            }
        }
        if !wrong.is_empty() {
            wrong.sort_by(|a: &FieldError, b| a.pointer.cmp(&b.pointer));
            wrong.dedup_by(|a, b| a.pointer == b.pointer && a.code == "undefined");
            return Err(Error::Invalid(wrong));
        }
        // History is resolved, whatever an incident of this kind begins as.
        if self.resolved_at.is_none() {
            self.status = self.status.or(template.status);
        }
        let named = template.components.into_iter().map(|it| (Key::Id(it.id), it.status));
        self.components.get_or_insert_with(|| named.collect());
        self.impact_override = self.impact_override.or(template.impact_override);
        self.visibility = self.visibility.or(template.visibility);
        self.notify = self.notify.or(template.notify);
        self.metadata.get_or_insert(template.metadata);
        Ok(())
    }

    fn usual(self) -> Result<(Draft, Named), Error> {
        let absent = |name: &str| FieldError {
            pointer: format!("/{name}"),
            code: "shape",
            detail: format!("missing field `{name}`"),
        };
        let (title, message) = match (self.title, self.message) {
            (Some(title), Some(message)) => (title, message),
            (title, message) => {
                let title = title.is_none().then(|| absent("title"));
                let message = message.is_none().then(|| absent("message"));
                return Err(Error::Invalid(title.into_iter().chain(message).collect()));
            }
        };
        let draft = Draft {
            title,
            message,
            message_html: String::new(),
            status: self.status,
            effects: Vec::new(),
            impact_override: self.impact_override,
            visibility: self.visibility.unwrap_or(Visibility::Public),
            notify: self.notify.unwrap_or(true),
            started_at: self.started_at,
            resolved_at: self.resolved_at,
            dedup_key: self.dedup_key,
            metadata: self.metadata.unwrap_or_default(),
        };
        Ok((draft, self.components.unwrap_or_default()))
    }
}
