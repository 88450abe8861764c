//! The page as a whole.
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::component::{Component, Status};
use domain::group::{Group, worst_by_group};
use domain::incident::Incident;
use domain::maintenance::Maintenance;
use domain::page::{Banner, Page, Snapshot, banner};
use persistence::page::{Contents, Versioned};
use persistence::{component, group, incident, maintenance, page};
use uuid::Uuid;

pub use persistence::page::Version;

use crate::{DbError, Error, Read};

/// Everything the page shows, taken at one instant. What is the same version as in `held`, an
/// earlier snapshot, is shared with it; only the rest is read.
pub fn snapshot(db: &mut Read<'_>, held: Option<&Snapshot>) -> Result<Snapshot, Error> {
    let Contents {
        id,
        version,
        public_changed,
        internal_changed,
        components,
        groups,
        incidents,
        maintenances,
    } = page::contents(db)?;
    // A database that was put back to an earlier state gives the same versions once more.
    let held = held.filter(|it| it.page.id == id && it.internal_version <= version.internal);
    let known = held.map_or(&[][..], |it| &it.components);
    let components = renew(&components, known.iter(), |ids| component::among(db, ids))?;
    let known = held.map_or(&[][..], |it| &it.groups);
    let mut groups = renew(&groups, known.iter(), |ids| group::among(db, ids))?;
    fill_in_statuses(&mut groups, &components);
    let renamed = held.map(|it| renamed(&it.components, &components)).unwrap_or_default();
    let known = held.map_or(&[][..], |it| &it.incidents);
    let known = known.iter().filter(|it| !names_any(it, &renamed));
    let incidents = renew(&incidents, known, |ids| incident::among(db, ids))?;
    let known = held.map_or((&[][..], &[][..]), |it| (&it.maintenances, &it.later));
    let known = known.0.iter().chain(known.1);
    let planned = renew(&maintenances, known, |ids| maintenance::among(db, ids))?;
    let is_listed = |it: &Arc<Maintenance>| it.status.is_active() || it.clock.listed;
    let (maintenances, later) = planned.into_iter().partition(is_listed);
    Ok(Snapshot {
        page: db.page().page(id),
        public_version: version.public,
        internal_version: version.internal,
        groups,
        components,
        incidents,
        maintenances,
        later,
        says_maintenance: db.page().says_maintenance,
        taken_at: version.now,
        public_updated_at: public_changed,
        internal_updated_at: internal_changed,
    })
}

/// Something that becomes a new version whenever it is to show anything else.
trait Thing {
    fn version(&self) -> Versioned;
}

/// What is present, in that order: as it is known, if that is the present version, or else as
/// `read` finds it.
fn renew<'k, T: Thing + 'k>(
    present: &[Versioned],
    known: impl Iterator<Item = &'k Arc<T>>,
    read: impl FnOnce(&[Uuid]) -> Result<Vec<T>, DbError>,
) -> Result<Vec<Arc<T>>, Error> {
    let mut known: HashMap<Uuid, Arc<T>> =
        known.map(|it| (it.version().0, Arc::clone(it))).collect();
    let is_known = |it: &Versioned| known.get(&it.0).is_some_and(|known| known.version() == *it);
    let unknown: Vec<Uuid> = present.iter().filter(|it| !is_known(it)).map(|(id, _)| *id).collect();
    if !unknown.is_empty() {
        known.extend(read(&unknown)?.into_iter().map(|it| (it.version().0, Arc::new(it))));
    }
    Ok(present.iter().filter_map(|(id, _)| known.get(id).cloned()).collect())
}

/// A group shows the worst status of its members.
fn fill_in_statuses(groups: &mut [Arc<Group>], components: &[Arc<Component>]) {
    let worst = worst_by_group(components.iter().map(AsRef::as_ref));
    for group in groups {
        let status = worst.get(&group.id).copied().unwrap_or(Status::Operational);
        if group.status != status {
            Arc::make_mut(group).status = status;
        }
    }
}

/// Components that incidents must now name otherwise, or that are gone.
fn renamed(before: &[Arc<Component>], after: &[Arc<Component>]) -> HashSet<Uuid> {
    let after: HashMap<Uuid, &Arc<Component>> = after.iter().map(|it| (it.id, it)).collect();
    let shown = |it: &Component| (it.slug.clone(), it.name.clone(), it.visibility, it.position);
    let is_same = |it: &Arc<Component>| {
        after.get(&it.id).is_some_and(|now| Arc::ptr_eq(now, it) || shown(now) == shown(it))
    };
    before.iter().filter(|it| !is_same(it)).map(|it| it.id).collect()
}

fn names_any(incident: &Incident, components: &HashSet<Uuid>) -> bool {
    let affected = incident.components.iter().map(|it| it.id);
    let updated = incident.updates.iter().flat_map(|it| &it.components).map(|it| it.id);
    !components.is_empty() && affected.chain(updated).any(|id| components.contains(&id))
}

impl Thing for Component {
    fn version(&self) -> Versioned {
        (self.id, self.version)
    }
}

impl Thing for Group {
    fn version(&self) -> Versioned {
        (self.id, self.version)
    }
}

impl Thing for Incident {
    fn version(&self) -> Versioned {
        (self.id, self.version)
    }
}

impl Thing for Maintenance {
    fn version(&self) -> Versioned {
        (self.id, self.version)
    }
}

/// The page in public documents.
pub fn page(db: &mut Read<'_>) -> Result<Page, Error> {
    let id = page::id(db)?;
    Ok(db.page().page(id))
}

/// What the database's clock says.
pub fn now(db: &mut Read<'_>) -> Result<DateTime<Utc>, Error> {
    Ok(db.now()?)
}

/// How many incidents are open.
pub fn count_open_incidents(db: &mut Read<'_>) -> Result<i64, Error> {
    Ok(incident::count_open(db)?)
}

/// The version of the page, and when that was.
pub fn version(db: &mut Read<'_>) -> Result<Version, Error> {
    Ok(page::version(db)?)
}

/// The banner the public sees now.
pub fn public_banner(db: &mut Read<'_>) -> Result<Banner, Error> {
    // For the banner one is one, and more are all the same.
    let alike = |n: i64| usize::from(n > 0) + usize::from(n > 1);
    let statuses: Vec<_> = component::public_statuses(db)?
        .into_iter()
        .flat_map(|(status, n)| std::iter::repeat_n(status, alike(n)))
        .collect();
    let open: Vec<_> = if statuses.is_empty() {
        let open = incident::open(db)?.into_iter();
        open.filter_map(Incident::for_public).map(|it| it.impact).collect()
    } else {
        Vec::new()
    };
    Ok(banner(&statuses, &open, maintenance::is_any_public_active(db)?))
}
