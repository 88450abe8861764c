//! The pool, and the two ways through it: [`Read`] and [`Write`].
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, SubsecRound, Utc};
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use domain::page::Settings;

use crate::DbError;
use crate::pool::Pool;

/// All migrations, compiled in.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations");

/// Any number that no other application on the same database uses as an advisory lock.
const MIGRATION_LOCK: i64 = 0x6661_726f_6c01;

/// A pool. Everything below it blocks, so call it from a blocking thread.
#[derive(Clone)]
pub struct Db {
    pool: Pool,
    url: Arc<str>,
    page: Arc<Settings>,
    on_commit: Arc<OnceLock<OnCommit>>,
}

type OnCommit = Box<dyn Fn(Commit) + Send + Sync>;

/// What a committed transaction changed, for those who must hear of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Commit {
    /// Events were written.
    pub events: bool,
    /// Some of them are about maintenances: the clock may have something else to do next.
    pub planned: bool,
    /// Events got their sequence.
    pub numbered: bool,
    /// Deliveries may go out that could not, or were not there, before.
    pub due: bool,
    /// Somebody may do less than before: forget whom you know.
    pub access: bool,
}

/// Reads need only this.
pub struct Read<'c> {
    pub(crate) conn: &'c mut PgConnection,
    page: &'c Settings,
}

/// Writes need this, and only [`Db::write`] makes one: no transaction, no write.
pub struct Write<'c> {
    read: Read<'c>,
    pub(crate) commit: Commit,
    rehearsal: bool,
}

/// Migrations could not be applied.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// Trying again later may help.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    #[error("migrating the database: {0}")]
    Failed(String),
}

impl Db {
    /// A pool of at most `size` connections, opened as they are needed: the database may be down.
    pub fn connect(url: &str, size: u32, page: Settings) -> Self {
        let url: Arc<str> = with_timeouts(url).into();
        Self {
            pool: Pool::new(&url, size),
            url,
            page: Arc::new(page),
            on_commit: Arc::new(OnceLock::new()),
        }
    }

    /// Another pool on the same database, so that one user cannot starve the other.
    #[must_use]
    pub fn with_own_pool(&self, size: u32) -> Self {
        Self { pool: Pool::new(&self.url, size), ..self.clone() }
    }

    /// Calls `hook` after every commit that others must hear of. The first call counts.
    pub fn on_commit(&self, hook: impl Fn(Commit) + Send + Sync + 'static) {
        // A second hook would mean two owners of the same news; the first one stays.
        let _ = self.on_commit.set(Box::new(hook));
    }

    /// How to connect, for those who need a connection of their own.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The page's settings.
    pub fn page(&self) -> &Settings {
        &self.page
    }

    /// Connections in use and in all.
    pub fn pool_state(&self) -> (u32, u32) {
        self.pool.state()
    }

