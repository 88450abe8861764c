//! Writing results back.
use std::borrow::Cow;
use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Double, Nullable, Text, Uuid as SqlUuid};
use domain::delivery::{Attempt, Outcome, State};
use serde::Serialize;
use uuid::Uuid;

use super::seconds;
use crate::column::column;
use crate::prepared::Prepare as _;
use crate::schema::destinations;
use crate::thread::{self, Anchors};
use crate::{DbError, Read, Write};

/// What came of a lease.
#[derive(Clone, Debug)]
pub struct Settlement {
    pub subscription: Uuid,
    pub number: i64,
    /// Attempts in order; all but the last are finished. None at all gives the lease back unused.
    pub jobs: Vec<Settled>,
    /// How long to leave the destination alone before what else it is owed; nothing when it can
    /// go on at once.
    pub wait: Option<Duration>,
    /// Whether the last attempt failed, and the destination is to blame.
    pub failed: bool,
    /// Threads that were begun or went on.
    pub anchors: Anchors,
}

/// What came of an attempt, or of the decision not to make one.
#[derive(Clone, Debug)]
pub struct Settled {
    pub delivery: Uuid,
    pub seq: i64,
    pub state: State,
    pub attempt: Option<Attempt>,
    /// The provider's id of the message, when its fate is reported later.
    pub receipt: Option<String>,
}

/// Subscriptions of which results were dropped.
#[derive(Clone, Debug, Default)]
pub struct Dropped {
    /// Their lease had ended.
    pub late: Vec<Uuid>,
    /// They were changed meanwhile: what was delivered counts, failures do not.
    pub outdated: Vec<Uuid>,
}

/// Writes results back, which ends the leases.
pub fn settle(db: &mut Write<'_>, settlements: &[Settlement]) -> Result<Dropped, DbError> {
    let held = held(db, settlements)?;
    let (mut kept, mut dropped) = (Vec::new(), Dropped::default());
    for it in settlements {
        match held.get(&it.subscription).filter(|held| held.lease_no == it.number) {
            None => dropped.late.push(it.subscription),
            Some(held) if held.mended => {
                dropped.outdated.push(it.subscription);
                kept.push(Cow::Owned(it.clone().without_blame()));
            }
            Some(_) => kept.push(Cow::Borrowed(it)),
        }
    }
    finish(db, &kept)?;
    let anchors = kept.iter().flat_map(|it| it.anchors.clone()).collect();
    thread::keep(db, &anchors)?;
    Ok(dropped)
}

impl Settlement {
    /// What is left of it when the destination is another one now: it is tried again at once.
    fn without_blame(mut self) -> Self {
        let is_blamed = |it: &Settled| {
            it.attempt.as_ref().is_some_and(|attempt| attempt.outcome != Outcome::Blocked)
        };
        for it in &mut self.jobs {
            if it.state == State::Dead && is_blamed(it) {
                it.state = State::Retrying;
            }
        }
        Self { wait: None, failed: false, ..self }
    }

    fn has_delivered(&self) -> bool {
        self.jobs.iter().any(|it| matches!(it.state, State::Delivered | State::Accepted))
    }
}

/// Whether the lease goes on, and the destination is still what it was then.
pub fn is_held(db: &mut Read<'_>, subscription: Uuid, number: i64) -> Result<bool, DbError> {
    let held = destinations::table
        .find(subscription)
        .filter(destinations::lease_no.eq(number).and(destinations::leased_until.is_not_null()))
        .filter(destinations::mended.eq(false));
    Ok(diesel::select(exists(held)).get_result(db.conn)?)
}

