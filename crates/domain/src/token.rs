//! API tokens of machines.
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::caller::Scope;

/// An API token, without its secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Token {
    pub id: Uuid,
    pub name: String,
    /// The first characters of the secret, to recognise it by.
    pub prefix: String,
    pub scopes: Vec<Scope>,
    /// After this it is refused; `null` means never.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last accepted, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// `user:<id>`, `token:<id>` or `system`.
    pub created_by: String,
    pub created_at: DateTime<Utc>,
    pub version: i64,
}
