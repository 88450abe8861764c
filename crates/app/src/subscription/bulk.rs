//! Many subscriptions at once: taking them over, handing them out, erasing an address.
use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use domain::caller::{Caller, Scope, Visibility};
use domain::component::Key;
use domain::event::{Event, Record};
use domain::subscription::{Filter, Origin, State, Subscription};
use persistence::subscription::{self, Sealed};
use persistence::{component, group};
use serde_json::json;
use uuid::Uuid;

use super::{Means, Which, accept, address, named};
use crate::vault::Vault;
use crate::{Cursor, DbError, Error, FieldError, Page, Read, Window, Write};

/// The channel of imported subscriptions.
const EMAIL: &str = "email";
/// Most subscriptions of one export.
pub const EXPORT_MAX: u16 = 20_000;

/// Somebody to be subscribed by e-mail.
#[derive(Clone, Debug)]
pub struct Newcomer {
    /// Where in the list they stand, for complaints.
    pub line: u64,
    pub email: String,
    pub label: Option<String>,
    pub locale: String,
    pub time_zone: String,
    /// Ids or slugs.
    pub components: Vec<String>,
    pub groups: Vec<String>,
}

/// Why somebody was not subscribed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub line: u64,
    pub code: &'static str,
    pub detail: String,
}

/// What came of an import.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    pub created: usize,
    /// Whose address is subscribed already, or stands further up in the list.
    pub existing: usize,
    pub invalid: Vec<Refused>,
}

/// A subscription with the address it goes to.
#[derive(Clone, Debug)]
pub struct Exported {
    pub shown: Subscription,
    /// Secret parts masked.
    pub address: Option<String>,
}

/// Subscribes people by e-mail, active at once. Who is subscribed already stays as they are, so
/// that the same list can come again.
pub fn import(
    db: &mut Write<'_>,
    caller: &Caller,
    means: Means<'_>,
    list: Vec<Newcomer>,
) -> Result<Imported, Error> {
    caller.must(Scope::Subscriptions)?;
    if !means.mail {
        return Err(Error::Conflict("no mail server is configured (FAROL_SMTP_URL)"));
    }
    subscription::bulk::take_turn(db)?;
    let now = db.now()?;
    let known = known(db, means.vault, &list)?;
    let mut imported = Imported::default();
    let (mut names, mut seen, mut new) = (Names::default(), HashSet::new(), Vec::new());
    for newcomer in list {
        let digests = address::digests_of(means.vault, &newcomer.email);
        let line = newcomer.line;
        match dress(db, means, &mut names, newcomer, now) {
            Err(Error::Invalid(faults)) => imported.invalid.extend(refused(line, faults)),
            Err(error) => return Err(error),
            Ok((shown, sealed)) => {
                let digest = digests.first().cloned().unwrap_or_default();
                let is_known = digests.iter().any(|it| known.contains(it));
                if is_known || !seen.insert(digest.clone()) {
                    imported.existing += 1;
                } else {
                    new.push((shown, sealed, digest));
                }
            }
        }
    }
    imported.created = new.len();
    subscription::bulk::insert(db, &new)?;
    let Imported { created, existing, invalid } = &imported;
    let about = json!({ "created": created, "existing": existing, "invalid": invalid.len() });
    db.emit(caller, now, vec![Event::unseen(Record::SubscriptionsImported, about)])?;
    Ok(imported)
}

/// A part of all subscriptions with their addresses, newest first.
pub fn export(
    db: &mut Read<'_>,
    caller: &Caller,
    channel: Option<&str>,
    after: Option<Cursor>,
) -> Result<Page<Exported>, Error> {
    caller.must(Scope::Subscriptions)?;
    let which = Which { channel: channel.map(str::to_owned), state: None };
    let page = subscription::page(db, &which, Window { after, limit: EXPORT_MAX })?;
    Ok(page.map(|shown| {
        let channel = channels::find(&shown.channel);
        Exported { address: channel.and_then(|it| it.address(&shown.config)), shown }
    }))
}

