//! The page as a whole.
use domain::caller::Visibility;
use domain::page::{Banner, Page, Snapshot, banner};
use persistence::page::Version;
use persistence::{component, group, incident, page};

use crate::group::seen_by;
use crate::{Error, Read};

/// Everything the page shows, taken at one instant.
pub fn snapshot(db: &mut Read<'_>) -> Result<Snapshot, Error> {
    let id = page::id(db)?;
    let (public_updated_at, internal_updated_at) = page::changed(db)?;
    let Version { public, internal } = page::version(db)?;
    let components = component::all(db)?;
    let groups = group::all(db)?
        .into_iter()
        .filter_map(|it| seen_by(it, &components, Visibility::Internal))
        .collect();
    Ok(Snapshot {
        page: db.page().page(id),
        public_version: public,
        internal_version: internal,
        groups,
        components,
        incidents: incident::open(db)?,
        public_updated_at,
        internal_updated_at,
    })
}

/// The page in public documents.
pub fn page(db: &mut Read<'_>) -> Result<Page, Error> {
    let id = page::id(db)?;
    Ok(db.page().page(id))
}

/// How many incidents are open.
pub fn count_open_incidents(db: &mut Read<'_>) -> Result<i64, Error> {
    Ok(incident::count_open(db)?)
}

/// The version of the page: public, and with everything.
pub fn version(db: &mut Read<'_>) -> Result<(i64, i64), Error> {
    let Version { public, internal } = page::version(db)?;
    Ok((public, internal))
}

/// The banner the public sees now.
pub fn public_banner(db: &mut Read<'_>) -> Result<Banner, Error> {
    let public =
        component::all(db)?.into_iter().filter_map(domain::component::Component::for_public);
    let statuses: Vec<_> = public.map(|it| it.status).collect();
    let open: Vec<_> = if statuses.is_empty() {
        let open = incident::open(db)?.into_iter();
        open.filter_map(domain::incident::Incident::for_public).map(|it| it.impact).collect()
    } else {
        Vec::new()
    };
    Ok(banner(&statuses, &open))
}
