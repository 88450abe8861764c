//! The page: its identity and its version.
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use crate::prepared::Prepare as _;
use crate::schema::page;
use crate::{DbError, Read};

/// How many events were committed, which is also the sequence the last of them has or will get:
/// a number that rises with every change, and is the same for the same content on every replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub struct Version {
    /// Counting what the public may know of.
    #[diesel(sql_type = BigInt)]
    pub public: i64,
    /// Counting everything.
    #[diesel(sql_type = BigInt)]
    pub internal: i64,
    /// When it was looked at.
    #[diesel(sql_type = Timestamptz)]
    pub now: DateTime<Utc>,
}

/// The page's id.
pub fn id(db: &mut Read<'_>) -> Result<Uuid, DbError> {
    Ok(page::table.select(page::id).first(db.conn)?)
}

/// When the page was set up.
pub fn created_at(db: &mut Read<'_>) -> Result<DateTime<Utc>, DbError> {
    Ok(page::table.select(page::created_at).first(db.conn)?)
}

/// What the page is made of, in page order, each thing with its version, and when it changed.
#[derive(Clone, Debug)]
pub struct Contents {
    pub id: Uuid,
    pub version: Version,
    /// When something the public may know of last changed; never before the database was set up.
    pub public_changed: DateTime<Utc>,
    /// When anything last changed.
    pub internal_changed: DateTime<Utc>,
    pub components: Vec<Versioned>,
    pub groups: Vec<Versioned>,
    /// The open ones, newest first.
    pub incidents: Vec<Versioned>,
    /// Those in progress and those that are planned, the next first.
    pub maintenances: Vec<Versioned>,
}

/// A thing, and which version of it.
pub type Versioned = (Uuid, i64);

/// Everything about the page but the things themselves.
pub fn contents(db: &mut Read<'_>) -> Result<Contents, DbError> {
    let found: Found = diesel::sql_query(
        "select p.id, farol_now() as now,
                p.public_events + new.public as public, p.last_sequence + new.internal as internal,
                coalesce((select created_at from events where public_payload is not null
                          order by position desc limit 1), p.created_at) as public_changed,
                coalesce((select created_at from events order by position desc limit 1),
                         p.created_at) as internal_changed,
                c.ids as component_ids, c.versions as component_versions,
                g.ids as group_ids, g.versions as group_versions,
                i.ids as incident_ids, i.versions as incident_versions,
                m.ids as maintenance_ids, m.versions as maintenance_versions
         from page p,
              (select count(public_payload) as public, count(*) as internal
               from events where sequence is null) new,
              (select coalesce(array_agg(id), '{}') as ids, coalesce(array_agg(version), '{}') as versions
               from (select id, version from components where archived_at is null
                     order by position, id) c) c,
              (select coalesce(array_agg(id), '{}') as ids, coalesce(array_agg(version), '{}') as versions
               from (select id, version from component_groups where archived_at is null
                     order by position, id) g) g,
              (select coalesce(array_agg(id), '{}') as ids, coalesce(array_agg(version), '{}') as versions
               from (select id, version from incidents where status <> 'resolved' and deleted_at is null
                     order by started_at desc, id desc) i) i,
              (select coalesce(array_agg(id), '{}') as ids, coalesce(array_agg(version), '{}') as versions
               from (select id, version from maintenances
                     where status in ('scheduled', 'in_progress', 'verifying') and deleted_at is null
                     order by starts_at, id) m) m",
    )
    .prepared()
    .get_result(db.conn)?;
    let pairs = |ids: Vec<Uuid>, versions: Vec<i64>| ids.into_iter().zip(versions).collect();
    Ok(Contents {
        id: found.id,
        version: Version { public: found.public, internal: found.internal, now: found.now },
        public_changed: found.public_changed,
        internal_changed: found.internal_changed,
        components: pairs(found.component_ids, found.component_versions),
        groups: pairs(found.group_ids, found.group_versions),
        incidents: pairs(found.incident_ids, found.incident_versions),
        maintenances: pairs(found.maintenance_ids, found.maintenance_versions),
    })
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    now: DateTime<Utc>,
    #[diesel(sql_type = BigInt)]
    public: i64,
    #[diesel(sql_type = BigInt)]
    internal: i64,
    #[diesel(sql_type = Timestamptz)]
    public_changed: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    internal_changed: DateTime<Utc>,
    #[diesel(sql_type = Array<SqlUuid>)]
    component_ids: Vec<Uuid>,
    #[diesel(sql_type = Array<BigInt>)]
    component_versions: Vec<i64>,
    #[diesel(sql_type = Array<SqlUuid>)]
    group_ids: Vec<Uuid>,
    #[diesel(sql_type = Array<BigInt>)]
    group_versions: Vec<i64>,
    #[diesel(sql_type = Array<SqlUuid>)]
    incident_ids: Vec<Uuid>,
    #[diesel(sql_type = Array<BigInt>)]
    incident_versions: Vec<i64>,
    #[diesel(sql_type = Array<SqlUuid>)]
    maintenance_ids: Vec<Uuid>,
    #[diesel(sql_type = Array<BigInt>)]
    maintenance_versions: Vec<i64>,
}

/// The page's version.
pub fn version(db: &mut Read<'_>) -> Result<Version, DbError> {
    let version = diesel::sql_query(
        "select p.public_events + count(e.public_payload) as public,
                p.last_sequence + count(e.position) as internal, farol_now() as now
         from page p left join events e on e.sequence is null
         group by p.public_events, p.last_sequence",
    );
    Ok(version.prepared().get_result(db.conn)?)
}
