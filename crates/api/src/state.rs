//! What handlers share.
use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::web::Data;
use app::Db;
use app::access::Callers;
use app::vault::Vault;
use channels::egress::EgressPolicy;
use domain::caller::Visibility;
use ipnet::IpNet;
use publication::Live;
use tokio::sync::Semaphore;

use crate::incident::Openings;
use crate::jwt::Jwt;
use crate::limit::Limits;
use crate::stream::Hub;

/// What the binary decides about the API.
pub struct Settings {
    pub db: Db,
    /// Connections in the pool of `db`: so many requests may use the database at once.
    pub pool_size: u32,
    pub live: Arc<Live>,
    pub hub: Arc<Hub>,
    pub callers: Arc<Callers>,
    pub vault: Arc<Vault>,
    pub egress: EgressPolicy,
    /// Whether there is a mail server.
    pub mail: bool,
    /// Whose `Forwarded` headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Origins whose scripts may use credentials.
    pub cors_origins: Vec<String>,
    /// Requests per minute, per token or address.
    pub rate_limit: u32,
    /// Whether strangers may subscribe themselves.
    pub offers_subscribe: bool,
    /// Whether the reference frontend is at `/`.
    pub offers_page: bool,
    /// Whose reports of WhatsApp messages are taken, if anybody's.
    pub meta_app: Option<MetaApp>,
    /// Renders the metrics.
    pub metrics: Box<dyn Fn() -> String + Send + Sync>,
    /// Whether the database can be reached.
    pub is_ready: Box<dyn Fn() -> bool + Send + Sync>,
}

/// What an app of Meta's and Farol know of each other.
pub struct MetaApp {
    /// Signs what the app reports.
    pub secret: String,
    /// Shown by the app before it reports.
    pub verify_token: String,
}

/// What handlers share.
pub struct State {
    pub db: Db,
    pub live: Arc<Live>,
    pub hub: Arc<Hub>,
    pub callers: Arc<Callers>,
    pub vault: Arc<Vault>,
    pub egress: EgressPolicy,
    pub mail: bool,
    pub jwt: Jwt,
    pub limits: Limits,
    pub trusted_proxies: Vec<IpNet>,
    pub cors_origins: Vec<String>,
    pub offers_subscribe: bool,
    pub meta_app: Option<MetaApp>,
    pub metrics: Box<dyn Fn() -> String + Send + Sync>,
    pub is_ready: Box<dyn Fn() -> bool + Send + Sync>,
    /// Taken before a blocking thread is: who waits for the database holds nothing.
    pub turns: Arc<Semaphore>,
    pub openings: Openings,
}

impl State {
    pub fn new(settings: Settings) -> Self {
        let Settings {
            db,
            pool_size,
            live,
            hub,
            callers,
            vault,
            egress,
            mail,
            trusted_proxies,
            cors_origins,
            rate_limit,
            offers_subscribe,
            offers_page: _,
            meta_app,
            metrics,
            is_ready,
        } = settings;
        let jwt = Jwt::new(&vault.signing_keys(), &db.page().public_url);
        let turns = usize::try_from(pool_size).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        Self {
            db,
            live,
            hub,
            callers,
            vault,
            egress,
            mail,
            jwt,
            limits: Limits::new(rate_limit),
            trusted_proxies,
            cors_origins,
            offers_subscribe,
            meta_app,
            metrics,
            is_ready,
            turns: Arc::new(Semaphore::new(turns)),
            openings: Openings::default(),
        }
    }

    /// Whether strangers may read nothing at all.
    pub fn is_internal(&self) -> bool {
        self.db.page().visibility == Visibility::Internal
    }
}

/// The state, from within a middleware or extractor.
pub fn of(req: &HttpRequest) -> &Data<State> {
    req.app_data::<Data<State>>().unwrap_or_else(|| unreachable!("every app has the state"))
}
