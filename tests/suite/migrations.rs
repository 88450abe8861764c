//! The schema: forth, back, and as diesel believes it to be.
use std::collections::BTreeMap;

use diesel::sql_types::{Bool, Text};
use diesel::{PgConnection, QueryableByName, RunQueryDsl as _, sql_query};
use diesel_migrations::MigrationHarness as _;
use persistence::MIGRATIONS;
use tests::Cluster;

#[derive(QueryableByName, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Text)]
    udt_name: String,
    #[diesel(sql_type = Bool)]
    nullable: bool,
}

/// Everything there is in the schema, a line each.
const SHAPE: &str = "
    select 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable
        || ' ' || coalesce(column_default, '') as line
        from information_schema.columns where table_schema = 'public'
    union all select 'index ' || indexdef from pg_indexes where schemaname = 'public'
    union all select 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
        from pg_constraint where connamespace = 'public'::regnamespace
    union all select 'function ' || proname || ' ' || prosrc from pg_proc
        where pronamespace = 'public'::regnamespace and proname like 'farol%'
    union all select 'extension ' || extname from pg_extension
    order by 1";

fn shape(db: &mut PgConnection) -> Vec<Line> {
    let lines: Vec<Line> = sql_query(SHAPE).load(db).expect("a schema");
    lines.into_iter().filter(|it| !it.line.contains("__diesel_schema_migrations")).collect()
}

#[test]
fn down_undoes_up() {
    let database = Cluster::shared().empty_database();
    let db = &mut database.connect();
    let mut shapes = vec![shape(db)];
    while db.has_pending_migration(MIGRATIONS).expect("a list") {
        db.run_next_migration(MIGRATIONS).expect("up");
        shapes.push(shape(db));
        db.revert_last_migration(MIGRATIONS).expect("down");
        assert_eq!(shape(db), shapes[shapes.len() - 2]);
        db.run_next_migration(MIGRATIONS).expect("up again");
    }
    db.revert_all_migrations(MIGRATIONS).expect("all the way down");
    assert_eq!(shape(db), shapes[0]);
    db.run_pending_migrations(MIGRATIONS).expect("and up again");
    assert_eq!(Some(shape(db)), shapes.pop());
}

/// `schema.rs` as (table, column) → (type, nullable).
fn believed() -> BTreeMap<(String, String), (String, bool)> {
    let source = include_str!("../../crates/persistence/src/schema.rs");
    let mut columns = BTreeMap::new();
    let mut table = "";
    for line in source.lines().map(str::trim) {
        if let Some((name, _)) = line.split_once(" (").filter(|_| line.ends_with('{')) {
            table = name;
        } else if let Some((name, kind)) = line.trim_end_matches(',').split_once(" -> ") {
            let nullable = kind.strip_prefix("Nullable<").and_then(|it| it.strip_suffix('>'));
            let place = (table.to_owned(), name.trim_start_matches("r#").to_owned());
            columns.insert(place, (kind_of(nullable.unwrap_or(kind)), nullable.is_some()));
        }
    }
    columns
}

fn kind_of(diesel: &str) -> String {
    let array = diesel.strip_prefix("Array<").and_then(|it| it.strip_suffix('>'));
    if let Some(item) = array {
        return format!("_{}", kind_of(item));
    }
    match diesel {
        "Range<Timestamptz>" | "Tstzrange" => "tstzrange".to_owned(),
        other => other.to_lowercase(),
    }
}

#[test]
fn diesel_knows_the_columns_there_are() {
    let database = Cluster::shared().database();
    let columns: Vec<Column> = sql_query(
        "select table_name::text, column_name::text, udt_name::text, is_nullable = 'YES' as nullable
         from information_schema.columns
         where table_schema = 'public' and is_generated = 'NEVER'
           and table_name <> '__diesel_schema_migrations'",
    )
    .load(&mut database.connect())
    .expect("columns");
    let real: BTreeMap<_, _> = columns
        .into_iter()
        .map(|it| ((it.table_name, it.column_name), (it.udt_name, it.nullable)))
        .collect();
    assert_eq!(believed(), real);
}

#[test]
fn the_ledger_refuses_overlaps() {
    let database = Cluster::shared().database();
    let db = &mut database.connect();
    let component = "insert into components (id, slug, name, position, visibility, reported_status,
        status, status_since, showcase, only_show_if_degraded, metadata, created_at, updated_at)
        values (gen_random_uuid(), 'a', 'a', 1, 'public', 'operational', 'operational', now(), true,
        false, '{}', now(), now())";
    sql_query(component).execute(db).expect("a component");
    let mut row = |during: &str, superseded: &str| {
        sql_query(format!(
            "insert into component_statuses (component_id, status, during, cause, actor,
             recorded_at, superseded_at) select id, 'operational', '{during}', 'reported', 'system',
             now(), {superseded} from components"
        ))
        .execute(db)
    };
    row("[2026-01-01, 2026-02-01)", "null").expect("the first");
    row("[2026-02-01,)", "null").expect("one that adjoins");
    row("[2026-01-15, 2026-01-16)", "now()").expect("one that is out of force");
    for overlap in ["[2026-01-15, 2026-01-16)", "[2025-01-01,)", "[2026-03-01,)", "empty"] {
        assert!(row(overlap, "null").is_err(), "{overlap}");
    }
}
