//! Who is calling, decided before the body is read, and how often they may.
use std::future::{Ready, ready};
use std::net::IpAddr;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, ResponseError};
use app::access::Credential;
use app::link::{Purpose, read};
use domain::caller::{Caller, Scope, Visibility};
use publication::Sheet;

use crate::limit::{Counted, party};
use crate::problem::{Problem, kind};
use crate::request::RequestId;
use crate::state::State;
use crate::{receipt, seam, state};

/// Paths that cost less to serve than to count, as do finished documents.
const UNCOUNTED: [&str; 4] = ["/healthz", "/readyz", "/metrics", "/openapi.json"];
/// What strangers may ask even of an internal page: whether it lives, and to be let in. So may
/// providers report, who sign what they say.
const OPEN_DOORS: [&str; 3] = ["/healthz", "/api/v1/auth/login", "/api/v1/auth/refresh"];

/// Beginnings of paths that end in the token of a link; that is credential enough for what it
/// leads to, even of an internal page.
pub const BEARING_TOKENS: [&str; 3] =
    ["/api/v1/confirm/", "/api/v1/unsubscribe/", "/api/v1/manage/"];

/// Identifies the caller and counts the request.
pub async fn gate(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, Error> {
    let address = client_address(req.request());
    let is_open = is_open_door(req.path());
    let identified = if is_open { Ok(None) } else { identify(req.request(), address).await };
    let counted = count(&req, &identified, address);
    let mut response = match admit(&req, identified, counted.as_ref()) {
        Err(problem) => req.into_response(problem.error_response()).map_into_right_body(),
        Ok(caller) => {
            let may_read = caller.as_ref().is_some_and(|it| it.may(Scope::Read));
            let audience = if may_read { Visibility::Internal } else { Visibility::Public };
            req.extensions_mut().insert(Address(address));
            req.extensions_mut().insert(Audience(audience));
            if let Some(caller) = caller {
                req.extensions_mut().insert(caller);
            }
            next.call(req).await?.map_into_left_body()
        }
    };
    if let Some(Counted { policy, state, wait: _ }) = counted {
        for (name, value) in [("ratelimit-policy", policy), ("ratelimit", state)] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(HeaderName::from_static(name), value);
            }
        }
    }
    Ok(response)
}

/// Whether the request may go on, and as whose.
fn admit(
    req: &ServiceRequest,
    identified: Result<Option<Caller>, Problem>,
    counted: Option<&Counted>,
) -> Result<Option<Caller>, Problem> {
    if let Some(wait) = counted.and_then(|it| it.wait) {
        return Err(Problem::throttled(wait));
    }
    let caller = identified?;
    // Nothing is named with NUL, and Postgres cannot be asked.
    if req.path().contains("%00") {
        return Err(Problem::new(kind::NOT_FOUND));
    }
    let is_open = is_open_door(req.path()) || req.method() == Method::OPTIONS || bears_token(req);
    if caller.is_none() && !is_open && state::of(req.request()).is_internal() {
        return Err(Problem::unauthenticated("this page is internal"));
    }
    Ok(caller)
}

fn is_open_door(path: &str) -> bool {
    OPEN_DOORS.contains(&path) || receipt::PATHS.contains(&path)
}

/// Whether the path ends in a token that we made.
fn bears_token(req: &ServiceRequest) -> bool {
    let vault = &state::of(req.request()).vault;
    let token = BEARING_TOKENS.iter().find_map(|it| req.path().strip_prefix(it));
    token.is_some_and(|token| {
        [Purpose::Confirm, Purpose::Manage].iter().any(|it| read(vault, *it, token).is_some())
    })
}

/// A request with credentials that are no good counts for the address it comes from.
fn count(
    req: &ServiceRequest,
    identified: &Result<Option<Caller>, Problem>,
    address: IpAddr,
) -> Option<Counted> {
    let path = req.path();
    if [UNCOUNTED.as_slice(), &receipt::PATHS].iter().any(|it| it.contains(&path))
        || path.starts_with("/docs")
        || Sheet::at(path).is_some()
    {
        return None;
    }
    let key = match identified {
        Ok(Some(caller)) => caller.actor.to_string(),
        _ => format!("address:{}", party(address)),
    };
    Some(state::of(req.request()).limits.count(key))
}