    /// Runs `job` on one consistent snapshot.
    pub fn read<T, E: From<DbError>>(
        &self,
        job: impl FnOnce(&mut Read<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.within("begin isolation level repeatable read read only", |conn| {
            job(&mut Read { conn, page: &self.page })
        })
    }

    /// Runs `job` in one transaction, its events included, and spreads the news once it committed.
    pub fn write<T, E: From<DbError>>(
        &self,
        job: impl FnOnce(&mut Write<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.write_in("begin", job)
    }

    /// As [`Self::write`], but does not wait until the disk has it. A crash of Postgres may take
    /// back the last half second, a crash of Farol nothing: for what is only done again then.
    /// Whatever is written with [`Self::write`] afterwards is on the disk after this.
    pub fn write_lazily<T, E: From<DbError>>(
        &self,
        job: impl FnOnce(&mut Write<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.write_in("begin; set local synchronous_commit = off", job)
    }

    /// As [`Self::write`], but hardly waits for what others hold: for what can be done otherwise.
    pub fn write_promptly<T, E: From<DbError>>(
        &self,
        job: impl FnOnce(&mut Write<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.write_in("begin; set local lock_timeout = '200ms'", job)
    }

    fn write_in<T, E: From<DbError>>(
        &self,
        begin: &str,
        job: impl FnOnce(&mut Write<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let (value, commit) = self.within(begin, |conn| {
            let read = Read { conn, page: &self.page };
            let mut write = Write { read, commit: Commit::default(), rehearsal: false };
            let value = job(&mut write)?;
            Ok::<_, E>((value, write.commit))
        })?;
        if commit != Commit::default()
            && let Some(hook) = self.on_commit.get()
        {
            hook(commit);
        }
        Ok(value)
    }

    /// Runs `job` in one transaction and takes everything back: nothing is written, and nobody
    /// hears of it.
    pub fn rehearse<T, E: From<DbError>>(
        &self,
        job: impl FnOnce(&mut Write<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut transaction = self.pool.begin("begin")?;
        let read = Read { conn: &mut transaction, page: &self.page };
        let outcome = job(&mut Write { read, commit: Commit::default(), rehearsal: true });
        transaction.roll_back();
        outcome
    }

    fn within<T, E: From<DbError>>(
        &self,
        begin: &str,
        job: impl FnOnce(&mut PgConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut transaction = self.pool.begin(begin)?;
        match job(&mut transaction) {
            Ok(value) => {
                transaction.commit()?;
                Ok(value)
            }
            Err(error) => {
                transaction.roll_back();
                Err(error)
            }
        }
    }

    /// Applies what is missing of [`MIGRATIONS`]; one process at a time.
    pub fn migrate(&self) -> Result<Vec<String>, MigrateError> {
        let mut conn = PgConnection::establish(&self.url)
            .map_err(|error| MigrateError::Unreachable(error.to_string()))?;
        let failed = |error: diesel::result::Error| MigrateError::Failed(error.to_string());
        let locked = format!("select pg_advisory_lock({MIGRATION_LOCK})");
        conn.batch_execute(&locked).map_err(failed)?;
        let applied = conn
            .run_pending_migrations(MIGRATIONS)
            .map(|versions| versions.iter().map(ToString::to_string).collect())
            .map_err(|error| MigrateError::Failed(error.to_string()));
        let unlocked = format!("select pg_advisory_unlock({MIGRATION_LOCK})");
        conn.batch_execute(&unlocked).map_err(failed)?;
        applied
    }
}

impl Read<'_> {
    /// The database's time, to the microsecond. Only this clock counts.
    pub fn now(&mut self) -> Result<DateTime<Utc>, DbError> {
        let now: DateTime<Utc> = diesel::select(farol_now()).get_result(self.conn)?;
        Ok(now.trunc_subsecs(6))
    }

    /// The page's settings.
    pub fn page(&self) -> &Settings {
        self.page
    }
}

impl Write<'_> {
    /// Somebody may do less than before: every replica forgets whom it knows.
    pub fn access_changed(&mut self) {
        self.commit.access = true;
    }

    /// Whether everything is taken back at the end.
    pub fn is_rehearsal(&self) -> bool {
        self.rehearsal
    }
}

impl<'c> Deref for Write<'c> {
    type Target = Read<'c>;

    fn deref(&self) -> &Read<'c> {
        &self.read
    }
}

impl<'c> DerefMut for Write<'c> {
    fn deref_mut(&mut self) -> &mut Read<'c> {
        &mut self.read
    }
}

#[diesel::declare_sql_function]
extern "SQL" {
    fn farol_now() -> Timestamptz;
}

/// A peer that vanished without a word must be noticed: libpq waits for ever by default.
fn with_timeouts(url: &str) -> String {
    let defaults = [
        ("connect_timeout", "3"),
        ("tcp_user_timeout", "10000"),
        ("keepalives_idle", "15"),
        ("keepalives_interval", "5"),
        ("keepalives_count", "3"),
    ];
    let mut url = url.to_owned();
    for (name, value) in defaults {
        if !url.contains(name) {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(name);
            url.push('=');
            url.push_str(value);
        }
    }
    url
}
