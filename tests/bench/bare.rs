//! What Farol is compared with: an actix server that does nothing but answer.
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use actix_web::http::header::{CONTENT_ENCODING, ETAG, IF_NONE_MATCH};
use actix_web::web::{Bytes, Data, Path, get, post};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};

use crate::Outcome;

/// Largest webhook the sink takes.
const BODY_MAX: usize = 1024 * 1024;
const LONGER_THAN_ANY_SENDER: Duration = Duration::from_secs(60);

type Times = Mutex<Vec<u128>>;

#[derive(Clone)]
struct Document {
    body: Bytes,
    etag: String,
    content_type: String,
    /// As in `Content-Encoding`; nothing for the identity.
    encoding: String,
}

/// Serves the bytes of a file with a validator as the answer to everything, on a port that it prints.
pub fn serve_document(path: &str, etag: &str, content_type: &str, encoding: &str) -> Outcome<()> {
    let [etag, content_type, encoding] = [etag, content_type, encoding].map(str::to_owned);
    let document = Document { body: std::fs::read(path)?.into(), etag, content_type, encoding };
    let server = HttpServer::new(move || {
        App::new().app_data(Data::new(document.clone())).default_service(get().to(answer))
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
    let mut response = HttpResponse::Ok();
    response.content_type(document.content_type.as_str());
    response.insert_header((ETAG, document.etag.as_str()));
    if !document.encoding.is_empty() {
        response.insert_header((CONTENT_ENCODING, document.encoding.as_str()));
    }
    response.body(document.body.clone())
}

/// Takes webhooks and counts them, on a port that it prints. Of those to `/timed` it tells when
/// they came; those to `/hanging` get no answer before the sender gives up, while that is switched
/// on.
pub fn serve_sink() -> Outcome<()> {
    let (count, times) = (Data::new(AtomicU64::new(0)), Data::new(Times::default()));
    let hangs = Data::new(AtomicBool::new(false));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(count.clone())
            .app_data(times.clone())
            .app_data(hangs.clone())
            .app_data(actix_web::web::PayloadConfig::new(BODY_MAX))
            .route("/", post().to(take))
            .route("/", get().to(tell))
            .route("/timed", post().to(take_time))
            .route("/timed", get().to(tell_times))
            .route("/hanging", post().to(hang))
            .route("/hanging/{is_on}", post().to(switch))
    });
    let server = server.workers(1).bind("127.0.0.1:0")?;
    say_port(&server.addrs())?;
    Ok(actix_web::rt::System::new().block_on(server.run())?)
}

async fn take(count: Data<AtomicU64>, _body: Bytes) -> HttpResponse {
    count.fetch_add(1, Ordering::Relaxed);
    HttpResponse::NoContent().finish()
}

async fn take_time(times: Data<Times>, count: Data<AtomicU64>, body: Bytes) -> HttpResponse {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    times.lock().unwrap_or_else(PoisonError::into_inner).push(now.as_micros());
    take(count, body).await
}

/// Microseconds since the epoch at which webhooks to `/timed` came, since this was asked last.
async fn tell_times(times: Data<Times>) -> HttpResponse {
    let times = std::mem::take(&mut *times.lock().unwrap_or_else(PoisonError::into_inner));
    HttpResponse::Ok().json(times)
}

async fn hang(hangs: Data<AtomicBool>, count: Data<AtomicU64>, body: Bytes) -> HttpResponse {
    if hangs.load(Ordering::Relaxed) {
        tokio::time::sleep(LONGER_THAN_ANY_SENDER).await;
    }
    take(count, body).await
}

async fn switch(hangs: Data<AtomicBool>, is_on: Path<bool>) -> HttpResponse {
    hangs.store(*is_on, Ordering::Relaxed);
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
