//! What cannot be understood is said so, never with a 5xx.
use reqwest::Method;
use serde_json::json;
use tests::{Reply, World};

use crate::check::{invalid, problem};

const COMPONENTS: &str = "/api/v1/components";

fn send(
    world: &World,
    method: Method,
    path: &str,
    body: impl Into<reqwest::Body>,
) -> impl Future<Output = Reply> {
    let request = world.raw(method, path).header("content-type", "application/json");
    Reply::of(request.body(body))
}

#[tokio::test]
async fn bodies_that_are_no_json_are_malformed() {
    let world = World::new().await;
    for body in ["", "{", "{\"name\": }", "{\"name\": \"a\"} x", "nul", "\u{feff}{}"] {
        problem(&send(&world, Method::POST, COMPONENTS, body).await, 400);
    }
    problem(&send(&world, Method::POST, COMPONENTS, vec![b'"', 0xff, b'"']).await, 400);
    let deep = "[".repeat(100_000);
    problem(&send(&world, Method::POST, COMPONENTS, deep).await, 400);
}

#[tokio::test]
async fn bodies_of_another_shape_are_invalid_where_they_differ() {
    let world = World::new().await;
    for (body, pointer) in [
        (json!({"name": 1}), "/name"),
        (json!({}), "/name"),
        (json!([]), ""),
        (json!("x"), ""),
        (json!({"name": "x", "nmae": "y"}), "/nmae"),
        (json!({"name": "x", "a/b~c": 1}), "/a~1b~0c"),
        (json!({"name": "x", "position": "first"}), "/position"),
        (json!({"name": "x", "position": 1e300}), "/position"),
        (json!({"name": "x", "group_id": "nobody"}), "/group_id"),
        (json!({"name": "x", "metadata": []}), "/metadata"),
        (json!({"name": "a\0b"}), "/name"),
        (json!({"name": "x", "metadata": {"k": ["\0"]}}), "/metadata/k/0"),
        (json!({"name": "x", "reported_status": "red"}), "/reported_status"),
        (json!({"name": "x", "link": "javascript:alert(1)"}), "/link"),
    ] {
        let reply = send(&world, Method::POST, COMPONENTS, body.to_string()).await;
        invalid(&reply, &[pointer]);
    }
    let both = json!({"name": "", "position": 0});
    invalid(&world.post(COMPONENTS, &both).await, &["/name", "/position"]);
    let nested =
        json!({"title": "t", "message": "m", "components": [{"slug": "a", "status": "red"}]});
    invalid(&world.post("/api/v1/incidents", &nested).await, &["/components/0/status"]);
}

#[tokio::test]
async fn bodies_may_have_256_kib() {
    let world = World::new().await;
    let body = |n: usize| json!({"name": "x", "description": "x".repeat(n)}).to_string();
    problem(&send(&world, Method::POST, COMPONENTS, body(300 * 1024)).await, 413);
    let stream = vec![b' '; 300 * 1024];
    problem(&send(&world, Method::POST, COMPONENTS, stream).await, 413);
    invalid(&send(&world, Method::POST, COMPONENTS, body(250 * 1024)).await, &["/description"]);
}

#[tokio::test]
async fn only_json_is_taken() {
    let world = World::new().await;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", "nonsense"]
    {
        let request = world.raw(Method::POST, COMPONENTS).header("content-type", kind);
        problem(&Reply::of(request.body("{\"name\": \"x\"}")).await, 415);
    }
    problem(&Reply::of(world.raw(Method::POST, COMPONENTS).body("{\"name\": \"x\"}")).await, 415);
    let named = world
        .raw(Method::POST, COMPONENTS)
        .header("content-type", "Application/JSON; charset=utf-8");
    Reply::of(named.body("{\"name\": \"x\"}")).await.expect(201);
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let world = World::new().await;
    let nobody = uuid::Uuid::nil();
    for path in
        ["components", "groups", "incidents", "users", "tokens", "subscriptions", "deliveries"]
    {
        problem(&world.get(&format!("/api/v1/{path}/{nobody}")).await, 404);
    }
    for path in
        ["/", "/api", "/api/v1", "/api/v1/nix", "/api/v2/status", "/problems/nix", "/%00", "/..%2f"]
    {
        problem(&world.get(path).await, 404);
    }
    let malformed = world.get("/api/v1/users/nobody").await;
    assert!([400, 404].contains(&malformed.status), "{}", malformed.text);
    problem(&malformed, malformed.status);
}

