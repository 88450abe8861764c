//! An incident: what went wrong, what it touches, and what was said about it.
mod timeline;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::caller::Visibility;
use crate::component;
use crate::timeline::{Affected, Effect, UpdatedComponent};
use crate::words::words;

pub use timeline::{Entry, Timeline, replay};

words! {
    /// Where work on an incident stands. Any open state may follow any other; `resolved` may reopen.
    #[schema(as = IncidentStatus)]
    Status {
        Investigating = "investigating",
        Identified = "identified",
        Monitoring = "monitoring",
        Resolved = "resolved",
    }
}

words! {
    /// How bad an incident is, at its worst.
    Impact {
        None = "none",
        Minor = "minor",
        Major = "major",
        Critical = "critical",
    }
}

/// An incident as the API shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Incident {
    pub id: Uuid,
    /// 1, 2, 3 …; usable wherever the id stands.
    pub number: i64,
    pub title: String,
    pub status: Status,
    /// Derived from the worst component status the incident ever had, unless overridden.
    pub impact: Impact,
    pub impact_override: Option<Impact>,
    pub visibility: Visibility,
    /// Every component the incident ever touched, with what it says of each now.
    pub components: Vec<Affected>,
    /// Newest first.
    pub updates: Vec<Update>,
    pub started_at: DateTime<Utc>,
    pub identified_at: Option<DateTime<Utc>>,
    pub monitoring_at: Option<DateTime<Utc>>,
    pub resolved_at: Option<DateTime<Utc>>,
    /// From `started_at` to `resolved_at`; `null` while open.
    pub duration_seconds: Option<i64>,
    /// One incident per key may be open at a time. Shown to callers with `read` only.
    pub dedup_key: Option<String>,
    /// Who opened it, as `user:<id>` or `token:<id>`. Shown to callers with `read` only.
    pub source: Option<String>,
    pub pinned: bool,
    /// Free data for integrations. Empty for callers without `read`.
    #[schema(value_type = Object, example = json!({"ticket": "OPS-7"}))]
    pub metadata: Map<String, Value>,
    pub postmortem: Option<Postmortem>,
    /// Where people read about it.
    pub url: String,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// One entry of an incident's timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = IncidentUpdate)]
pub struct Update {
    pub id: Uuid,
    pub status: Status,
    /// Markdown, as written.
    pub message: String,
    /// The message rendered and sanitised.
    pub message_html: String,
    pub components: Vec<UpdatedComponent>,
    /// Whether subscribers were told.
    pub notify: bool,
    /// The time shown, and the time its effects count from.
    pub display_at: DateTime<Utc>,
    /// Shown to callers with `read` only.
    pub author: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What was learnt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Postmortem {
    /// Markdown, as written.
    pub body: String,
    /// The body rendered and sanitised.
    pub body_html: String,
    /// When the public first could read it; `null` for a draft.
    pub published_at: Option<DateTime<Utc>>,
    pub updated_at: DateTime<Utc>,
}

/// What it takes to open an incident. Components are resolved to ids already.
#[derive(Clone, Debug)]
pub struct Draft {
    pub title: String,
    pub message: String,
    pub message_html: String,
    pub status: Option<Status>,
    pub effects: Vec<Effect>,
    pub impact_override: Option<Impact>,
    pub visibility: Visibility,
    pub notify: bool,
    pub started_at: Option<DateTime<Utc>>,
    pub resolved_at: Option<DateTime<Utc>>,
    pub dedup_key: Option<String>,
    pub metadata: Map<String, Value>,
}

/// When and how a new incident begins, once its draft was found to make sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    pub status: Status,
    pub started_at: DateTime<Utc>,
    /// The time shown with the first update.
    pub display_at: DateTime<Utc>,
    /// History that is over already: nobody is notified.
    pub backfill: bool,
}

/// Why an incident or update does not make sense. Each names the field at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsound {
    #[error("`started_at` lies in the future")]
    StartsInFuture,
    #[error("`resolved_at` lies in the future")]
    ResolvedInFuture,
    #[error("`resolved_at` is not after `started_at`")]
    ResolvedBeforeStart,
    #[error("an incident with `resolved_at` is resolved; leave `status` out or say `resolved`")]
    ResolvedButOpen,
    #[error("`resolved_at` needs `started_at`")]
    ResolvedWithoutStart,
    #[error("`display_at` lies in the future")]
    DisplayedInFuture,
    #[error("`display_at` lies before the incident began")]
    DisplayedBeforeStart,
    #[error(
        "a resolved incident says nothing about components; set their `reported_status` instead"
    )]
    AffectsAfterResolution,
}