/// Who shows these credentials. Strangers are counted before the database is asked about them.
async fn identify(req: &HttpRequest, address: IpAddr) -> Result<Option<Caller>, Problem> {
    let Some(header) = req.headers().get(AUTHORIZATION) else { return Ok(None) };
    let token = token_of(header)
        .ok_or_else(|| Problem::unauthenticated("only `Bearer` credentials are taken"))?;
    let state = state::of(req);
    let caller = match bearer(state, token, address).await {
        // What they may read was read before, and is shown as it was last.
        Err(problem) if problem.is_unavailable() && req.method().is_safe() => {
            let last = credential(state, token)
                .and_then(|it| state.callers.recall_last(&it, app::clock::now()));
            last.ok_or(problem)?
        }
        caller => caller?,
    };
    let request_id = req.extensions().get::<RequestId>().map(|it| it.0.clone());
    Ok(Some(Caller { request_id, ..caller }))
}

/// The token in an `Authorization` header.
pub fn token_of(header: &HeaderValue) -> Option<&str> {
    let (scheme, token) = header.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn credential(state: &State, token: &str) -> Option<Credential> {
    Credential::of_token(token).or_else(|| state.jwt.check(token).map(Credential::Session))
}

/// Whose token this is.
pub async fn bearer(state: &Data<State>, token: &str, address: IpAddr) -> Result<Caller, Problem> {
    let refused = || Problem::unauthenticated("the token is unknown, expired or revoked");
    let credential = credential(state, token).ok_or_else(refused)?;
    match state.callers.recall(&credential, app::clock::now()) {
        Some(caller) => Ok(caller),
        None => {
            let counted = state.limits.count(format!("unknown:{}", party(address)));
            if let Some(wait) = counted.wait {
                return Err(Problem::throttled(wait));
            }
            seam::identify(state, credential).await?.ok_or_else(refused)
        }
    }
}

/// Where the request comes from. `X-Forwarded-For` is believed of trusted proxies only, and of
/// it the last address that is not such a proxy: those before it anybody can make up. `Forwarded`
/// is not read, because common proxies pass on what a client wrote there.
fn client_address(req: &HttpRequest) -> IpAddr {
    let peer = req.peer_addr().map_or(IpAddr::from([0, 0, 0, 0]), |it| it.ip().to_canonical());
    let trusted = |it: IpAddr| state::of(req).trusted_proxies.iter().any(|net| net.contains(&it));
    let mut client = peer;
    let headers = req.headers().get_all("x-forwarded-for").filter_map(|it| it.to_str().ok());
    let hops: Vec<&str> = headers.flat_map(|it| it.split(',')).collect();
    for hop in hops.into_iter().rev() {
        if !trusted(client) {
            break;
        }
        let Some(address) = address(hop) else { break };
        client = address;
    }
    client
}

fn address(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let bare = hop.strip_prefix('[').and_then(|it| it.split(']').next()).unwrap_or(hop);
    let without_port = || bare.split(':').next()?.parse().ok();
    bare.parse().ok().or_else(without_port).map(|it: IpAddr| it.to_canonical())
}

/// A caller who showed good credentials. Goes first among a handler's arguments, so that it is
/// judged before the body is read.
pub struct Signed(pub Caller);

/// What the reader may see.
#[derive(Clone, Copy)]
pub struct Audience(pub Visibility);

/// Where the request comes from.
#[derive(Clone, Copy)]
pub struct Address(pub IpAddr);

impl FromRequest for Signed {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let caller = req.extensions().get::<Caller>().cloned();
        ready(caller.map(Self).ok_or_else(|| Problem::unauthenticated("sign in first")))
    }
}

impl FromRequest for Audience {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let audience = req.extensions().get::<Self>().copied();
        ready(Ok(audience.unwrap_or(Self(Visibility::Public))))
    }
}

impl FromRequest for Address {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let address = req.extensions().get::<Self>().copied();
        ready(Ok(address.unwrap_or(Self(IpAddr::from([0, 0, 0, 0])))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hops_are_read_with_and_without_port() {
        for (text, expected) in [
            ("203.0.113.7", "203.0.113.7"),
            (" 203.0.113.7:4711", "203.0.113.7"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
        ] {
            assert_eq!(address(text), Some(expected.parse().unwrap()), "{text}");
        }
        assert_eq!(address("unknown"), None);
    }
}
