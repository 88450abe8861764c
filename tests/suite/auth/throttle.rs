//! Guessing passwords.
use serde_json::json;
use tests::node::{ADMIN_EMAIL, ADMIN_PASSWORD};
use tests::{Client, Reply, World};

use super::unauthenticated;
use crate::check::{invalid, problem};

async fn login(client: &Client, email: &str, password: &str) -> Reply {
    client
        .anonymous()
        .post("/api/v1/auth/login", &json!({"email": email, "password": password}))
        .await
}

async fn until_throttled(client: &Client, email: &str) -> (usize, Reply) {
    for n in 0..30 {
        let reply = login(client, email, "wrong").await;
        if reply.status != 401 {
            return (n, reply);
        }
        unauthenticated(&reply);
    }
    panic!("nobody stops the guessing");
}

#[tokio::test]
async fn guessing_slows_down_on_all_replicas() {
    let world = World::new().await;
    let other = world.second_replica().await;
    let (n, refused) = until_throttled(&world, ADMIN_EMAIL).await;
    assert!((3..=10).contains(&n), "{n}");
    problem(&refused, 429);
    assert!(refused.header("retry-after").parse::<u32>().is_ok_and(|it| it > 0));
    let elsewhere = login(&other, ADMIN_EMAIL, ADMIN_PASSWORD).await;
    problem(&elsewhere, 429);
    world.set_clock(chrono::Duration::hours(1));
    login(&other, ADMIN_EMAIL, ADMIN_PASSWORD).await.expect(200);
}

#[tokio::test]
async fn nobody_learns_which_addresses_there_are() {
    let (world, twin) = (World::new().await, World::new().await);
    let (known, refused) = until_throttled(&world, ADMIN_EMAIL).await;
    let (unknown, likewise) = until_throttled(&twin, "nobody@example.org").await;
    assert_eq!(known, unknown);
    for member in ["type", "title", "detail"] {
        assert_eq!(refused.json[member], likewise.json[member], "{member}");
    }
}

#[tokio::test]
async fn guessing_many_accounts_slows_down_the_address() {
    let world = World::new().await;
    for n in 0..40 {
        let reply = login(&world, &format!("user{n}@example.org"), "wrong").await;
        if reply.status == 429 {
            return problem_of_address(&world).await;
        }
    }
    panic!("nobody stops the guessing");
}

async fn problem_of_address(world: &World) {
    problem(&login(world, "fresh@example.org", "wrong").await, 429);
}

#[tokio::test]
async fn guessing_the_current_password_slows_down() {
    let world = World::new().await;
    let person = world.person().await;
    let change = |current: &str| {
        let body = json!({"current_password": current, "new_password": "another long password"});
        person.raw(reqwest::Method::POST, "/api/v1/auth/password").json(&body)
    };
    for _ in 0..2 {
        let again = change("the same").header("idempotency-key", "one");
        invalid(&Reply::of(again).await, &["/current_password"]);
    }
    let mut guesses = 1;
    let refused = loop {
        let reply = Reply::of(change("wrong")).await;
        if reply.status == 429 {
            break reply;
        }
        invalid(&reply, &["/current_password"]);
        guesses += 1;
        assert!(guesses < 30, "nobody stops the guessing");
    };
    assert!((3..=10).contains(&guesses), "{guesses}");
    problem(&refused, 429);
    assert!(refused.header("retry-after").parse::<u32>().is_ok_and(|it| it > 0));
    problem(&Reply::of(change(ADMIN_PASSWORD)).await, 429);
    world.person().await;
    world.set_clock(chrono::Duration::hours(1));
    Reply::of(change(ADMIN_PASSWORD)).await.expect(204);
}
