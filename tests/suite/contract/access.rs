//! Who may do what: every operation with nobody's, the wrong and the right credentials.
use reqwest::Method;
use serde_json::Value;
use tests::{Client, Reply, World};

use super::{Operation, document, operations};
use crate::check::problem;

const SCOPES: [&str; 6] =
    ["read", "incidents", "maintenances", "components", "subscriptions", "signals"];
/// What machines have no use for.
const FOR_PEOPLE: [&str; 2] = ["/api/v1/auth/logout", "/api/v1/auth/password"];

async fn call(client: &Client, operation: &Operation, body: Option<&Value>) -> Reply {
    let request = client.raw(operation.method.clone(), &operation.nowhere());
    Reply::of(match body {
        Some(body) => request.json(body),
        None => request,
    })
    .await
}

async fn call_with_garbage(client: &Client, operation: &Operation) -> Reply {
    let request = client.raw(operation.method.clone(), &operation.nowhere());
    Reply::of(request.header("content-type", "application/json").body("{")).await
}

#[track_caller]
fn let_in(reply: &Reply, operation: &Operation) {
    assert!(![401, 403].contains(&reply.status), "{}: {}", operation.name(), reply.text);
    assert!(reply.status < 500, "{}: {}", operation.name(), reply.text);
}

#[tokio::test]
async fn every_operation_is_guarded_as_documented() {
    let world = World::new().await;
    let (document, public) = (document(), world.anonymous());
    for operation in operations(&document) {
        let body = operation.example(&document);
        let Some(needs) = operation.needs() else {
            if operation.method == Method::GET && !operation.is_endless() {
                let_in(&call(&public, &operation, None).await, &operation);
            }
            continue;
        };
        for reply in [
            call(&public, &operation, body.as_ref()).await,
            call_with_garbage(&public, &operation).await,
            call_with_garbage(&world.as_token("farol_nonsense"), &operation).await,
        ] {
            assert_eq!(reply.status, 401, "{}: {}", operation.name(), reply.text);
            problem(&reply, 401);
            assert!(!reply.header("www-authenticate").is_empty());
        }
        check_scopes(&world, &operation, &needs, body.as_ref()).await;
    }
}

async fn check_scopes(
    world: &World,
    operation: &Operation,
    needs: &[String],
    body: Option<&Value>,
) {
    if FOR_PEOPLE.contains(&operation.path.as_str()) {
        let machine = call(world, operation, body).await;
        assert_eq!(machine.status, 403, "{}: {}", operation.name(), machine.text);
        return let_in(&call(&world.person().await, operation, body).await, operation);
    }
    if !needs.is_empty() {
        let others: Vec<&str> =
            SCOPES.into_iter().filter(|it| !needs.iter().any(|need| need == it)).collect();
        let wrong = call(&world.token(&others).await, operation, body).await;
        assert_eq!(wrong.status, 403, "{}: {}", operation.name(), wrong.text);
        problem(&wrong, 403);
    }
    let enough: Vec<&str> = match needs {
        [] => vec!["signals"],
        needs => needs.iter().map(String::as_str).collect(),
    };
    let_in(&call(&world.token(&enough).await, operation, body).await, operation);
}

#[tokio::test]
async fn people_of_any_role_keep_tokens_of_their_own() {
    let world = World::new().await;
    let password = "a password of some length";
    world.user("viewer@example.org", password, "viewer").await;
    let viewer = world.sign_in("viewer@example.org", password).await;
    let own = serde_json::json!({"name": "mine", "scopes": ["read"]});
    let own = viewer.post("/api/v1/tokens", &own).await.expect(201);
    viewer.get(own.header("location")).await.expect(200);
    let others = world.get("/api/v1/tokens?limit=200").await.expect(200);
    let foreign = others.data().iter().find(|it| it["id"] != own.json["id"]).expect("a token");
    let foreign = format!("/api/v1/tokens/{}", foreign["id"].as_str().expect("an id"));
    problem(&viewer.get(&foreign).await, 404);
    problem(&viewer.delete(&foreign).await, 404);
    viewer.delete(own.header("location")).await.expect(204);
}
