//! People who sign in.
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::caller::Role;

/// Shortest password, in characters (OWASP Authentication Cheat Sheet: at least 12 without a second factor).
pub const PASSWORD_MIN: u64 = 12;
/// Longest password, in characters: bounds the work of one hash.
pub const PASSWORD_MAX: u64 = 128;
/// Longest e-mail address, in characters (RFC 5321 §4.5.3.1.3).
pub const EMAIL_MAX: u64 = 254;

/// A person who may sign in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct User {
    pub id: Uuid,
    /// Unique, compared without regard to case.
    pub email: String,
    pub name: String,
    pub role: Role,
    /// A disabled user cannot sign in, and running sessions end.
    pub disabled: bool,
    pub last_login_at: Option<DateTime<Utc>>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}
