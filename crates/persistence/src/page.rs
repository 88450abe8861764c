//! The page: its identity and its version.
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Timestamptz};
use uuid::Uuid;

use crate::schema::page;
use crate::{DbError, Read};

/// How many events were committed, which is also the sequence the last of them has or will get:
/// a number that rises with every change, and is the same for the same content on every replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub struct Version {
    /// Counting what the public may know of.
    #[diesel(sql_type = BigInt)]
    pub public: i64,
    /// Counting everything.
    #[diesel(sql_type = BigInt)]
    pub internal: i64,
}

/// The page's id.
pub fn id(db: &mut Read<'_>) -> Result<Uuid, DbError> {
    Ok(page::table.select(page::id).first(db.conn)?)
}

/// When the page last changed for the public, and at all; never before the database was set up.
pub fn changed(db: &mut Read<'_>) -> Result<(DateTime<Utc>, DateTime<Utc>), DbError> {
    let changed: Changed = diesel::sql_query(
        "select coalesce((select created_at from events where public_payload is not null
                          order by position desc limit 1), p.created_at) as public,
                coalesce((select created_at from events order by position desc limit 1),
                         p.created_at) as internal
         from page p",
    )
    .get_result(db.conn)?;
    Ok((changed.public, changed.internal))
}

#[derive(QueryableByName)]
struct Changed {
    #[diesel(sql_type = Timestamptz)]
    public: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    internal: DateTime<Utc>,
}

/// The page's version.
pub fn version(db: &mut Read<'_>) -> Result<Version, DbError> {
    let version = diesel::sql_query(
        "select p.public_events + count(e.public_payload) as public,
                p.last_sequence + count(e.position) as internal
         from page p left join events e on e.sequence is null
         group by p.public_events, p.last_sequence",
    );
    Ok(version.get_result(db.conn)?)
}
