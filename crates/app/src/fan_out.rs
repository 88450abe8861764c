//! From facts to queues.
use persistence::fan_out;

use crate::{Db, Error};

/// Numbers what was committed, then enqueues one chunk of what waits longest; whether there is more to
/// do at once. Only one replica at
/// a time does anything; killed at any point, the next step goes on from there. Neither waits for
/// the disk: nothing is sent before the claim of it is there, and then so is this.
pub fn step(db: &Db) -> Result<bool, Error> {
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
    let Some(numbered) = numbered else { return Ok(false) };
    let expanded =
        db.write_lazily::<_, Error>(|db| Ok(fan_out::take_turn(db)? && fan_out::expand(db)?))?;
    Ok(numbered == fan_out::NUMBERED_AT_ONCE || expanded)
}
