//! Signing in, tokens, and who may do what.
mod session;
mod throttle;

use serde_json::json;
use tests::{Reply, World};

use crate::check::{each, invalid, problem};

pub const PASSWORD: &str = "a password of some length";
const EVERYWHERE: std::time::Duration = std::time::Duration::from_secs(6);

#[track_caller]
fn unauthenticated(reply: &Reply) {
    problem(reply, 401);
    assert!(reply.header("www-authenticate").starts_with("Bearer"));
}

#[tokio::test]
async fn a_token_does_no_more_than_its_maker() {
    let world = World::new().await;
    for (role, may, may_not) in [
        ("viewer", &["read"][..], &["incidents", "components", "admin"][..]),
        ("responder", &["read", "incidents", "maintenances", "signals"], &["admin"]),
    ] {
        let email = format!("{role}@example.org");
        world.user(&email, PASSWORD, role).await;
        let person = world.sign_in(&email, PASSWORD).await;
        let mint = |scope: &str| {
            let (person, body) = (person.clone(), json!({"name": "t", "scopes": [scope]}));
            async move { person.post("/api/v1/tokens", &body).await }
        };
        for scope in may {
            mint(scope).await.expect(201);
        }
        for scope in may_not {
            problem(&mint(scope).await, 403);
        }
        let own = person.get("/api/v1/tokens").await.expect(200);
        assert_eq!(own.data().len(), may.len());
        assert!(own.text.find("farol_").is_some_and(|_| !own.text.contains("\"token\"")));
        problem(&person.get("/api/v1/users").await, 403);
    }
    let machine = world.token(&["incidents"]).await;
    problem(
        &machine.post("/api/v1/tokens", &json!({"name": "t", "scopes": ["incidents"]})).await,
        403,
    );
}

#[tokio::test]
async fn a_token_is_shown_once_and_dies_when_revoked() {
    let world = World::new().await;
    let other = world.second_replica().await;
    let new = json!({"name": "monitor", "scopes": ["read", "incidents"]});
    let made = world.post("/api/v1/tokens", &new).await.expect(201);
    let secret = made.json["token"].as_str().unwrap();
    assert!(secret.starts_with("farol_") && secret.len() == 44);
    let path = made.header("location").to_owned();
    let shown = world.get(&path).await.expect(200);
    assert!(!shown.text.contains(secret) && shown.json["token"].is_null());
    assert!(secret.starts_with(shown.json["prefix"].as_str().unwrap()));
    let (here, there) = (world.as_token(secret), other.as_token(secret));
    let me = here.get("/api/v1/auth/me").await.expect(200).json;
    assert_eq!(
        (&me["token_id"], &me["scopes"]),
        (&shown.json["id"], &json!(["read", "incidents"]))
    );
    there.get("/api/v1/auth/me").await.expect(200);
    assert!(world.get(&path).await.json["last_used_at"].is_string());
    world.delete(&path).await.expect(204);
    unauthenticated(&here.get("/api/v1/auth/me").await);
    tests::eventually(EVERYWHERE, || async { there.get("/api/v1/auth/me").await.status == 401 })
        .await;
    let stored = format!("{:?}", world.get("/api/v1/tokens").await.text);
    assert!(!stored.contains(secret));
}

#[tokio::test]
async fn credentials_that_are_no_good_are_refused() {
    let world = World::new().await;
    let person = world.person().await;
    let (jwt, token) = (person.bearer().unwrap(), world.bearer().unwrap());
    let swapped = |text: &str| {
        let last = if text.ends_with('A') { 'B' } else { 'A' };
        format!("{}{last}", &text[..text.len() - 1])
    };
    let mut parts: Vec<&str> = jwt.split('.').collect();
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{}.", parts[1]);
    parts[2] = "c2lnbmF0dXJl";
    let forged = parts.join(".");
    for bad in [&swapped(token), &unsigned, &forged, "x", "", "farol_", &"x".repeat(5000)] {
        unauthenticated(&world.as_token(bad).get("/api/v1/status").await);
        unauthenticated(&world.as_token(bad).get("/api/v1/auth/me").await);
    }
    let basic =
        world.anonymous().raw(reqwest::Method::GET, "/api/v1/auth/me").basic_auth("a", Some("b"));
    unauthenticated(&Reply::of(basic).await);
    let soon = chrono::Utc::now() + chrono::Duration::hours(1);
    let new = json!({"name": "t", "scopes": ["read"], "expires_at": soon});
    let made = world.post("/api/v1/tokens", &new).await.expect(201);
    let client = world.as_token(made.json["token"].as_str().unwrap());
    world.set_clock(chrono::Duration::hours(2));
    unauthenticated(&client.get("/api/v1/auth/me").await);
    let past = json!({"name": "t", "scopes": ["read"], "expires_at": soon});
    invalid(&world.post("/api/v1/tokens", &past).await, &["/expires_at"]);
}

