//! The ledger, and the facts it is derived from.
mod apply;
mod facts;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use domain::component::Status;
use domain::ledger::{Cause, Interval};
use uuid::Uuid;

use crate::word::Word;
use crate::{DbError, Read};

pub use apply::{Change, apply};
pub use facts::{Facts, Planned, Told, facts};

/// The intervals of a component that overlap `from..to`, oldest first, not cut at the ends.
pub fn history(
    db: &mut Read<'_>,
    component: Uuid,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    limit: i64,
) -> Result<Vec<Interval>, DbError> {
    let found: Vec<IntervalFound> = diesel::sql_query(
        "select status, lower(during) as start, upper(during) as finish, cause, incident_id,
                maintenance_id, actor
         from component_statuses
         where component_id = $1 and superseded_at is null and during && tstzrange($2, $3)
         order by start limit $4",
    )
    .bind::<SqlUuid, _>(component)
    .bind::<Nullable<Timestamptz>, _>(from)
    .bind::<Nullable<Timestamptz>, _>(to)
    .bind::<BigInt, _>(limit)
    .load(db.conn)?;
    let interval = |it: IntervalFound| Interval {
        status: it.status.0,
        from: it.start,
        to: it.finish,
        cause: it.cause.0,
        incident_id: it.incident_id,
        maintenance_id: it.maintenance_id,
        actor: Some(it.actor),
    };
    Ok(found.into_iter().map(interval).collect())
}

#[derive(QueryableByName)]
struct IntervalFound {
    #[diesel(sql_type = Text)]
    status: Word<Status>,
    #[diesel(sql_type = Timestamptz)]
    start: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    finish: Option<DateTime<Utc>>,
    #[diesel(sql_type = Text)]
    cause: Word<Cause>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    incident_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    maintenance_id: Option<Uuid>,
    #[diesel(sql_type = Text)]
    actor: String,
}
