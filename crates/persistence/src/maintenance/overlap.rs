//! Maintenances of one component at one time.
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text, Timestamptz, Uuid as SqlUuid};
use domain::maintenance::Warning;
use uuid::Uuid;

use crate::{DbError, Read};

/// Most warnings in one answer.
const WARNINGS_MAX: i64 = 20;

/// Open maintenances that overlap with these, and the components they have in common; the earliest
/// first, and no more than anybody reads.
pub fn overlaps(db: &mut Read<'_>, ids: &[Uuid]) -> Result<Vec<Warning>, DbError> {
    let found: Vec<Found> = diesel::sql_query(
        "select o.id, o.number, o.title, o.starts_at, o.ends_at, c.slug
         from maintenances m
         join maintenance_components mine on mine.maintenance_id = m.id
         join maintenance_components theirs on theirs.component_id = mine.component_id
         join maintenances o on o.id = theirs.maintenance_id
         join components c on c.id = mine.component_id
         where m.id = any($1) and o.id <> m.id
           and m.status in ('scheduled', 'in_progress', 'verifying')
           and o.status in ('scheduled', 'in_progress', 'verifying') and o.deleted_at is null
           and o.starts_at < m.ends_at and m.starts_at < o.ends_at
         group by o.id, c.id
         order by o.starts_at, o.number, c.slug limit $2",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<BigInt, _>(WARNINGS_MAX)
    .load(db.conn)?;
    Ok(found.into_iter().map(Warning::from).collect())
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = Text)]
    title: String,
    #[diesel(sql_type = Timestamptz)]
    starts_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    ends_at: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    slug: String,
}

impl From<Found> for Warning {
    fn from(found: Found) -> Self {
        let Found { id, number, title, starts_at, ends_at, slug } = found;
        let detail = format!("overlaps with maintenance {number}, {title:?}, of {slug}");
        let (code, component) = ("overlap", slug);
        Self { code, detail, maintenance_id: id, number, component, starts_at, ends_at }
    }
}
