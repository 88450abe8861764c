//! `GET /api/v1/status`: the whole page in one document.
use chrono::{DateTime, Utc};
use domain::component::Component;
use domain::group::Group;
use domain::incident::Incident;
use domain::maintenance::Maintenance;
use domain::page::{Banner, Page};
use serde::Serialize;
use utoipa::ToSchema;

use crate::view::View;

/// The whole page.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StatusDocument<'v> {
    pub page: &'v Page,
    /// The banner over everything.
    pub status: Banner,
    /// In page order.
    pub groups: &'v [Group],
    /// In page order.
    pub components: &'v [Component],
    /// The open ones, newest first, with all their updates.
    pub incidents: &'v [Incident],
    /// Those in progress, and those of the next 30 days.
    pub maintenances: &'v [Maintenance],
    pub updated_at: DateTime<Utc>,
    /// Rises with every change. The same as the `id` that the stream of events gave the last one.
    pub version: i64,
}

impl<'v> StatusDocument<'v> {
    /// The document of a view.
    pub fn of(view: &'v View) -> Self {
        let View {
            page,
            version,
            updated_at,
            groups,
            components,
            incidents,
            maintenances,
            later: _,
            says_maintenance: _,
        } = view;
        Self {
            page,
            status: view.banner(),
            groups,
            components,
            incidents,
            maintenances,
            updated_at: *updated_at,
            version: *version,
        }
    }
}