fn held(db: &mut Write<'_>, settlements: &[Settlement]) -> Result<HashMap<Uuid, Held>, DbError> {
    let ids: Vec<Uuid> = settlements.iter().map(|it| it.subscription).collect();
    let rows: Vec<Held> = diesel::sql_query(
        "select subscription_id, lease_no, mended from destinations
         where subscription_id = any($1) and leased_until is not null
         order by subscription_id for update",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .prepared()
    .load(db.conn)?;
    Ok(rows.into_iter().map(|it| (it.subscription_id, it)).collect())
}

/// Writes down what came of deliveries, and lets their destinations go on.
fn finish(db: &mut Write<'_>, settlements: &[Cow<'_, Settlement>]) -> Result<(), DbError> {
    let jobs: Vec<&Settled> = settlements.iter().flat_map(|it| &it.jobs).collect();
    let done =
        |it: &Settlement| it.jobs.iter().filter(|it| it.state.is_over()).map(|it| it.seq).max();
    diesel::sql_query(FINISH)
        .bind::<Array<SqlUuid>, _>(column(&jobs, |it| it.delivery))
        .bind::<Array<Text>, _>(column(&jobs, |it| it.state.as_str()))
        .bind::<Array<Text>, _>(column(&jobs, |it| Kept::list(it.attempt.as_ref())))
        .bind::<Array<Nullable<Text>>, _>(column(&jobs, |it| it.receipt.as_deref()))
        .bind::<Array<SqlUuid>, _>(column(settlements, |it| it.subscription))
        .bind::<Array<Nullable<BigInt>>, _>(column(settlements, |it| done(it)))
        .bind::<Array<Nullable<Double>>, _>(column(settlements, |it| it.wait.map(seconds)))
        .bind::<Array<Bool>, _>(column(settlements, |it| it.failed))
        .bind::<Array<Bool>, _>(column(settlements, |it| it.has_delivered()))
        .prepared()
        .run(db.conn)?;
    Ok(())
}

/// Destinations: compares columns of the row itself, never a sub-select. Under a concurrent fan-out
/// only the row is read again, and the wake-up would be lost.
const FINISH: &str = "
with moved_on as (
    update destinations d set
        done_seq = coalesce(r.done, d.done_seq),
        ready_at = case when d.last_seq > coalesce(r.done, d.done_seq)
                        then farol_now() + make_interval(secs => coalesce(r.wait, 0)) end,
        leased_until = null,
        lane = case when d.lane = 2 then 2 when r.failed then 1 when r.delivered then 0
                    else d.lane end,
        last_success_at = case when r.delivered then farol_now() else d.last_success_at end,
        n_warned = case when r.delivered then 0 else d.n_warned end,
        failing_since = case when r.failed and not r.delivered
                                 then coalesce(d.failing_since, farol_now())
                             when r.failed then farol_now()
                             when not r.delivered then d.failing_since end
    from unnest($5, $6, $7, $8, $9) as r (id, done, wait, failed, delivered)
    where d.subscription_id = r.id)
update deliveries q
set state = r.state, attempts = q.attempts || r.attempts::jsonb, receipt = r.receipt,
    finished_at = case when r.state <> 'retrying' then farol_now() end
from unnest($1, $2, $3, $4) as r (id, state, attempts, receipt)
where q.id = r.id";

/// An attempt as it is kept: most have neither error nor answer, and what is not said need not be
/// parsed, logged and stored.
#[derive(Serialize)]
struct Kept<'a> {
    at: DateTime<Utc>,
    outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    latency_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<&'a str>,
}

impl Kept<'_> {
    /// A JSON list of the attempt, if one was made.
    fn list(attempt: Option<&Attempt>) -> String {
        let kept = attempt.map(|attempt| {
            let Attempt { at, outcome, status, latency_ms, error, answer } = attempt;
            let (error, answer) = (error.as_deref(), answer.as_deref());
            Kept {
                at: *at,
                outcome: *outcome,
                status: *status,
                latency_ms: *latency_ms,
                error,
                answer,
            }
        });
        let list = serde_json::to_string(kept.as_slice());
        list.unwrap_or_else(|_| unreachable!("attempts are plain data"))
    }
}

#[derive(QueryableByName)]
struct Held {
    #[diesel(sql_type = SqlUuid)]
    subscription_id: Uuid,
    #[diesel(sql_type = BigInt)]
    lease_no: i64,
    #[diesel(sql_type = Bool)]
    mended: bool,
}
