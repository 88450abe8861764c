//! `GET /api/v1/status`: the whole page, from memory.
mod renewal;

use std::collections::BTreeMap;
use std::io::Read as _;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Client, Cluster, Reply, World, eventually};

use crate::check::{each, problem, report};
use crate::incident::{opening, update};

const STATUS: &str = "/api/v1/status";

async fn page(client: &Client) -> Value {
    client.get(STATUS).await.expect(200).json
}

#[tokio::test]
async fn whoever_writes_reads_it_at_once() {
    let world = World::new().await;
    let public = world.anonymous();
    let mut version = page(&public).await["version"].as_i64().unwrap();
    let mut newer = |page: &Value| {
        let now = page["version"].as_i64().unwrap();
        assert!(now > version, "{now} after {version}");
        version = now;
    };
    let group = world.post("/api/v1/groups", &json!({"name": "Core"})).await.expect(201).json;
    let shown = page(&public).await;
    newer(&shown);
    assert_eq!(shown["groups"], json!([group]));

    let new = json!({"name": "api", "group_id": group["id"]});
    world.post("/api/v1/components", &new).await.expect(201);
    let shown = page(&public).await;
    newer(&shown);
    assert_eq!(shown["components"][0]["slug"], "api");

    let reported = report(&world, "api", "degraded_performance").await;
    let shown = page(&public).await;
    newer(&shown);
    assert_eq!(shown["components"][0]["status"], reported["status"]);
    assert_eq!(shown["groups"][0]["status"], "degraded_performance");
    assert_eq!(shown["status"]["indicator"], "minor");

    let incident = world.incident(opening(&["api"], "major_outage")).await;
    let shown = page(&public).await;
    newer(&shown);
    assert_eq!(shown["incidents"][0]["id"], incident["id"]);
    assert_eq!(
        shown["status"],
        json!({"indicator": "critical", "description": "Major System Outage"})
    );

    let said = update(&world, &incident, json!({"status": "identified", "message": "m"})).await;
    let shown = page(&public).await;
    newer(&shown);
    assert_eq!(shown["incidents"][0]["updates"][0]["id"], said.json["id"]);

    update(&world, &incident, json!({"status": "resolved", "message": "m"})).await.expect(201);
    let shown = page(&public).await;
    newer(&shown);
    assert_eq!(shown["incidents"], json!([]));
    assert_eq!(shown["components"][0]["status"], "degraded_performance");

    world.delete("/api/v1/components/api").await.expect(204);
    let shown = page(&public).await;
    newer(&shown);
    assert_eq!((&shown["components"], &shown["status"]["indicator"]), (&json!([]), &json!("none")));
}

#[tokio::test]
async fn tags_and_encodings_agree_on_the_bytes() {
    let world = World::new().await;
    for n in 0..20 {
        world.component(&format!("component {n}")).await;
    }
    let public = world.anonymous();
    let ask = |encoding: &'static str| {
        Reply::of(public.raw(Method::GET, STATUS).header("accept-encoding", encoding))
    };
    let (plain, gzip, br) = (ask("identity").await, ask("gzip").await, ask("gzip, br").await);
    assert_eq!(gzip.header("content-encoding"), "gzip");
    assert_eq!(br.header("content-encoding"), "br");
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(&gzip.bytes[..]).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, plain.bytes);
    let mut unpacked = Vec::new();
    brotli::Decompressor::new(&br.bytes[..], 4096).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, plain.bytes);
    assert!(gzip.bytes.len() < plain.bytes.len() / 3);
    let tags = [&plain, &gzip, &br].map(|it| it.header("etag").to_owned());
    assert!(tags.iter().all(|it| it.starts_with('"')), "{tags:?}");
    assert!(tags[0] != tags[1] && tags[1] != tags[2] && tags[0] != tags[2], "{tags:?}");
    for (encoding, tag) in [("identity", &tags[0]), ("gzip", &tags[1]), ("br", &tags[2])] {
        let seen = public.raw(Method::GET, STATUS).header("accept-encoding", encoding);
        let unchanged = Reply::of(seen.header("if-none-match", tag)).await.expect(304);
        assert_eq!(unchanged.header("etag"), tag);
        assert!(unchanged.header("vary").to_lowercase().contains("accept-encoding"));
    }
    world.component("new").await;
    let seen = public.raw(Method::GET, STATUS).header("if-none-match", &tags[0]);
    Reply::of(seen).await.expect(200);
    let head = Reply::of(public.raw(Method::HEAD, STATUS)).await.expect(200);
    assert!(head.bytes.is_empty() && !head.header("etag").is_empty());
}

/// The headers of an answer, those left out that differ between any two. Who gets a document that
/// is there is not counted.
fn headers(reply: &Reply) -> BTreeMap<&str, String> {
    let differs = ["date", "x-request-id", "ratelimit", "ratelimit-policy"];
    let names = reply.headers.keys().filter(|it| !differs.contains(&it.as_str()));
    let values = |name| {
        let values = reply.headers.get_all(name).iter().map(|it| it.to_str().expect("text"));
        values.collect::<Vec<_>>().join(", ")
    };
    names.map(|name| (name.as_str(), values(name))).collect()
}

/// Asks with an id of its own, which makes the answer go the long way, and without.
async fn both_ways(
    (public, path): (&Client, &str),
    method: Method,
    encoding: &str,
    tag: &str,
) -> [Reply; 2] {
    let ask = || {
        let request = public.raw(method.clone(), path).header("accept-encoding", encoding);
        if tag.is_empty() { request } else { request.header("if-none-match", tag) }
    };
    [Reply::of(ask()).await, Reply::of(ask().header("x-request-id", "my-own")).await]
}

