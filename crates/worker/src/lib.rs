//! The only crate that calls out or waits: keeping appointments, fanning out, delivering,
//! publishing, following, tallying days, tidying up.
mod clockwork;
mod deliver;
mod fan_out;
mod page_file;
mod publish;
mod rollup;
mod seam;
mod send;
mod settle;
mod stream;
mod tell;
mod tidy;
mod transport;

use std::sync::Arc;
use std::time::Duration;

use app::Db;
use app::vault::Vault;
use channels::egress::EgressPolicy;
use publication::Live;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

pub use page_file::PageFile;
pub use publish::refresh;
pub use stream::Follow;
pub use transport::smtp;

/// Rings for those who wait; ringing is never needed, only quicker than their own clocks.
#[derive(Default)]
pub struct Bells {
    /// Facts were written.
    pub fan_out: Notify,
    /// Deliveries were enqueued, or destinations became free.
    pub deliver: Notify,
    /// The page changed.
    pub publish: Notify,
    /// Something was planned.
    pub clockwork: Notify,
    /// Facts got their place in the order.
    pub stream: Notify,
}

/// What the binary decides about the workers.
#[derive(Clone)]
pub struct Settings {
    pub db: Db,
    pub live: Arc<Live>,
    /// Where the page is kept for a start without a database, if it may be.
    pub page_file: Option<Arc<PageFile>>,
    pub vault: Arc<Vault>,
    pub egress: EgressPolicy,
    pub bells: Arc<Bells>,
    /// `Farol/<version> (+<url>)`.
    pub user_agent: String,
    /// The mail server, if there is one.
    pub smtp: Option<smtp::Settings>,
}

/// A client could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum Unbuildable {
    #[error(transparent)]
    Http(#[from] transport::Unbuildable),
    #[error(transparent)]
    Smtp(#[from] smtp::Unbuildable),
}

/// Running loops. They stop by themselves once their `stopped` says so.
pub struct Workers(JoinSet<()>);

/// Keeps the page up to date, and passes on what happens. Every process that serves readers needs
/// this one.
pub fn publish(settings: &Settings, follow: Follow, stopped: watch::Receiver<bool>) -> Workers {
    let mut loops = JoinSet::new();
    loops.spawn(publish::run(settings.clone(), stopped.clone()));
    let (live, bells) = (Arc::clone(&settings.live), Arc::clone(&settings.bells));
    loops.spawn(stream::run(settings.db.clone(), live, follow, bells, stopped));
    Workers(loops)
}

/// Does everything else. Any number of processes may; they share the work.
pub fn work(settings: &Settings, stopped: watch::Receiver<bool>) -> Result<Workers, Unbuildable> {
    let http = transport::Http::new(
        settings.egress.clone(),
        transport::Settings::new(settings.user_agent.clone(), app::clock::now),
    )?;
    let mut loops = JoinSet::new();
    let db = || settings.db.clone();
    let bells = || Arc::clone(&settings.bells);
    loops.spawn(clockwork::run(db(), bells(), stopped.clone()));
    loops.spawn(fan_out::run(db(), bells(), stopped.clone()));
    let smtp = settings.smtp.clone().map(smtp::Smtp::new).transpose()?;
    let post = tell::Post { http, smtp };
    let sender = send::Sender::new(db(), post, Arc::clone(&settings.vault));
    loops.spawn(deliver::run(db(), sender, bells(), stopped.clone()));
    loops.spawn(rollup::run(db(), stopped.clone()));
    loops.spawn(tidy::run(db(), stopped));
    Ok(Workers(loops))
}

impl Workers {
    /// Waits until all loops have ended, at most this long.
    pub async fn ended(mut self, within: Duration) {
        let all = async { while self.0.join_next().await.is_some() {} };
        if tokio::time::timeout(within, all).await.is_err() {
            tracing::warn!("workers did not stop in time; their leases will run out");
        }
    }
}

/// Waits for a bell, at most this long, or until told to stop.
async fn pause(bell: &Notify, at_most: Duration, stopped: &mut watch::Receiver<bool>) {
    tokio::select! {
        () = bell.notified() => {}
        () = tokio::time::sleep(at_most) => {}
        _ = stopped.wait_for(|stop| *stop) => {}
    }
}
