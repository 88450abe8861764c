//! Sessions of people.
use chrono::Duration;
use serde_json::{Value, json};
use tests::node::{ADMIN_EMAIL, ADMIN_PASSWORD};
use tests::{Client, Reply, World};

use super::{PASSWORD, unauthenticated};
use crate::check::{invalid, problem};

async fn sign_in(world: &World, email: &str, password: &str) -> Value {
    let login = json!({"email": email, "password": password});
    world.anonymous().post("/api/v1/auth/login", &login).await.expect(200).json
}

async fn refresh(world: &World, session: &Value) -> Reply {
    let body = json!({"refresh_token": session["refresh_token"]});
    world.anonymous().post("/api/v1/auth/refresh", &body).await
}

fn person(world: &World, session: &Value) -> Client {
    world.as_token(session["access_token"].as_str().expect("a token"))
}

async fn is_in(world: &World, session: &Value) -> bool {
    person(world, session).get("/api/v1/auth/me").await.status == 200
}

#[tokio::test]
async fn a_session_goes_on_by_refreshing() {
    let world = World::new().await;
    let first = sign_in(&world, ADMIN_EMAIL, ADMIN_PASSWORD).await;
    assert_eq!(first["token_type"], "Bearer");
    assert!(first["expires_in"].as_i64().is_some_and(|it| (60..=3600).contains(&it)));
    let second = refresh(&world, &first).await.expect(200).json;
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    let third = refresh(&world, &second).await.expect(200).json;
    let me = person(&world, &third).get("/api/v1/auth/me").await.expect(200).json;
    assert_eq!(me["user"]["email"], ADMIN_EMAIL);
    world.set_clock(Duration::days(31));
    unauthenticated(&refresh(&world, &third).await);
}

#[tokio::test]
async fn a_stolen_refresh_token_ends_the_session_for_both() {
    let world = World::new().await;
    let first = sign_in(&world, ADMIN_EMAIL, ADMIN_PASSWORD).await;
    let second = refresh(&world, &first).await.expect(200).json;
    refresh(&world, &first).await.expect(200);
    assert!(is_in(&world, &second).await);
    world.set_clock(Duration::minutes(2));
    unauthenticated(&refresh(&world, &first).await);
    unauthenticated(&refresh(&world, &second).await);
    assert!(!is_in(&world, &second).await);
    unauthenticated(&refresh(&world, &json!({"refresh_token": "nonsense"})).await);
}

#[tokio::test]
async fn signing_out_ends_the_session() {
    let world = World::new().await;
    let (one, two) = (
        sign_in(&world, ADMIN_EMAIL, ADMIN_PASSWORD).await,
        sign_in(&world, ADMIN_EMAIL, ADMIN_PASSWORD).await,
    );
    person(&world, &one).post("/api/v1/auth/logout", &json!({})).await.expect(204);
    assert!(!is_in(&world, &one).await && is_in(&world, &two).await);
    unauthenticated(&refresh(&world, &one).await);
    problem(&world.post("/api/v1/auth/logout", &json!({})).await, 403);
}

#[tokio::test]
async fn a_new_password_ends_all_other_sessions() {
    let world = World::new().await;
    world.user("ana@example.org", PASSWORD, "viewer").await;
    let one = sign_in(&world, "ana@example.org", PASSWORD).await;
    let two = sign_in(&world, "ana@example.org", PASSWORD).await;
    let change = |current: &str| {
        let body = json!({"current_password": current, "new_password": "another long password"});
        let client = person(&world, &one);
        async move { client.post("/api/v1/auth/password", &body).await }
    };
    invalid(&change("not the password").await, &["/current_password"]);
    change(PASSWORD).await.expect(204);
    assert!(is_in(&world, &one).await && !is_in(&world, &two).await);
    unauthenticated(&refresh(&world, &two).await);
    let old = json!({"email": "ana@example.org", "password": PASSWORD});
    unauthenticated(&world.anonymous().post("/api/v1/auth/login", &old).await);
    sign_in(&world, "ana@example.org", "another long password").await;
}

#[tokio::test]
async fn a_disabled_user_is_out() {
    let world = World::new().await;
    let ana = world.user("ana@example.org", PASSWORD, "responder").await;
    let path = format!("/api/v1/users/{}", ana["id"].as_str().unwrap());
    let session = sign_in(&world, "ana@example.org", PASSWORD).await;
    world.patch(&path, &json!({"disabled": true})).await.expect(200);
    assert!(!is_in(&world, &session).await);
    unauthenticated(&refresh(&world, &session).await);
    let login = json!({"email": "ana@example.org", "password": PASSWORD});
    unauthenticated(&world.anonymous().post("/api/v1/auth/login", &login).await);
    world.patch(&path, &json!({"disabled": false})).await.expect(200);
    assert!(!is_in(&world, &session).await);
    let session = sign_in(&world, "ana@example.org", PASSWORD).await;
    world.patch(&path, &json!({"role": "viewer"})).await.expect(200);
    assert!(!is_in(&world, &session).await);
    let session = sign_in(&world, "ana@example.org", PASSWORD).await;
    world.delete(&path).await.expect(204);
    assert!(!is_in(&world, &session).await);
}
