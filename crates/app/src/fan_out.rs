//! From facts to queues.
use persistence::fan_out;

use crate::{Db, Error};

/// What one step of fanning out did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Events that got their place in the order.
    pub numbered: usize,
    /// Deliveries enqueued.
    pub enqueued: usize,
    /// Whether there is more to do at once.
    pub more: bool,
}

/// Numbers what was committed, then enqueues one chunk of what waits longest. Only one replica at
/// a time does anything; killed at any point, the next step goes on from there. Neither waits for
/// the disk: nothing is sent before the claim of it is there, and then so is this.
pub fn step(db: &Db) -> Result<Progress, Error> {
    let numbered = db.write_lazily::<_, Error>(|db| {
        if !fan_out::take_turn(db)? {
            return Ok(None);
        }
        if !fan_out::is_due(db)? {
            return Ok(Some(0));
        }
        let banner = crate::status::public_banner(db)?;
        Ok(Some(fan_out::number(db, banner.indicator)?))
    })?;
    let Some(numbered) = numbered else { return Ok(Progress::default()) };
    let expanded = db.write_lazily::<_, Error>(|db| {
        Ok(if fan_out::take_turn(db)? { fan_out::expand(db)? } else { None })
    })?;
    let more = numbered == fan_out::NUMBERED_AT_ONCE || expanded.is_some();
    Ok(Progress { numbered, enqueued: expanded.unwrap_or(0), more })
}
