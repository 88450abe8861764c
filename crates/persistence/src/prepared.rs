//! Statements that are parsed and planned once per connection.
//!
//! diesel keeps prepared statements only where it can prove that a query has one text. It cannot
//! for raw SQL and change sets, so each of those is prepared anew every time: one
//! more round trip, and for the larger ones more planning than work.
use diesel::deserialize::{self, QueryableByName};
use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::row::NamedRow;
use diesel::sql_types::Untyped;

/// A query whose statement stays prepared, if it is executed by `load`, `get_result` or [`run`].
/// diesel's `execute` asks a reference to it, which does not know.
///
/// [`run`]: Prepared::run
#[must_use = "queries are only executed when calling `load`, `run` or similar"]
pub(crate) struct Prepared<Q>(Q);

/// Says of a query what diesel cannot know.
pub(crate) trait Prepare: Sized {
    /// The text is the same every time, or one of very few.
    fn prepared(self) -> Prepared<Self> {
        Prepared(self)
    }
}

impl<Q: QueryFragment<Pg>> Prepare for Q {}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Prepared<Q> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }

    fn is_safe_to_cache_prepared(&self, _: &Pg) -> QueryResult<bool> {
        Ok(true)
    }
}

// Without a static id the statement is found again by its text and the types of its values.
impl<Q> QueryId for Prepared<Q> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for Prepared<Q> {
    type SqlType = Q::SqlType;
}

impl<Q> RunQueryDsl<PgConnection> for Prepared<Q> {}

impl<Q: QueryFragment<Pg>> Prepared<Q> {
    /// Executes a statement that returns nothing.
    pub(crate) fn run(self, conn: &mut PgConnection) -> QueryResult<()> {
        let _: Vec<Nothing> = Command(self).load(conn)?;
        Ok(())
    }
}

/// A statement without rows, as a query of them.
struct Command<Q>(Prepared<Q>);

/// What it returns.
struct Nothing;

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Command<Q> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }

    fn is_safe_to_cache_prepared(&self, backend: &Pg) -> QueryResult<bool> {
        self.0.is_safe_to_cache_prepared(backend)
    }
}

impl<Q> QueryId for Command<Q> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q> Query for Command<Q> {
    type SqlType = Untyped;
}

impl<Q> RunQueryDsl<PgConnection> for Command<Q> {}

impl QueryableByName<Pg> for Nothing {
    fn build<'a>(_row: &impl NamedRow<'a, Pg>) -> deserialize::Result<Self> {
        Ok(Self)
    }
}
