//! What Farol is compared with: an actix server that does nothing but answer.
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{ETAG, HeaderName, HeaderValue, IF_NONE_MATCH};
use actix_web::web::{Bytes, Data, Path, get, post};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};

use crate::Outcome;

/// Largest webhook the sink takes.
const BODY_MAX: usize = 1024 * 1024;
const LONGER_THAN_ANY_SENDER: Duration = Duration::from_secs(60);

type Times = Mutex<Vec<u128>>;

/// Names and values of the headers of an answer that a handler writes.
pub type Headers = Vec<(String, String)>;

/// The same as actix takes them.
type Head = Vec<(HeaderName, HeaderValue)>;

/// What Farol answers, in full and to those who have it.
struct Answers {
    body: Bytes,
    etag: HeaderValue,
    fresh: Head,
    known: Head,
}

/// The headers that an answer was written with; actix adds the others by itself.
pub fn headers(head: &str) -> Headers {
    let lines = head.lines().skip(1).filter_map(|it| it.split_once(": "));
    let own = lines.filter(|(name, _)| !matches!(*name, "content-length" | "date"));
    own.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn head(headers: Headers) -> Outcome<Head> {
    let parse = |(name, value)| Ok((HeaderName::try_from(name)?, HeaderValue::try_from(value)?));
    headers.into_iter().map(parse).collect()
}

/// Serves a file as the answer to everything, on a port that it prints. A second file holds the
/// [`Headers`] of a 200 and of a 304.
pub fn serve_document(body: &str, heads: &str) -> Outcome<()> {
    let (fresh, known): (Headers, Headers) = serde_json::from_slice(&std::fs::read(heads)?)?;
    let (fresh, known) = (head(fresh)?, head(known)?);
    let etag = fresh.iter().find(|(name, _)| *name == ETAG).ok_or("no validator")?.1.clone();
    let answers = Data::new(Answers { body: std::fs::read(body)?.into(), etag, fresh, known });
    let server = HttpServer::new(move || {
        App::new().app_data(answers.clone()).default_service(get().to(answer))
    });
    let server = server.workers(1).bind("127.0.0.1:0")?;
    say_port(&server.addrs())?;
    Ok(actix_web::rt::System::new().block_on(server.run())?)
}

async fn answer(req: HttpRequest, answers: Data<Answers>) -> HttpResponse {
    let Answers { body, etag, fresh, known } = &**answers;
    let (mut response, head) = if req.headers().get(IF_NONE_MATCH) == Some(etag) {
        (HttpResponse::new(StatusCode::NOT_MODIFIED), known)
    } else {
        (HttpResponse::with_body(StatusCode::OK, BoxBody::new(body.clone())), fresh)
    };
    let headers = response.headers_mut();
    for (name, value) in head {
        headers.insert(name.clone(), value.clone());
    }
    response
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