#[tokio::test]
async fn a_known_path_says_which_methods_it_takes() {
    let world = World::new().await;
    for (method, path, allowed) in [
        (Method::PUT, COMPONENTS, "GET, HEAD, POST"),
        (Method::POST, "/api/v1/status", "GET, HEAD"),
        (Method::DELETE, "/healthz", "GET, HEAD"),
        (Method::GET, "/api/v1/auth/login", "POST"),
        (Method::POST, "/api/v1/incidents/1", "GET, HEAD, PATCH, DELETE"),
        (Method::from_bytes(b"BREW").unwrap(), COMPONENTS, "GET, HEAD, POST"),
    ] {
        let reply = Reply::of(world.raw(method, path)).await;
        problem(&reply, 405);
        assert_eq!(reply.header("allow"), allowed, "{path}");
    }
}

#[tokio::test]
async fn queries_and_headers_have_their_form() {
    let world = World::new().await;
    for query in [
        "limit=x",
        "limit=0",
        "limit=201",
        "limit=-1",
        "cursor=x",
        "cursor=AAAA",
        "limt=1",
        "q=%00",
        "limit=1&limit=2",
    ] {
        problem(&world.get(&format!("/api/v1/incidents?{query}")).await, 400);
    }
    problem(
        &world
            .get("/api/v1/components/x/history?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z")
            .await,
        400,
    );
    for key in ["ü", &"k".repeat(256)] {
        let request = world.raw(Method::POST, COMPONENTS).header("idempotency-key", key.as_bytes());
        problem(&Reply::of(request.json(&json!({"name": "x"}))).await, 400);
    }
}

#[tokio::test]
async fn every_answer_names_its_request() {
    let world = World::new().await;
    let with = |id: &str| Reply::of(world.raw(Method::GET, "/nix").header("x-request-id", id));
    let named = with("abc-123").await;
    assert_eq!(problem(&named, 404)["instance"], "abc-123");
    let longest = "x".repeat(128);
    assert_eq!(with(&longest).await.header("x-request-id"), longest);
    for unusable in ["x".repeat(129), "a b".to_owned()] {
        let reply = with(&unusable).await;
        problem(&reply, 404);
        assert_ne!(reply.header("x-request-id"), unusable);
    }
    assert!(!world.get("/api/v1/status").await.header("x-request-id").is_empty());
}

#[tokio::test]
async fn every_kind_of_problem_is_explained_where_it_points() {
    let world = World::new().await;
    let missing = world.get("/nix").await;
    let explained = world.anonymous().get(missing.json["type"].as_str().unwrap()).await.expect(200);
    assert_eq!(explained.json["title"], missing.json["title"]);
}

#[tokio::test]
async fn who_asks_too_often_is_told_to_wait() {
    let world = World::with(|env| drop(env.insert("FAROL_RATE_LIMIT".into(), "60".into()))).await;
    let public = world.anonymous();
    let mut refused = None;
    for _ in 0..70 {
        let reply = public.get(COMPONENTS).await;
        assert!(reply.header("ratelimit-policy").contains("q=60"));
        if reply.status != 200 {
            refused = Some(reply);
        }
    }
    let refused = refused.expect("a limit");
    problem(&refused, 429);
    assert!(refused.header("retry-after").parse::<u32>().is_ok_and(|it| it > 0));
    world.get(COMPONENTS).await.expect(200);
    public.get("/api/v1/status").await.expect(200);
}
