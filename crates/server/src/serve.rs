//! Serving: the API, the workers, and a graceful end.
use std::net::TcpListener;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use api::{Hub, StreamLimits};
use app::access::Callers;
use app::{Bus, Commit, Db};
use channels::egress::EgressPolicy;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use publication::Live;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use worker::{Bells, Follow, PageFile};

use crate::boot::{Booted, open};
use crate::cli::Only;
use crate::config::{Config, Visibility};
use crate::opening::{Loops, Opening};
use crate::telemetry;

/// Threads of the workers' runtime, and those that may block in it: 64 look up names at most, so
/// that a stalled resolver leaves enough for the database. They are made when needed.
const WORKER_THREADS: usize = 2;
const BLOCKING_THREADS: usize = 64 + 8;
/// Longest wait for workers after the signal, and for threads that still block after that.
const STOP_WITHIN: Duration = Duration::from_secs(17);
const ABANDON_AFTER: Duration = Duration::from_secs(1);
/// Connections of the workers, so that neither they nor the API can starve the other.
const WORKER_POOL: u32 = 4;

/// Everything that runs.
struct Running {
    runtime: Runtime,
    callers: Arc<Callers>,
    hub: Arc<Hub>,
    bus: Arc<Bus>,
    settings: worker::Settings,
    loops: Loops,
}

/// Serves until the process is told to stop.
pub fn serve(config: &Config, only: Option<Only>) -> Result<(), String> {
    // Before anything is started: a taken port should cost nothing.
    let listener = match only {
        Some(Only::Workers) => None,
        _ => Some(listen(config)?),
    };
    open_many_files();
    let metrics = telemetry::metrics()?;
    let booted = open(config)?;
    let (stop, mut stopped) = watch::channel(false);
    let told_at = Arc::new(OnceLock::new());
    let mut running = start(config, &booted, only, &stopped)?;
    // Everybody hears of it at once, so that the longest wait counts and not their sum.
    running.runtime.spawn(tell_of_signal(&running.runtime, stop, Arc::clone(&told_at))?);
    if let Some(listener) = listener {
        let settings = api_settings(config, &booted.db, &running, move || metrics.render());
        let told = async move { drop(stopped.wait_for(|stop| *stop).await) };
        api::serve_until(listener, settings, config.http_workers, told)
            .map_err(|it| format!("serving: {it}"))?;
    } else {
        tracing::info!("workers are running");
        // An error means that nobody can tell any more, which is a reason to stop as well.
        drop(running.runtime.block_on(stopped.wait_for(|stop| *stop)));
    }
    tracing::info!("stopping");
    let deadline = *told_at.get_or_init(Instant::now) + STOP_WITHIN;
    for workers in running.loops.end() {
        let left = deadline.saturating_duration_since(Instant::now());
        running.runtime.block_on(workers.ended(left));
    }
    let Running { runtime, callers: _, hub: _, bus: _, settings: _, loops: _ } = running;
    runtime.shutdown_timeout(ABANDON_AFTER);
    let Booted { db, vault: _, postgres } = booted;
    drop(db);
    if let Some(mut postgres) = postgres {
        postgres.stop();
    }
    Ok(())
}

/// Every connection is an open file, and most systems give a process 1,024 unless it asks for more.
fn open_many_files() {
    let raised = getrlimit(Resource::RLIMIT_NOFILE)
        .and_then(|(_, most)| setrlimit(Resource::RLIMIT_NOFILE, most, most));
    if let Err(error) = raised {
        tracing::warn!(%error, "the limit of open files could not be raised");
    }
}

fn listen(config: &Config) -> Result<TcpListener, String> {
    TcpListener::bind(config.listen)
        .map_err(|error| format!("FAROL_LISTEN: cannot listen on {}: {error}", config.listen))
}

fn start(
    config: &Config,
    booted: &Booted,
    only: Option<Only>,
    stopped: &watch::Receiver<bool>,
) -> Result<Running, String> {
    let failed = |error: std::io::Error| error.to_string();
    let runtime = Builder::new_multi_thread()
        .worker_threads(WORKER_THREADS)
        .max_blocking_threads(BLOCKING_THREADS)
        .thread_name("worker")
        .enable_all()
        .build()
        .map_err(failed)?;
    if !config.egress_allow.is_empty() {
        tracing::warn!(allow = ?config.egress_allow, "FAROL_EGRESS_ALLOW opens private networks");
    }
    let (db, live, callers) = (&booted.db, Arc::new(Live::default()), Arc::new(Callers::default()));
    let page_file = (config.page_visibility == Visibility::Public)
        .then(|| Arc::new(PageFile::new(&config.data_dir)));
    let shows = only != Some(Only::Workers);
    let is_shown = shows && page_file.as_ref().is_some_and(|it| it.restore(&live));
    let limits =
        StreamLimits { in_all: config.streams_max, per_address: config.streams_per_address };
    let hub = Arc::new(Hub::new(Arc::clone(&live), limits));
    let bells = Arc::new(Bells::default());
    let bus = Arc::new(Bus::start(db.url(), hear(&bells, &callers, &hub)).map_err(failed)?);
    let settings = worker::Settings {
        db: db.with_own_pool(WORKER_POOL),
        live: Arc::clone(&live),
        page_file,
        vault: Arc::clone(&booted.vault),
        egress: EgressPolicy::new(config.egress_allow.clone()),
        bells: Arc::clone(&bells),
        user_agent: format!("Farol/{} (+{})", env!("CARGO_PKG_VERSION"), config.public_url),
        smtp: config.smtp()?,
    };
    if shows {
        db.on_commit(tell(db, &live, forget(&callers, &hub), &bus, &bells));
    } else {
        db.on_commit(pass_on(&bus, &bells));
    }
    let follow: Follow = {
        let hub = Arc::clone(&hub);
        Arc::new(move |news| hub.hear(news))
    };
    let loops = Loops::new(runtime.handle().clone());
    let opening = Opening {
        config: config.clone(),
        db: db.clone(),
        settings: settings.clone(),
        only,
        stopped: stopped.clone(),
        loops: loops.clone(),
    };
    opening.open(booted, follow, is_shown)?;
    Ok(Running { runtime, callers, hub, bus, settings, loops })
}

