//! How often one may ask, told in `RateLimit` headers (draft-ietf-httpapi-ratelimit-headers-10).
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

type Keyed =
    RateLimiter<String, DefaultKeyedStateStore<String>, DefaultClock, StateInformationMiddleware>;

/// Keys that were idle are forgotten once there are this many.
const KEYS_MAX: usize = 50_000;

/// Counts requests per key, in this process.
pub struct Limits {
    limiter: Keyed,
    per_minute: NonZeroU32,
}

/// What the counting came to.
pub struct Counted {
    /// Seconds to wait; nothing when the request may pass.
    pub wait: Option<i64>,
    pub policy: String,
    pub state: String,
}

impl Limits {
    pub fn new(per_minute: u32) -> Self {
        let per_minute = NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN);
        let limiter = RateLimiter::keyed(Quota::per_minute(per_minute));
        Self { limiter: limiter.with_middleware(), per_minute }
    }

    /// Counts a request of `key`.
    pub fn count(&self, key: String) -> Counted {
        if self.limiter.len() > KEYS_MAX {
            self.limiter.retain_recent();
        }
        let (left, wait) = match self.limiter.check_key(&key) {
            Ok(state) => (state.remaining_burst_capacity(), None),
            Err(until) => {
                let wait = until.wait_time_from(DefaultClock::default().now()).as_secs() + 1;
                (0, Some(i64::try_from(wait).unwrap_or(60)))
            }
        };
        let quota = self.per_minute.get();
        // Capacity comes back evenly: so long until all of it is there again.
        let until_full = u64::from(quota - left.min(quota)) * 60 / u64::from(quota);
        Counted {
            wait,
            policy: format!("\"default\";q={quota};w=60"),
            state: format!("\"default\";r={left};t={until_full}"),
        }
    }
}

/// The part of an address that stands for one party: an IPv6 host may use its whole /64.
pub fn party(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}
