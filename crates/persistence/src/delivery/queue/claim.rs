//! Leasing destinations with the oldest of what they are owed.
use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel::sql_types::{
    Array, BigInt, Binary, Bool, Double, Integer, Nullable, SmallInt, Text, Timestamptz,
    Uuid as SqlUuid,
};
use domain::delivery::DISABLE_AFTER;
use uuid::Uuid;

use super::{Queue, seconds};
use crate::prepared::Prepare as _;
use crate::subscription::Sealed;
use crate::{DbError, Write};

/// Most deliveries that one message tells.
pub const DIGEST_MAX: usize = 50;

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
    /// All of them are told in one message, and the next one after this time.
    pub digest: Option<Duration>,
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
        .bind::<BigInt, _>(i64::try_from(DIGEST_MAX).unwrap_or(i64::MAX))
        .prepared()
        .load(db.conn)?;
    Ok(rows.into_iter().map(Row::lease).collect())
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
    set ready_at = (select farol_now()) + make_interval(secs => $4), lease_no = d.lease_no + 1,
        leased_until = (select farol_now()) + make_interval(secs => $4), mended = false
    from taken t where d.subscription_id = t.subscription_id
    returning d.subscription_id, d.lane, d.lease_no, d.done_seq, d.failing_since, d.credential_id)
select l.subscription_id, l.lane, l.lease_no, s.channel, s.secrets, s.signing_secret,
       case when s.previous_secret_until > (select farol_now()) then s.previous_secret end
           as previous_secret,
       s.previous_secret_until, s.audience = 'internal' as internal, s.locale, s.time_zone,
       l.credential_id, c.failing_since is not null as refused, s.digest_minutes,
       coalesce(l.failing_since < (select farol_now()) - make_interval(secs => $5), false)
           as hopeless,
       q.ids, q.seqs, q.events, q.attempts
from leased l
join subscriptions s on s.id = l.subscription_id
left join credentials c on c.id = l.credential_id
cross join lateral (
    select array_agg(id) as ids, array_agg(seq) as seqs, array_agg(event_id) as events,
           array_agg(n_attempts) as attempts
    from (select id, seq, event_id, case when attempts = '[]' then 0 else (
                     select count(*) from jsonb_array_elements(attempts) a
                     where a ->> 'outcome' <> 'credential')::int end as n_attempts
          from deliveries where subscription_id = l.subscription_id and seq > l.done_seq
          order by seq limit case when s.digest_minutes > 0 then $6 else $3 end) owed) q
where q.ids is not null
order by l.subscription_id";

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
    /// Of each delivery that is owed, in order.
    #[diesel(sql_type = Array<SqlUuid>)]
    ids: Vec<Uuid>,
    #[diesel(sql_type = Array<BigInt>)]
    seqs: Vec<i64>,
    #[diesel(sql_type = Array<SqlUuid>)]
    events: Vec<Uuid>,
    #[diesel(sql_type = Array<Integer>)]
    attempts: Vec<i32>,
    #[diesel(sql_type = Text)]
    locale: String,
    #[diesel(sql_type = Text)]
    time_zone: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    credential_id: Option<Uuid>,
    #[diesel(sql_type = Bool)]
    refused: bool,
    #[diesel(sql_type = Integer)]
    digest_minutes: i32,
}

impl Row {
    fn jobs(&self) -> Vec<Job> {
        let owed = self.ids.iter().zip(&self.seqs).zip(self.events.iter().zip(&self.attempts));
        let job = |((delivery, seq), (event, attempts)): ((&Uuid, &i64), (&Uuid, &i32))| Job {
            delivery: *delivery,
            seq: *seq,
            event: *event,
            attempts: usize::try_from(*attempts).unwrap_or(0),
        };
        owed.map(job).collect()
    }

    fn lease(self) -> Lease {
        let jobs = self.jobs();
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
        let digest =
            (self.digest_minutes > 0).then(|| Duration::minutes(self.digest_minutes.into()));
        Lease { subscription, queue, number, target, jobs, digest }
    }
}
