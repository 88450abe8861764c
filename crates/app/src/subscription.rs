//! Subscriptions: what operators do with them. What everybody and their owners may do is below.
mod address;
mod bulk;
mod confirm;
mod filter;
mod owner;
mod public;

use aws_lc_rs::rand;
use channels::egress::EgressPolicy;
use channels::signature::SigningSecret;
use chrono::{DateTime, Duration, Utc};
use domain::caller::{Caller, Scope, Visibility};
use domain::event::{About, Announcement, Event, Kind, Record};
use domain::subscription::{Filter, Origin, State, Subscription};
use persistence::delivery::Queue;
use persistence::subscription::{self, Sealed};
use persistence::{credential, delivery};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::error::check_version;
use crate::vault::Vault;
use crate::{Error, FieldError, Page, Read, Window, Write};

pub use address::digest_missing;
pub use bulk::{EXPORT_MAX, Exported, Imported, Newcomer, Refused, erase, export, import};
pub use confirm::{confirm, confirm_by_answer};
pub use owner::{OwnEdit, edit_own, end, own, would_end};
pub use persistence::subscription::Which;
pub use public::{Wish, subscribe};

/// For how long a replaced signing secret still signs along.
pub const ROTATION: Duration = Duration::hours(24);

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
    /// A whole new configuration; absent: the present one stays.
    pub config: Option<Value>,
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
    if let Some(config) = config {
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
    db.commit_news();
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

/// Replaces the signing secret. For [`ROTATION`] messages carry both signatures.
pub fn rotate_secret(
    db: &mut Write<'_>,
    caller: &Caller,
    means: Means<'_>,
    id: Uuid,
) -> Result<(Subscription, SigningSecret), Error> {
    caller.must(Scope::Subscriptions)?;
    let (before, sealed) = lock(db, id, None)?;
    if sealed.signing_secret.is_none() {
        return Err(Error::Conflict("this channel does not sign its messages"));
    }
    let now = db.now()?;
    let secret = new_secret()?;
    let sealed = Sealed {
        config: sealed.config,
        previous_secret: sealed.signing_secret,
        previous_secret_until: Some(now + ROTATION),
        signing_secret: Some(seal_secret(means.vault, id, &secret)?),
    };
    let after = Subscription { version: before.version + 1, updated_at: now, ..before };
    subscription::update(db, &after, &sealed, false)?;
    db.emit(caller, now, vec![record(Record::SecretRotated, &after)])?;
    Ok((after, secret))
}

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
    db.commit_news();
    Ok(delivery::repeat(db, id, &missed)?.len())
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

/// The configuration as it may be shown, and as it is kept.
fn accept(
    channel: &dyn channels::Channel,
    means: Means<'_>,
    id: Uuid,
    config: &Value,
) -> Result<(Value, Vec<u8>), Error> {
    if channel.is_by_mail() && !means.mail {
        let detail = "no mail server is configured: FAROL_SMTP_URL is not set";
        return Err(Error::invalid("/channel", "unavailable", detail));
    }
    let faults = channel.check(config, means.egress);
    if !faults.is_empty() {
        let field = |it: channels::Fault| FieldError {
            pointer: format!("/config{}", it.pointer),
            code: it.code,
            detail: it.detail,
        };
        return Err(Error::Invalid(faults.into_iter().map(field).collect()));
    }
    let shown = channel.shown(config).map_err(|_unreadable| Error::Vault)?;
    let sealed = means.vault.seal(&config_place(id), config.to_string().as_bytes())?;
    Ok((shown, sealed))
}

/// Destinations with the same credential share its rate and its fate.
fn assign_credential(
    db: &mut Write<'_>,
    vault: &Vault,
    channel: &dyn channels::Channel,
    id: Uuid,
    config: &Value,
) -> Result<(), Error> {
    let known = channel.credential(config).map(|(text, pace)| credential::Known {
        channel: channel.kind().to_owned(),
        digest: vault.digest(&format!("credentials/{}", channel.kind()), &text),
        interval: Duration::from_std(pace.interval).unwrap_or_default(),
        burst: i32::try_from(pace.burst).unwrap_or(i32::MAX),
    });
    Ok(credential::assign(db, id, known.as_ref())?)
}

/// Follows a destination that asked to be called elsewhere from now on.
pub fn follow(db: &mut Write<'_>, vault: &Vault, id: Uuid, config: &Value) -> Result<(), Error> {
    let Ok((before, mut sealed)) = subscription::lock(db, id) else { return Ok(()) };
    let channel = channels::find(&before.channel).ok_or(Error::Vault)?;
    let shown = channel.shown(config).map_err(|_unreadable| Error::Vault)?;
    sealed.config = vault.seal(&config_place(id), config.to_string().as_bytes())?;
    keep_address(db, id, address::digest(vault, channel, config).as_deref())?;
    let now = db.now()?;
    let after =
        Subscription { config: shown, version: before.version + 1, updated_at: now, ..before };
    subscription::update(db, &after, &sealed, false)?;
    db.emit(&Caller::system(), now, vec![record(Record::SubscriptionEdited, &after)])?;
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

fn keep_address(db: &mut Write<'_>, id: Uuid, digest: Option<&[u8]>) -> Result<(), Error> {
    subscription::address::keep(db, id, digest)
        .map_err(Error::taken(subscription::address::ADDRESS_TAKEN, "this address"))
}

fn new_secret() -> Result<SigningSecret, Error> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(|_unspecified| Error::Vault)?;
    Ok(SigningSecret::from_bytes(bytes))
}

fn seal_secret(vault: &Vault, id: Uuid, secret: &SigningSecret) -> Result<Vec<u8>, Error> {
    vault.seal(&secret_place(id), secret.to_string_secret().as_bytes())
}

/// Where a configuration lies, for the vault.
pub(crate) fn config_place(id: Uuid) -> String {
    format!("subscriptions/{id}/config")
}

/// Where a signing secret lies, for the vault.
pub(crate) fn secret_place(id: Uuid) -> String {
    format!("subscriptions/{id}/secret")
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
