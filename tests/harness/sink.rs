//! A real HTTP server that remembers what it was sent and answers as told.
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data, to};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::poll::eventually;

const WAIT: Duration = Duration::from_secs(20);

/// A request that came.
#[derive(Clone, Debug)]
pub struct Received {
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    pub at: Instant,
}

impl Received {
    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default()
    }

    /// The body as JSON; `Null` when it is something else.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// How a path answers.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
    pub delay: Duration,
}

impl From<u16> for Answer {
    fn from(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new(), delay: Duration::ZERO }
    }
}

impl Answer {
    pub fn redirect(to: &str) -> Self {
        Self::from(302).with_header("location", to)
    }

    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn with_body(mut self, body: &str) -> Self {
        body.clone_into(&mut self.body);
        self
    }

    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}

#[derive(Default)]
struct Inner {
    received: HashMap<String, Vec<Received>>,
    count: usize,
    scripts: HashMap<String, VecDeque<Answer>>,
    lasting: HashMap<String, Answer>,
}

/// A receiver of requests.
pub struct Sink {
    inner: Arc<Mutex<Inner>>,
    address: SocketAddr,
    handle: ServerHandle,
}

fn lock(inner: &Mutex<Inner>) -> MutexGuard<'_, Inner> {
    inner.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sink {
    /// Listens on a free port.
    ///
    /// # Panics
    /// When there is none.
    pub async fn start() -> Self {
        let inner = Arc::<Mutex<Inner>>::default();
        let shared = Data::from(Arc::clone(&inner));
        let (tell, told) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = HttpServer::new(move || {
                    App::new().app_data(shared.clone()).default_service(to(receive))
                });
                let server = server.workers(1).disable_signals().bind("127.0.0.1:0");
                let server = server.expect("a free port");
                let address = server.addrs()[0];
                let server = server.run();
                let _ = tell.send((address, server.handle()));
                let _ = server.await;
            });
        });
        let (address, handle) = told.await.expect("a server");
        Self { inner, address, handle }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// What the next requests to `path` are answered; afterwards 204 or what lasts.
    pub fn script<A: Into<Answer>>(&self, path: &str, answers: impl IntoIterator<Item = A>) {
        let answers = answers.into_iter().map(Into::into);
        lock(&self.inner).scripts.entry(path.to_owned()).or_default().extend(answers);
    }

    /// What all requests to `path` are answered from now on.
    pub fn always(&self, path: &str, answer: impl Into<Answer>) {
        lock(&self.inner).lasting.insert(path.to_owned(), answer.into());
    }

    /// What came to `path`, oldest first.
    pub fn received(&self, path: &str) -> Vec<Received> {
        lock(&self.inner).received.get(path).cloned().unwrap_or_default()
    }

    /// How many requests came to any path.
    pub fn count(&self) -> usize {
        lock(&self.inner).count
    }

    /// What came to `path`, once there are at least `n`.
    #[track_caller]
    pub fn wait_for(&self, path: &str, n: usize) -> impl Future<Output = Vec<Received>> {
        let enough = eventually(WAIT, move || async move { self.received(path).len() >= n });
        async move {
            enough.await;
            self.received(path)
        }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

async fn receive(req: HttpRequest, body: Bytes, inner: Data<Mutex<Inner>>) -> HttpResponse {
    let path = req.path().to_owned();
    let headers = req.headers().iter().filter_map(|(name, value)| {
        let name = reqwest::header::HeaderName::from_bytes(name.as_str().as_bytes()).ok()?;
        Some((name, reqwest::header::HeaderValue::from_bytes(value.as_bytes()).ok()?))
    });
    let headers = headers.collect();
    let answer = {
        let mut inner = lock(&inner);
        let lasting = inner.lasting.get(&path).cloned();
        let next = inner.scripts.get_mut(&path).and_then(VecDeque::pop_front);
        let received = Received { headers, body: body.to_vec(), at: Instant::now() };
        inner.received.entry(path).or_default().push(received);
        inner.count += 1;
        next.or(lasting).unwrap_or_else(|| 204.into())
    };
    tokio::time::sleep(answer.delay).await;
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = HttpResponse::build(status);
    for (name, value) in answer.headers {
        response.append_header((name, value));
    }
    response.body(answer.body)
}
