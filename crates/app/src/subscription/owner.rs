//! What the owner of a subscription does with it by the link in their messages. The link stands
//! for the permission.
use channels::address::masked;
use domain::caller::Caller;
use domain::event::Record;
use domain::subscription::{Filter, OwnSubscription, State, Subscription};
use persistence::subscription;
use uuid::Uuid;

use super::{check_state, filter, lock, record};
use crate::link::{self, Purpose};
use crate::vault::Vault;
use crate::{DbError, Error, Read, Write};

/// What an owner may edit, as it is before the edit.
#[derive(Clone, Debug)]
pub struct OwnEdit {
    pub filter: Filter,
    pub locale: String,
    pub time_zone: String,
    pub state: State,
}

/// A subscription as its owner sees it.
pub fn owned(subscription: Subscription) -> OwnSubscription {
    let Subscription { channel, config, filter, locale, time_zone, state, version, .. } =
        subscription;
    let address = channels::find(&channel).and_then(|it| it.address(&config));
    let address = address.as_deref().map(masked);
    OwnSubscription { channel, address, filter, locale, time_zone, state, version }
}

/// The subscription of a link.
pub fn own(
    db: &mut Read<'_>,
    vault: &Vault,
    purpose: Purpose,
    token: &str,
) -> Result<OwnSubscription, Error> {
    let id = of(vault, purpose, token)?;
    let found = subscription::find(db, id).map_err(Error::missing("subscription"))?;
    Ok(owned(found))
}

/// The subscription that [`end`] would end; nothing when it has ended already.
pub fn would_end(
    db: &mut Read<'_>,
    vault: &Vault,
    token: &str,
) -> Result<Option<OwnSubscription>, Error> {
    match own(db, vault, Purpose::Manage, token) {
        Ok(found) => Ok(Some(found)),
        Err(Error::NotFound(_)) if link::read(vault, Purpose::Manage, token).is_some() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Changes what `change` changes.
pub fn edit_own(
    db: &mut Write<'_>,
    vault: &Vault,
    token: &str,
    expected: Option<i64>,
    change: impl FnOnce(&mut OwnEdit),
) -> Result<OwnSubscription, Error> {
    let id = of(vault, Purpose::Manage, token)?;
    let (before, sealed) = lock(db, id, expected)?;
    let Subscription { filter, locale, time_zone, state, .. } = before.clone();
    let mut edit = OwnEdit { filter, locale, time_zone, state };
    change(&mut edit);
    let OwnEdit { filter, locale, time_zone, state } = edit;
    check_state(&before, state)?;
    if before.state == State::Pending && state != State::Pending {
        return Err(Error::Conflict("confirm the subscription first"));
    }
    // Whoever hears of internal things has been shown their ids.
    let sees = before.audience;
    filter::check(db, &filter, sees, &before.filter)?;
    let now = db.now()?;
    let resumed = state == State::Active && before.state != State::Active;
    let disabled_reason = before.disabled_reason.clone().filter(|_| state == State::Disabled);
    let version = before.version + 1;
    let after = Subscription {
        filter,
        locale,
        time_zone,
        state,
        disabled_reason,
        version,
        updated_at: now,
        ..before
    };
    subscription::update(db, &after, &sealed, resumed)?;
    db.emit(&Caller::system(), now, vec![record(Record::SubscriptionEdited, &after)])?;
    Ok(owned(after))
}

/// Ends the subscription of a link, and wipes what identifies its owner. One that has ended
/// already stays ended.
pub fn end(
    db: &mut Write<'_>,
    vault: &Vault,
    token: &str,
    expected: Option<i64>,
) -> Result<(), Error> {
    let id = of(vault, Purpose::Manage, token)?;
    match subscription::lock(db, id) {
        Err(DbError::NotFound) => Ok(()),
        Err(error) => Err(error.into()),
        Ok((found, _)) => {
            crate::error::check_version(expected, found.version)?;
            let now = db.now()?;
            subscription::delete(db, id, now)?;
            let ended = record(Record::SubscriptionDeleted, &found);
            db.emit(&Caller::system(), now, vec![ended])?;
            Ok(())
        }
    }
}

fn of(vault: &Vault, purpose: Purpose, token: &str) -> Result<Uuid, Error> {
    link::read(vault, purpose, token).ok_or(Error::NotFound("subscription"))
}
