//! Keyset paging: where a list goes on.
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// The last row a reader has seen: its sort key and its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Microseconds since the epoch, or a position; 0 where lists are sorted by id alone.
    pub key: i64,
    pub id: Uuid,
}

/// Which part of a list.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    pub after: Option<Cursor>,
    pub limit: u16,
}

/// A part of a list, and where the next one begins.
#[derive(Clone, Debug)]
pub struct Page<T> {
    pub data: Vec<T>,
    pub next: Option<Cursor>,
}

impl Cursor {
    /// The sort key as a time.
    pub fn time(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.key).unwrap_or(DateTime::<Utc>::MIN_UTC)
    }

    /// As bytes, to be shown to clients as something opaque.
    pub fn to_bytes(self) -> [u8; 24] {
        let mut bytes = [0; 24];
        let (key, id) = bytes.split_at_mut(8);
        key.copy_from_slice(&self.key.to_be_bytes());
        id.copy_from_slice(self.id.as_bytes());
        bytes
    }

    /// Back from bytes; nothing when they are no cursor.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (key, id) = bytes.split_at_checked(8)?;
        Some(Self { key: i64::from_be_bytes(key.try_into().ok()?), id: Uuid::from_slice(id).ok()? })
    }
}

impl Window {
    /// How many rows to fetch: one more than shown tells whether there is a next page.
    pub(crate) fn fetch(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// Cuts the extra row off again.
    pub(crate) fn cut<T>(&self, mut rows: Vec<T>, cursor: impl Fn(&T) -> Cursor) -> Page<T> {
        let limit = usize::from(self.limit);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = if more { rows.last().map(cursor) } else { None };
        Page { data: rows, next }
    }
}

impl<T> Page<T> {
    /// The same page of something else.
    pub fn map<U>(self, dress: impl FnMut(T) -> U) -> Page<U> {
        Page { data: self.data.into_iter().map(dress).collect(), next: self.next }
    }
}
