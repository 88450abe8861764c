//! The page while Postgres is away.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tests::{Cluster, Reply, World, eventually};

use super::{DOCUMENTS, furnish};
use crate::check::problem;

const OTHERS: [&str; 4] = [
    "/feed.json",
    "/feed.atom?component=api",
    "/api/v1/history?month=2026-01",
    "/maintenances.ics?component=api",
];

fn paths() -> Vec<&'static str> {
    DOCUMENTS.iter().map(|it| it.0).chain(OTHERS).collect()
}

/// Reads everything over and over; tells how many reads there were.
async fn read_on(world: &World, stop: Arc<AtomicBool>, n_read: Arc<AtomicUsize>) {
    let public = world.anonymous();
    while !stop.load(Ordering::Relaxed) {
        for path in paths() {
            let reply = Reply::attempt(public.raw(Method::GET, path)).await.expect(path);
            assert_eq!(reply.status, 200, "{path}: {}", reply.text);
            n_read.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[tokio::test]
async fn not_one_read_fails() {
    let cluster: &'static Cluster = Box::leak(Box::new(Cluster::start()));
    let world = World::on(cluster, |_| {}).await;
    furnish(&world).await;
    for path in paths() {
        for reader in [&world.anonymous(), &*world] {
            reader.get(path).await.expect(200);
        }
    }
    let (stop, n_read) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let outage = async {
        let read = |n: usize| {
            let (n_read, wanted) = (Arc::clone(&n_read), n_read.load(Ordering::Relaxed) + n);
            eventually(Duration::from_secs(60), move || {
                let is_read = n_read.load(Ordering::Relaxed) >= wanted;
                async move { is_read }
            })
        };
        read(500).await;
        cluster.crash();
        read(3000).await;
        for path in paths() {
            for reader in [&world.anonymous(), &*world] {
                let stale = reader.get(path).await.expect(200);
                assert!(!stale.header("x-farol-stale").is_empty(), "{path}");
            }
        }
        problem(
            &world.post("/api/v1/incidents", &json!({"title": "t", "message": "m"})).await,
            503,
        );
        cluster.resume();
        read(500).await;
        eventually(Duration::from_secs(10), || async {
            let reply = world.anonymous().get("/feed.atom").await.expect(200);
            reply.header("x-farol-stale").is_empty()
        })
        .await;
        stop.store(true, Ordering::Relaxed);
    };
    let reading = || read_on(&world, Arc::clone(&stop), Arc::clone(&n_read));
    tokio::join!(outage, reading(), reading(), reading());
    world.incident(json!({"title": "afterwards", "message": "m"})).await;
    assert!(world.anonymous().get("/feed.atom").await.text.contains("afterwards"));
}

#[tokio::test]
async fn a_farol_without_a_database_shows_the_last_known_page() {
    let cluster: &'static Cluster = Box::leak(Box::new(Cluster::start()));
    let mut world = World::on(cluster, |_| {}).await;
    furnish(&world).await;
    let secret = json!({"name": "Vault", "visibility": "internal"});
    world.post("/api/v1/components", &secret).await.expect(201);
    let mut before = Vec::new();
    for path in paths() {
        before.push(world.anonymous().get(path).await.expect(200));
    }
    world.terminate();
    cluster.crash();
    world.start_without_database().await;
    for (path, before) in paths().into_iter().zip(&before) {
        let now = world.anonymous().get(path).await.expect(200);
        assert_eq!(
            (now.bytes, now.headers.get("etag")),
            (before.bytes.clone(), before.headers.get("etag")),
            "{path}"
        );
        assert!(now.headers.contains_key("x-farol-stale"), "{path}");
    }
    problem(&world.anonymous().get("/feed.atom?component=web").await, 503);
    problem(&world.anonymous().get("/readyz").await, 503);
    problem(&world.get("/api/v1/status").await, 503);
    let kept =
        std::fs::read_to_string(world.folder().path().join("data/page.json")).expect("a page");
    assert!(!kept.contains("Vault"));
    cluster.resume();
    eventually(Duration::from_secs(20), || async {
        world.anonymous().get("/readyz").await.status == 200
    })
    .await;
    world.incident(json!({"title": "afterwards", "message": "m"})).await;
    let now = world.anonymous().get("/api/v1/status").await.expect(200);
    assert!(now.text.contains("afterwards") && !now.headers.contains_key("x-farol-stale"));
}

#[tokio::test]
async fn a_file_that_is_no_page_does_no_harm() {
    let mut world = World::new().await;
    world.component("api").await;
    world.terminate();
    let file = world.folder().path().join("data/page.json");
    std::fs::write(&file, b"{\"format\":1,").expect("a disk");
    world.start().await;
    let page = world.anonymous().get("/api/v1/status").await.expect(200).json;
    assert_eq!(page["components"][0]["slug"], "api");
    assert!(world.stderr().contains("could not be read"), "{}", world.stderr());
}

#[tokio::test]
async fn an_internal_page_is_not_kept() {
    let mut world = World::with(|env| {
        env.insert("FAROL_PAGE_VISIBILITY".to_owned(), "internal".to_owned());
    })
    .await;
    world.component("api").await;
    world.terminate();
    assert!(!world.folder().path().join("data/page.json").exists());
}
