//! Subscriptions: what operators do with them. What everybody and their owners may do is below.
mod address;
mod bulk;
mod config;
mod confirm;
mod filter;
mod owner;
mod public;
mod repeat;
mod secret;

use channels::egress::EgressPolicy;
use channels::signature::SigningSecret;
use chrono::{DateTime, Utc};
use domain::caller::{Caller, Scope, Visibility};
use domain::event::{Event, Record};
use domain::subscription::{Filter, Origin, State, Subscription};
use persistence::delivery::Queue;
use persistence::subscription::{self, Sealed};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::error::check_version;
use crate::vault::Vault;
use crate::{Error, Page, Read, Window, Write};
use config::{accept, assign_credential, keep_address, patched};
use secret::{new_secret, seal_secret};

pub use address::digest_missing;
pub use bulk::{EXPORT_MAX, Exported, Imported, Newcomer, Refused, erase, export, import};
pub(crate) use config::config_place;
pub use config::follow;
pub use confirm::{confirm, confirm_by_answer, reveal};
pub use owner::{OwnEdit, edit_own, end, own, would_end};
pub use persistence::subscription::Which;
pub use public::{Wish, subscribe};
pub use repeat::{recover, test};
pub(crate) use secret::secret_place;
pub use secret::{ROTATION, rotate_secret};

/// What subscribing needs besides the database.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    pub vault: &'a Vault,
    pub egress: &'a EgressPolicy,
    /// Whether there is a mail server.
    pub mail: bool,
}

/// What it takes to subscribe.
#[derive(Clone, Debug)]
pub struct Draft {
    pub channel: String,
    pub label: Option<String>,
    pub config: Value,
    pub filter: Filter,
    pub audience: Visibility,
    pub locale: String,
    pub time_zone: String,
    pub digest_minutes: u16,
}

/// What may be edited of a subscription, as it is before the edit.
#[derive(Clone, Debug)]
pub struct Edit {
    pub label: Option<String>,
    /// What to change of the configuration (RFC 7396).
    pub config: Option<Map<String, Value>>,
    pub filter: Filter,
    pub audience: Visibility,
    pub locale: String,
    pub time_zone: String,
    pub digest_minutes: u16,
    pub state: State,
}

impl Edit {
    /// Nothing edited yet.
    fn of(subscription: &Subscription) -> Self {
        let Subscription {
            label, filter, audience, locale, time_zone, digest_minutes, state, ..
        } = subscription.clone();
        Self { label, config: None, filter, audience, locale, time_zone, digest_minutes, state }
    }
}

/// The subscription.
pub fn find(db: &mut Read<'_>, caller: &Caller, id: Uuid) -> Result<Subscription, Error> {
    caller.must(Scope::Subscriptions)?;
    subscription::find(db, id).map_err(Error::missing("subscription"))
}

/// Subscriptions, newest first.
pub fn page(
    db: &mut Read<'_>,
    caller: &Caller,
    which: &Which,
    window: Window,
) -> Result<Page<Subscription>, Error> {
    caller.must(Scope::Subscriptions)?;
    Ok(subscription::page(db, which, window)?)
}

/// Subscribes; active at once. A signed channel gets a secret, shown in this answer alone.
pub fn create(
    db: &mut Write<'_>,
    caller: &Caller,
    means: Means<'_>,
    draft: Draft,
) -> Result<(Subscription, Option<SigningSecret>), Error> {
    caller.must(Scope::Subscriptions)?;
    may_hear(caller, draft.audience)?;
    let channel = named(&draft.channel)?;
    check_digest(channel, draft.digest_minutes)?;
    filter::check(db, &draft.filter, Visibility::Internal, &Filter::default())?;
    let now = db.now()?;
    let made = make(db, means, draft, (Origin::Operator, State::Active), now)?;
    db.emit(caller, now, vec![record(Record::SubscriptionCreated, &made.0)])?;
    Ok(made)
}

