//! Where the service may be made to call: the judgement over URLs and addresses that users supply.

use std::net::IpAddr;

use ipnet::IpNet;
use thiserror::Error;
use url::{Host, Url};

mod forbidden;
#[cfg(test)]
mod tests;

/// The longest destination URL we keep or call, in bytes, as given and as normalised.
pub const URL_MAX: usize = 2048;

/// The ports a destination may use while the operator allows no private network: `https`
/// (IANA) and 8443, its customary alternative.
const PORTS: [u16; 2] = [443, 8443];

/// Suffixes that never name a public host: `localhost` (RFC 6761 §6.3), `local` (RFC 6762 §3),
/// `internal` (reserved by ICANN in 2024 for private use), `home.arpa` (RFC 8375).
const LOCAL_SUFFIXES: [&str; 4] = ["localhost", "local", "internal", "home.arpa"];

/// What the operator lets us call beyond the public Internet. The default lets nothing.
#[derive(Clone, Debug, Default)]
pub struct EgressPolicy {
    allow: Vec<IpNet>,
}

/// Why a destination may not be called. The sentences are safe to show to whoever named it.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Refusal {
    #[error("the URL is longer than {URL_MAX} bytes")]
    TooLong,
    #[error("the URL is not an absolute URL with a valid host")]
    NotAUrl,
    #[error("the URL must use https")]
    Scheme,
    #[error("the URL must not contain a user name or password")]
    Userinfo,
    #[error("the URL's port must be 443 or 8443")]
    Port,
    #[error("the URL's host is not a public host name")]
    LocalName,
    #[error("the destination is not a public address")]
    Address,
}

impl EgressPolicy {
    /// `allow` is operator configuration and never comes from the API. A non-empty list also
    /// relaxes [`EgressPolicy::check`], so that a private installation can name its own hosts.
    pub fn new(allow: Vec<IpNet>) -> Self {
        Self { allow }
    }

    /// Whether a connection to this address may be made: it is public, or the operator allows it.
    ///
    /// An allowed IPv4 network also allows the IPv4-mapped spelling (RFC 4291 §2.5.5.2) of its
    /// addresses. No other embedding of an allowed address is allowed.
    pub fn permits(&self, address: IpAddr) -> bool {
        self.allows(address) || !forbidden::is_forbidden(address)
    }

    /// Judges a destination URL and returns it normalised (WHATWG), without fragment and without
    /// a trailing dot in the host. Callers send to the returned URL, never to `raw`.
    ///
    /// A literal address is judged here, in whichever of its spellings. A host name is judged by
    /// form only: what it resolves to must be put to [`EgressPolicy::permits`] when connecting.
    ///
    /// With an empty allow list only `https` on port 443 or 8443 passes, and only to names of at
    /// least two labels outside the local suffixes. With a non-empty list any port and any name
    /// pass, and so does plain `http` to a name or to an address inside the list: a name may then
    /// stand for an allowed host, and the resolver decides.
    pub fn check(&self, raw: &str) -> Result<Url, Refusal> {
        if raw.len() > URL_MAX {
            return Err(Refusal::TooLong);
        }
        let Ok(mut url) = Url::parse(raw) else { return Err(Refusal::NotAUrl) };
        if !matches!(url.scheme(), "https" | "http") {
            return Err(Refusal::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal::Userinfo);
        }
        drop_trailing_dot(&mut url)?;
        url.set_fragment(None);
        if url.as_str().len() > URL_MAX {
            return Err(Refusal::TooLong);
        }
        self.judge_host(&url)?;
        self.judge_port(&url)?;
        Ok(url)
    }

    fn judge_host(&self, url: &Url) -> Result<(), Refusal> {
        let plain_http_passes = match url.host() {
            Some(Host::Ipv4(address)) => self.judge_address(address.into())?,
            Some(Host::Ipv6(address)) => self.judge_address(address.into())?,
            Some(Host::Domain(name)) => self.judge_name(name)?,
            None => return Err(Refusal::NotAUrl),
        };
        if url.scheme() == "https" || plain_http_passes { Ok(()) } else { Err(Refusal::Scheme) }
    }

    /// Answers whether plain `http` to this address would do.
    fn judge_address(&self, address: IpAddr) -> Result<bool, Refusal> {
        if self.permits(address) { Ok(self.allows(address)) } else { Err(Refusal::Address) }
    }

    /// Answers whether plain `http` to this name would do.
    fn judge_name(&self, name: &str) -> Result<bool, Refusal> {
        if name.split('.').any(str::is_empty) {
            return Err(Refusal::NotAUrl);
        }
        if self.allow.is_empty() && is_local(name) {
            return Err(Refusal::LocalName);
        }
        Ok(!self.allow.is_empty())
    }

    fn judge_port(&self, url: &Url) -> Result<(), Refusal> {
        let usual = url.port_or_known_default().is_some_and(|port| PORTS.contains(&port));
        if usual || !self.allow.is_empty() { Ok(()) } else { Err(Refusal::Port) }
    }

    fn allows(&self, address: IpAddr) -> bool {
        let canonical = address.to_canonical();
        self.allow.iter().any(|net| net.contains(&address) || net.contains(&canonical))
    }
}

impl Refusal {
    /// A stable slug for API problems, logs and metrics.
    pub fn code(self) -> &'static str {
        match self {
            Self::TooLong => "url_too_long",
            Self::NotAUrl => "url_malformed",
            Self::Scheme => "url_scheme",
            Self::Userinfo => "url_userinfo",
            Self::Port => "url_port",
            Self::LocalName => "url_local_name",
            Self::Address => "address_forbidden",
        }
    }
}

/// A single label or a name under a suffix that has no meaning outside one network.
fn is_local(name: &str) -> bool {
    let under = |suffix: &&str| {
        name.strip_suffix(suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    !name.contains('.') || LOCAL_SUFFIXES.iter().any(under)
}

/// `example.com.` and `example.com` are one host to the DNS, but not to TLS or to a suffix check.
fn drop_trailing_dot(url: &mut Url) -> Result<(), Refusal> {
    let Some(bare) = url.domain().and_then(|name| name.strip_suffix('.')).map(str::to_owned) else {
        return Ok(());
    };
    if url.set_host(Some(&bare)).is_ok() { Ok(()) } else { Err(Refusal::NotAUrl) }
}
