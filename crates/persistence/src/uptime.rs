//! What was of components: days that are over, and what was not well since.
mod tallied;

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use domain::calendar::begin;
use domain::caller::Visibility;
use domain::component::Status;
use domain::incident::Impact;
use domain::ledger::{Cause, Interval};
use domain::uptime::{Counted, DayTally, Past, Tally};
use uuid::Uuid;

use crate::prepared::Prepare as _;
use crate::word::Word;
use crate::{DbError, Read};

pub use tallied::{Tallied, Untallied, keep, lock_untallied};

/// The pasts of components from a day on. Without `tallied` everything is read from the ledger.
pub fn pasts(
    db: &mut Read<'_>,
    components: &[Uuid],
    from: NaiveDate,
    tallied: bool,
) -> Result<Vec<Past>, DbError> {
    let zone = db.page().zone();
    let found: Vec<PastFound> = diesel::sql_query(
        "select c.id, c.ledger_version, c.ledger_from, c.archived_at,
                case when c.tallied_zone = $3 then c.tallied_to end as tallied_to, d.day,
                d.under_maintenance, d.degraded_performance, d.partial_outage, d.major_outage,
                d.incident_ids
         from components c
              left join component_days d on d.component_id = c.id and d.day >= $2
                                            and d.day < c.tallied_to and c.tallied_zone = $3
         where c.id = any($1)
         order by c.id, d.day",
    )
    .bind::<Array<SqlUuid>, _>(components)
    .bind::<Date, _>(from)
    .bind::<Text, _>(if tallied { zone.name() } else { "" })
    .prepared()
    .load(db.conn)?;
    let mut pasts: Vec<Past> = Vec::new();
    for it in found {
        if pasts.last().is_none_or(|past| past.component != it.id) {
            pasts.push(it.past(from));
        }
        if let Some(past) = pasts.last_mut() {
            past.days.extend(it.day());
        }
    }
    let since = |it: &Past| (it.component, begin(it.tallied_to, zone));
    let mut trouble = trouble(db, &pasts.iter().map(since).collect::<Vec<_>>(), None)?;
    for past in &mut pasts {
        past.intervals = trouble.remove(&past.component).unwrap_or_default();
    }
    Ok(pasts)
}

/// What was not `operational` of components, each since an instant, and began before `until`;
/// oldest first, not cut.
pub fn trouble(
    db: &mut Read<'_>,
    since: &[(Uuid, DateTime<Utc>)],
    until: Option<DateTime<Utc>>,
) -> Result<HashMap<Uuid, Vec<Interval>>, DbError> {
    let (components, since): (Vec<Uuid>, Vec<DateTime<Utc>>) = since.iter().copied().unzip();
    let found: Vec<TroubleFound> = diesel::sql_query(
        "select c.id as component_id, s.status, lower(s.during) as start,
                upper(s.during) as finish, s.cause, s.incident_id, s.maintenance_id
         from unnest($1, $2) as c (id, since)
              join component_statuses s
                   on s.component_id = c.id and coalesce(upper(s.during), 'infinity') > c.since
         where s.superseded_at is null and s.status <> 'operational'
           and ($3 is null or lower(s.during) < $3)
         order by start",
    )
    .bind::<Array<SqlUuid>, _>(components)
    .bind::<Array<Timestamptz>, _>(since)
    .bind::<Nullable<Timestamptz>, _>(until)
    .prepared()
    .load(db.conn)?;
    let mut trouble: HashMap<Uuid, Vec<Interval>> = HashMap::new();
    for it in found {
        trouble.entry(it.component_id).or_default().push(it.into());
    }
    Ok(trouble)
}

/// What is shown of these incidents.
pub fn counted(db: &mut Read<'_>, incidents: &[Uuid]) -> Result<Vec<Counted>, DbError> {
    let found: Vec<CountedFound> = diesel::sql_query(
        "select id, number, title, impact, started_at, resolved_at, visibility, version
         from incidents where id = any($1) and deleted_at is null",
    )
    .bind::<Array<SqlUuid>, _>(incidents)
    .prepared()
    .load(db.conn)?;
    let page = db.page();
    let counted = found.into_iter().map(|it| Counted {
        id: it.id,
        number: it.number,
        title: it.title,
        impact: it.impact.0,
        started_at: it.started_at,
        resolved_at: it.resolved_at,
        url: page.incident_url(it.number),
        visibility: it.visibility.0,
        version: it.version,
    });
    Ok(counted.collect())
}

#[derive(QueryableByName)]
struct PastFound {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = BigInt)]
    ledger_version: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    ledger_from: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    archived_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Date>)]
    tallied_to: Option<NaiveDate>,
    #[diesel(sql_type = Nullable<Date>)]
    day: Option<NaiveDate>,
    #[diesel(sql_type = Nullable<BigInt>)]
    under_maintenance: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    degraded_performance: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    partial_outage: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    major_outage: Option<i64>,
    #[diesel(sql_type = Nullable<Array<SqlUuid>>)]
    incident_ids: Option<Vec<Uuid>>,
}

impl PastFound {
    fn past(&self, from: NaiveDate) -> Past {
        Past {
            component: self.id,
            ledger_version: self.ledger_version,
            from,
            known_from: self.ledger_from,
            known_to: self.archived_at,
            days: Vec::new(),
            tallied_to: self.tallied_to.map_or(from, |it| it.max(from)),
            intervals: Vec::new(),
        }
    }

    fn day(self) -> Option<DayTally> {
        let tally = Tally {
            under_maintenance: self.under_maintenance?,
            degraded_performance: self.degraded_performance?,
            partial_outage: self.partial_outage?,
            major_outage: self.major_outage?,
            ..Tally::default()
        };
        Some(DayTally { day: self.day?, tally, incidents: self.incident_ids? })
    }
}

#[derive(QueryableByName)]
struct TroubleFound {
    #[diesel(sql_type = SqlUuid)]
    component_id: Uuid,
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
}

impl From<TroubleFound> for Interval {
    fn from(it: TroubleFound) -> Self {
        Self {
            status: it.status.0,
            from: it.start,
            to: it.finish,
            cause: it.cause.0,
            incident_id: it.incident_id,
            maintenance_id: it.maintenance_id,
            actor: None,
        }
    }
}

#[derive(QueryableByName)]
struct CountedFound {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = Text)]
    title: String,
    #[diesel(sql_type = Text)]
    impact: Word<Impact>,
    #[diesel(sql_type = Timestamptz)]
    started_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    resolved_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Text)]
    visibility: Word<Visibility>,
    #[diesel(sql_type = BigInt)]
    version: i64,
}
