//! Numbered facts in their order, a stretch at a time.
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Json, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use domain::stream::{FAMILIES, Fact, Place};
use serde_json::Value;
use uuid::Uuid;

use crate::fan_out::NUMBERED_AT_ONCE;
use crate::prepared::Prepare as _;
use crate::{DbError, Read, Write};

/// How far somebody has followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    pub place: Place,
    /// The event that stands there, to notice when another one does.
    last: Option<Uuid>,
}

/// What came after a mark.
#[derive(Clone, Debug)]
pub struct Stretch {
    pub facts: Vec<Fact>,
    pub end: Mark,
    /// Whether there is more already.
    pub more: bool,
}

/// The mark after which come the last `n_facts` facts, or fewer if those are larger than `n_bytes`
/// together.
pub fn start(db: &mut Read<'_>, n_facts: i64, n_bytes: i64) -> Result<Mark, DbError> {
    let found: Found = diesel::sql_query(
        "select s.start as internal, (select id from events where sequence = s.start) as last,
                p.public_events - (select count(public_payload) from events
                                   where sequence > s.start) as public
         from page p, lateral (
             select coalesce(min(coalesce(numbered_after, sequence - 1)), p.last_sequence) as start
             from (select sequence, numbered_after,
                          sum(octet_length(payload::text)
                              + coalesce(octet_length(public_payload::text), 0))
                              over (order by sequence desc) as n_bytes
                   from events where sequence is not null order by sequence desc limit $1) recent
             where n_bytes <= $2) s",
    )
    .bind::<BigInt, _>(n_facts)
    .bind::<BigInt, _>(n_bytes)
    .prepared()
    .get_result(db.conn)?;
    let Found { internal, public, last } = found;
    Ok(Mark { place: Place { internal, public }, last })
}

/// What came after the mark, always to the end of what was numbered together; nothing when the
/// mark is of another history: the database was put back, or a crash took numbers back.
pub fn next(db: &mut Read<'_>, mark: &Mark) -> Result<Option<Stretch>, DbError> {
    let found: Found = diesel::sql_query(
        "select last_sequence as internal, public_events as public,
                (select id from events where sequence = $1) as last
         from page",
    )
    .bind::<BigInt, _>(mark.place.internal)
    .prepared()
    .get_result(db.conn)?;
    // The event may be gone because it is old.
    let is_another = mark.last.zip(found.last).is_some_and(|(known, there)| known != there);
    if is_another || found.internal < mark.place.internal {
        return Ok(None);
    }
    if found.internal == mark.place.internal {
        return Ok(Some(Stretch { facts: Vec::new(), end: *mark, more: false }));
    }
    let limit = i64::try_from(NUMBERED_AT_ONCE).unwrap_or(i64::MAX);
    let rows: Vec<Row> = diesel::sql_query(
        "select sequence, coalesce(numbered_after, sequence - 1) as numbered_after, id, kind,
                created_at, public_payload is not null as is_public,
                case when is_told then payload end as payload,
                case when is_told then public_payload end as public_payload
         from events, lateral (select split_part(kind, '.', 1) = any($2) as is_told) f
         where sequence > $1 order by sequence limit $3",
    )
    .bind::<BigInt, _>(mark.place.internal)
    .bind::<Array<Text>, _>(FAMILIES.as_slice())
    .bind::<BigInt, _>(limit)
    .prepared()
    .load(db.conn)?;
    let stretch = mark.followed_by(rows, found.internal);
    let end = stretch.end.place;
    let miscounted = !stretch.more && end.public != found.public;
    Ok((!miscounted).then_some(stretch))
}

/// Once this is committed, what others have committed is on the disk as well, also what did not
/// wait for that: numbers that were told are not taken back by a crash of Postgres.
pub fn secure(db: &mut Write<'_>) -> Result<(), DbError> {
    let written = diesel::sql_query("select pg_logical_emit_message(true, 'farol', '')");
    written.prepared().run(db.conn)?;
    Ok(())
}

