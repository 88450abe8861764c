//! What a status page means. No I/O, no clock, no randomness.
mod words;

pub mod calendar;
pub mod caller;
pub mod component;
pub mod credential;
pub mod delivery;
pub mod event;
pub mod group;
pub mod history;
pub mod incident;
pub mod incident_template;
pub mod ledger;
pub mod maintenance;
pub mod message_template;
pub mod page;
pub mod patch;
pub mod preview;
pub mod range;
pub mod recurrence;
pub mod report;
pub mod stream;
pub mod subscription;
pub mod text;
pub mod timeline;
pub mod token;
pub mod uptime;
pub mod user;
