//! Lists of maintenances.
use chrono::{DateTime, Utc};
use diesel::dsl::{Eq, EqAny, sql};
use diesel::expression::SqlLiteral;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use domain::caller::Visibility;
use domain::maintenance::{Maintenance, Status};
use uuid::Uuid;

use super::row::{self, Row};
use crate::cursor::{Cursor, Page, Window};
use crate::prepared::Prepare as _;
use crate::schema::{maintenance_components, maintenances};
use crate::timeline::components_named;
use crate::word::Word;
use crate::{DbError, Read};

/// Which maintenances to list. Everything absent lets everything pass.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub visibility: Option<Visibility>,
    pub state: Option<State>,
    pub component: Option<Uuid>,
    pub group: Option<Uuid>,
    pub series: Option<Uuid>,
    /// Not to end before this.
    pub from: Option<DateTime<Utc>>,
    /// To begin before this.
    pub to: Option<DateTime<Utc>>,
    /// Words to look for in titles and messages, as `websearch_to_tsquery` reads them.
    pub search: Option<String>,
}

/// Several states, or exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Upcoming,
    Active,
    Past,
    Is(Status),
}

type Query<'a> = maintenances::BoxedQuery<'a, Pg>;
type OfStatus = EqAny<maintenances::status, Vec<Word<Status>>>;

fn of(wanted: impl Fn(Status) -> bool) -> OfStatus {
    let words = Status::ALL.iter().copied().filter(|it| wanted(*it)).map(Word);
    maintenances::status.eq_any(words.collect::<Vec<_>>())
}

/// Planned or in progress; written out, so that the partial indexes fit.
pub(super) fn is_open() -> SqlLiteral<Bool> {
    sql("maintenances.status in ('scheduled', 'in_progress', 'verifying')")
}

impl State {
    fn has(self, status: Status) -> bool {
        match self {
            Self::Upcoming => status == Status::Scheduled,
            Self::Active => status.is_active(),
            Self::Past => status.is_over(),
            Self::Is(one) => status == one,
        }
    }
}

fn select(filter: &Filter) -> Query<'_> {
    let mut query = maintenances::table.filter(maintenances::deleted_at.is_null()).into_boxed();
    if let Some(visibility) = filter.visibility {
        query = query.filter(maintenances::visibility.eq(Word(visibility)));
    }
    if let Some(state) = filter.state {
        query = query.filter(of(|it| state.has(it)));
    }
    if filter.component.is_some() || filter.group.is_some() {
        let named = components_named(filter.visibility, filter.component, filter.group);
        let touching = maintenance_components::table
            .select(maintenance_components::maintenance_id)
            .filter(maintenance_components::component_id.eq_any(named));
        query = query.filter(maintenances::id.eq_any(touching));
    }
    if let Some(series) = filter.series {
        query = query.filter(maintenances::series_id.eq(series));
    }
    if let Some(from) = filter.from {
        query = query.filter(maintenances::ends_at.gt(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(maintenances::starts_at.lt(to));
    }
    if let Some(words) = &filter.search {
        let found = diesel::dsl::sql::<Bool>("search @@ websearch_to_tsquery('simple', ")
            .bind::<Text, _>(words.clone())
            .sql(")");
        query = query.filter(found);
    }
    query
}

/// Maintenances by the time they begin, the last first.
pub fn page(
    db: &mut Read<'_>,
    filter: &Filter,
    window: Window,
) -> Result<Page<Maintenance>, DbError> {
    let mut query = select(filter);
    if let Some(cursor) = window.after {
        let (at, id) = (cursor.time(), cursor.id);
        let earlier = maintenances::starts_at.lt(at);
        query =
            query.filter(earlier.or(maintenances::starts_at.eq(at).and(maintenances::id.lt(id))));
    }
    let rows: Vec<Row> = query
        .order((maintenances::starts_at.desc(), maintenances::id.desc()))
        .limit(window.fetch())
        .select(Row::as_select())
        .load(db.conn)?;
    let page = window.cut(rows, |row| Cursor { key: row.starts_at.timestamp_micros(), id: row.id });
    Ok(Page { data: row::assemble(db, page.data)?, next: page.next })
}

/// Maintenances by the time they begin, the first first, at most `limit`.
pub fn within(db: &mut Read<'_>, filter: &Filter, limit: i64) -> Result<Vec<Maintenance>, DbError> {
    let rows: Vec<Row> = select(filter)
        .order((maintenances::starts_at, maintenances::id))
        .limit(limit)
        .select(Row::as_select())
        .load(db.conn)?;
    row::assemble(db, rows)
}

/// These of the maintenances, in no order.
pub fn among(db: &mut Read<'_>, ids: &[Uuid]) -> Result<Vec<Maintenance>, DbError> {
    let rows: Vec<Row> = maintenances::table
        .filter(maintenances::deleted_at.is_null().and(maintenances::id.eq_any(ids)))
        .select(Row::as_select())
        .load(db.conn)?;
    row::assemble(db, rows)
}

/// Whether the public sees a maintenance in progress.
pub fn is_any_public_active(db: &mut Read<'_>) -> Result<bool, DbError> {
    let is_public: Eq<maintenances::visibility, Word<Visibility>> =
        maintenances::visibility.eq(Word(Visibility::Public));
    let active = maintenances::table
        .filter(maintenances::deleted_at.is_null().and(is_public))
        .filter(is_open())
        .filter(of(Status::is_active));
    Ok(diesel::select(diesel::dsl::exists(active)).prepared().get_result(db.conn)?)
}
