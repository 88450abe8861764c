//! Writing the ledger, and what hangs on it.
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use domain::calendar::day_of;
use domain::component::Component;
use domain::ledger::{Piece, Plan};
use uuid::Uuid;

use crate::column::column;
use crate::prepared::Prepare as _;
use crate::schema::component_statuses as statuses;
use crate::{DbError, Write};

type Instant = DateTime<Utc>;

/// What becomes of one locked component.
#[derive(Debug)]
pub struct Change<'c> {
    pub component: Uuid,
    pub plan: Plan,
    /// What the component is then, where it becomes another version.
    pub after: Option<&'c Component>,
    /// Who is to be named as the cause of each row that the plan inserts.
    pub actors: Vec<String>,
}

impl Change<'_> {
    /// A change of the ledger alone, with one cause.
    pub fn by(actor: &str, component: Uuid, plan: Plan) -> Self {
        let actors = vec![actor.to_owned(); plan.insert.len()];
        Self { component, plan, after: None, actors }
    }
}

/// Carries out the plans of several components: their rows, the tallies of days that are others now,
/// and the components themselves where they show something else.
pub fn apply(db: &mut Write<'_>, changes: &[Change<'_>], now: Instant) -> Result<(), DbError> {
    let plans = || changes.iter().map(|it| &it.plan);
    supersede(db, plans().flat_map(|it| it.supersede.clone()).collect(), now)?;
    let mut shortened: Vec<(i64, Option<Instant>)> =
        plans().flat_map(|it| &it.shorten).map(|(id, to)| (*id, Some(*to))).collect();
    let lengthened: Vec<_> = plans().flat_map(|it| it.lengthen.clone()).collect();
    if !lengthened.is_empty() {
        // A row finds room only where another one has made it.
        set_ends(db, std::mem::take(&mut shortened))?;
        set_ends(db, lengthened)?;
    }
    let added: Vec<_> = changes.iter().flat_map(Added::of).collect();
    let zone = db.page().zone();
    let day = |at| day_of(at, zone);
    let renewed: Vec<_> = changes.iter().filter_map(|it| Renewed::of(it, day)).collect();
    if renewed.is_empty() {
        return Ok(());
    }
    let (ids, ends): (Vec<i64>, Vec<Option<Instant>>) = shortened.into_iter().unzip();
    diesel::sql_query(APPLY)
        .bind::<Array<BigInt>, _>(ids)
        .bind::<Array<Nullable<Timestamptz>>, _>(ends)
        .bind::<Array<SqlUuid>, _>(column(&added, |it| it.component))
        .bind::<Array<Text>, _>(column(&added, |it| it.piece.status.as_str()))
        .bind::<Array<Timestamptz>, _>(column(&added, |it| it.piece.from))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(&added, |it| it.to))
        .bind::<Array<Text>, _>(column(&added, |it| it.piece.cause.as_str()))
        .bind::<Array<Nullable<SqlUuid>>, _>(column(&added, |it| it.piece.incident))
        .bind::<Array<Nullable<SqlUuid>>, _>(column(&added, |it| it.piece.maintenance))
        .bind::<Array<Text>, _>(column(&added, |it| it.actor))
        .bind::<Timestamptz, _>(now)
        .bind::<Array<SqlUuid>, _>(column(&renewed, |it| it.component))
        .bind::<Array<Nullable<Date>>, _>(column(&renewed, |it| it.day))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(&renewed, |it| it.begins))
        .bind::<Array<Nullable<Text>>, _>(column(&renewed, |it| Some(it.after?.status.as_str())))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(&renewed, |it| {
            Some(it.after?.status_since)
        }))
        .bind::<Array<Nullable<BigInt>>, _>(column(&renewed, |it| Some(it.after?.version)))
        .bind::<Text, _>(zone.name())
        .prepared()
        .run(db.conn)?;
    Ok(())
}

