//! Readers who would rather hear of it all at once.
use chrono::Duration;
use serde_json::{Value, json};
use tests::{Chats, World, eventually};

use super::{Place, flawless, join, places};
use crate::delivery::{SOON, deliveries, happens, reaches};
use crate::incident::update;

/// Of some messages the provider reports the fate later.
const OVER: [&str; 2] = ["delivered", "accepted"];

#[tokio::test]
async fn three_events_come_in_one_message() {
    let (world, chats) = (World::new().await, Chats::start().await);
    let places = places(&chats);
    let mut subscriptions: Vec<Value> = Vec::new();
    for place in &places {
        subscriptions.push(join(&world, place, &json!({"digest_minutes": 15})).await);
    }
    let incident = happens(&world, "Errors at the checkout").await;
    let body = json!({"status": "identified", "message": "A full disk."});
    update(&world, &incident, body).await.expect(201);
    happens(&world, "Slow search").await;
    for (place, subscription) in places.iter().zip(&subscriptions) {
        reaches(&world, subscription, 2, "pending", 0).await;
        assert!(chats.seen(place.name).await.is_empty(), "{}", place.name);
    }
    world.set_clock(Duration::minutes(16));
    for (Place { name, .. }, subscription) in places.iter().zip(&subscriptions) {
        chats.wait_for(name, 1).await;
        let seen = chats.seen(name).await;
        flawless(name, &seen);
        assert_eq!(seen.len(), 1, "{name}");
        let text = seen[0].text();
        for said in ["Errors at the checkout", "Slow search"] {
            assert!(text.contains(said), "{name}: {text}");
        }
        let is_over = || async {
            let owed = deliveries(&world, subscription).await;
            owed.len() == 3 && owed.iter().all(|it| OVER.iter().any(|state| it["state"] == *state))
        };
        eventually(SOON, is_over).await;
    }
}
