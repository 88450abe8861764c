//! Name resolution that hands out vetted addresses only. The client dials exactly what it gets
//! here, so a name that changes its mind after the check gains nothing.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use channels::egress::EgressPolicy;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use thiserror::Error;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::Settings;

/// Lookups that may be stuck in the system resolver at once. An abandoned one keeps its thread
/// until the resolver gives up, and those threads are shared with the database.
const LOOKUPS_AT_ONCE: usize = 64;

/// Names remembered at once.
const CACHED_NAMES: usize = 4096;

/// No answer is reused for longer than this, whatever the settings say.
const CACHE_MAX: Duration = Duration::from_secs(60);

/// Resolves a host name to its A and AAAA records.
pub(super) type Lookup = Arc<dyn Fn(String) -> Looking + Send + Sync>;
pub(super) type Looking = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(super) enum Unresolved {
    #[error("the name resolves to a forbidden address")]
    Forbidden,
    #[error("the name does not resolve")]
    Failed,
    #[error("the name did not resolve in time")]
    TimedOut,
}

/// The resolver given to reqwest. It is not asked about IP literals (hyper dials those at once):
/// [`EgressPolicy::check`] has to have judged the URL before.
#[derive(Clone)]
pub(super) struct Guard {
    policy: EgressPolicy,
    lookup: Lookup,
    budget: Duration,
    cache: Arc<Cache>,
}

struct Cache {
    keep_for: Duration,
    names: Mutex<HashMap<String, Vetted>>,
}

struct Vetted {
    addresses: Vec<IpAddr>,
    until: Instant,
}

/// `getaddrinfo` in tokio's blocking pool.
pub(super) fn system() -> Lookup {
    let slots = Arc::new(Semaphore::new(LOOKUPS_AT_ONCE));
    Arc::new(move |host| Box::pin(look_up(host, Arc::clone(&slots))))
}

impl Guard {
    pub(super) fn new(policy: EgressPolicy, lookup: Lookup, settings: &Settings) -> Self {
        let keep_for = settings.dns_cache.min(CACHE_MAX);
        let cache = Arc::new(Cache { keep_for, names: Mutex::default() });
        Self { policy, lookup, budget: settings.dns_timeout, cache }
    }

    /// All addresses of the host, or none: one forbidden address among public ones spoils them.
    pub(super) async fn vetted(&self, host: &str) -> Result<Vec<IpAddr>, Unresolved> {
        if let Some(addresses) = self.cache.find(host, Instant::now()) {
            return Ok(addresses);
        }
        let addresses = self.look_up(host).await?;
        if !addresses.iter().all(|address| self.policy.permits(*address)) {
            tracing::warn!(host, ?addresses, "a destination resolves to a forbidden address");
            return Err(Unresolved::Forbidden);
        }
        self.cache.keep(host, &addresses, Instant::now());
        Ok(addresses)
    }

    async fn look_up(&self, host: &str) -> Result<Vec<IpAddr>, Unresolved> {
        match timeout(self.budget, (self.lookup)(host.to_owned())).await {
            Ok(Ok(addresses)) if !addresses.is_empty() => Ok(addresses),
            Ok(found) => {
                tracing::debug!(host, ?found, "a destination does not resolve");
                Err(Unresolved::Failed)
            }
            Err(_elapsed) => Err(Unresolved::TimedOut),
        }
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let addresses = guard.vetted(name.as_str()).await?;
            // Port 0 stands for the URL's.
            let sockets = addresses.into_iter().map(|address| SocketAddr::new(address, 0));
            let sockets: Addrs = Box::new(sockets);
            Ok(sockets)
        })
    }
}

impl Cache {
    fn find(&self, host: &str, now: Instant) -> Option<Vec<IpAddr>> {
        let names = self.lock();
        let vetted = names.get(host).filter(|vetted| now < vetted.until)?;
        Some(vetted.addresses.clone())
    }

    fn keep(&self, host: &str, addresses: &[IpAddr], now: Instant) {
        let mut names = self.lock();
        if names.len() >= CACHED_NAMES {
            names.retain(|_, vetted| now < vetted.until);
        }
        if names.len() < CACHED_NAMES {
            let until = now + self.keep_for;
            names.insert(host.to_owned(), Vetted { addresses: addresses.to_vec(), until });
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Vetted>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The slot is given back when the resolver returns, not when the caller stops waiting.
async fn look_up(host: String, slots: Arc<Semaphore>) -> io::Result<Vec<IpAddr>> {
    let slot = slots.acquire_owned().await.map_err(io::Error::other)?;
    let found = tokio::spawn(async move {
        let found = tokio::net::lookup_host((host, 0)).await;
        drop(slot);
        found.map(|sockets| sockets.map(|socket| socket.ip()).collect())
    });
    found.await.map_err(io::Error::other)?
}
