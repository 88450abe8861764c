//! What Farol is compared with: an actix server that does nothing but answer.
use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::http::header::{ETAG, IF_NONE_MATCH};
use actix_web::web::{Bytes, Data, get, post};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};

use crate::Outcome;

/// Largest webhook the sink takes.
const BODY_MAX: usize = 1024 * 1024;

#[derive(Clone)]
struct Document {
    body: Bytes,
    etag: String,
}

/// Serves the bytes of a file with a validator, on a port that it prints.
pub fn serve_document(path: &str, etag: &str) -> Outcome<()> {
    let document = Document { body: std::fs::read(path)?.into(), etag: etag.to_owned() };
    let server = HttpServer::new(move || {
        App::new().app_data(Data::new(document.clone())).route("/api/v1/status", get().to(answer))
    });
    let server = server.workers(1).bind("127.0.0.1:0")?;
    say_port(&server.addrs())?;
    Ok(actix_web::rt::System::new().block_on(server.run())?)
}

async fn answer(req: HttpRequest, document: Data<Document>) -> HttpResponse {
    let seen = req.headers().get(IF_NONE_MATCH);
    if seen.is_some_and(|it| it.as_bytes() == document.etag.as_bytes()) {
        return HttpResponse::NotModified().insert_header((ETAG, document.etag.as_str())).finish();
    }
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((ETAG, document.etag.as_str()))
        .body(document.body.clone())
}

/// Takes webhooks and counts them, on a port that it prints.
pub fn serve_sink() -> Outcome<()> {
    let count = Data::new(AtomicU64::new(0));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(count.clone())
            .app_data(actix_web::web::PayloadConfig::new(BODY_MAX))
            .route("/", post().to(take))
            .route("/", get().to(tell))
    });
    let server = server.workers(1).bind("127.0.0.1:0")?;
    say_port(&server.addrs())?;
    Ok(actix_web::rt::System::new().block_on(server.run())?)
}

async fn take(count: Data<AtomicU64>, _body: Bytes) -> HttpResponse {
    count.fetch_add(1, Ordering::Relaxed);
    HttpResponse::NoContent().finish()
}

async fn tell(count: Data<AtomicU64>) -> HttpResponse {
    HttpResponse::Ok().body(count.load(Ordering::Relaxed).to_string())
}

fn say_port(addresses: &[std::net::SocketAddr]) -> Outcome<()> {
    let port = addresses.first().ok_or("no address")?.port();
    let mut out = std::io::stdout();
    writeln!(out, "port {port}")?;
    Ok(out.flush()?)
}

/// What [`say_port`] says.
pub fn hear_port(line: &str) -> Option<u16> {
    line.strip_prefix("port ")?.parse().ok()
}