/// Rows are shortened before others are added, which therefore ask for their number. Where days were
/// tallied in another zone nobody can say which are others now; all of them are void.
const APPLY: &str = "
with shortened as (
    update component_statuses s set during = tstzrange(lower(s.during), e.finish)
    from unnest($1, $2) as e (id, finish) where s.id = e.id returning 1),
added as (
    insert into component_statuses
        (component_id, status, during, cause, incident_id, maintenance_id, actor, recorded_at)
    select n.component, n.status, tstzrange(n.start, n.finish), n.cause, n.incident, n.maintenance,
           n.actor, $11
    from unnest($3, $4, $5, $6, $7, $8, $9, $10)
         as n (component, status, start, finish, cause, incident, maintenance, actor)
    where (select count(*) from shortened) >= 0),
renewed as (
    select * from unnest($12, $13, $14, $15, $16, $17)
                  as n (component, day, begins, status, since, version)),
kept as (
    update components c
    set ledger_version = c.ledger_version + (n.day is not null)::int,
        ledger_from = least(c.ledger_from, n.begins),
        tallied_to = case when n.day is not null and c.tallied_zone is distinct from $18 then null
                          when c.tallied_to > n.day then n.day
                          else c.tallied_to end,
        status = coalesce(n.status, c.status),
        status_since = coalesce(n.since, c.status_since),
        version = coalesce(n.version, c.version),
        updated_at = case when n.version is null then c.updated_at else $11 end
    from renewed n where c.id = n.component)
delete from component_days
where (component_id, day) in (
    select d.component_id, d.day from renewed n cross join lateral (
        select component_id, day from component_days
        where component_id = n.component and day >= n.day offset 0) d)";

/// A row that is added.
struct Added<'c> {
    component: Uuid,
    piece: Piece,
    to: Option<Instant>,
    actor: &'c str,
}

impl<'c> Added<'c> {
    fn of(change: &'c Change<'_>) -> impl Iterator<Item = Self> + use<'c> {
        let Change { component, plan, after: _, actors } = change;
        let row = |((piece, to), actor): (&(Piece, Option<Instant>), &'c String)| Self {
            component: *component,
            piece: *piece,
            to: *to,
            actor,
        };
        plan.insert.iter().zip(actors).map(row)
    }
}

/// A component whose row is written.
struct Renewed<'c> {
    component: Uuid,
    /// The first day that is another one.
    day: Option<NaiveDate>,
    /// The earliest beginning of a row that was added.
    begins: Option<Instant>,
    after: Option<&'c Component>,
}

impl<'c> Renewed<'c> {
    fn of(change: &Change<'c>, day_of: impl Fn(Instant) -> NaiveDate) -> Option<Self> {
        let Change { component, plan, after, actors: _ } = change;
        let day = plan.changed_from.map(day_of);
        let begins = plan.insert.iter().map(|(piece, _)| piece.from).min();
        let renewed = Self { component: *component, day, begins, after: *after };
        (day.is_some() || after.is_some()).then_some(renewed)
    }
}

fn supersede(db: &mut Write<'_>, rows: Vec<i64>, now: Instant) -> Result<(), DbError> {
    if rows.is_empty() {
        return Ok(());
    }
    diesel::update(statuses::table.filter(statuses::id.eq_any(rows)))
        .set(statuses::superseded_at.eq(now))
        .prepared()
        .run(db.conn)?;
    Ok(())
}

fn set_ends(db: &mut Write<'_>, ends: Vec<(i64, Option<Instant>)>) -> Result<(), DbError> {
    let (ids, ends): (Vec<i64>, Vec<Option<Instant>>) = ends.into_iter().unzip();
    diesel::sql_query(
        "update component_statuses s set during = tstzrange(lower(s.during), e.finish)
         from unnest($1, $2) as e (id, finish) where s.id = e.id",
    )
    .bind::<Array<BigInt>, _>(ids)
    .bind::<Array<Nullable<Timestamptz>>, _>(ends)
    .prepared()
    .run(db.conn)?;
    Ok(())
}
