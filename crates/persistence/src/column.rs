//! Rows as columns: a statement that takes an array for each member has one text for any number of
//! rows, and one plan.
use uuid::Uuid;

/// One member of each row.
pub(crate) fn column<'r, R, T>(rows: &'r [R], member: impl Fn(&'r R) -> T) -> Vec<T> {
    rows.iter().map(member).collect()
}

/// What a row has several of, as Postgres writes an array: arrays of arrays must be rectangular.
pub(crate) fn list(ids: &[Uuid]) -> String {
    let ids: Vec<String> = ids.iter().map(Uuid::to_string).collect();
    format!("{{{}}}", ids.join(","))
}
