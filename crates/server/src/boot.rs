//! From a configuration to a database that is ready.
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use app::vault::Vault;
use app::{Db, MigrateError};
use domain::caller::Visibility;
use domain::page::Settings;

use crate::config::{Config, Secret};
use crate::postgres::{self, Options, Postgres, StartError};
use crate::{config, secret_key};

/// How long a database that is starting, too, is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
pub const TRY_EVERY: Duration = Duration::from_secs(1);

/// The database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unprepared {
    /// Trying again later may help.
    #[error("{0}")]
    Unreachable(String),
    #[error("{0}")]
    Failed(String),
}

/// A database, and what belongs to it.
pub struct Booted {
    pub db: Db,
    pub vault: Arc<Vault>,
    /// The embedded server, if Farol runs one. Stop it last.
    pub postgres: Option<Postgres>,
}

/// Starts the embedded Postgres if there is to be one, connects and migrates.
pub fn boot(config: &Config) -> Result<Booted, String> {
    let booted = open(config)?;
    await_database(&booted)?;
    Ok(booted)
}

/// Prepares a database that may be starting, too.
pub fn await_database(Booted { db, vault, .. }: &Booted) -> Result<(), String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match prepare(db, vault) {
            Ok(()) => return Ok(()),
            Err(error @ Unprepared::Unreachable(_)) if Instant::now() < deadline => {
                tracing::warn!(%error, "the database is not ready; trying again");
                std::thread::sleep(TRY_EVERY);
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// Starts the embedded Postgres if there is to be one. Another one may be down.
pub fn open(config: &Config) -> Result<Booted, String> {
    let (postgres, url) = match &config.database_url {
        Some(url) => (None, url.expose().to_owned()),
        None => {
            let postgres = Postgres::start(&options(config)).map_err(|it| it.to_string())?;
            let url = postgres.url().to_owned();
            (Some(postgres), url)
        }
    };
    let db = Db::connect(&url, config.database_pool, page(config));
    Ok(Booted { db, vault: vault(config)?, postgres })
}

/// Brings the database up to this release.
pub fn prepare(db: &Db, vault: &Vault) -> Result<(), Unprepared> {
    let applied = db.migrate().map_err(|error| match error {
        MigrateError::Unreachable(_) => Unprepared::Unreachable(error.to_string()),
        MigrateError::Failed(_) => Unprepared::Failed(error.to_string()),
    })?;
    for migration in applied {
        tracing::info!(migration, "migrated");
    }
    app::subscription::digest_missing(db, vault).map_err(|it| Unprepared::Failed(it.to_string()))
}

/// Like [`boot`], for commands that may run beside a serving Farol.
pub fn join(config: &Config) -> Result<Booted, String> {
    if config.database_url.is_none()
        && let Some(url) = postgres::running(&config.data_dir)
        && let Err(StartError::Busy { .. }) = Postgres::start(&options(config))
    {
        let db = Db::connect(&url, 1, page(config));
        return Ok(Booted { db, vault: vault(config)?, postgres: None });
    }
    boot(config)
}

fn options(config: &Config) -> Options {
    // The file this process runs from, also after it was replaced by an upgrade.
    let shim = if cfg!(target_os = "linux") {
        PathBuf::from("/proc/self/exe")
    } else {
        std::env::current_exe().unwrap_or_default()
    };
    Options { dir: config.data_dir.clone(), bin: config.postgres_bin.clone(), shim }
}

fn vault(config: &Config) -> Result<Arc<Vault>, String> {
    let made;
    let keys: Vec<&Secret> = if config.secret_keys.is_empty() {
        made = secret_key::load_or_create(&config.data_dir).map_err(|it| it.to_string())?;
        vec![&made]
    } else {
        config.secret_keys.iter().collect()
    };
    let vault = Vault::new(keys.into_iter().map(Secret::expose)).map_err(|it| it.to_string())?;
    Ok(Arc::new(vault))
}

fn page(config: &Config) -> Settings {
    Settings {
        name: config.page_name.clone(),
        time_zone: config.page_time_zone.name().to_owned(),
        visibility: match config.page_visibility {
            config::Visibility::Public => Visibility::Public,
            config::Visibility::Internal => Visibility::Internal,
        },
        public_url: config.public_url.clone(),
        page_url: config.page_url.clone(),
        maintenance_reminders: config.maintenance_reminders.clone(),
        says_maintenance: config.says_maintenance,
        uptime: config.uptime,
    }
}
