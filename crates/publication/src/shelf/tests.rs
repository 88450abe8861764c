use std::convert::Infallible;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use super::*;
use crate::Encoding;
use crate::testing::at;

fn key(uri: &str) -> Key {
    Key { audience: Visibility::Public, uri: uri.into() }
}

fn made(body: &str, until: Option<DateTime<Utc>>) -> Made {
    Made { document: Document::new(body.as_bytes().to_vec()), until }
}

fn body(kept: &Kept) -> Vec<u8> {
    kept.document().body(Encoding::Identity).to_vec()
}

/// Counts how often it made a document, whose body is the number.
fn counting(until: Option<DateTime<Utc>>) -> (Arc<AtomicUsize>, Remake) {
    let n_made = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&n_made);
    let remake: Remake = Arc::new(move || {
        let n = counter.fetch_add(1, Ordering::SeqCst) + 1;
        Some(made(&n.to_string(), until))
    });
    (n_made, remake)
}

fn make(shelf: &Shelf, version: i64, remake: &Remake) -> Arc<Kept> {
    let make = || Ok::<_, Infallible>(remake().unwrap());
    shelf.make(key("/a"), || (version, at(0)), remake, make).unwrap()
}

#[test]
fn a_document_is_kept_until_the_page_or_the_clock_makes_it_another() {
    let shelf = Shelf::default();
    let (n_made, remake) = counting(Some(at(10)));
    assert!(shelf.present(&key("/a"), 1, at(0)).is_none());
    assert_eq!(body(&make(&shelf, 1, &remake)), b"1");
    assert_eq!(body(&make(&shelf, 1, &remake)), b"1");
    assert!(shelf.present(&key("/a"), 1, at(9)).is_some());
    assert!(shelf.present(&key("/a"), 1, at(10)).is_none());
    assert!(shelf.present(&key("/a"), 2, at(0)).is_none());
    assert_eq!(body(&shelf.last(&key("/a")).unwrap()), b"1");
    assert_eq!(body(&make(&shelf, 2, &remake)), b"2");
    assert_eq!(n_made.load(Ordering::SeqCst), 2);
}

#[test]
fn those_who_ask_at_once_have_it_made_once() {
    let (shelf, (n_made, remake)) = (Shelf::default(), counting(None));
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| make(&shelf, 1, &remake));
        }
    });
    assert_eq!(n_made.load(Ordering::SeqCst), 1);
}

#[test]
fn what_is_read_is_made_again_and_what_is_not_waits() {
    let (shelf, (n_made, remake)) = (Shelf::default(), counting(None));
    make(&shelf, 1, &remake);
    shelf.renew(|_| Some(2), at(0));
    assert_eq!(body(&shelf.last(&key("/a")).unwrap()), b"2");
    shelf.renew(|_| Some(3), at(0));
    assert_eq!(n_made.load(Ordering::SeqCst), 2);
    assert!(shelf.present(&key("/a"), 2, at(0)).is_some());
    shelf.renew(|_| Some(3), at(0));
    assert_eq!(body(&shelf.present(&key("/a"), 3, at(0)).unwrap()), b"3");
}

#[test]
fn a_failure_leaves_what_there_was() {
    let (shelf, (_, remake)) = (Shelf::default(), counting(None));
    make(&shelf, 1, &remake);
    let never: Remake = Arc::new(|| None);
    let failed = shelf.make(key("/a"), || (2, at(0)), &never, || Err("down"));
    assert_eq!(failed.err(), Some("down"));
    assert_eq!(body(&shelf.last(&key("/a")).unwrap()), b"1");
}

#[test]
fn what_is_planted_is_made_by_the_next_renewal() {
    let (shelf, (n_made, remake)) = (Shelf::default(), counting(None));
    shelf.plant("/a", remake);
    assert!(shelf.last(&key("/a")).is_none() && shelf.present(&key("/a"), 1, at(0)).is_none());
    assert_eq!(shelf.public().count(), 0);
    shelf.renew(|_| Some(1), at(0));
    assert_eq!(
        (body(&shelf.last(&key("/a")).unwrap()), shelf.public().count()),
        (b"1".to_vec(), 1)
    );
    assert_eq!(n_made.load(Ordering::SeqCst), 1);
}

#[test]
fn memory_is_bounded() {
    let (shelf, big) = (Shelf::default(), "x".repeat(1024 * 1024));
    for n in 0..200 {
        let remake: Remake = Arc::new(|| None);
        let make = || Ok::<_, Infallible>(made(&big, None));
        shelf.make(key(&format!("/{n}")), || (1, at(0)), &remake, make).unwrap();
    }
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while shelf.places.weighted_size() > BYTES_MAX && std::time::Instant::now() < deadline {
        shelf.places.run_pending_tasks();
    }
    assert!(shelf.places.weighted_size() <= BYTES_MAX, "{}", shelf.places.weighted_size());
}

#[test]
fn what_was_read_just_now_is_found_in_front_as_long_as_it_is_true() {
    let (shelf, (_, remake)) = (Shelf::default(), counting(Some(at(10))));
    assert!(shelf.glance("/a", 1, at(0)).is_none());
    make(&shelf, 1, &remake);
    assert_eq!(body(&shelf.glance("/a", 1, at(0)).unwrap()), b"1");
    assert!(shelf.front.get("/a", at(0)).is_some());
    assert!(shelf.front.get("/a", at(1)).is_none(), "its second is over");
    assert!(shelf.glance("/a", 2, at(0)).is_none() && shelf.glance("/a", 1, at(10)).is_none());
    make(&shelf, 2, &remake);
    assert_eq!(body(&shelf.glance("/a", 2, at(0)).unwrap()), b"2");
}

#[test]
fn the_front_keeps_nothing_alive_and_has_so_many_places() {
    let front = Front::default();
    let kept =
        || Arc::new(Kept { made: made("a", None), version: 1, read: true.into(), remake: None });
    let (gone, stays) = (kept(), kept());
    front.put("/gone", &gone, at(0));
    drop(gone);
    assert!(front.get("/gone", at(0)).is_none());
    for n in 0..1000 {
        front.put(&format!("/{n}"), &stays, at(0));
    }
    assert!(front.get("/0", at(0)).is_some() && front.get("/999", at(0)).is_none());
    front.put("/999", &stays, at(1));
    assert!(front.get("/999", at(1)).is_some());
}