impl Unsound {
    /// JSON pointer to the field at fault.
    pub const fn pointer(self) -> &'static str {
        match self {
            Self::StartsInFuture => "/started_at",
            Self::ResolvedInFuture | Self::ResolvedBeforeStart | Self::ResolvedWithoutStart => {
                "/resolved_at"
            }
            Self::ResolvedButOpen => "/status",
            Self::DisplayedInFuture | Self::DisplayedBeforeStart => "/display_at",
            Self::AffectsAfterResolution => "/components",
        }
    }
}

impl Draft {
    /// Decides when and how the incident begins, seen from `now`.
    pub fn opening(&self, now: DateTime<Utc>) -> Result<Opening, Unsound> {
        let started_at = self.started_at.unwrap_or(now);
        if started_at > now {
            return Err(Unsound::StartsInFuture);
        }
        let Some(resolved_at) = self.resolved_at else {
            let status = self.status.unwrap_or(Status::Investigating);
            let display_at = if status == Status::Resolved { now } else { started_at };
            return Ok(Opening { status, started_at, display_at, backfill: false });
        };
        if self.started_at.is_none() {
            return Err(Unsound::ResolvedWithoutStart);
        }
        if resolved_at > now {
            return Err(Unsound::ResolvedInFuture);
        }
        if resolved_at <= started_at {
            return Err(Unsound::ResolvedBeforeStart);
        }
        if self.status.is_some_and(|it| it != Status::Resolved) {
            return Err(Unsound::ResolvedButOpen);
        }
        let status = Status::Resolved;
        Ok(Opening { status, started_at, display_at: resolved_at, backfill: true })
    }
}

impl From<component::Status> for Impact {
    fn from(status: component::Status) -> Self {
        use component::Status;
        match status {
            Status::Operational | Status::UnderMaintenance => Self::None,
            Status::DegradedPerformance => Self::Minor,
            Status::PartialOutage => Self::Major,
            Status::MajorOutage => Self::Critical,
        }
    }
}

impl Incident {
    /// Whether work goes on.
    pub fn is_open(&self) -> bool {
        self.status != Status::Resolved
    }

    /// The incident as the public may see it, or nothing when it is internal:
    /// no internal component, no draft postmortem, no hint at who or what reported it.
    pub fn for_public(mut self) -> Option<Self> {
        if self.visibility == Visibility::Internal {
            return None;
        }
        self.components.retain(|it| it.visibility == Visibility::Public);
        for update in &mut self.updates {
            update.components.retain(|it| it.visibility == Visibility::Public);
            update.author = None;
        }
        self.postmortem = self.postmortem.filter(|it| it.published_at.is_some());
        self.dedup_key = None;
        self.source = None;
        self.metadata = Map::new();
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Draft {
        Draft {
            title: "API down".into(),
            message: "Looking".into(),
            message_html: String::new(),
            status: None,
            effects: Vec::new(),
            impact_override: None,
            visibility: Visibility::Public,
            notify: true,
            started_at: None,
            resolved_at: None,
            dedup_key: None,
            metadata: Map::new(),
        }
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn openings_are_judged() {
        let now = at(1000);
        let open = |started: Option<i64>, resolved: Option<i64>, status: Option<Status>| {
            let draft = Draft {
                started_at: started.map(at),
                resolved_at: resolved.map(at),
                status,
                ..draft()
            };
            draft.opening(now)
        };
        assert_eq!(open(None, None, None).unwrap().started_at, now);
        assert_eq!(open(Some(2000), None, None), Err(Unsound::StartsInFuture));
        assert_eq!(open(Some(10), Some(10), None), Err(Unsound::ResolvedBeforeStart));
        assert_eq!(open(Some(10), Some(2000), None), Err(Unsound::ResolvedInFuture));
        assert_eq!(open(None, Some(20), None), Err(Unsound::ResolvedWithoutStart));
        assert_eq!(
            open(Some(10), Some(20), Some(Status::Monitoring)),
            Err(Unsound::ResolvedButOpen)
        );
        let past = open(Some(10), Some(20), None).unwrap();
        assert!(past.backfill && past.status == Status::Resolved && past.display_at == at(20));
        let over = open(Some(10), None, Some(Status::Resolved)).unwrap();
        assert!(!over.backfill && over.display_at == now);
    }
}
