//! Deliveries: looking at them, repeating them, and the work of making them.
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use channels::signature::SigningSecret;
use channels::{Bodies, Lane};
use chrono::Duration;
use domain::caller::{Caller, Scope};
use domain::delivery::{DISABLE_AFTER, Delivery};
use domain::event::{About, Announcement, Event, Kind, Logged, Record};
use persistence::delivery;
use persistence::subscription::{self, Sealed};
use persistence::thread;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::subscription::{config_place, secret_place};
use crate::vault::Vault;
use crate::wording::{self, Wordings};
use crate::{Db, DbError, Error, Page, Read, Window, Write};

pub use persistence::delivery::{
    Backlog, DIGEST_MAX, Dropped, Filter, Job, Lease, Queue, Settled, Settlement,
};
pub use persistence::thread::Anchors;

/// How long a destination is ours: what is sent at once, the longest send, and room to write the
/// results back.
pub const LEASE: Duration = Duration::seconds(60);

/// The delivery with its attempts.
pub fn find(db: &mut Read<'_>, caller: &Caller, id: Uuid) -> Result<Delivery, Error> {
    caller.must(Scope::Subscriptions)?;
    delivery::find(db, id).map_err(Error::missing("delivery"))
}

/// Deliveries, newest first.
pub fn page(
    db: &mut Read<'_>,
    caller: &Caller,
    filter: &Filter,
    window: Window,
) -> Result<Page<Delivery>, Error> {
    caller.must(Scope::Subscriptions)?;
    if let Some(id) = filter.subscription {
        subscription::find(db, id).map_err(Error::missing("subscription"))?;
    }
    Ok(delivery::page(db, filter, window)?)
}

/// Sends the same event once more, after whatever its subscription is owed already.
pub fn redeliver(db: &mut Write<'_>, caller: &Caller, id: Uuid) -> Result<Delivery, Error> {
    caller.must(Scope::Subscriptions)?;
    let found = delivery::find(db, id).map_err(Error::missing("delivery"))?;
    if found.finished_at.is_none() {
        return Err(Error::Conflict("this delivery is still under way"));
    }
    subscription::find(db, found.subscription_id).map_err(Error::missing("subscription"))?;
    let repeated = delivery::repeat(db, found.subscription_id, &[found.event_id])?;
    let repeated = repeated.first().ok_or(Error::NotFound("destination"))?;
    Ok(delivery::find(db, *repeated)?)
}

/// What it takes to serve leases.
pub struct Batch {
    /// The events behind the jobs.
    pub events: Arc<Stories>,
    /// The threads that they may go on with.
    pub anchors: Anchors,
    /// The operator's own words.
    pub wordings: Wordings,
}

/// Events by their ids.
pub type Stories = HashMap<Uuid, Arc<Story>>;

/// An event, and how it is told.
#[derive(Debug)]
pub struct Story {
    pub event: Logged,
    /// Bodies with what the public may know.
    pub public: Bodies,
    /// Bodies with everything.
    pub internal: Bodies,
}

/// Leases destinations that are due, if what it takes to serve them can be read. Events that are
/// `known` from the batch before need not be read again.
pub fn claim(
    db: &Db,
    wanted: &[(Queue, i64)],
    depth: i64,
    known: &Stories,
) -> Result<(Vec<Lease>, Batch), Error> {
    db.write(|db| {
        let leases = delivery::claim(db, wanted, depth, LEASE)?;
        let batch = batch(db, &leases, known)?;
        Ok((leases, batch))
    })
}

fn batch(db: &mut Read<'_>, leases: &[Lease], known: &Stories) -> Result<Batch, Error> {
    let mut ids: Vec<Uuid> =
        leases.iter().flat_map(|it| it.jobs.iter().map(|job| job.event)).collect();
    ids.sort_unstable();
    ids.dedup();
    let (held, missing): (Vec<Uuid>, Vec<Uuid>) =
        ids.into_iter().partition(|id| known.contains_key(id));
    let mut events: Stories =
        held.iter().filter_map(|id| Some((*id, Arc::clone(known.get(id)?)))).collect();
    if !missing.is_empty() {
        for event in delivery::events(db, &missing)? {
            let (public, internal) = (Bodies::default(), Bodies::default());
            events.insert(event.id, Arc::new(Story { event, public, internal }));
        }
    }
    let (anchors, wordings) = for_people(db, leases, &events)?;
    Ok(Batch { events: Arc::new(events), anchors, wordings })
}

