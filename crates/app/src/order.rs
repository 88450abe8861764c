//! Putting things on the page into an order.
use std::collections::HashMap;
use std::hash::Hash;

use uuid::Uuid;

use crate::Error;

/// Something with a place among its kind.
pub(crate) trait Placed {
    type Among: Hash + Eq;
    fn id(&self) -> Uuid;
    fn position(&self) -> i32;
    /// Positions are counted within this.
    fn among(&self) -> Self::Among;
}

/// The new positions when `first` come first in this order and all others follow as they were.
/// Only what moves is returned.
pub(crate) fn rearrange<T: Placed>(all: Vec<T>, first: &[Uuid]) -> Result<Vec<(T, i32)>, Error> {
    let mut wanted: HashMap<Uuid, usize> = HashMap::new();
    for (index, id) in first.iter().enumerate() {
        if !all.iter().any(|it| it.id() == *id) {
            return Err(Error::invalid(format!("/ids/{index}"), "unknown", "there is no such id"));
        }
        if wanted.insert(*id, index).is_some() {
            return Err(Error::invalid(format!("/ids/{index}"), "repeated", "named twice"));
        }
    }
    let mut all = all;
    all.sort_by_key(|it| {
        (wanted.get(&it.id()).copied().unwrap_or(usize::MAX), it.position(), it.id())
    });
    let mut counts: HashMap<T::Among, i32> = HashMap::new();
    let mut moved = Vec::new();
    for it in all {
        let count = counts.entry(it.among()).or_insert(0);
        *count += 1;
        if *count != it.position() {
            moved.push((it, *count));
        }
    }
    Ok(moved)
}