#[tokio::test]
async fn the_quick_answer_is_the_long_one() {
    let world = World::new().await;
    for n in 0..20 {
        world.component(&format!("component {n}")).await;
    }
    let public = world.anonymous();
    let mut ids = Vec::new();
    for path in [STATUS, "/api/v2/summary.json", "/feed.atom", "/api/v1/history"] {
        public.get(path).await.expect(200);
        compare((&public, path), &mut ids).await;
    }
    assert!(ids.iter().all(|it| it.get_version_num() == 7), "{ids:?}");
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 48);
}

async fn compare(document: (&Client, &str), ids: &mut Vec<uuid::Uuid>) {
    for encoding in ["identity", "gzip", "br", "br;q=0, gzip"] {
        let [quick, long] = both_ways(document, Method::GET, encoding, "").await;
        let tags = format!("\"other\", W/{}", quick.header("etag"));
        let unseen = [quick, long];
        let seen = both_ways(document, Method::GET, encoding, unseen[0].header("etag")).await;
        let among = both_ways(document, Method::GET, encoding, &tags).await;
        for (status, [quick, long]) in [(200, &unseen), (304, &seen), (304, &among)] {
            assert_eq!((quick.status, long.status), (status, status), "{encoding}");
            assert_eq!(quick.bytes, long.bytes, "{encoding}");
            assert_eq!(headers(quick), headers(long), "{encoding}");
            assert_eq!(long.header("x-request-id"), "my-own");
            ids.push(uuid::Uuid::parse_str(quick.header("x-request-id")).expect("an id"));
        }
        let [head, _] = both_ways(document, Method::HEAD, encoding, "").await;
        assert!(head.status == 200 && head.bytes.is_empty());
        assert_eq!(headers(&head), headers(&unseen[0]), "{encoding}");
    }
}

#[tokio::test]
async fn scripts_of_other_origins_read_the_page_and_trusted_ones_with_credentials() {
    let trusted = "https://status.example.org";
    let world = World::with(|env| {
        env.insert("FAROL_CORS_ORIGINS".to_owned(), trusted.to_owned());
    })
    .await;
    let public = world.anonymous();
    public.get(STATUS).await.expect(200);
    for (origin, allowed) in [("https://elsewhere.example", "*"), (trusted, trusted)] {
        let ask = || public.raw(Method::GET, STATUS).header("origin", origin);
        let quick = Reply::of(ask()).await.expect(200);
        let long = Reply::of(ask().header("x-request-id", "my-own")).await.expect(200);
        assert_eq!(headers(&quick), headers(&long));
        assert_eq!(quick.header("access-control-allow-origin"), allowed);
        assert!(quick.header("access-control-expose-headers").contains("ETag"));
        assert!(quick.header("vary").contains("Origin"));
    }
}

#[tokio::test]
async fn a_second_replica_shows_it_within_a_second() {
    let world = World::new().await;
    let other = world.second_replica().await;
    for n in 1..=5 {
        world.component(&format!("c{n}")).await;
        let written = Instant::now();
        eventually(Duration::from_secs(1), || async {
            page(&other).await["components"].as_array().is_some_and(|it| it.len() == n)
        })
        .await;
        assert!(written.elapsed() < Duration::from_secs(1));
    }
    assert_eq!(page(&other).await, page(&world).await);
}

#[tokio::test]
async fn insiders_see_more() {
    let world = World::new().await;
    let hidden = json!({"name": "Hidden", "visibility": "internal"});
    world.post("/api/v1/components", &hidden).await.expect(201);
    world.component("Open").await;
    report(&world, "hidden", "major_outage").await;
    let (public, insider) = (page(&world.anonymous()).await, page(&world).await);
    assert_eq!(each(public["components"].as_array().unwrap(), "slug"), ["open"]);
    assert_eq!(public["status"]["indicator"], "none");
    assert_eq!(insider["components"].as_array().unwrap().len(), 2);
    assert_eq!(insider["status"]["indicator"], "major");
    let before = public["version"].clone();
    report(&world, "hidden", "operational").await;
    assert_eq!(page(&world.anonymous()).await["version"], before);
}

#[tokio::test]
async fn the_page_outlives_the_database() {
    let cluster: &'static Cluster = Box::leak(Box::new(Cluster::start()));
    let world = World::on(cluster, |_| {}).await;
    world.component("api").await;
    let before = world.anonymous().get(STATUS).await.expect(200);
    assert_eq!(before.header("x-farol-stale"), "");
    cluster.crash();
    eventually(Duration::from_secs(5), || async {
        let reply = world.anonymous().get(STATUS).await.expect(200);
        assert_eq!(reply.bytes, before.bytes);
        !reply.header("x-farol-stale").is_empty()
    })
    .await;
    let asked = Instant::now();
    let write = world.post("/api/v1/components", &json!({"name": "x"})).await;
    problem(&write, 503);
    assert!(!write.header("retry-after").is_empty());
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    problem(&world.get("/readyz").await, 503);
    world.anonymous().get("/healthz").await.expect(200);
    cluster.resume();
    eventually(Duration::from_secs(5), || async {
        let write = world.post("/api/v1/components", &json!({"name": "x"})).await;
        let read = world.anonymous().get(STATUS).await.expect(200);
        write.status == 201 && read.header("x-farol-stale").is_empty()
    })
    .await;
    eventually(Duration::from_secs(5), || async { world.get("/readyz").await.status == 200 }).await;
}