/// What messages to people need besides: threads to go on with, and the operator's own words.
fn for_people(
    db: &mut Read<'_>,
    leases: &[Lease],
    events: &Stories,
) -> Result<(Anchors, Wordings), Error> {
    let for_a_person = |it: &&Lease| {
        channels::find(&it.target.channel).is_some_and(|it| it.lane() == Lane::Latest)
    };
    let subscriptions: Vec<Uuid> =
        leases.iter().filter(for_a_person).map(|it| it.subscription).collect();
    if subscriptions.is_empty() {
        return Ok((Anchors::new(), Wordings::default()));
    }
    let subjects: Vec<Uuid> = events.values().filter_map(|it| it.event.subject).collect();
    Ok((thread::anchors(db, &subscriptions, &subjects)?, wording::all(db)?))
}

/// The configuration and keys of a destination, in clear, for the moment of sending.
pub struct Opened {
    pub config: Value,
    /// The newest first.
    pub keys: Vec<SigningSecret>,
}

/// Decrypts what a lease needs.
pub fn open(vault: &Vault, lease: &Lease) -> Result<Opened, Error> {
    let Sealed { config, signing_secret, previous_secret, .. } = &lease.target.sealed;
    let id = lease.subscription;
    let config = vault.open(&config_place(id), config)?;
    let mut keys = Vec::new();
    for sealed in signing_secret.iter().chain(previous_secret) {
        let secret = String::from_utf8(vault.open(&secret_place(id), sealed)?);
        let secret = secret.map_err(|_not_text| Error::Vault)?;
        keys.push(SigningSecret::parse(&secret).map_err(|_bad| Error::Vault)?);
    }
    let config = serde_json::from_slice(&config).map_err(|_not_json| Error::Vault)?;
    Ok(Opened { config, keys })
}

/// Why a subscription is not told anything any more.
#[derive(Clone, Debug)]
pub struct GivenUp {
    pub subscription: Uuid,
    pub reason: String,
}

/// Writes results back.
pub fn settle(db: &Db, settlements: &[Settlement], given_up: &[GivenUp]) -> Result<Dropped, Error> {
    if given_up.is_empty() {
        // If the last results are forgotten, those deliveries are repeated, and none is lost.
        return db.write_lazily(|db| Ok(delivery::settle(db, settlements)?));
    }
    db.write(|db| {
        // Whoever edits a subscription locks it before its destination.
        let ids: BTreeSet<Uuid> = given_up.iter().map(|it| it.subscription).collect();
        for id in ids {
            match subscription::lock(db, id) {
                Ok(_) | Err(DbError::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let dropped = delivery::settle(db, settlements)?;
        let Dropped { late, outdated } = &dropped;
        for it in given_up {
            if !late.contains(&it.subscription) && !outdated.contains(&it.subscription) {
                disable(db, it)?;
            }
        }
        Ok(dropped)
    })
}

/// Ends telling a subscription anything, until somebody sets it to `active` again.
pub(crate) fn disable(db: &mut Write<'_>, given_up: &GivenUp) -> Result<(), Error> {
    let GivenUp { subscription, reason } = given_up;
    let now = db.now()?;
    if subscription::disable(db, *subscription, reason, now)? {
        let fact = Event::unseen(
            Record::SubscriptionDisabled,
            json!({ "id": subscription, "reason": reason }),
        );
        db.emit(&Caller::system(), now, vec![fact])?;
    }
    Ok(())
}

/// Warns of destinations that have failed for a day, and again after four: after five they are
/// given up. Returns how many warnings were written.
pub fn warn(db: &Db) -> Result<usize, Error> {
    db.write(|db| {
        let failing = subscription::to_warn_of(db)?;
        let now = db.now()?;
        let n_warned = failing.len();
        let warnings = failing.into_iter().map(|it| Event {
            kind: Kind::Announcement(Announcement::SubscriptionFailing),
            announce: true,
            about: About::default(),
            payload: json!({
                "id": it.id,
                "channel": it.channel,
                "failing_since": it.failing_since,
                "disabled_at": it.failing_since + DISABLE_AFTER,
            }),
            public_payload: None,
        });
        db.emit(&Caller::system(), now, warnings.collect())?;
        Ok(n_warned)
    })
}

/// Wakes destinations that were forgotten; there should be none.
pub fn sweep(db: &Db) -> Result<usize, Error> {
    db.write(|db| Ok(delivery::sweep(db)?))
}

/// Ends the leases of a process that is gone, and was the only one on this database.
pub fn release(db: &Db) -> Result<usize, Error> {
    db.write(|db| Ok(delivery::release(db)?))
}

/// How much is waiting.
pub fn backlog(db: &mut Read<'_>) -> Result<Backlog, Error> {
    Ok(delivery::backlog(db)?)
}
