//! How many may listen, in all and from one address.
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::limit::party;
use crate::problem::{Problem, kind};

/// Seconds after which it is worth trying again: readers come and go.
const RETRY_AFTER: i64 = 30;

/// How many may listen at once.
#[derive(Clone, Copy, Debug)]
pub struct StreamLimits {
    pub in_all: usize,
    pub per_address: usize,
}

/// Who listens.
pub struct Seats {
    limits: StreamLimits,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    in_all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A place among those who listen, free again when dropped.
pub struct Seat {
    seats: Arc<Seats>,
    party: IpAddr,
}

impl Seats {
    pub fn new(limits: StreamLimits) -> Self {
        Self { limits, taken: Mutex::default() }
    }

    /// A seat for somebody at this address.
    pub fn take(self: &Arc<Self>, address: IpAddr) -> Result<Seat, Problem> {
        let StreamLimits { in_all, per_address } = self.limits;
        let party = party(address);
        let mut taken = self.lock();
        if taken.by_address.get(&party).is_some_and(|n| *n >= per_address) {
            let why = format!("{per_address} streams go to this address already");
            return Err(Problem::throttled(RETRY_AFTER).because(why));
        }
        if taken.in_all >= in_all {
            let why = format!("all {in_all} streams are taken");
            return Err(Problem::new(kind::UNAVAILABLE).later(RETRY_AFTER).because(why));
        }
        taken.in_all += 1;
        *taken.by_address.entry(party).or_default() += 1;
        Ok(Seat { seats: Arc::clone(self), party })
    }

    /// How many listen.
    pub fn taken(&self) -> usize {
        self.lock().in_all
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.lock();
        taken.in_all -= 1;
        if let Some(n) = taken.by_address.get_mut(&self.party) {
            *n -= 1;
            if *n == 0 {
                taken.by_address.remove(&self.party);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_are_counted_by_party_and_given_back() {
        let limits = StreamLimits { in_all: 3, per_address: 2 };
        let seats = Arc::new(Seats::new(limits));
        let at = |text: &str| seats.take(text.parse().unwrap());
        // One host has a whole /64.
        let first = at("2001:db8::1").unwrap();
        let _second = at("2001:db8::2").unwrap();
        assert!(at("2001:db8::3").is_err());
        let _third = at("192.0.2.1").unwrap();
        assert!(at("192.0.2.2").is_err());
        drop(first);
        assert_eq!(seats.taken(), 2);
        let _fourth = at("2001:db8::3").unwrap();
        assert!(at("192.0.2.1").is_err());
    }
}