/// Wipes every subscription of an address, as deleting does; how many. The log does not name it.
pub fn erase(
    db: &mut Write<'_>,
    caller: &Caller,
    vault: &Vault,
    address: &str,
) -> Result<usize, Error> {
    caller.must(Scope::Subscriptions)?;
    let ids = subscription::address::all(db, &address::digests_of(vault, address))?;
    let now = db.now()?;
    for id in &ids {
        match subscription::lock(db, *id) {
            Ok(_) => subscription::delete(db, *id, now)?,
            Err(DbError::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let about = json!({ "erased": ids.len(), "ids": ids });
    db.emit(caller, now, vec![Event::unseen(Record::SubscriptionsErased, about)])?;
    Ok(ids.len())
}

fn known(db: &mut Read<'_>, vault: &Vault, list: &[Newcomer]) -> Result<HashSet<Vec<u8>>, Error> {
    let digests: Vec<Vec<u8>> =
        list.iter().flat_map(|it| address::digests_of(vault, &it.email)).collect();
    Ok(subscription::address::known(db, EMAIL, &digests)?.into_iter().collect())
}

fn dress(
    db: &mut Read<'_>,
    means: Means<'_>,
    names: &mut Names,
    newcomer: Newcomer,
    now: DateTime<Utc>,
) -> Result<(Subscription, Sealed), Error> {
    let Newcomer { line: _, email, label, locale, time_zone, components, groups } = newcomer;
    let id = Uuid::now_v7();
    let (config, sealed) = accept(named(EMAIL)?, means, id, &json!({ "to": email }))?;
    let components = names.resolve(db, "/components", &components, component_id)?;
    let groups = names.resolve(db, "/groups", &groups, group_id)?;
    let shown = Subscription {
        id,
        channel: EMAIL.to_owned(),
        label,
        config,
        filter: Filter { components, groups, ..Filter::default() },
        audience: Visibility::Public,
        locale,
        time_zone,
        digest_minutes: 0,
        state: State::Active,
        disabled_reason: None,
        origin: Origin::Operator,
        last_success_at: None,
        failing_since: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    Ok((shown, Sealed { config: sealed, ..Sealed::default() }))
}

fn refused(line: u64, faults: Vec<FieldError>) -> impl Iterator<Item = Refused> {
    faults.into_iter().map(move |it| Refused { line, code: it.code, detail: it.detail })
}

type Find = fn(&mut Read<'_>, &Key) -> Result<Uuid, DbError>;

fn component_id(db: &mut Read<'_>, key: &Key) -> Result<Uuid, DbError> {
    Ok(component::find(db, key)?.id)
}

fn group_id(db: &mut Read<'_>, key: &Key) -> Result<Uuid, DbError> {
    Ok(group::find(db, key)?.id)
}

/// Names that were looked up: a list repeats the same few.
#[derive(Default)]
struct Names(HashMap<(&'static str, String), Option<Uuid>>);

impl Names {
    fn resolve(
        &mut self,
        db: &mut Read<'_>,
        list: &'static str,
        names: &[String],
        find: Find,
    ) -> Result<Vec<Uuid>, Error> {
        let mut ids = Vec::with_capacity(names.len());
        for name in names {
            let place = (list, name.clone());
            let id = match self.0.get(&place) {
                Some(known) => *known,
                None => {
                    let key = Uuid::try_parse(name).map_or(Key::Slug(name.clone()), Key::Id);
                    let found = match find(db, &key) {
                        Ok(id) => Some(id),
                        Err(DbError::NotFound) => None,
                        Err(error) => return Err(error.into()),
                    };
                    self.0.insert(place, found);
                    found
                }
            };
            let detail = || format!("there is no `{name}`");
            ids.push(id.ok_or_else(|| Error::invalid(list, "unknown", detail()))?);
        }
        Ok(ids)
    }
}
