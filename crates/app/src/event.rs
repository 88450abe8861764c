//! The log of facts: what happened, who did it, and how far telling of it has come.
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use domain::caller::{Caller, Scope};
use domain::component::Key as ComponentKey;
use domain::event::{Announcement, Entry, EntryWithPayload, Kind};
use persistence::event::Filter;
use persistence::incident::Key;
use persistence::{component, delivery, event, incident, maintenance};
use uuid::Uuid;

use crate::{Error, Page, Read, Window};

/// Which facts to list. Everything absent lets everything pass.
#[derive(Clone, Debug, Default)]
pub struct Which {
    pub kind: Option<Kind>,
    pub incident: Option<Key>,
    pub maintenance: Option<Key>,
    pub component: Option<ComponentKey>,
    /// Not before this.
    pub from: Option<DateTime<Utc>>,
    /// Before this.
    pub to: Option<DateTime<Utc>>,
}

/// How long a list may count deliveries: a page of events with 100,000 each would take long.
const COUNTING: Duration = Duration::from_millis(1_500);

/// Facts, newest first.
pub fn page(
    db: &mut Read<'_>,
    caller: &Caller,
    which: Which,
    window: Window,
) -> Result<Page<Entry>, Error> {
    caller.must(Scope::Read)?;
    let filter = filter(db, which)?;
    let mut page = event::page(db, &filter, window)?;
    let began = Instant::now();
    for entry in &mut page.data {
        if entry.announced && began.elapsed() < COUNTING {
            entry.deliveries = Some(delivery::tally(db, entry.id)?);
        }
    }
    Ok(page)
}

/// The fact with what it says, as far as the caller may see that elsewhere.
pub fn find(db: &mut Read<'_>, caller: &Caller, id: Uuid) -> Result<EntryWithPayload, Error> {
    caller.must(Scope::Read)?;
    let mut found = event::find(db, id).map_err(Error::missing("event"))?;
    if found.entry.announced {
        found.entry.deliveries = Some(delivery::tally(db, id)?);
    }
    let kind = found.entry.r#type.as_str();
    // It holds links and a secret that are for the owner of an address alone.
    let is_private = kind == Announcement::SubscriptionConfirm.as_str();
    found.payload = found.payload.filter(|_| caller.may(needed(kind)) && !is_private);
    Ok(found)
}

/// What happened to a thing stays in the log when the thing is gone, so ids are not looked up.
fn filter(db: &mut Read<'_>, which: Which) -> Result<Filter, Error> {
    let Which { kind, incident, maintenance, component, from, to } = which;
    let incident = match incident {
        Some(Key::Id(id)) => Some(id),
        Some(number) => Some(incident::find(db, number).map_err(Error::missing("incident"))?.id),
        None => None,
    };
    let maintenance = match maintenance {
        Some(Key::Id(id)) => Some(id),
        Some(number) => {
            Some(maintenance::find(db, number).map_err(Error::missing("maintenance"))?.id)
        }
        None => None,
    };
    let component = match component {
        Some(ComponentKey::Id(id)) => Some(id),
        Some(slug) => Some(component::find(db, &slug).map_err(Error::missing("component"))?.id),
        None => None,
    };
    Ok(Filter { kind, incident, maintenance, component, from, to })
}

/// The scope that shows what facts of this kind are about.
fn needed(kind: &str) -> Scope {
    match kind.split('.').next() {
        Some("user" | "token") => Scope::Admin,
        Some("subscription" | "credential" | "message_template") => Scope::Subscriptions,
        _ => Scope::Read,
    }
}
