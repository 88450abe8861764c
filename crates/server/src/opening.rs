//! What happens once the database is there: at the start as a rule, or later, while the last known
//! page is shown.
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use app::Db;
use tokio::runtime::Handle;
use tokio::sync::watch;
use worker::{Follow, Workers};

use crate::boot::{Booted, TRY_EVERY, Unprepared, await_database, prepare};
use crate::cli::Only;
use crate::config::Config;
use crate::{commands, welcome};

/// The loops that run, shared by who starts and who ends them.
#[derive(Clone)]
pub struct Loops {
    runtime: Handle,
    workers: Arc<Mutex<Vec<Workers>>>,
    running: Arc<AtomicBool>,
}

/// What it takes to begin.
pub struct Opening {
    pub config: Config,
    pub db: Db,
    pub settings: worker::Settings,
    pub only: Option<Only>,
    pub stopped: watch::Receiver<bool>,
    pub loops: Loops,
}

impl Loops {
    pub fn new(runtime: Handle) -> Self {
        Self { runtime, workers: Arc::default(), running: Arc::default() }
    }

    /// Whether the database was there and work began.
    pub fn are_running(&self) -> bool {
        self.running.load(Ordering::Relaxed)
    }

    /// All of them, to be waited for.
    pub fn end(&mut self) -> Vec<Workers> {
        std::mem::take(&mut *self.workers.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn add(&self, workers: Workers) {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner).push(workers);
    }
}

impl Opening {
    /// Begins, now or, with a page to show until then, when the database is there.
    pub fn open(self, booted: &Booted, follow: Follow, is_shown: bool) -> Result<(), String> {
        if self.shows() {
            let _runtime = self.loops.runtime.enter();
            self.loops.add(worker::publish(&self.settings, follow, self.stopped.clone()));
        }
        match prepare(&booted.db, &booted.vault) {
            Ok(()) => {}
            Err(error @ Unprepared::Unreachable(_)) if is_shown => {
                tracing::warn!(%error, "the database is away; the last known page is shown");
                let addresses = welcome::addresses(&self.config);
                let (vault, runtime) = (Arc::clone(&booted.vault), self.loops.runtime.clone());
                let db = booted.db.clone();
                runtime.spawn_blocking(move || self.begin_later(&db, &vault));
                return commands::say(&addresses);
            }
            Err(Unprepared::Unreachable(_)) => await_database(booted)?,
            Err(error) => return Err(error.to_string()),
        }
        let greeting = self.begin()?;
        if self.shows() {
            commands::say(&welcome::addresses(&self.config))?;
        }
        commands::say(&greeting)
    }

    fn shows(&self) -> bool {
        self.only != Some(Only::Workers)
    }

    fn begin_later(self, db: &Db, vault: &app::vault::Vault) {
        while !*self.stopped.borrow() {
            let prepared = prepare(db, vault).map_err(|it| it.to_string());
            let begun = prepared.and_then(|()| self.begin());
            match begun.and_then(|greeting| commands::say(&greeting)) {
                Ok(()) => return,
                Err(error) => tracing::warn!(error, "the last known page is still shown"),
            }
            std::thread::sleep(TRY_EVERY);
        }
    }

    /// The database is there: shows its page and starts to work. Returns what to tell a newcomer.
    fn begin(&self) -> Result<String, String> {
        let mut greeting = None;
        if self.shows() {
            greeting = welcome::first_start(&self.config, &self.db)?;
            worker::refresh(&self.db, &self.settings.live).map_err(|it| it.to_string())?;
        }
        if self.only != Some(Only::Api) {
            if self.config.database_url.is_none() {
                // One Farol at a time has the embedded database.
                app::delivery::release(&self.db).map_err(|it| it.to_string())?;
            }
            let _runtime = self.loops.runtime.enter();
            let workers = worker::work(&self.settings, self.stopped.clone());
            self.loops.add(workers.map_err(|it| it.to_string())?);
        }
        self.loops.running.store(true, Ordering::Relaxed);
        Ok(greeting.unwrap_or_default())
    }
}
