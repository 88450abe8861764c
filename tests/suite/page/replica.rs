//! Replicas publish the same bytes.
use std::time::Duration;

use tests::{Client, World, eventually};

use super::{DOCUMENTS, furnish};

async fn all(client: &Client) -> Vec<(Vec<u8>, String)> {
    let mut all = Vec::new();
    for (path, _) in DOCUMENTS {
        let reply = client.get(path).await.expect(200);
        all.push((reply.bytes.clone(), reply.header("etag").to_owned()));
    }
    all
}

#[tokio::test]
async fn bytes_and_validators_are_the_same_everywhere() {
    let world = World::new().await;
    let other = world.second_replica().await;
    furnish(&world).await;
    let (public, there) = (world.anonymous(), other.anonymous());
    eventually(Duration::from_secs(10), || async { all(&public).await == all(&there).await }).await;
    // Those with `read` get the fuller page in the same way.
    eventually(Duration::from_secs(10), || async { all(&world).await == all(&other).await }).await;
    assert_ne!(all(&world).await, all(&public).await);
}
