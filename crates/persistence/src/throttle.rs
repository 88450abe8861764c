//! What may not happen too often, counted for all replicas together.
use chrono::Duration;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Double, Integer, Text};

use crate::{DbError, Write};

/// So many times within any span of that length.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    pub times: i32,
    pub within: Duration,
}

/// Counts one more time under `key`, or tells how many seconds to wait for it. Whoever else asks
/// under the same key waits until this transaction ends.
pub fn take(db: &mut Write<'_>, key: &str, limits: &[Limit]) -> Result<Option<i64>, DbError> {
    let times: Vec<i32> = limits.iter().map(|it| it.times).collect();
    let spans: Vec<f64> = limits.iter().map(|it| seconds(it.within)).collect();
    let longest = spans.iter().copied().fold(0.0, f64::max);
    let taken = diesel::sql_query(
        "insert into throttles as t (key, taken, updated_at)
         values ($1, array[farol_now()], farol_now())
         on conflict (key) do update set
             taken = array(select at from unnest(t.taken) at
                           where at > farol_now() - make_interval(secs => $4)) || farol_now(),
             updated_at = farol_now()
         where not exists (
             select from unnest($2, $3) as l (times, span)
             where (select count(*) from unnest(t.taken) at
                    where at > farol_now() - make_interval(secs => l.span)) >= l.times)",
    )
    .bind::<Text, _>(key)
    .bind::<Array<Integer>, _>(&times)
    .bind::<Array<Double>, _>(&spans)
    .bind::<Double, _>(longest)
    .execute(db.conn)?;
    if taken > 0 {
        return Ok(None);
    }
    let wait: Wait = diesel::sql_query(
        "select coalesce(max(ceil(l.span + extract(epoch from
                    t.taken[cardinality(t.taken) - l.times + 1] - farol_now())))::bigint, 1) as seconds
         from throttles t, unnest($2, $3) as l (times, span) where t.key = $1",
    )
    .bind::<Text, _>(key)
    .bind::<Array<Integer>, _>(&times)
    .bind::<Array<Double>, _>(&spans)
    .get_result(db.conn)?;
    Ok(Some(wait.seconds.max(1)))
}

#[expect(clippy::as_conversions, reason = "spans are far below 2^53 milliseconds")]
fn seconds(span: Duration) -> f64 {
    span.num_milliseconds() as f64 / 1000.0
}

#[derive(QueryableByName)]
struct Wait {
    #[diesel(sql_type = BigInt)]
    seconds: i64,
}
