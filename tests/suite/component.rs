//! Components.
use serde_json::json;
use tests::World;

#[tokio::test]
async fn a_component_is_made_and_read() {
    let world = World::new().await;
    let made = world.component("Checkout").await;
    assert_eq!(made["slug"], "checkout");
    let got = world.anonymous().get("/api/v1/components/checkout").await.expect(200);
    assert_eq!(got.json, made);
    assert_eq!(got.json["status"], json!("operational"));
}
