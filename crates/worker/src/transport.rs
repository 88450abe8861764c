//! The one HTTP client that calls where users tell it to, kept away from private networks.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use channels::egress::{EgressPolicy, Refusal};
use channels::{Answer, Method, Outbound};
use chrono::{DateTime, Utc};
use reqwest::header::{HOST, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use thiserror::Error;
use url::Url;

mod dns;
mod failure;
mod retry_after;
pub mod smtp;
#[cfg(test)]
mod tests;

pub use failure::Failure;

/// How much of an answer's body is read, in bytes. What it says then is what its head and these
/// bytes say: a body that drips or breaks off after that changes nothing.
pub const BODY_MAX: usize = 16 * 1024;

/// Idle connections kept per destination, and for how long.
const IDLE_PER_HOST: usize = 256;
const IDLE_FOR: Duration = Duration::from_secs(30);

/// Headers that frame the message or the connection (RFC 9110 §7.6.1, RFC 9112 §6), or name the
/// host we dial. They are the client's to write.
const RESERVED: [&str; 10] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// `Host`, and those that the client adds: there is room for them from the start.
const ADDED_HEADERS: usize = 4;

/// What came of one request, and how long it took from judging the URL to the last byte.
#[derive(Debug)]
pub struct Reply {
    pub outcome: Result<Answer, Failure>,
    pub elapsed: Duration,
}

/// How the client introduces itself, and how patient it is.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `Farol/<version> (+https://…)`: a product and where to complain (RFC 9110 §10.1.5).
    pub user_agent: String,
    /// Asked when a destination names a date to come back at but not its own time.
    pub clock: fn() -> DateTime<Utc>,
    /// From judging the URL to the end of the body.
    pub total_timeout: Duration,
    /// Name resolution, TCP and TLS together.
    pub connect_timeout: Duration,
    /// Name resolution alone.
    pub dns_timeout: Duration,
    /// How long vetted addresses are reused; at most a minute.
    pub dns_cache: Duration,
}

/// The client could not be set up: a bad user agent, or no usable TLS roots.
#[derive(Debug, Error)]
#[error("the HTTP client could not be built")]
pub struct Unbuildable(#[source] reqwest::Error);

/// The guarded client. Clones share connections and the DNS cache.
#[derive(Clone, Debug)]
pub struct Http {
    client: reqwest::Client,
    policy: EgressPolicy,
    clock: fn() -> DateTime<Utc>,
}

impl Settings {
    pub fn new(user_agent: impl Into<String>, clock: fn() -> DateTime<Utc>) -> Self {
        Self {
            user_agent: user_agent.into(),
            clock,
            total_timeout: Duration::from_secs(15),
            connect_timeout: Duration::from_secs(5),
            dns_timeout: Duration::from_secs(3),
            dns_cache: Duration::from_secs(60),
        }
    }
}

impl Http {
    pub fn new(policy: EgressPolicy, settings: Settings) -> Result<Self, Unbuildable> {
        Self::with_lookup(policy, settings, dns::system())
    }

    /// Sends the request once, unless the policy refuses its URL, an address its host resolves to
    /// or the address that answered. Nothing is retried and no redirect is followed.
    pub async fn send(&self, request: Outbound) -> Reply {
        let started = Instant::now();
        let outcome = self.attempt(request).await;
        Reply { outcome, elapsed: started.elapsed() }
    }

    async fn attempt(&self, request: Outbound) -> Result<Answer, Failure> {
        let url = self.policy.check(&request.url).map_err(Failure::Blocked)?;
        let request = prepared(url, request)?;
        let response =
            self.client.execute(request).await.map_err(|error| failure::classify(&error))?;
        self.judge_peer(response.remote_addr())?;
        Ok(self.hear_out(response).await)
    }

    /// The resolver has vetted what was dialled, so a refusal here means that the guard has a
    /// hole. It is kept as a second line, and an unknown peer is not trusted.
    fn judge_peer(&self, peer: Option<SocketAddr>) -> Result<(), Failure> {
        if peer.is_some_and(|peer| self.policy.permits(peer.ip())) {
            return Ok(());
        }
        tracing::error!(?peer, "a forbidden address answered an outbound request");
        Err(Failure::Blocked(Refusal::Address))
    }

    async fn hear_out(&self, mut response: reqwest::Response) -> Answer {
        let status = response.status().as_u16();
        let retry_after = retry_after::asked(response.headers(), self.clock);
        let mut body = Vec::new();
        while let Some(room) = BODY_MAX.checked_sub(body.len()).filter(|room| *room > 0) {
            let Ok(Some(chunk)) = response.chunk().await else { break };
            body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        }
        Answer { status, retry_after, body }
    }

    fn with_lookup(
        policy: EgressPolicy,
        settings: Settings,
        lookup: dns::Lookup,
    ) -> Result<Self, Unbuildable> {
        let guard = dns::Guard::new(policy.clone(), lookup, &settings);
        let client = reqwest::Client::builder()
            .user_agent(settings.user_agent)
            .dns_resolver(Arc::new(guard))
            .no_proxy()
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd()
            .http1_only()
            .tls_backend_rustls()
            .timeout(settings.total_timeout)
            .connect_timeout(settings.connect_timeout)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .pool_idle_timeout(IDLE_FOR)
            .tcp_keepalive(IDLE_FOR)
            .build()
            .map_err(Unbuildable)?;
        Ok(Self { client, policy, clock: settings.clock })
    }
}

fn prepared(url: Url, request: Outbound) -> Result<reqwest::Request, Failure> {
    let Outbound { method, url: _, headers, body } = request;
    let headers = header_map(&url, headers).ok_or(Failure::Unsendable)?;
    let mut request = reqwest::Request::new(verb(method), url);
    *request.headers_mut() = headers;
    *request.body_mut() = Some(body.into());
    Ok(request)
}

fn verb(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Patch => reqwest::Method::PATCH,
    }
}

/// `Host` goes first (RFC 9110 §7.2); left to hyper it would follow the others.
fn header_map(url: &Url, headers: Vec<(String, String)>) -> Option<HeaderMap> {
    let host = url.host_str()?;
    let authority = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    let mut map = HeaderMap::with_capacity(headers.len() + ADDED_HEADERS);
    map.append(HOST, HeaderValue::from_str(&authority).ok()?);
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        if RESERVED.contains(&name.as_str()) {
            return None;
        }
        map.append(name, HeaderValue::try_from(value).ok()?);
    }
    Some(map)
}