/// Stores a new subscription of a known channel.
fn make(
    db: &mut Write<'_>,
    means: Means<'_>,
    draft: Draft,
    (origin, state): (Origin, State),
    now: DateTime<Utc>,
) -> Result<(Subscription, Option<SigningSecret>), Error> {
    let channel = named(&draft.channel)?;
    let id = Uuid::now_v7();
    let (config, sealed_config) = accept(channel, means, id, &draft.config)?;
    let secret = if channel.is_signed() { Some(new_secret()?) } else { None };
    let signing_secret = secret.as_ref().map(|it| seal_secret(means.vault, id, it)).transpose()?;
    let sealed = Sealed { config: sealed_config, signing_secret, ..Sealed::default() };
    let address = address::digest(means.vault, channel, &draft.config);
    let Draft {
        channel: name,
        label,
        config: raw,
        filter,
        audience,
        locale,
        time_zone,
        digest_minutes,
    } = draft;
    let made = Subscription {
        id,
        channel: name,
        label,
        config,
        filter,
        audience,
        locale,
        time_zone,
        digest_minutes,
        state,
        disabled_reason: None,
        origin,
        last_success_at: None,
        failing_since: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let queue = if channel.is_by_mail() { Queue::Mail } else { Queue::Healthy };
    subscription::insert(db, &made, &sealed, queue)?;
    keep_address(db, id, address.as_deref())?;
    assign_credential(db, means.vault, channel, id, &raw)?;
    Ok((made, secret))
}

/// Changes what `change` changes.
pub fn edit(
    db: &mut Write<'_>,
    caller: &Caller,
    means: Means<'_>,
    id: Uuid,
    expected: Option<i64>,
    change: impl FnOnce(&mut Edit),
) -> Result<Subscription, Error> {
    caller.must(Scope::Subscriptions)?;
    let (before, mut sealed) = lock(db, id, expected)?;
    may_hear(caller, before.audience)?;
    let mut edit = Edit::of(&before);
    change(&mut edit);
    let Edit { label, config, filter, audience, locale, time_zone, digest_minutes, state } = edit;
    may_hear(caller, audience)?;
    check_state(&before, state)?;
    filter::check(db, &filter, Visibility::Internal, &before.filter)?;
    let channel = channels::find(&before.channel).ok_or(Error::Vault)?;
    check_digest(channel, digest_minutes)?;
    let mut shown = before.config.clone();
    let mended = config.is_some() || (state == State::Active && before.state != State::Active);
    if let Some(patch) = config {
        let config = patched(channel, means.vault, id, &sealed, patch)?;
        (shown, sealed.config) = accept(channel, means, id, &config)?;
        keep_address(db, id, address::digest(means.vault, channel, &config).as_deref())?;
        assign_credential(db, means.vault, channel, id, &config)?;
    }
    if before.state == State::Pending && state != State::Pending {
        confirm::close(db, id)?;
    }
    let now = db.now()?;
    let disabled_reason = before.disabled_reason.clone().filter(|_| state == State::Disabled);
    let after = Subscription {
        label,
        config: shown,
        filter,
        audience,
        locale,
        time_zone,
        digest_minutes,
        state,
        disabled_reason,
        version: before.version + 1,
        updated_at: now,
        ..before
    };
    subscription::update(db, &after, &sealed, mended)?;
    db.emit(caller, now, vec![record(Record::SubscriptionEdited, &after)])?;
    Ok(after)
}

/// Ends a subscription. What identifies its owner is wiped.
pub fn delete(
    db: &mut Write<'_>,
    caller: &Caller,
    id: Uuid,
    expected: Option<i64>,
) -> Result<(), Error> {
    caller.must(Scope::Subscriptions)?;
    let (found, _) = lock(db, id, expected)?;
    let now = db.now()?;
    subscription::delete(db, id, now)?;
    db.emit(caller, now, vec![record(Record::SubscriptionDeleted, &found)])?;
    Ok(())
}

fn lock(
    db: &mut Write<'_>,
    id: Uuid,
    expected: Option<i64>,
) -> Result<(Subscription, Sealed), Error> {
    let found = subscription::lock(db, id).map_err(Error::missing("subscription"))?;
    check_version(expected, found.0.version)?;
    Ok(found)
}

/// Whoever points internal news somewhere could as well read them.
fn may_hear(caller: &Caller, audience: Visibility) -> Result<(), Error> {
    if audience == Visibility::Internal {
        caller.must(Scope::Read)?;
    }
    Ok(())
}

fn named(channel: &str) -> Result<&'static dyn channels::Channel, Error> {
    channels::find(channel)
        .ok_or_else(|| Error::invalid("/channel", "unknown", "there is no such channel"))
}

fn check_state(before: &Subscription, state: State) -> Result<(), Error> {
    if state == before.state || matches!(state, State::Active | State::Paused) {
        return Ok(());
    }
    Err(Error::invalid("/state", "unsound", "set `active` or `paused`"))
}

/// Where every message counts and must come in order, none may wait for others.
fn check_digest(channel: &dyn channels::Channel, minutes: u16) -> Result<(), Error> {
    if minutes == 0 || channel.lane() == channels::Lane::Latest {
        return Ok(());
    }
    let detail = "this channel gets every message by itself";
    Err(Error::invalid("/digest_minutes", "unsupported", detail))
}

/// The log outlives the subscription, so it does not name its owner.
fn record(kind: Record, subscription: &Subscription) -> Event {
    let Subscription { id, channel, state, origin, version, .. } = subscription;
    let about = json!({
        "id": id,
        "channel": channel,
        "state": state,
        "origin": origin,
        "version": version,
    });
    Event::unseen(kind, about)
}
