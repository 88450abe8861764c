//! Moving a whole page to another database.
use std::io::BufRead;

use persistence::transfer::{self, TABLES};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Db, DbError, Error};

/// One line of an export.
#[derive(Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Line {
    Head { farol_export: u8, migration: String },
    Row { table: String, row: Value },
}

/// Why an import was refused.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("this is not an export of Farol: {0}")]
    NotAnExport(String),
    #[error("the export is of migration {found}, the database of {needed}; use the same release")]
    OtherMigration { found: String, needed: String },
    #[error("the database is not empty; import into a new one")]
    NotEmpty,
    #[error("reading: {0}")]
    Read(#[from] std::io::Error),
    #[error(transparent)]
    App(#[from] Error),
}

impl From<DbError> for ImportError {
    fn from(error: DbError) -> Self {
        Self::App(error.into())
    }
}

/// Writes everything but sessions and other short-lived things as JSON lines, from one snapshot.
/// Secrets stay encrypted: the importing side needs the same `FAROL_SECRET_KEY`.
pub fn export(db: &Db, out: &mut dyn std::io::Write) -> Result<(), ImportError> {
    db.read(|db| {
        transfer::take_your_time(db)?;
        let migration = transfer::migration(db)?;
        write(out, &Line::Head { farol_export: 1, migration })?;
        for table in TABLES {
            let mut failed = None;
            transfer::rows(db, table, &mut |row| {
                if failed.is_none() {
                    failed = write(out, &Line::Row { table: table.to_owned(), row }).err();
                }
            })?;
            if let Some(error) = failed {
                return Err(error);
            }
        }
        Ok(())
    })
}

fn write(out: &mut dyn std::io::Write, line: &Line) -> Result<(), ImportError> {
    serde_json::to_writer(&mut *out, line).map_err(std::io::Error::from)?;
    Ok(writeln!(out)?)
}

/// Reads an export into an empty database, all of it or nothing. Returns the number of rows.
pub fn import(db: &Db, input: &mut dyn BufRead) -> Result<usize, ImportError> {
    db.write(|db| {
        transfer::take_your_time(db)?;
        if !transfer::is_empty(db)? {
            return Err(ImportError::NotEmpty);
        }
        let mut n_rows = 0;
        for (index, line) in input.lines().enumerate() {
            let line = serde_json::from_str(&line?).map_err(|error| {
                ImportError::NotAnExport(format!("line {}: {error}", index + 1))
            })?;
            match (index, line) {
                (0, Line::Head { farol_export: 1, migration }) => {
                    let needed = transfer::migration(db)?;
                    if migration != needed {
                        return Err(ImportError::OtherMigration { found: migration, needed });
                    }
                }
                (1.., Line::Row { table, row }) => {
                    transfer::insert(db, &table, row)?;
                    n_rows += 1;
                }
                _ => return Err(ImportError::NotAnExport(format!("line {}", index + 1))),
            }
        }
        if n_rows == 0 {
            return Err(ImportError::NotAnExport("it has no rows".to_owned()));
        }
        transfer::restart_numbers(db)?;
        Ok(n_rows)
    })
}
