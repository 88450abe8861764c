//! The whole content of a database as JSON rows, and back again.
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Jsonb, Text};
use serde_json::Value;

use crate::{DbError, Read, Write};

/// Tables in an order in which rows can be inserted. What lives for hours only stays behind:
/// sessions, idempotency keys, failed sign-ins, reports of unknown messages.
pub const TABLES: [&str; 23] = [
    "page",
    "users",
    "api_tokens",
    "component_groups",
    "components",
    "component_days",
    "component_reports",
    "component_statuses",
    "incidents",
    "incident_updates",
    "incident_components",
    "incident_templates",
    "maintenance_series",
    "maintenances",
    "maintenance_updates",
    "maintenance_components",
    "message_templates",
    "events",
    "credentials",
    "subscriptions",
    "destinations",
    "deliveries",
    "threads",
];

/// Name of the last migration: rows fit only into the same one.
pub fn migration(db: &mut Read<'_>) -> Result<String, DbError> {
    let found: Version =
        diesel::sql_query("select max(version) as version from __diesel_schema_migrations")
            .get_result(db.conn)?;
    Ok(found.version)
}

/// Calls `take` with every row of a table.
pub fn rows(db: &mut Read<'_>, table: &str, take: &mut dyn FnMut(Value)) -> Result<(), DbError> {
    if !TABLES.contains(&table) {
        return Err(DbError::NotFound);
    }
    let rows = diesel::sql_query(format!("select to_jsonb(t) as row from {table} t"))
        .load_iter::<Row, diesel::pg::PgRowByRowLoadingMode>(db.conn)?;
    for row in rows {
        take(row?.row);
    }
    Ok(())
}

/// Lets the present transaction take as long as it needs.
pub fn take_your_time(db: &mut Read<'_>) -> Result<(), DbError> {
    db.conn.batch_execute(
        "set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0",
    )?;
    Ok(())
}

/// Whether anything but the page itself is there.
pub fn is_empty(db: &mut Read<'_>) -> Result<bool, DbError> {
    let count: Count = diesel::sql_query(
        "select (select count(*) from components) + (select count(*) from incidents)
              + (select count(*) from maintenances)
              + (select count(*) from subscriptions) + (select count(*) from users) as n",
    )
    .get_result(db.conn)?;
    Ok(count.n == 0)
}

/// Inserts a row that [`rows`] gave, ids and numbers as they were.
pub fn insert(db: &mut Write<'_>, table: &str, row: Value) -> Result<(), DbError> {
    let Some(table) = TABLES.iter().find(|it| **it == table) else {
        return Err(DbError::NotFound);
    };
    if *table == "page" {
        diesel::sql_query("delete from page").execute(db.conn)?;
    }
    // A generated column cannot be inserted, so its name is left out on both sides.
    let columns: Columns = diesel::sql_query(
        "select string_agg(quote_ident(column_name), ', ') as names
         from information_schema.columns
         where table_schema = current_schema() and table_name = $1 and is_generated = 'NEVER'",
    )
    .bind::<Text, _>(*table)
    .get_result(db.conn)?;
    let names = columns.names;
    diesel::sql_query(format!(
        "insert into {table} ({names}) overriding system value
         select {names} from jsonb_populate_record(null::{table}, $1)"
    ))
    .bind::<Jsonb, _>(row)
    .execute(db.conn)?;
    Ok(())
}

/// Makes the next generated numbers follow the imported ones.
pub fn restart_numbers(db: &mut Write<'_>) -> Result<(), DbError> {
    for (table, column) in [
        ("incidents", "number"),
        ("maintenances", "number"),
        ("events", "position"),
        ("component_reports", "id"),
        ("component_statuses", "id"),
    ] {
        diesel::sql_query(format!(
            "select setval(pg_get_serial_sequence('{table}', '{column}'),
                           greatest((select max({column}) from {table}), 1),
                           exists (select from {table}))"
        ))
        .execute(db.conn)?;
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = Text)]
    version: String,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Jsonb)]
    row: Value,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[derive(QueryableByName)]
struct Columns {
    #[diesel(sql_type = Text)]
    names: String,
}
