//! From the outbox to the queues: events get their place in the order, then one delivery for
//! each subscription that wants them.
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text, Uuid as SqlUuid};
use domain::page::Indicator;
use uuid::Uuid;

use crate::prepared::Prepare as _;
use crate::schema::events;
use crate::{DbError, Write};

/// Any number that no other application on the same database uses as an advisory lock.
const FAN_OUT_LOCK: i64 = 0x6661_726f_6c02;

/// Deliveries enqueued per transaction. Measured: between 1,000 and 5,000 makes no difference
/// in throughput; fewer keeps the first delivery and the locks short.
pub const CHUNK: i64 = 2_000;

/// Events enqueued together.
const TOGETHER: i64 = 32;

/// How many events are numbered at once.
pub const NUMBERED_AT_ONCE: usize = 500;

/// Whether this transaction is the one that fans out; others leave at once.
pub fn take_turn(db: &mut Write<'_>) -> Result<bool, DbError> {
    Ok(diesel::select(pg_try_advisory_xact_lock(FAN_OUT_LOCK)).get_result(db.conn)?)
}

/// Whether any committed event waits for its number.
pub fn is_due(db: &mut Write<'_>) -> Result<bool, DbError> {
    let waiting = events::table.filter(events::sequence.is_null()).select(events::position);
    Ok(diesel::select(diesel::dsl::exists(waiting)).get_result(db.conn)?)
}

/// Gives committed events the next sequence numbers, in the order of writing. Because one
/// transaction at a time does it, and only to what is committed, nobody ever sees n+1 before n.
/// What nobody wants to hear of is done with that.
pub fn number(db: &mut Write<'_>, indicator: Indicator) -> Result<usize, DbError> {
    let counted: Count = diesel::sql_query(NUMBER)
        .bind::<BigInt, _>(i64::try_from(NUMBERED_AT_ONCE).unwrap_or(i64::MAX))
        .bind::<Text, _>(indicator.as_str())
        .prepared()
        .get_result(db.conn)?;
    db.commit.numbered = counted.n > 0;
    Ok(usize::try_from(counted.n).unwrap_or(0))
}

/// Enqueues [`CHUNK`] deliveries of the events that wait longest; whether any event waited. Killed at
/// any point, it goes on where it was: the cursor moves in the same transaction.
pub fn expand(db: &mut Write<'_>) -> Result<bool, DbError> {
    let waiting = events::table
        .filter(events::announce.and(events::expanded_at.is_null()))
        .filter(events::sequence.is_not_null())
        .select(events::position);
    if !diesel::select(diesel::dsl::exists(waiting)).get_result::<bool>(db.conn)? {
        return Ok(false);
    }
    // Made here, because Postgres takes as long to make one as to insert the row.
    let n_most = usize::try_from(CHUNK + TOGETHER).unwrap_or(0);
    let ids: Vec<Uuid> = std::iter::repeat_with(Uuid::now_v7).take(n_most).collect();
    let enqueued: Count = diesel::sql_query(EXPAND)
        .bind::<BigInt, _>(CHUNK)
        .bind::<BigInt, _>(TOGETHER)
        .bind::<Array<SqlUuid>, _>(ids)
        .prepared()
        .get_result(db.conn)?;
    db.commit.due = enqueued.n > 0;
    Ok(true)
}

/// Which subscriptions `s` want to hear of an event `e`.
///
/// Nobody is told of what happened before they subscribed, however late fan-out is, and who has
/// not confirmed is asked to, but told nothing.
macro_rules! wants {
    () => {
        "s.state in ('active', 'pending') and s.deleted_at is null
         and (s.state = 'active' or e.kind = 'subscription.confirm')
         and case when e.subscription_id is not null then s.id = e.subscription_id else
             s.created_at <= e.created_at
             and (s.audience = 'internal' or e.public_payload is not null)
             and (s.events = '{}' or e.kind = any (s.events))
             and (s.component_ids = '{}' and s.group_ids = '{}' and s.incident_ids = '{}'
                  or s.component_ids && e.component_ids
                  or s.group_ids && e.group_ids
                  or e.incident_id = any (s.incident_ids))
             and (s.min_impact is null or e.impact is null
                  or array_position(array['none', 'minor', 'major', 'critical'], e.impact)
                     >= array_position(array['none', 'minor', 'major', 'critical'], s.min_impact))
             end"
    };
}
pub(crate) use wants;

