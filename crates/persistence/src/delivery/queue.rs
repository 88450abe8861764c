//! The queue: destinations are leased, their oldest deliveries handed out, results written back.
//!
//! A lease is a time in `ready_at` and a number that rises with every lease. Nobody holds a
//! connection while a destination thinks, and whoever comes back after the lease ran out finds
//! another number and changes nothing.
use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel::sql_types::{
    Array, BigInt, Binary, Bool, Double, Integer, Json, Nullable, SmallInt, Text, Timestamptz,
    Uuid as SqlUuid,
};
use domain::delivery::{Attempt, DISABLE_AFTER, State};
use domain::event::Logged;
use domain::page::Indicator;
use uuid::Uuid;

use crate::prepared::Prepare as _;
use crate::subscription::Sealed;
use crate::thread::{self, Anchors};
use crate::{DbError, Read, Write};

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

/// A destination that is ours for a while, and the oldest of what it is owed.
#[derive(Clone, Debug)]
pub struct Lease {
    pub subscription: Uuid,
    pub queue: Queue,
    /// Results count only with this number.
    pub number: i64,
    pub target: Target,
    /// In order; at least one.
    pub jobs: Vec<Job>,
    /// Tells all of them in one message.
    pub is_digest: bool,
}

/// How to reach a destination.
#[derive(Clone, Debug)]
pub struct Target {
    pub channel: String,
    pub sealed: Sealed,
    /// Whether it hears of internal things.
    pub internal: bool,
    pub locale: String,
    pub time_zone: String,
    /// What it shares with other destinations, and whether the provider refused that last.
    pub credential: Option<Uuid>,
    pub refused: bool,
    /// It has failed for so long, without one success, that it is given up at the next failure.
    pub hopeless: bool,
}

/// A delivery to attempt.
#[derive(Clone, Copy, Debug)]
pub struct Job {
    pub delivery: Uuid,
    pub seq: i64,
    pub event: Uuid,
    /// How often it was tried before.
    pub attempts: usize,
}

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
    /// Whether the destination answered well; nothing when this says nothing about it.
    pub reached: Option<bool>,
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

/// Leases destinations that are due, of each queue as many as are wanted, each with up to `depth`
/// deliveries.
pub fn claim(
    db: &mut Write<'_>,
    wanted: &[(Queue, i64)],
    depth: i64,
    lease: Duration,
) -> Result<Vec<Lease>, DbError> {
    let (lanes, limits): (Vec<i16>, Vec<i64>) =
        wanted.iter().map(|(queue, limit)| (queue.lane(), *limit)).unzip();
    let rows: Vec<Row> = diesel::sql_query(CLAIM)
        .bind::<Array<SmallInt>, _>(lanes)
        .bind::<Array<BigInt>, _>(limits)
        .bind::<BigInt, _>(depth)
        .bind::<Double, _>(seconds(lease))
        .bind::<Double, _>(seconds(DISABLE_AFTER))
        .prepared()
        .load(db.conn)?;
    let mut leases: Vec<Lease> = Vec::new();
    for row in rows {
        let attempts = usize::try_from(row.n_attempts).unwrap_or(0);
        let job = Job { delivery: row.id, seq: row.seq, event: row.event_id, attempts };
        match leases.last_mut() {
            Some(lease) if lease.subscription == row.subscription_id => lease.jobs.push(job),
            _ => leases.push(row.lease(job)),
        }
    }
    Ok(leases)
}

/// Row by row where it matters: what a claim costs must not grow with the number of destinations,
/// and Postgres would rather join all of them than believe that few are wanted.
///
/// Destinations without a shared credential come as they are ready. Of those behind one credential
/// only as many are taken as its provider would let through now, and of those behind a refused one
/// a single one, to see whether it works again: while that is found out, no other is taken.
const CLAIM: &str = "
with wanted as (select * from unnest($1, $2) as w (lane, n)),
free as materialized (
    select c.id, case when c.failing_since is not null then 1 else least(c.burst, 1 + floor(
               extract(epoch from (select farol_now()) - c.next_free_at) * 1e6 / c.interval_us))::int
           end as n
    from credentials c
    where c.next_free_at <= (select farol_now())
    order by c.id for update skip locked),
candidates as (
    select d.subscription_id from wanted w cross join lateral (
        select subscription_id from destinations
        where credential_id is null and lane = w.lane and ready_at <= (select farol_now())
          and not paused and last_seq > done_seq
        order by ready_at limit w.n) d
    union all
    select d.subscription_id from free f cross join lateral (
        select e.subscription_id from wanted w cross join lateral (
            select subscription_id, ready_at from destinations
            where credential_id = f.id and lane = w.lane and ready_at <= (select farol_now())
              and not paused and last_seq > done_seq
            order by ready_at limit least(w.n, f.n)) e
        order by e.ready_at limit f.n) d),
