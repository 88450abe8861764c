//! What one may ask of the system. Each function is one permission check and one transaction's
//! worth of work.
pub mod access;
pub mod clock;
pub mod component;
pub mod credential;
pub mod delivery;
pub mod demo;
pub mod event;
pub mod fan_out;
pub mod group;
pub mod history;
pub mod idempotency;
pub mod incident;
pub mod incident_template;
pub mod link;
pub mod maintenance;
pub mod message_template;
pub mod password;
pub mod receipt;
pub mod report;
pub mod session;
pub mod status;
pub mod stream;
pub mod subscription;
pub mod token;
pub mod transfer;
pub mod uptime;
pub mod user;
pub mod vault;
pub mod wording;

mod error;
mod ledger;
mod markdown;
mod order;
mod timeline;

pub use error::{Error, FieldError};
/// The facade: nobody above this crate names `persistence`.
pub use persistence::bus::Bus;
pub use persistence::cursor::{Cursor, Page, Window};
pub use persistence::prune;
pub use persistence::{Commit, Db, DbError, MigrateError, Read, Write};