impl Mark {
    fn followed_by(&self, rows: Vec<Row>, last: i64) -> Stretch {
        let n_rows = whole(&rows, last);
        let mut facts = Vec::with_capacity(n_rows);
        let mut end = *self;
        let (mut batch, mut began, mut n_together) = (None, self.place, 0);
        for row in rows.into_iter().take(n_rows) {
            if batch != Some(row.numbered_after) {
                // A full numbering left some for the next one, and is one with it.
                if n_together < NUMBERED_AT_ONCE {
                    began = end.place;
                }
                (batch, n_together) = (Some(row.numbered_after), 0);
            }
            n_together += 1;
            let public = end.place.public + i64::from(row.is_public);
            end = Mark { place: Place { internal: row.sequence, public }, last: Some(row.id) };
            facts.push(Fact {
                id: row.id,
                kind: row.kind,
                created_at: row.created_at,
                place: end.place,
                numbered_after: began,
                payload: row.payload,
                public_payload: row.public_payload,
            });
        }
        Stretch { facts, end, more: end.place.internal < last }
    }
}

/// How many rows there are without the last numbering, if that may go on after them.
fn whole(rows: &[Row], last: i64) -> usize {
    let cut = rows.last().filter(|it| rows.len() >= NUMBERED_AT_ONCE && it.sequence < last);
    let begin = cut.map(|cut| rows.partition_point(|it| it.numbered_after < cut.numbered_after));
    // As many as one numbering may have are all of it.
    begin.filter(|n| *n > 0).unwrap_or(rows.len())
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = BigInt)]
    internal: i64,
    #[diesel(sql_type = BigInt)]
    public: i64,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    last: Option<Uuid>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    sequence: i64,
    #[diesel(sql_type = BigInt)]
    numbered_after: i64,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Bool)]
    is_public: bool,
    #[diesel(sql_type = Nullable<Json>)]
    payload: Option<Value>,
    #[diesel(sql_type = Nullable<Json>)]
    public_payload: Option<Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(batches: &[(i64, i64)]) -> Vec<Row> {
        let sequences =
            batches.iter().flat_map(|(after, n)| (after + 1..=after + n).map(|it| (*after, it)));
        let row = |(numbered_after, sequence)| Row {
            sequence,
            numbered_after,
            id: Uuid::from_u128(1),
            kind: "incident.created".to_owned(),
            created_at: DateTime::UNIX_EPOCH,
            is_public: sequence % 2 == 0,
            payload: None,
            public_payload: None,
        };
        sequences.map(row).collect()
    }

    const START: Mark = Mark { place: Place { internal: 0, public: 0 }, last: None };

    #[test]
    fn each_audience_counts_for_itself() {
        let stretch = START.followed_by(rows(&[(0, 3), (3, 2)]), 5);
        let places = stretch.facts.iter().map(|it| (it.place.internal, it.place.public));
        assert_eq!(places.collect::<Vec<_>>(), [(1, 0), (2, 1), (3, 1), (4, 2), (5, 2)]);
        let began = stretch.facts.iter().map(|it| it.numbered_after.internal);
        assert_eq!(began.collect::<Vec<_>>(), [0, 0, 0, 3, 3]);
        assert_eq!((stretch.end.place.public, stretch.more), (2, false));
    }

    #[test]
    fn a_numbering_is_never_parted_and_full_ones_are_one() {
        let full = i64::try_from(NUMBERED_AT_ONCE).unwrap();
        let parted = START.followed_by(rows(&[(0, 10), (10, full - 10)]), full + 10);
        assert_eq!((parted.facts.len(), parted.more), (10, true));
        let first = START.followed_by(rows(&[(0, full)]), full + 5);
        assert_eq!((first.facts.len(), first.more), (NUMBERED_AT_ONCE, true));
        let both = START.followed_by(rows(&[(0, full), (full, 5)]), full + 5);
        assert_eq!(both.facts.last().map(|it| it.numbered_after.internal), Some(0));
        let all = START.followed_by(rows(&[(0, 10), (10, full - 10)]), full);
        assert_eq!(all.facts.len(), NUMBERED_AT_ONCE);
    }
}