const NUMBER: &str = concat!(
    "
with due as (
    select position, row_number() over (order by position) as place
    from events where sequence is null order by position limit $1),
numbered as (
    update events e
    set sequence = p.last_sequence + due.place, numbered_after = p.last_sequence, indicator = $2,
        expanded_at = case when not e.announce or not exists (
            select from subscriptions s where ",
    wants!(),
    ") then farol_now() end
    from due, page p where e.position = due.position
    returning e.public_payload is not null as public),
counted as (
    update page set
        last_sequence = last_sequence + (select count(*) from numbered),
        public_events = public_events + (select count(*) from numbered where public)
    where exists (select from numbered) returning 1)
select count(*) as n from numbered"
);

/// Events that wait with the same cursor are enqueued together, so that in a burst a destination is
/// scheduled once and not once for each: they are the oldest ones, because no event begins before
/// those ahead of it are through. `with ties` never parts what one subscription gets of them.
///
/// Destinations are locked in the order of their ids, as everywhere. `ready_at` is only set where
/// nothing is scheduled: a lease, a back-off or a retry stays what it is. Who asked for
/// digests waits for more news from the first one on. Who has ended meanwhile is owed nothing.
const EXPAND: &str = concat!(
    "
with waiting as (
    select * from events
    where announce and expanded_at is null and sequence is not null
    order by sequence limit $2),
event as materialized (
    select * from waiting
    where expand_after is not distinct from
          (select expand_after from waiting order by sequence limit 1)),
matched as materialized (
    select s.id, e.id as event_id, e.sequence, e.delay
    from (select * from subscriptions
          where state in ('active', 'pending') and deleted_at is null
            and id > coalesce((select expand_after from event limit 1),
                              '00000000-0000-0000-0000-000000000000')
          order by id offset 0) s
    cross join lateral (
        select e.id, e.sequence,
               case when e.subscription_id is null then s.digest_minutes else 0 end as delay
        from event e where ",
    wants!(),
    " offset 0) e
    order by s.id fetch first $1 rows with ties),
owed as (
    select id, array_agg(event_id order by sequence) as events, min(delay) as delay
    from matched group by id order by id),
locked as materialized (
    select o.* from owed o cross join lateral (
        select from destinations where subscription_id = o.id and not ended for update) d),
bumped as (
    update destinations d
    set last_seq = d.last_seq + cardinality(l.events),
        ready_at = coalesce(d.ready_at, (select farol_now()) + make_interval(mins => l.delay))
    from locked l where d.subscription_id = l.id
    returning d.subscription_id, d.last_seq - cardinality(l.events) as seq, l.events),
enqueued as (
    insert into deliveries (id, subscription_id, seq, event_id, created_at)
    select ($3::uuid[])[row_number() over ()], b.subscription_id, b.seq + e.nth, e.id,
           (select farol_now())
    from bumped b cross join lateral unnest(b.events) with ordinality as e (id, nth)
    returning 1),
advanced as (
    update events e
    set expand_after = coalesce((select id from matched order by id desc limit 1), e.expand_after),
        expanded_at = case when (select count(*) from matched) < $1 then farol_now() end
    from event where e.position = event.position)
select count(*) as n from enqueued"
);

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[diesel::declare_sql_function]
extern "SQL" {
    fn pg_try_advisory_xact_lock(key: BigInt) -> Bool;
}
