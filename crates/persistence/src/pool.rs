//! Connections: how they are opened, proved to be alive, and begin a transaction.
use std::ops::{Deref, DerefMut};
use std::time::{Duration, Instant};

use diesel::connection::{AnsiTransactionManager, SimpleConnection as _, TransactionManager as _};
use diesel::pg::PgConnection;
use diesel::r2d2::{self, ConnectionManager, ManageConnection, PooledConnection};

use crate::DbError;

/// Longest wait for a free connection; past it a caller is told to come back.
const CHECKOUT_TIMEOUT: Duration = Duration::from_secs(1);
/// A connection that did its work so recently is not asked whether it is alive.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// What every connection is told first.
///
/// Plans are kept, and one that was made while a table was small must do after it has grown: so
/// indexes are used wherever there is one. The price that Postgres then puts on reading a whole
/// table would have it compile the plan. And one plan must do for all values: Postgres would
/// rather plan anew for each list of ids, which measured as a third of what opening an incident
/// costs it. So a condition that makes a partial index fit must be written out, not bound.
const MANNERS: &str = "set statement_timeout = '5s'; set lock_timeout = '2s'; set timezone = 'UTC';
    set idle_in_transaction_session_timeout = '10s'; set application_name = 'farol';
    set enable_seqscan = off; set jit = off;
    set plan_cache_mode = force_generic_plan";

/// At most so many connections, opened as they are needed.
#[derive(Clone)]
pub struct Pool(r2d2::Pool<Manager>);

struct Manager(ConnectionManager<PgConnection>);

/// A connection, and when it last ended a transaction well.
pub struct Pooled {
    conn: PgConnection,
    proved: Option<Instant>,
}

/// A connection in a transaction.
pub struct Transaction(PooledConnection<Manager>);

impl Pool {
    pub fn new(url: &str, size: u32) -> Self {
        let pool = r2d2::Pool::builder()
            .max_size(size)
            .min_idle(Some(1))
            .connection_timeout(CHECKOUT_TIMEOUT)
            .test_on_check_out(true)
            .build_unchecked(Manager(ConnectionManager::new(url)));
        Self(pool)
    }

    /// Connections in use and in all.
    pub fn state(&self) -> (u32, u32) {
        let state = self.0.state();
        (state.connections.saturating_sub(state.idle_connections), state.connections)
    }

    /// Begins a transaction. A connection that was trusted and died is replaced: nothing has been
    /// done on it yet.
    pub fn begin(&self, statement: &str) -> Result<Transaction, DbError> {
        loop {
            let mut conn = self.0.get()?;
            let was_trusted = conn.is_trusted();
            conn.proved = None;
            match AnsiTransactionManager::begin_transaction_sql(&mut conn.conn, statement) {
                Ok(()) => return Ok(Transaction(conn)),
                Err(_) if was_trusted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Transaction {
    pub fn commit(mut self) -> Result<(), DbError> {
        AnsiTransactionManager::commit_transaction(&mut self.0.conn)?;
        self.0.proved = Some(Instant::now());
        Ok(())
    }

    /// Whoever rolls back has an error to tell, which says more than that this failed, too.
    pub fn roll_back(mut self) {
        if AnsiTransactionManager::rollback_transaction(&mut self.0.conn).is_ok() {
            self.0.proved = Some(Instant::now());
        }
    }
}

impl Deref for Transaction {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.0.conn
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.0.conn
    }
}

impl Pooled {
    fn is_trusted(&self) -> bool {
        self.proved.is_some_and(|it| it.elapsed() < TRUSTED_FOR)
    }
}

impl ManageConnection for Manager {
    type Connection = Pooled;
    type Error = r2d2::Error;

    fn connect(&self) -> Result<Pooled, r2d2::Error> {
        let mut conn = self.0.connect()?;
        conn.batch_execute(MANNERS).map_err(r2d2::Error::QueryError)?;
        Ok(Pooled { conn, proved: None })
    }

    fn is_valid(&self, it: &mut Pooled) -> Result<(), r2d2::Error> {
        if it.is_trusted() { Ok(()) } else { self.0.is_valid(&mut it.conn) }
    }

    fn has_broken(&self, it: &mut Pooled) -> bool {
        self.0.has_broken(&mut it.conn)
    }
}
