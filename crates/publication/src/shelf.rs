//! Documents that need more than the present page: made when somebody asks, kept while they are true,
//! and brought up to date as long as they are read.
mod front;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, Utc};
use domain::caller::Visibility;
use moka::ops::compute::{CompResult, Op};
use moka::sync::Cache;

use self::front::Front;
use crate::document::Document;

/// How much memory all documents together may take, in bytes; the ones least read go first.
const BYTES_MAX: u64 = 64 * 1024 * 1024;
/// What a place takes besides its document, about.
const PLACE_BYTES: usize = 512;
/// The version of what was not made yet; no page has it.
const UNMADE: i64 = i64::MIN;

/// Which document: for whom, and as whom asked wrote it, path and query.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    pub audience: Visibility,
    pub uri: Box<str>,
}

/// A document, and how long it is true if nothing happens.
#[derive(Debug)]
pub struct Made {
    pub document: Document,
    /// When time alone changes it.
    pub until: Option<DateTime<Utc>>,
}

/// Makes a document once more; nothing if that cannot be done now.
pub type Remake = Arc<dyn Fn() -> Option<Made> + Send + Sync>;

/// A document on the shelf.
pub struct Kept {
    made: Made,
    /// The version of the page it is true of.
    version: i64,
    /// Whether it was read since it was made.
    read: AtomicBool,
    remake: Option<Remake>,
}

/// Finished documents by what was asked. Readers wait for nothing; of those who find nothing one makes it.
pub struct Shelf {
    places: Cache<Key, Arc<Kept>>,
    front: Front,
}

impl Kept {
    pub fn document(&self) -> &Document {
        &self.made.document
    }

    fn is_true(&self, version: i64, now: DateTime<Utc>) -> bool {
        self.version == version && self.made.until.is_none_or(|until| now < until)
    }
}

impl Default for Shelf {
    fn default() -> Self {
        let weigh = |key: &Key, kept: &Arc<Kept>| {
            let bytes = key.uri.len() + kept.made.document.size() + PLACE_BYTES;
            u32::try_from(bytes).unwrap_or(u32::MAX)
        };
        let places = Cache::builder().weigher(weigh).max_capacity(BYTES_MAX).build();
        Self { places, front: Front::default() }
    }
}

impl Shelf {
    /// The document, if it is true of the page's present version.
    pub fn present(&self, key: &Key, version: i64, now: DateTime<Utc>) -> Option<Arc<Kept>> {
        let kept = self.places.get(key).filter(|it| it.is_true(version, now))?;
        // Looked at first, because a write would take the line from the other readers' caches.
        if !kept.read.load(Ordering::Relaxed) {
            kept.read.store(true, Ordering::Relaxed);
        }
        Some(kept)
    }

    /// The same for the public, fast if somebody read it just now.
    pub fn glance(&self, uri: &str, version: i64, now: DateTime<Utc>) -> Option<Arc<Kept>> {
        if let Some(kept) = self.front.get(uri, now).filter(|it| it.is_true(version, now)) {
            return Some(kept);
        }
        let key = Key { audience: Visibility::Public, uri: uri.into() };
        let kept = self.present(&key, version, now)?;
        self.front.put(uri, &kept, now);
        Some(kept)
    }

    /// The document as it was last, true or not.
    pub fn last(&self, key: &Key) -> Option<Arc<Kept>> {
        self.places.get(key).filter(|it| it.version != UNMADE)
    }

    /// The document, made unless another caller did since; those who ask for the same take turns.
    /// `present` tells the page's version and the time.
    pub fn make<E: Send + Sync + 'static>(
        &self,
        key: Key,
        present: impl FnOnce() -> (i64, DateTime<Utc>),
        remake: &Remake,
        make: impl FnOnce() -> Result<Made, E>,
    ) -> Result<Arc<Kept>, E> {
        let done = self.places.entry(key).and_try_compute_with(|entry| {
            // Asked before the document is made: it is at least as new as that.
            let (version, now) = present();
            if entry.is_some_and(|it| it.value().is_true(version, now)) {
                return Ok(Op::Nop);
            }
            let remake = Some(Arc::clone(remake));
            Ok(Op::Put(Arc::new(Kept { made: make()?, version, read: true.into(), remake })))
        })?;
        Ok(match done {
            CompResult::Inserted(it)
            | CompResult::ReplacedWith(it)
            | CompResult::Unchanged(it)
            | CompResult::Removed(it) => it.into_value(),
            CompResult::StillNone(_) => unreachable!("what is not there is made"),
        })
    }

    /// Makes those that are not true any more, but were read, once more, so that hardly a reader waits.
    pub fn renew(&self, version: impl Fn(Visibility) -> Option<i64>, now: DateTime<Utc>) {
        for (key, kept) in &self.places {
            let Some(version) = version(key.audience) else { continue };
            let was_read = kept.read.load(Ordering::Relaxed);
            let Some(remake) = kept.remake.clone() else { continue };
            if was_read && !kept.is_true(version, now) {
                let again = || remake().ok_or(());
                // What could not be made stays as it is, and whoever asks tries again.
                let renewed = self.make((*key).clone(), || (version, now), &remake, again);
                if let Ok(kept) = renewed {
                    kept.read.store(false, Ordering::Relaxed);
                }
            }
        }
    }

    /// Has a document made for the public before anybody asks, by the next [`Self::renew`].
    pub fn plant(&self, uri: &str, remake: Remake) {
        let key = Key { audience: Visibility::Public, uri: uri.into() };
        let made = Made { document: Document::new(Vec::new()), until: None };
        let kept = Kept { made, version: UNMADE, read: true.into(), remake: Some(remake) };
        self.places.entry(key).or_insert(Arc::new(kept));
    }

    /// What the public read, for the disk.
    pub fn public(&self) -> impl Iterator<Item = (Box<str>, Arc<Kept>)> {
        let public = self
            .places
            .iter()
            .filter(|(key, kept)| key.audience == Visibility::Public && kept.version != UNMADE);
        public.map(|(key, kept)| (key.uri.clone(), kept))
    }

    /// Puts back what the public could read once. It counts as true no more.
    pub fn restore(&self, uri: Box<str>, document: Document, version: i64) {
        let made = Made { document, until: Some(DateTime::UNIX_EPOCH) };
        let kept = Kept { made, version, read: true.into(), remake: None };
        self.places.insert(Key { audience: Visibility::Public, uri }, Arc::new(kept));
    }
}

impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shelf of {}", self.places.entry_count())
    }
}

#[cfg(test)]
mod tests;
