//! The reference frontend, as it is served; `tests/page` reads it in a browser.
use reqwest::Method;
use serde_json::json;
use tests::{Reply, World};

use crate::check::problem;

#[tokio::test]
async fn the_page_is_there_for_whom_it_is_wanted() {
    let world =
        World::with(|env| drop(env.insert("FAROL_EXAMPLE_PAGE".into(), "true".into()))).await;
    let public = world.anonymous();
    let page = public.get("/").await.expect(200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(page.text.starts_with("<!doctype html>") && page.text.contains("/api/v1/stream"));
    assert!(page.header("cache-control").starts_with("public, max-age="));
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");

    let seen = public.raw(Method::GET, "/").header("if-none-match", page.header("etag"));
    Reply::of(seen).await.expect(304);
    let packed = Reply::of(public.raw(Method::GET, "/").header("accept-encoding", "br")).await;
    assert_eq!(packed.header("content-encoding"), "br");
    assert!(packed.bytes.len() < page.bytes.len() / 3);
    let head = Reply::of(public.raw(Method::HEAD, "/")).await.expect(200);
    assert_eq!((head.header("etag"), head.bytes.len()), (page.header("etag"), 0));
    let refused = public.post("/", &json!({})).await;
    problem(&refused, 405);
    assert_eq!(refused.header("allow"), "GET, HEAD");
}

#[tokio::test]
async fn without_it_there_is_nothing_at_the_root() {
    let world = World::new().await;
    problem(&world.anonymous().get("/").await, 404);
}

#[tokio::test]
async fn an_internal_page_is_not_shown_to_strangers() {
    let world = World::with(|env| {
        env.insert("FAROL_EXAMPLE_PAGE".into(), "true".into());
        env.insert("FAROL_PAGE_VISIBILITY".into(), "internal".into());
    })
    .await;
    problem(&world.anonymous().get("/").await, 401);
}
