//! Messages that operators ask for: to see whether they arrive, or because they did not.
use chrono::{DateTime, Utc};
use domain::caller::{Caller, Scope};
use domain::event::{About, Announcement, Event, Kind};
use domain::subscription::State;
use persistence::delivery;
use serde_json::json;
use uuid::Uuid;

use super::lock;
use crate::{Error, Write};

/// Sends a message that says nothing, to see whether it arrives.
pub fn test(db: &mut Write<'_>, caller: &Caller, id: Uuid) -> Result<(), Error> {
    caller.must(Scope::Subscriptions)?;
    let (found, _) = lock(db, id, None)?;
    if found.state != State::Active {
        return Err(Error::Conflict("the subscription is not active"));
    }
    let now = db.now()?;
    let payload = json!({ "id": found.id, "channel": found.channel, "label": found.label });
    let about = About { subscription: Some(id), ..About::default() };
    let event = Event {
        kind: Kind::Announcement(Announcement::SubscriptionTest),
        announce: true,
        about,
        payload,
        public_payload: None,
    };
    db.emit(caller, now, vec![event])?;
    Ok(())
}

/// Sends again what the subscription was owed since then and never got, oldest first.
pub fn recover(
    db: &mut Write<'_>,
    caller: &Caller,
    id: Uuid,
    since: DateTime<Utc>,
) -> Result<usize, Error> {
    caller.must(Scope::Subscriptions)?;
    let (found, _) = lock(db, id, None)?;
    if found.state != State::Active {
        return Err(Error::Conflict("the subscription is not active"));
    }
    let missed = delivery::missed(db, id, since)?;
    if missed.is_empty() {
        return Ok(0);
    }
    Ok(delivery::repeat(db, id, &missed)?.len())
}