#[tokio::test]
async fn the_last_admin_stays() {
    let world = World::new().await;
    let admin = world.get("/api/v1/users").await.expect(200).data()[0].clone();
    let path = format!("/api/v1/users/{}", admin["id"].as_str().unwrap());
    for patch in [json!({"role": "viewer"}), json!({"disabled": true})] {
        problem(&world.patch(&path, &patch).await, 409);
    }
    problem(&world.delete(&path).await, 409);
    let other = world.user("second@example.org", PASSWORD, "admin").await;
    world.patch(&path, &json!({"role": "viewer"})).await.expect(200);
    let other = format!("/api/v1/users/{}", other["id"].as_str().unwrap());
    problem(&world.delete(&other).await, 409);
    world.patch(&path, &json!({"role": "admin"})).await.expect(200);
    world.delete(&other).await.expect(204);
}

#[tokio::test]
async fn users_are_managed_by_admins() {
    let world = World::new().await;
    let ana = world.user("Ana@example.org", PASSWORD, "viewer").await;
    let again =
        json!({"email": "ana@EXAMPLE.org", "name": "x", "role": "viewer", "password": PASSWORD});
    problem(&world.post("/api/v1/users", &again).await, 409);
    let path = format!("/api/v1/users/{}", ana["id"].as_str().unwrap());
    let edited = world.patch(&path, &json!({"name": "Ana", "role": "responder"})).await.expect(200);
    assert_eq!((&edited.json["role"], &edited.json["version"]), (&json!("responder"), &json!(2)));
    let all = world.get("/api/v1/users").await.expect(200);
    assert_eq!(each(all.data(), "email").len(), 2);
    assert!(!all.text.contains("password") && !all.text.contains("argon2"));
    for bad in ["short", &"x".repeat(129)] {
        let new = json!({"email": "b@example.org", "name": "x", "role": "viewer", "password": bad});
        invalid(&world.post("/api/v1/users", &new).await, &["/password"]);
    }
}

#[tokio::test]
async fn an_internal_page_opens_for_those_who_may_come_in() {
    let world =
        World::with(|env| drop(env.insert("FAROL_PAGE_VISIBILITY".into(), "internal".into())))
            .await;
    let public = world.anonymous();
    for path in [
        "/api/v1/status",
        "/api/v1/components",
        "/readyz",
        "/metrics",
        "/docs/",
        "/openapi.json",
        "/nix",
        "/problems/not-found",
    ] {
        unauthenticated(&public.get(path).await);
    }
    public.get("/healthz").await.expect(200);
    world.token(&["read"]).await.get("/api/v1/status").await.expect(200);
}

#[tokio::test]
async fn what_changes_by_itself_is_never_called_unchanged() {
    let world = World::new().await;
    let ana = world.user("ana@example.org", PASSWORD, "viewer").await;
    let user = format!("/api/v1/users/{}", ana["id"].as_str().unwrap());
    let new = json!({"name": "monitor", "scopes": ["read"]});
    let made = world.post("/api/v1/tokens", &new).await.expect(201);
    let token = made.header("location").to_owned();
    let again = |path: &str, tag: &str| {
        Reply::of(world.raw(reqwest::Method::GET, path).header("if-none-match", tag))
    };
    let mut seen = Vec::new();
    for path in [&user, &token] {
        let tag = world.get(path).await.expect(200).header("etag").to_owned();
        again(path, &tag).await.expect(304);
        seen.push(tag);
    }
    world.sign_in("ana@example.org", PASSWORD).await;
    assert!(again(&user, &seen[0]).await.expect(200).json["last_login_at"].is_string());
    world.as_token(made.json["token"].as_str().unwrap()).get("/api/v1/auth/me").await.expect(200);
    assert!(again(&token, &seen[1]).await.expect(200).json["last_used_at"].is_string());
    let guarded = |tag: &str| {
        let request = world.raw(reqwest::Method::PATCH, &user).header("if-match", tag);
        Reply::of(request.json(&json!({"name": "Ana"})))
    };
    guarded(&seen[0]).await.expect(200);
    problem(&guarded(&seen[0]).await, 412);
}