due as materialized (
    select d.* from candidates c cross join lateral (
        select subscription_id, credential_id, lane, ready_at from destinations
        where subscription_id = c.subscription_id and ready_at <= (select farol_now())
          and not paused and last_seq > done_seq
        for update skip locked) d),
taken as (
    select d.* from (
        select *, row_number() over (partition by lane order by ready_at) as place from due) d
    join wanted w on w.lane = d.lane where d.place <= w.n),
spent as (
    update credentials c
    set next_free_at = case when c.failing_since is not null
            then (select farol_now()) + interval '1 minute'
            else greatest(c.next_free_at,
                    (select farol_now()) - make_interval(secs => c.burst * c.interval_us / 1e6))
                + make_interval(secs => u.n * c.interval_us / 1e6) end
    from (select credential_id, count(*) as n from taken group by credential_id) u
    where c.id = u.credential_id),
leased as (
    update destinations d
    set ready_at = (select farol_now()) + make_interval(secs => $4), lease_no = d.lease_no + 1
    from taken t where d.subscription_id = t.subscription_id
    returning d.subscription_id, d.lane, d.lease_no, d.done_seq, d.failing_since, d.credential_id)
select l.subscription_id, l.lane, l.lease_no, s.channel, s.secrets, s.signing_secret,
       case when s.previous_secret_until > (select farol_now()) then s.previous_secret end
           as previous_secret,
       s.previous_secret_until, s.audience = 'internal' as internal, s.locale, s.time_zone,
       l.credential_id, c.failing_since is not null as refused, s.digest_minutes > 0 as is_digest,
       coalesce(l.failing_since < (select farol_now()) - make_interval(secs => $5), false)
           as hopeless,
       q.id, q.seq, q.event_id, q.n_attempts
from leased l
join subscriptions s on s.id = l.subscription_id
left join credentials c on c.id = l.credential_id
cross join lateral (
    select id, seq, event_id, case when attempts = '[]' then 0 else (
               select count(*) from jsonb_array_elements(attempts) a
               where a ->> 'outcome' <> 'credential')::int end as n_attempts
    from deliveries where subscription_id = l.subscription_id and seq > l.done_seq
    order by seq limit case when s.digest_minutes > 0 then 50 else $3 end) q
order by l.subscription_id, q.seq";

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

/// Writes results back. Returns the subscriptions whose lease had run out: theirs were dropped.
pub fn settle(db: &mut Write<'_>, settlements: &[Settlement]) -> Result<Vec<Uuid>, DbError> {
    let held = held(db, settlements)?;
    let (kept, late): (Vec<&Settlement>, Vec<&Settlement>) =
        settlements.iter().partition(|it| held.get(&it.subscription) == Some(&it.number));
    finish(db, &kept)?;
    move_on(db, &kept)?;
    let anchors = kept.iter().flat_map(|it| it.anchors.clone()).collect();
    thread::keep(db, &anchors)?;
    Ok(late.into_iter().map(|it| it.subscription).collect())
}

