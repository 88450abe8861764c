//! The queue: destinations are leased, their oldest deliveries handed out, results written back.
//!
//! A lease is a time in `ready_at` and `leased_until`, and a number that rises with every lease.
//! Nobody holds a connection while a destination thinks, and whoever comes back after the lease ran
//! out, or was written back, changes nothing: the number is another one, or there is no lease.
mod claim;
mod settle;

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel::sql_types::{
    Array, BigInt, Double, Json, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use domain::event::Logged;
use domain::page::Indicator;
use uuid::Uuid;

use crate::prepared::Prepare as _;
use crate::{DbError, Read, Write};

pub use claim::{DIGEST_MAX, Job, Lease, Target, claim};
pub use settle::{Dropped, Settled, Settlement, is_held, settle};

/// Which destinations are claimed together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Queue {
    /// The last attempt went well, or none was made.
    #[default]
    Healthy,
    /// The last attempt failed.
    Struggling,
    /// Mailboxes: how fast they are served is the mail server's matter, not theirs.
    Mail,
}

impl Queue {
    /// As the column says it.
    pub(crate) const fn lane(self) -> i16 {
        match self {
            Self::Healthy => 0,
            Self::Struggling => 1,
            Self::Mail => 2,
        }
    }

    const fn of_lane(lane: i16) -> Self {
        match lane {
            1 => Self::Struggling,
            2 => Self::Mail,
            _ => Self::Healthy,
        }
    }
}

/// How much is waiting.
#[derive(Clone, Copy, Debug, QueryableByName)]
pub struct Backlog {
    #[diesel(sql_type = BigInt)]
    pub deliveries: i64,
    /// Age of the oldest delivery that could go out now, in seconds.
    #[diesel(sql_type = Double)]
    pub oldest_seconds: f64,
    /// Events that were not fanned out yet.
    #[diesel(sql_type = BigInt)]
    pub events: i64,
}

/// The events behind jobs.
pub fn events(db: &mut Read<'_>, ids: &[Uuid]) -> Result<Vec<Logged>, DbError> {
    let rows: Vec<EventRow> = diesel::sql_query(
        "select id, sequence, kind, coalesce(incident_id, maintenance_id) as subject, payload, public_payload, indicator, created_at
         from events where id = any($1) and sequence is not null",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .prepared()
    .load(db.conn)?;
    Ok(rows.into_iter().filter_map(EventRow::dress).collect())
}

/// Wakes destinations that are owed something but not scheduled. There should be none.
pub fn sweep(db: &mut Write<'_>) -> Result<usize, DbError> {
    let woken = diesel::sql_query(
        "update destinations set ready_at = farol_now()
         where ready_at is null and last_seq > done_seq and not paused",
    );
    let n_woken = woken.execute(db.conn)?;
    db.commit.due = n_woken > 0;
    Ok(n_woken)
}

/// Ends all leases, for who knows that nobody is left to serve them.
pub fn release(db: &mut Write<'_>) -> Result<usize, DbError> {
    let released = diesel::sql_query(
        "update destinations
         set ready_at = farol_now(), leased_until = null, lease_no = lease_no + 1
         where leased_until is not null",
    );
    Ok(released.execute(db.conn)?)
}

/// How much is waiting.
pub fn backlog(db: &mut Read<'_>) -> Result<Backlog, DbError> {
    let backlog = diesel::sql_query(
        "select coalesce(sum(last_seq - done_seq), 0)::bigint as deliveries,
                greatest(coalesce(extract(epoch from (select farol_now()) - min(ready_at)), 0), 0)::float8
                    as oldest_seconds,
                (select count(*) from events
                 where announce and expanded_at is null and sequence is not null) as events
         from destinations where ready_at is not null and not paused",
    );
    Ok(backlog.get_result(db.conn)?)
}

#[expect(clippy::as_conversions, reason = "waits are far below 2^53 milliseconds")]
pub(crate) fn seconds(duration: Duration) -> f64 {
    duration.num_milliseconds() as f64 / 1000.0
}

#[derive(QueryableByName)]
struct EventRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = BigInt)]
    sequence: i64,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    subject: Option<Uuid>,
    #[diesel(sql_type = Json)]
    payload: serde_json::Value,
    #[diesel(sql_type = Nullable<Json>)]
    public_payload: Option<serde_json::Value>,
    #[diesel(sql_type = Nullable<Text>)]
    indicator: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
}

impl EventRow {
    fn dress(self) -> Option<Logged> {
        let Self { id, sequence, kind, subject, payload, public_payload, indicator, created_at } =
            self;
        let kind = kind.parse().ok()?;
        let indicator = indicator.and_then(|it| it.parse().ok()).unwrap_or(Indicator::None);
        Some(Logged { id, sequence, kind, subject, payload, public_payload, indicator, created_at })
    }
}
