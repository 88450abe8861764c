//! Facts: what happened, told to subscribers or kept for the record.
mod log;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::caller::Visibility;
use crate::incident::Impact;
use crate::words::words;

pub use log::{Entry, EntryWithPayload, Tallies, Tally};

words! {
    /// What subscribers can be told.
    Announcement {
        IncidentCreated = "incident.created",
        IncidentUpdated = "incident.updated",
        IncidentResolved = "incident.resolved",
        PostmortemPublished = "incident.postmortem_published",
        MaintenanceScheduled = "maintenance.scheduled",
        MaintenanceReminder = "maintenance.reminder",
        MaintenanceStarted = "maintenance.started",
        MaintenanceUpdated = "maintenance.updated",
        MaintenanceCompleted = "maintenance.completed",
        MaintenanceCancelled = "maintenance.cancelled",
        ComponentStatusChanged = "component.status_changed",
        SubscriptionTest = "subscription.test",
        /// Asks the owner of an address whether they want the subscription.
        SubscriptionConfirm = "subscription.confirm",
        /// A destination has failed for days. Told to internal subscriptions.
        SubscriptionFailing = "subscription.failing",
        /// A provider refuses a credential. Told to internal subscriptions.
        CredentialRefused = "credential.refused",
    }
}

words! {
    /// What is kept for the record but told to nobody.
    Record {
        ComponentCreated = "component.created",
        ComponentEdited = "component.edited",
        ComponentArchived = "component.archived",
        GroupCreated = "group.created",
        GroupEdited = "group.edited",
        GroupArchived = "group.archived",
        OrderChanged = "page.order_changed",
        IncidentEdited = "incident.edited",
        IncidentDeleted = "incident.deleted",
        PostmortemEdited = "incident.postmortem_edited",
        /// Words, components or settings changed; who is told is told by `maintenance.updated`.
        MaintenanceEdited = "maintenance.edited",
        MaintenanceDeleted = "maintenance.deleted",
        /// It came near enough to be on the page.
        MaintenanceListed = "maintenance.listed",
        /// A series got more occurrences.
        MaintenancesPlanned = "maintenance.occurrences_planned",
        IncidentTemplateCreated = "incident_template.created",
        IncidentTemplateEdited = "incident_template.edited",
        IncidentTemplateDeleted = "incident_template.deleted",
        MessageTemplateCreated = "message_template.created",
        MessageTemplateEdited = "message_template.edited",
        MessageTemplateDeleted = "message_template.deleted",
        UserCreated = "user.created",
        UserEdited = "user.edited",
        UserDeleted = "user.deleted",
        PasswordChanged = "user.password_changed",
        SignedIn = "user.signed_in",
        SignInFailed = "user.sign_in_failed",
        SessionReused = "user.session_reused",
        TokenCreated = "token.created",
        TokenRevoked = "token.revoked",
        SubscriptionCreated = "subscription.created",
        SubscriptionEdited = "subscription.edited",
        SubscriptionDeleted = "subscription.deleted",
        SubscriptionConfirmed = "subscription.confirmed",
        SubscriptionDisabled = "subscription.disabled",
        SubscriptionsImported = "subscription.imported",
        SubscriptionsErased = "subscription.erased",
        SecretRotated = "subscription.secret_rotated",
        CredentialRetried = "credential.retried",
    }
}

impl Announcement {
    /// Concerns one subscription alone, which is told at once and all of it, whatever else it may
    /// hear.
    pub const fn is_personal(self) -> bool {
        matches!(self, Self::SubscriptionTest | Self::SubscriptionConfirm)
    }
}

/// What kind of fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Announcement(Announcement),
    Record(Record),
}

/// A fact to be written in the transaction that made it true.
#[derive(Clone, Debug)]
#[must_use = "a fact that is not emitted is lost"]
pub struct Event {
    pub kind: Kind,
    /// Whether subscribers are told. Only announcements can be.
    pub announce: bool,
    pub about: About,
    /// The thing as callers with `read` see it.
    pub payload: Value,
    /// The thing as the public sees it; nothing when the public must not know.
    pub public_payload: Option<Value>,
}

/// What the fact is about; subscription filters look at this.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    pub incident: Option<Uuid>,
    pub maintenance: Option<Uuid>,
    pub components: Vec<Uuid>,
    pub groups: Vec<Uuid>,
    /// Set for facts that concern one subscription alone.
    pub subscription: Option<Uuid>,
    /// How bad it is; facts without impact pass every `min_impact`.
    pub impact: Option<Impact>,
}

/// A fact as the log holds it.
#[derive(Clone, Debug)]
pub struct Logged {
    pub id: Uuid,
    /// Place in the order of publication.
    pub sequence: i64,
    pub kind: Kind,
    /// The incident or maintenance it is about; such events make one thread.
    pub subject: Option<Uuid>,
    pub payload: Value,
    pub public_payload: Option<Value>,
    /// Banner of the page when the fact was published.
    pub indicator: crate::page::Indicator,
    pub created_at: DateTime<Utc>,
}

impl Event {
    /// A fact for the record that the public has no part in.
    pub fn unseen(kind: Record, payload: Value) -> Self {
        Self {
            kind: Kind::Record(kind),
            announce: false,
            about: About::default(),
            payload,
            public_payload: None,
        }
    }

    /// What the public could see before changes for it even if it is hidden now: then the fact has
    /// a public side, which says nothing but the id.
    pub fn seen_before(mut self, before: Visibility, id: Uuid) -> Self {
        if before == Visibility::Public {
            self.public_payload.get_or_insert_with(|| json!({ "id": id }));
        }
        self
    }
}

impl Kind {
    /// How the kind is spelled.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Announcement(it) => it.as_str(),
            Self::Record(it) => it.as_str(),
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Kind {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        word.parse().map(Self::Announcement).or_else(|_: String| word.parse().map(Self::Record))
    }
}
