//! Postgres, through diesel. Rows stay in here; domain types and read models come out.
pub mod audience;
pub mod bus;
pub mod component;
pub mod credential;
pub mod cursor;
pub mod delivery;
pub mod event;
pub mod fan_out;
pub mod group;
pub mod history;
pub mod idempotency;
pub mod incident;
pub mod incident_template;
pub mod ledger;
pub mod maintenance;
pub mod message_template;
pub mod page;
pub mod prune;
pub mod receipt;
pub mod schema;
pub mod session;
pub mod subscription;
pub mod thread;
pub mod throttle;
pub mod token;
pub mod transfer;
pub mod user;

mod db;
mod error;
mod pool;
mod prepared;
mod timeline;
mod word;

pub use db::{Commit, Db, MIGRATIONS, MigrateError, Read, Write};
pub use error::DbError;
