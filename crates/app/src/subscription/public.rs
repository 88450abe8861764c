//! Subscribing oneself. Nobody learns from the answer who else is subscribed, and nobody can make
//! Farol pester an address.
use channels::Channel;
use channels::signature::SigningSecret;
use chrono::{DateTime, Duration, Utc};
use domain::caller::{Caller, Visibility};
use domain::event::Record;
use domain::subscription::{Filter, Origin, State};
use persistence::subscription::{self, Sealed};
use persistence::throttle::{self, Limit};
use serde_json::Value;
use uuid::Uuid;

use super::{Draft, Means, accept, address, confirm, filter, make, named, record};
use super::{seal_secret, secret_place};
use crate::vault::Vault;
use crate::{Error, Write};

/// What one caller may ask for.
const PER_CALLER: [Limit; 1] = [Limit { times: 20, within: Duration::hours(1) }];
/// How often an address is asked to confirm.
const CONFIRMATIONS: [Limit; 2] = [
    Limit { times: 1, within: Duration::minutes(10) },
    Limit { times: 5, within: Duration::days(1) },
];
/// How often an owner is told that they are subscribed already.
const REMINDERS: [Limit; 1] = [Limit { times: 1, within: Duration::days(1) }];
const EMAIL: &str = "email";
const WEBHOOK: &str = "webhook";

/// What somebody asks to be told.
#[derive(Clone, Debug)]
pub struct Wish {
    pub channel: String,
    pub config: Value,
    pub filter: Filter,
    pub locale: String,
    pub time_zone: String,
}

/// Asks the owner of an address whether they want this, unless they were asked or have answered
/// already; the caller cannot tell. `address` is where the caller comes from.
pub fn subscribe(
    db: &mut Write<'_>,
    means: Means<'_>,
    address: &str,
    wish: Wish,
) -> Result<(), Error> {
    let channel = offered(&wish)?;
    // Whatever is wrong is said before anything is counted or looked up.
    accept(channel, means, Uuid::nil(), &wish.config)?;
    filter::check(db, &wish.filter, Visibility::Public, &Filter::default())?;
    let caller = format!("subscribe/{address}");
    if let Some(retry_after_seconds) = throttle::take(db, &caller, &PER_CALLER)? {
        return Err(Error::Throttled { retry_after_seconds });
    }
    let now = db.now()?;
    let Some(target) = channel.address(&wish.config) else { return Err(Error::Vault) };
    let target = Target {
        digests: address::digests_of(means.vault, &target),
        key: hex(&address::digest_of(means.vault, &target)),
    };
    // Whoever asks for the same address at the same time waits here, and finds the first one's.
    let may_ask = throttle::take(db, &format!("confirm/{}", target.key), &CONFIRMATIONS)?.is_none();
    match subscription::address::find(db, channel.kind(), &target.digests)? {
        None if may_ask => begin(db, means, wish, now),
        None => Ok(()),
        Some(id) => again(db, means, id, &target, may_ask.then_some(wish), now),
    }
}

/// An address, without naming it.
struct Target {
    digests: Vec<Vec<u8>>,
    key: String,
}

fn begin(
    db: &mut Write<'_>,
    means: Means<'_>,
    wish: Wish,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let Wish { channel, config, filter, locale, time_zone } = wish;
    let draft = Draft {
        channel,
        label: None,
        config,
        filter,
        audience: Visibility::Public,
        locale,
        time_zone,
        digest_minutes: 0,
    };
    let (made, secret) = make(db, means, draft, (Origin::Public, State::Pending), now)?;
    confirm::ask(db, means.vault, &made, secret.as_ref(), now)?;
    db.emit(&Caller::system(), now, vec![record(Record::SubscriptionCreated, &made)])?;
    Ok(())
}

/// Somebody asks for an address that has a subscription: until it is confirmed the last wish
/// counts, and what Farol gave up begins anew. A pause is left alone, its owner asked for silence.
fn again(
    db: &mut Write<'_>,
    means: Means<'_>,
    id: Uuid,
    target: &Target,
    wish: Option<Wish>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let (before, mut sealed) = super::lock(db, id, None)?;
    if before.state == State::Active {
        let key = format!("already/{}", target.key);
        if throttle::take(db, &key, &REMINDERS)?.is_some() {
            return Ok(());
        }
        return confirm::remind(db, &before, now);
    }
    let is_open = matches!(before.state, State::Pending | State::Disabled);
    let Some(wish) = wish.filter(|_| is_open && before.origin == Origin::Public) else {
        return Ok(());
    };
    let channel = named(&wish.channel)?;
    let Wish { channel: _, config, filter, locale, time_zone } = wish;
    let (shown, sealed_config) = accept(channel, means, id, &config)?;
    sealed.config = sealed_config;
    let secret = signing_secret(channel, means.vault, id, &mut sealed)?;
    let after = domain::subscription::Subscription {
        config: shown,
        filter,
        locale,
        time_zone,
        state: State::Pending,
        disabled_reason: None,
        version: before.version + 1,
        updated_at: now,
        ..before
    };
    subscription::update(db, &after, &sealed, false)?;
    confirm::ask(db, means.vault, &after, secret.as_ref(), now)?;
    db.emit(&Caller::system(), now, vec![record(Record::SubscriptionEdited, &after)])?;
    Ok(())
}

/// The secret that signs already, which the owner may never have seen.
fn signing_secret(
    channel: &dyn Channel,
    vault: &Vault,
    id: Uuid,
    sealed: &mut Sealed,
) -> Result<Option<SigningSecret>, Error> {
    if !channel.is_signed() {
        return Ok(None);
    }
    if let Some(secret) = &sealed.signing_secret {
        let text = String::from_utf8(vault.open(&secret_place(id), secret)?);
        let text = text.map_err(|_not_text| Error::Vault)?;
        return Ok(Some(SigningSecret::parse(&text).map_err(|_bad| Error::Vault)?));
    }
    let secret = super::new_secret()?;
    sealed.signing_secret = Some(seal_secret(vault, id, &secret)?);
    Ok(Some(secret))
}

/// The public may have e-mail, and webhooks that carry nothing of their own.
fn offered(wish: &Wish) -> Result<&'static dyn Channel, Error> {
    if ![EMAIL, WEBHOOK].contains(&wish.channel.as_str()) {
        return Err(Error::invalid("/channel", "unknown", "choose `email` or `webhook`"));
    }
    if wish.channel == WEBHOOK && wish.config.get("headers").is_some() {
        return Err(Error::invalid("/config/headers", "unsupported", "only operators set headers"));
    }
    named(&wish.channel)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
