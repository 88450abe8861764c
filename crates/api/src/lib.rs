//! The HTTP face: routes, extractors, problems, the OpenAPI document. The only crate that knows
//! HTTP.
mod auth;
mod badge;
mod body;
mod calendar;
mod compat;
mod component;
mod conditional;
mod credential;
mod csv;
mod delivery;
mod document;
mod event;
mod example_page;
mod examples;
mod fallback;
mod gather;
mod group;
mod history;
mod idempotency;
mod incident;
mod incident_template;
mod instant;
mod jwt;
mod limit;
mod list;
mod maintenance;
mod message_template;
mod openapi;
mod operations;
mod patch;
mod problem;
mod query;
mod quick;
mod receipt;
mod report;
mod request;
mod responses;
mod seam;
mod session;
mod state;
mod status;
mod stream;
mod subscription;
mod token;
mod uptime;
mod user;
mod validate;
mod version;

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Server, Service, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::rt::System;
use actix_web::web::{self, Bytes, Data, PayloadConfig, to};
use actix_web::{App, HttpServer};
use futures_util::TryFutureExt;
use futures_util::future::{Either, ready};
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_actix_web::{AppExt, scope};

pub use openapi::openapi;
pub use state::{MetaApp, Settings, State};
pub use stream::{Hub, StreamLimits};

/// Blocking threads beyond those that hold a connection: for password hashing.
const SPARE_THREADS: usize = 8;
/// How long requests under way may take once shutdown began, in seconds.
const SHUTDOWN_SECONDS: u64 = 15;
/// How long the head of a request may take to arrive.
const HEAD_WITHIN: Duration = Duration::from_secs(5);
/// How long an idle connection is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How often streams without news show that they live. Proxies cut what is silent for a minute.
const BEAT_EVERY: Duration = Duration::from_secs(15);

/// Every route there is. The document is read off the same list.
fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(
        scope("/api/v1")
            .configure(status::routes)
            .configure(history::routes)
            .configure(uptime::routes)
            .configure(report::routes)
            .configure(stream::routes)
            .configure(component::routes)
            .configure(group::routes)
            .configure(incident::routes)
            .configure(incident_template::routes)
            .configure(maintenance::routes)
            .configure(calendar::routes)
            .configure(subscription::routes)
            .configure(delivery::routes)
            .configure(credential::routes)
            .configure(receipt::routes)
            .configure(message_template::routes)
            .configure(event::routes)
            .configure(session::routes)
            .configure(user::routes)
            .configure(token::routes),
    )
    .configure(calendar::root_routes)
    .configure(history::root_routes)
    .configure(badge::root_routes)
    .configure(compat::statuspage::routes)
    .configure(operations::routes);
}

/// Serves on `listener` until `stop` resolves, then finishes the requests under way. Blocks.
pub fn serve_until(
    listener: TcpListener,
    settings: Settings,
    workers: usize,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    System::new().block_on(async move { server(listener, settings, workers, stop)?.await })
}

fn server(
    listener: TcpListener,
    settings: Settings,
    workers: usize,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<Server> {
    let threads = usize::try_from(settings.pool_size).unwrap_or(usize::MAX) + SPARE_THREADS;
    let hub = Arc::clone(&settings.hub);
    let offers_page = settings.offers_page;
    let state = Data::new(State::new(settings));
    if !state.is_internal() {
        history::plant(&state);
        calendar::plant(&state);
        compat::statuspage::plant(&state);
    }
    actix_web::rt::spawn(beat(Arc::clone(&hub)));
    let stop = async move {
        stop.await;
        hub.end();
    };
    let document = openapi();
    let paths = Data::new(fallback::Paths::of(&document));
    let document: Bytes = serde_json::to_vec(&document)?.into();
    let example_page: fn(&mut web::ServiceConfig) =
        if offers_page { example_page::routes } else { |_| {} };
    let server = HttpServer::new(move || {
        let quick = state.clone();
        App::new()
            .into_utoipa_app()
            .configure(routes)
            .into_app()
            .configure(openapi::docs(document.clone()))
            .configure(example_page)
            .app_data(state.clone())
            .app_data(paths.clone())
            .app_data(query::path_config())
            .app_data(PayloadConfig::new(body::BODY_MAX))
            .default_service(to(fallback::fallback))
            .wrap(from_fn(conditional::caching))
            .wrap(from_fn(auth::gate))
            .wrap(from_fn(request::cors))
            .wrap(from_fn(request::around))
            .wrap_fn(move |req, next| match quick::answer(&quick, &req) {
                Some(page) => {
                    Either::Left(ready(Ok(req.into_response(page).map_into_right_body())))
                }
                None => Either::Right(next.call(req).map_ok(ServiceResponse::map_into_left_body)),
            })
    })
    .workers(workers)
    .worker_max_blocking_threads(threads.div_ceil(workers.max(1)).max(4))
    .client_request_timeout(HEAD_WITHIN)
    .keep_alive(KEEP_ALIVE)
    // Who has hung up need not be told anything, and leaves room for others.
    .h1_allow_half_closed(false)
    .shutdown_timeout(SHUTDOWN_SECONDS)
    .shutdown_signal(stop)
    .listen(listener)?
    .run();
    Ok(server)
}

async fn beat(hub: Arc<Hub>) {
    loop {
        tokio::time::sleep(BEAT_EVERY).await;
        hub.beat();
    }
}
