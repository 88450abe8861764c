//! What stands in front on the shelf: what the public read just now.
use std::collections::HashMap;
use std::sync::{Arc, Weak};

use arc_swap::ArcSwap;
use chrono::{DateTime, TimeDelta, Utc};

use super::Kept;

/// How long a document stands in front. Then it is taken from behind again, which counts as a reading
/// there: what is read much is kept.
const FOR: TimeDelta = TimeDelta::seconds(1);
/// How many may stand there: the few that everybody reads.
const PLACES: usize = 64;

/// Finds what many read without writing anything down, which would cost as much as the rest of a short
/// answer. It keeps no document alive.
#[derive(Default)]
pub struct Front(ArcSwap<HashMap<Box<str>, Place>>);

#[derive(Clone)]
struct Place {
    kept: Weak<Kept>,
    until: DateTime<Utc>,
}

impl Front {
    /// The document, if it stands there.
    pub fn get(&self, uri: &str, now: DateTime<Utc>) -> Option<Arc<Kept>> {
        let places = self.0.load();
        places.get(uri).filter(|it| now < it.until)?.kept.upgrade()
    }

    /// Puts a document there, if there is room.
    pub fn put(&self, uri: &str, kept: &Arc<Kept>, now: DateTime<Utc>) {
        self.0.rcu(|before| {
            let mut places = HashMap::clone(before);
            places.retain(|_, it| now < it.until);
            if places.len() < PLACES {
                let place = Place { kept: Arc::downgrade(kept), until: now + FOR };
                places.insert(uri.into(), place);
            }
            places
        });
    }
}
