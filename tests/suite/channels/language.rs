//! Every reader hears of it in their own language, by their own clock.
use serde_json::json;
use tests::{Chats, World};

use super::{Place, flawless, join_all, places};
use crate::incident::opening;

/// Those whose messages have no room for facts.
const BRIEF: [&str; 2] = ["whatsapp", "gateway"];

async fn is_told(locale: &str, time_zone: &str, state: &str, started: &str) {
    let (world, chats) = (World::new().await, Chats::start().await);
    let places = places(&chats);
    join_all(&world, &places, &json!({"locale": locale, "time_zone": time_zone})).await;
    world.component("Checkout").await;
    let mut new = opening(&["checkout"], "partial_outage");
    new["started_at"] = json!("2026-07-01T22:30:00Z");
    world.incident(new).await;
    for Place { name, .. } in &places {
        let told = chats.wait_for(name, 1).await;
        flawless(name, &told);
        let text = told[0].text();
        assert!(text.contains(state), "{name}: {text}");
        assert!(BRIEF.contains(name) || text.contains(started), "{name}: {text}");
        assert!(!text.contains("Investigating"), "{name}: {text}");
    }
}

#[tokio::test]
async fn in_german_by_berlins_clock() {
    is_told("de", "Europe/Berlin", "Wird untersucht", "2. Juli 2026, 00:30 Uhr").await;
}

#[tokio::test]
async fn in_portuguese_by_sao_paulos_clock() {
    is_told("pt-BR", "America/Sao_Paulo", "Investigando", "1º de julho de 2026, 19:30").await;
}