/// What other replicas did.
fn hear(
    bells: &Arc<Bells>,
    callers: &Arc<Callers>,
    hub: &Arc<Hub>,
) -> impl Fn(Commit) + Send + use<> {
    let (bells, forget) = (Arc::clone(bells), forget(callers, hub));
    move |commit| {
        if commit.access {
            forget();
        }
        ring(&bells, commit);
        if commit.events {
            bells.publish.notify_one();
        }
    }
}

/// Wakes those who have something to do now.
fn ring(bells: &Bells, commit: Commit) {
    let Commit { events, planned, numbered, due, access: _ } = commit;
    let rung = [
        (events, &bells.fan_out),
        (planned, &bells.clockwork),
        (numbered, &bells.stream),
        (due, &bells.deliver),
    ];
    rung.into_iter().filter(|(is_due, _)| *is_due).for_each(|(_, bell)| bell.notify_one());
}

/// What this replica did: its own readers see it before the writer has its answer.
fn tell<F: Fn() + Send + Sync>(
    db: &Db,
    live: &Arc<Live>,
    forget: F,
    bus: &Arc<Bus>,
    bells: &Arc<Bells>,
) -> impl Fn(Commit) + Send + Sync + use<F> {
    let (db, live, bus) = (db.with_own_pool(1), Arc::clone(live), Arc::downgrade(bus));
    let bells = Arc::clone(bells);
    move |commit| {
        if commit.access {
            forget();
        }
        ring(&bells, commit);
        if commit.events {
            if let Err(error) = worker::refresh(&db, &live) {
                // The write stands; the publishing loop will catch up.
                tracing::warn!(%error, "the page could not be refreshed after a write");
                live.doubt();
            }
            bells.publish.notify_one();
        }
        if let Some(bus) = bus.upgrade() {
            bus.tell(commit);
        }
    }
}

/// Somebody may do less than before: who listens as somebody is asked again, too.
fn forget(callers: &Arc<Callers>, hub: &Arc<Hub>) -> impl Fn() + Send + Sync + use<> {
    let (callers, hub) = (Arc::clone(callers), Arc::clone(hub));
    move || {
        callers.forget();
        hub.wake();
    }
}

/// What a process without readers did.
fn pass_on(bus: &Arc<Bus>, bells: &Arc<Bells>) -> impl Fn(Commit) + Send + Sync + use<> {
    let (bus, bells) = (Arc::downgrade(bus), Arc::clone(bells));
    move |commit| {
        ring(&bells, commit);
        if let Some(bus) = bus.upgrade() {
            bus.tell(commit);
        }
    }
}

fn api_settings(
    config: &Config,
    db: &Db,
    running: &Running,
    metrics: impl Fn() -> String + Send + Sync + 'static,
) -> api::Settings {
    let (bus, loops) = (Arc::clone(&running.bus), running.loops.clone());
    let meta_app = config.whatsapp_app_secret.as_ref().zip(config.whatsapp_verify_token.as_ref());
    let meta_app = meta_app.map(|(secret, token)| api::MetaApp {
        secret: secret.expose().to_owned(),
        verify_token: token.expose().to_owned(),
    });
    api::Settings {
        db: db.clone(),
        pool_size: config.database_pool,
        live: Arc::clone(&running.settings.live),
        hub: Arc::clone(&running.hub),
        callers: Arc::clone(&running.callers),
        vault: Arc::clone(&running.settings.vault),
        egress: running.settings.egress.clone(),
        mail: running.settings.smtp.is_some(),
        trusted_proxies: config.trusted_proxies.clone(),
        cors_origins: config.cors_origins.clone(),
        rate_limit: config.rate_limit,
        offers_subscribe: config.subscribe,
        offers_page: config.example_page,
        meta_app,
        metrics: Box::new(metrics),
        is_ready: Box::new(move || bus.is_connected() && loops.are_running()),
    }
}

/// Tells at SIGTERM or SIGINT.
fn tell_of_signal(
    runtime: &Runtime,
    stop: watch::Sender<bool>,
    told_at: Arc<OnceLock<Instant>>,
) -> Result<impl Future<Output = ()> + use<>, String> {
    let _runtime = runtime.enter();
    let listen = |kind: SignalKind| signal(kind).map_err(|it| it.to_string());
    let (mut term, mut int) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
        told_at.get_or_init(Instant::now);
        stop.send_replace(true);
    })
}