/// Wakes destinations that are owed something but not scheduled. There should be none.
pub fn sweep(db: &mut Write<'_>) -> Result<usize, DbError> {
    let woken = diesel::sql_query(
        "update destinations set ready_at = farol_now()
         where ready_at is null and last_seq > done_seq and not paused",
    );
    Ok(woken.execute(db.conn)?)
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

fn held(db: &mut Write<'_>, settlements: &[Settlement]) -> Result<HashMap<Uuid, i64>, DbError> {
    let ids: Vec<Uuid> = settlements.iter().map(|it| it.subscription).collect();
    let rows: Vec<Held> = diesel::sql_query(
        "select subscription_id, lease_no from destinations where subscription_id = any($1)
         order by subscription_id for update",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .prepared()
    .load(db.conn)?;
    Ok(rows.into_iter().map(|it| (it.subscription_id, it.lease_no)).collect())
}

fn finish(db: &mut Write<'_>, settlements: &[&Settlement]) -> Result<(), DbError> {
    let jobs: Vec<&Settled> = settlements.iter().flat_map(|it| &it.jobs).collect();
    let ids: Vec<Uuid> = jobs.iter().map(|it| it.delivery).collect();
    let states: Vec<&str> = jobs.iter().map(|it| it.state.as_str()).collect();
    let attempts: Vec<String> = jobs
        .iter()
        .map(|it| serde_json::to_string(it.attempt.as_slice()).unwrap_or_else(|_| "[]".to_owned()))
        .collect();
    let receipts: Vec<Option<&str>> = jobs.iter().map(|it| it.receipt.as_deref()).collect();
    diesel::sql_query(
        "update deliveries q
         set state = r.state, attempts = q.attempts || r.attempts::jsonb, receipt = r.receipt,
             finished_at = case when r.state <> 'retrying' then farol_now() end
         from unnest($1, $2, $3, $4) as r (id, state, attempts, receipt) where q.id = r.id",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<Text>, _>(states)
    .bind::<Array<Text>, _>(attempts)
    .bind::<Array<Nullable<Text>>, _>(receipts)
    .prepared()
    .run(db.conn)?;
    Ok(())
}

/// Compares columns of the row itself, never a sub-select: under a concurrent fan-out only the row
/// is read again, and the wake-up would be lost.
fn move_on(db: &mut Write<'_>, settlements: &[&Settlement]) -> Result<(), DbError> {
    let over = |it: &&Settled| it.state.is_over();
    let (mut ids, mut done, mut waits, mut reached) = (vec![], vec![], vec![], vec![]);
    for it in settlements {
        ids.push(it.subscription);
        done.push(it.jobs.iter().filter(over).map(|job| job.seq).max());
        waits.push(it.wait.map(seconds));
        reached.push(it.reached);
    }
    diesel::sql_query(
        "update destinations d set
             done_seq = coalesce(r.done, d.done_seq),
             ready_at = case when d.last_seq > coalesce(r.done, d.done_seq)
                             then farol_now() + make_interval(secs => coalesce(r.wait, 0)) end,
             lane = case when d.lane = 2 or r.reached is null then d.lane
                         when r.reached then 0 else 1 end,
             last_success_at = case when r.reached then farol_now() else d.last_success_at end,
             n_warned = case when r.reached then 0 else d.n_warned end,
             failing_since = case r.reached when true then null
                                            when false then coalesce(d.failing_since, farol_now())
                                            else d.failing_since end
         from unnest($1, $2, $3, $4) as r (id, done, wait, reached)
         where d.subscription_id = r.id",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<Nullable<BigInt>>, _>(done)
    .bind::<Array<Nullable<Double>>, _>(waits)
    .bind::<Array<Nullable<Bool>>, _>(reached)
    .prepared()
    .run(db.conn)?;
    Ok(())
}

#[expect(clippy::as_conversions, reason = "waits are far below 2^53 milliseconds")]
pub(crate) fn seconds(duration: Duration) -> f64 {
    duration.num_milliseconds() as f64 / 1000.0
}

#[derive(QueryableByName)]
struct Held {
    #[diesel(sql_type = SqlUuid)]
    subscription_id: Uuid,
    #[diesel(sql_type = BigInt)]
    lease_no: i64,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    subscription_id: Uuid,
    #[diesel(sql_type = SmallInt)]
    lane: i16,
    #[diesel(sql_type = BigInt)]
    lease_no: i64,
    #[diesel(sql_type = Bool)]
    hopeless: bool,
    #[diesel(sql_type = Text)]
    channel: String,
    #[diesel(sql_type = Binary)]
    secrets: Vec<u8>,
    #[diesel(sql_type = Nullable<Binary>)]
    signing_secret: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Binary>)]
    previous_secret: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    previous_secret_until: Option<DateTime<Utc>>,
    #[diesel(sql_type = Bool)]
    internal: bool,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = SqlUuid)]
    event_id: Uuid,
    #[diesel(sql_type = Integer)]
    n_attempts: i32,
    #[diesel(sql_type = Text)]
    locale: String,
    #[diesel(sql_type = Text)]
    time_zone: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    credential_id: Option<Uuid>,
    #[diesel(sql_type = Bool)]
    refused: bool,
    #[diesel(sql_type = Bool)]
    is_digest: bool,
}

impl Row {
    fn lease(self, job: Job) -> Lease {
        let sealed = Sealed {
            config: self.secrets,
            signing_secret: self.signing_secret,
            previous_secret: self.previous_secret,
            previous_secret_until: self.previous_secret_until,
        };
        let target = Target {
            channel: self.channel,
            sealed,
            internal: self.internal,
            locale: self.locale,
            time_zone: self.time_zone,
            credential: self.credential_id,
            refused: self.refused,
            hopeless: self.hopeless,
        };
        let (subscription, number) = (self.subscription_id, self.lease_no);
        let queue = Queue::of_lane(self.lane);
        Lease { subscription, queue, number, target, jobs: vec![job], is_digest: self.is_digest }
    }
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
