//! What saying something of components takes, in incidents and in maintenances.
use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::component::{self, Component, Key};
use domain::timeline::Effect;
use persistence::component::{self as components, Locked};
use uuid::{NoContext, Timestamp, Uuid};

use crate::{Error, FieldError, Write};

/// Components as callers name them, with the status that is said of them.
pub type Named = Vec<(Key, component::Status)>;

/// What it takes to add an update to something whose states are `S`.
#[derive(Clone, Debug)]
pub struct NewUpdate<S> {
    /// Absent: the state stays.
    pub status: Option<S>,
    pub message: String,
    pub components: Named,
    pub notify: bool,
    pub display_at: Option<DateTime<Utc>>,
}

/// Ids of updates order them, so they are made of the database's time, which replicas share.
pub(crate) fn id_at(now: DateTime<Utc>) -> Uuid {
    let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
    Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, now.timestamp_subsec_nanos()))
}

/// Locked components, what is said of them, and the time.
pub(crate) struct Resolved {
    pub touched: Vec<Component>,
    pub effects: Vec<Effect>,
    pub now: DateTime<Utc>,
}

/// Locks the components that a caller names, each of which must exist and be named once, and
/// those that are touched already.
pub(crate) fn resolve(
    db: &mut Write<'_>,
    named: &Named,
    touched: &[Uuid],
) -> Result<Resolved, Error> {
    let Locked { components: touched, at: now } = lock(db, &[named], touched)?;
    let effects = Known::of(&touched).effects(named)?;
    Ok(Resolved { touched, effects, now })
}

/// Locks the components that callers name, and those that are touched already.
pub(crate) fn lock(
    db: &mut Write<'_>,
    named: &[&Named],
    touched: &[Uuid],
) -> Result<Locked, Error> {
    let keys: Vec<Key> = named.iter().flat_map(|it| it.iter().map(|it| it.0.clone())).collect();
    if keys.is_empty() && touched.is_empty() {
        return Ok(Locked { components: Vec::new(), at: db.now()? });
    }
    Ok(components::lock(db, &keys, touched)?)
}

/// Locked components by what callers call them.
pub(crate) struct Known<'c>(HashMap<Key, &'c Component>);

impl<'c> Known<'c> {
    pub fn of(locked: &'c [Component]) -> Self {
        let names = |it: &Component| [Key::Id(it.id), Key::Slug(it.slug.clone())];
        Self(locked.iter().flat_map(|it| names(it).map(|name| (name, it))).collect())
    }

    /// What a caller says of components, each of which must be there and be named once.
    pub fn effects(&self, named: &Named) -> Result<Vec<Effect>, Error> {
        let mut effects: Vec<Effect> = Vec::new();
        let mut wrong = Vec::new();
        for (index, (key, status)) in named.iter().enumerate() {
            let complaint = match self.0.get(key) {
                None => Some(("unknown", format!("there is no component {key}"))),
                Some(it) if effects.iter().any(|of| of.component == it.id) => {
                    Some(("repeated", format!("the component {key} is named twice")))
                }
                Some(it) => {
                    effects.push(Effect { component: it.id, status: *status });
                    None
                }
            };
            wrong.extend(complaint.map(|(code, detail)| FieldError {
                pointer: format!("/components/{index}"),
                code,
                detail,
            }));
        }
        if wrong.is_empty() { Ok(effects) } else { Err(Error::Invalid(wrong)) }
    }
}

/// The groups of components, for those who asked to hear of them.
pub(crate) fn groups_of<'c>(touched: impl IntoIterator<Item = &'c Component>) -> Vec<Uuid> {
    let mut groups: Vec<Uuid> = touched.into_iter().filter_map(|it| it.group_id).collect();
    groups.sort_unstable();
    groups.dedup();
    groups
}
