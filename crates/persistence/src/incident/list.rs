//! Lists of incidents.
use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use domain::caller::Visibility;
use domain::incident::{Impact, Incident, Status};
use uuid::Uuid;

use super::row::{self, Row};
use crate::cursor::{Cursor, Page, Window};
use crate::prepared::Prepare as _;
use crate::schema::{incident_components, incidents};
use crate::timeline::components_named;
use crate::word::Word;
use crate::{DbError, Read};

/// Which incidents to list. Everything absent lets everything pass.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub visibility: Option<Visibility>,
    pub state: Option<State>,
    pub impact: Option<Impact>,
    pub component: Option<Uuid>,
    pub group: Option<Uuid>,
    /// Not over before this.
    pub from: Option<DateTime<Utc>>,
    /// Begun before this.
    pub to: Option<DateTime<Utc>>,
    /// Words to look for in titles and messages, as `websearch_to_tsquery` reads them.
    pub search: Option<String>,
}

/// Open, or exactly one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Open,
    Is(Status),
}

/// Incidents by the time they began, newest first.
pub fn page(db: &mut Read<'_>, filter: &Filter, window: Window) -> Result<Page<Incident>, DbError> {
    let mut query = incidents::table.filter(incidents::deleted_at.is_null()).into_boxed();
    if let Some(visibility) = filter.visibility {
        query = query.filter(incidents::visibility.eq(Word(visibility)));
    }
    query = match filter.state {
        None => query,
        Some(State::Open) => query.filter(is_open()),
        Some(State::Is(status)) => query.filter(incidents::status.eq(Word(status))),
    };
    if let Some(impact) = filter.impact {
        query = query.filter(incidents::impact.eq(Word(impact)));
    }
    if filter.component.is_some() || filter.group.is_some() {
        query = query.filter(incidents::id.eq_any(touching(filter)));
    }
    if let Some(from) = filter.from {
        let not_over = incidents::resolved_at.is_null().or(incidents::resolved_at.ge(from));
        query = query.filter(not_over.assume_not_null());
    }
    if let Some(to) = filter.to {
        query = query.filter(incidents::started_at.lt(to));
    }
    if let Some(words) = &filter.search {
        let found = diesel::dsl::sql::<Bool>("search @@ websearch_to_tsquery('simple', ")
            .bind::<Text, _>(words.clone())
            .sql(")");
        query = query.filter(found);
    }
    if let Some(cursor) = window.after {
        let (at, id) = (cursor.time(), cursor.id);
        query = query.filter(
            incidents::started_at.lt(at).or(incidents::started_at.eq(at).and(incidents::id.lt(id))),
        );
    }
    let rows: Vec<Row> = query
        .order((incidents::started_at.desc(), incidents::id.desc()))
        .limit(window.fetch())
        .select(Row::as_select())
        .load(db.conn)?;
    let page =
        window.cut(rows, |row| Cursor { key: row.started_at.timestamp_micros(), id: row.id });
    Ok(Page { data: row::assemble(db, page.data)?, next: page.next })
}

/// Written out, so that the partial indexes fit.
pub(super) fn is_open() -> SqlLiteral<Bool> {
    sql("incidents.status <> 'resolved'")
}

/// Every open incident, newest first.
pub fn open(db: &mut Read<'_>) -> Result<Vec<Incident>, DbError> {
    let rows: Vec<Row> = incidents::table
        .filter(incidents::deleted_at.is_null().and(is_open()))
        .order((incidents::started_at.desc(), incidents::id.desc()))
        .select(Row::as_select())
        .prepared()
        .load(db.conn)?;
    row::assemble(db, rows)
}

/// These of the incidents, in no order.
pub fn among(db: &mut Read<'_>, ids: &[Uuid]) -> Result<Vec<Incident>, DbError> {
    let rows: Vec<Row> = incidents::table
        .filter(incidents::deleted_at.is_null().and(incidents::id.eq_any(ids)))
        .select(Row::as_select())
        .load(db.conn)?;
    row::assemble(db, rows)
}

/// Ids of incidents that touch what the filter names.
fn touching(
    filter: &Filter,
) -> incident_components::BoxedQuery<'static, diesel::pg::Pg, diesel::sql_types::Uuid> {
    let named = components_named(filter.visibility, filter.component, filter.group);
    incident_components::table
        .select(incident_components::incident_id)
        .filter(incident_components::component_id.eq_any(named))
        .into_boxed()
}
