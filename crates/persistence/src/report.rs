//! Incidents by the number.
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz};
use domain::caller::Visibility;
use domain::range::Slot;
use domain::report::{Figures, Group, GroupBy, StateSeconds};

use crate::prepared::Prepare as _;
use crate::{DbError, Read};

/// Which incidents are counted.
#[derive(Clone, Debug)]
pub struct Filter {
    pub audience: Visibility,
    /// When they started: from then to before then.
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    /// The time that open ones count up to.
    pub as_of: DateTime<Utc>,
}

/// The figures of all incidents, and of each group that has any.
pub fn incidents(
    db: &mut Read<'_>,
    filter: &Filter,
    group_by: GroupBy,
    months: &[Slot],
) -> Result<(Figures, Vec<Group>), DbError> {
    let found: Vec<Found> = diesel::sql_query(statement(group_by))
        .bind::<Bool, _>(filter.audience == Visibility::Internal)
        .bind::<Timestamptz, _>(filter.from)
        .bind::<Timestamptz, _>(filter.to)
        .bind::<Timestamptz, _>(filter.as_of)
        .bind::<Array<Text>, _>(months.iter().map(Slot::month).collect::<Vec<_>>())
        .bind::<Array<Timestamptz>, _>(months.iter().map(|it| it.from).collect::<Vec<_>>())
        .prepared()
        .load(db.conn)?;
    let (mut total, mut groups) = (Figures::default(), Vec::new());
    for it in found {
        let figures = it.figures();
        match (it.key, it.name) {
            (Some(key), Some(name)) => groups.push(Group { key, name, figures }),
            _ => total = figures,
        }
    }
    Ok((total, groups))
}

/// An incident is in the state of an update until the next one, and in that of the first from its
/// start on; if that says that all is over, as with what is entered afterwards, people looked into
/// it until then. What belongs to incidents is looked up one by one, so that the planner never reads
/// all there ever was. Of the months that began the last counts.
fn statement(group_by: GroupBy) -> String {
    let keyed = match group_by {
        GroupBy::Component => {
            "select c.*, k.id::text as key, k.name
             from chosen c cross join lateral
                  (select component_id from incident_components where incident_id = c.id offset 0) a
                  join components k on k.id = a.component_id
             where $1 or k.visibility = 'public'"
        }
        GroupBy::Month => {
            "select c.*, m.key, m.key as name
             from chosen c cross join lateral
                  (select month as key from unnest($5, $6) as m (month, begins)
                   where m.begins <= c.started_at order by m.begins desc limit 1) m"
        }
        GroupBy::Impact => "select c.*, c.impact as key, c.impact as name from chosen c",
    };
    format!(
        "with chosen as materialized (
             select id, started_at, resolved_at, impact from incidents
             where deleted_at is null and ($1 or visibility = 'public')
               and started_at >= $2 and started_at < $3 and $5 is not null and $6 is not null),
         states as (
             select c.id as incident_id, s.*
             from chosen c cross join lateral (
                 select coalesce(sum(stay) filter (where status = 'investigating'), '0')
                          + coalesce(sum(before) filter (where status in ('investigating', 'resolved')),
                                     '0') as investigating,
                        sum(stay + before) filter (where status = 'identified') as identified,
                        sum(stay + before) filter (where status = 'monitoring') as monitoring
                 from (select status, greatest(least(ends, $4) - begins, '0') as stay,
                              case when n = 1 then begins - c.started_at else '0' end as before
                       from (select u.status, row_number() over told as n,
                                    greatest(u.display_at, c.started_at) as begins,
                                    lead(greatest(u.display_at, c.started_at)) over told as ends
                             from incident_updates u where u.incident_id = c.id
                             window told as (order by u.display_at, u.id)) entered) stays) s),
         keyed as (
             select c.*, null as key, null as name from chosen c
             union all
             {keyed})
         select k.key, k.name, count(*) as incidents, count(k.resolved_at) as resolved,
                floor(extract(epoch from avg(k.resolved_at - k.started_at)))::bigint as mttr,
                case when count(*) > 1
                     then floor(extract(epoch from max(k.started_at) - min(k.started_at))
                                / (count(*) - 1))::bigint end as mtbf,
                coalesce(floor(extract(epoch from sum(s.investigating))), 0)::bigint as investigating,
                coalesce(floor(extract(epoch from sum(s.identified))), 0)::bigint as identified,
                coalesce(floor(extract(epoch from sum(s.monitoring))), 0)::bigint as monitoring
         from keyed k left join states s on s.incident_id = k.id
         group by k.key, k.name
         order by incidents desc, k.name, k.key"
    )
}

#[derive(QueryableByName)]
struct Found {
    /// Nothing where all are counted.
    #[diesel(sql_type = Nullable<Text>)]
    key: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
    #[diesel(sql_type = BigInt)]
    incidents: i64,
    #[diesel(sql_type = BigInt)]
    resolved: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    mttr: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    mtbf: Option<i64>,
    #[diesel(sql_type = BigInt)]
    investigating: i64,
    #[diesel(sql_type = BigInt)]
    identified: i64,
    #[diesel(sql_type = BigInt)]
    monitoring: i64,
}

impl Found {
    fn figures(&self) -> Figures {
        Figures {
            incidents: self.incidents,
            resolved: self.resolved,
            mttr_seconds: self.mttr,
            mtbf_seconds: self.mtbf,
            seconds: StateSeconds {
                investigating: self.investigating,
                identified: self.identified,
                monitoring: self.monitoring,
            },
        }
    }
}
