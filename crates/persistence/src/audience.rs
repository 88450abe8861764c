//! Who would be told of facts that are not told yet.
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Json, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use domain::caller::Visibility;
use domain::event::{Announcement, Kind, Logged};
use domain::page::Indicator;
use serde_json::Value;
use uuid::Uuid;

use crate::fan_out::wants;
use crate::word::Word;
use crate::{DbError, Read, Write};

/// Subscriptions of one channel that would hear the same thing first, in the same language.
#[derive(Clone, Debug)]
pub struct Share {
    pub channel: String,
    pub locale: String,
    pub audience: Visibility,
    /// What they would hear first, by its place in [`Announced`].
    pub first: i64,
    pub subscriptions: i64,
    /// One of them.
    pub example: Uuid,
}

/// A subscription as an example.
#[derive(Clone, Debug)]
pub struct Example {
    /// The configuration without its secrets.
    pub config: Value,
    pub time_zone: String,
}

/// Facts that a transaction announces.
#[derive(Clone, Debug)]
pub struct Announced {
    /// By their place. They have no sequence and no banner yet.
    pub facts: Vec<(i64, Announcement, Logged)>,
    /// The rows as they stand in the log.
    rows: Value,
}

/// Facts that this transaction has announced so far.
pub fn announced(db: &mut Write<'_>) -> Result<Announced, DbError> {
    let found: Vec<Fact> = diesel::sql_query(
        "select position, id, kind, coalesce(incident_id, maintenance_id) as subject, payload, public_payload, created_at,
                row_to_json(events) as row
         from events where sequence is null and announce and xmin = pg_current_xact_id()::xid
         order by position",
    )
    .load(db.conn)?;
    let rows = found.iter().map(|it| it.row.clone()).collect();
    Ok(Announced { facts: found.into_iter().filter_map(Fact::dress).collect(), rows })
}

/// Who would be told of them, though they may be taken back by now. The condition is the one of
/// [`crate::fan_out::expand`]; everybody counts once, however many of the facts they would hear.
pub fn shares(db: &mut Read<'_>, announced: &Announced) -> Result<Vec<Share>, DbError> {
    let rows: Vec<Row> = diesel::sql_query(concat!(
        "with facts as materialized (
             select * from json_populate_recordset(null::events, $1) order by position),
         told as (
             select s.channel, s.locale, s.audience, s.id,
                    (select e.position from facts e where ",
        wants!(),
        "           limit 1) as first
             from subscriptions s where s.state = 'active' and s.deleted_at is null)
         select channel, locale, audience, first, count(*) as subscriptions,
                min(id::text)::uuid as example
         from told where first is not null
         group by channel, locale, audience, first",
    ))
    .bind::<Json, _>(&announced.rows)
    .load(db.conn)?;
    Ok(rows.into_iter().map(Share::from).collect())
}

/// How a subscription would be told, without its secrets.
pub fn example(db: &mut Read<'_>, subscription: Uuid) -> Result<Example, DbError> {
    let found: Found =
        diesel::sql_query("select config, time_zone from subscriptions where id = $1")
            .bind::<SqlUuid, _>(subscription)
            .get_result(db.conn)?;
    let Found { config, time_zone } = found;
    Ok(Example { config, time_zone })
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    channel: String,
    #[diesel(sql_type = Text)]
    locale: String,
    #[diesel(sql_type = Text)]
    audience: Word<Visibility>,
    #[diesel(sql_type = BigInt)]
    first: i64,
    #[diesel(sql_type = BigInt)]
    subscriptions: i64,
    #[diesel(sql_type = SqlUuid)]
    example: Uuid,
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Jsonb)]
    config: Value,
    #[diesel(sql_type = Text)]
    time_zone: String,
}

#[derive(QueryableByName)]
struct Fact {
    #[diesel(sql_type = BigInt)]
    position: i64,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    subject: Option<Uuid>,
    #[diesel(sql_type = Json)]
    payload: Value,
    #[diesel(sql_type = Nullable<Json>)]
    public_payload: Option<Value>,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Json)]
    row: Value,
}

impl From<Row> for Share {
    fn from(row: Row) -> Self {
        let Row { channel, locale, audience: Word(audience), first, subscriptions, example } = row;
        Self { channel, locale, audience, first, subscriptions, example }
    }
}

impl Fact {
    fn dress(self) -> Option<(i64, Announcement, Logged)> {
        let Self { position, id, kind, subject, payload, public_payload, created_at, row: _ } =
            self;
        let kind: Announcement = kind.parse().ok()?;
        let logged = Logged {
            id,
            sequence: 0,
            kind: Kind::Announcement(kind),
            subject,
            payload,
            public_payload,
            indicator: Indicator::None,
            created_at,
        };
        Some((position, kind, logged))
    }
}
