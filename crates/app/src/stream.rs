//! What happened, for readers who follow along.
use persistence::stream;

use crate::{DbError, Read};

pub use persistence::stream::{Mark, Stretch, next, secure};

/// So much of what happened is kept at hand for readers who were away: events, and bytes of what
/// they say.
const RECENT: (i64, i64) = (1_024, 8 * 1024 * 1024);

/// The mark with which a process begins to follow.
pub fn start(db: &mut Read<'_>) -> Result<Mark, DbError> {
    let (n_facts, n_bytes) = RECENT;
    stream::start(db, n_facts, n_bytes)
}
