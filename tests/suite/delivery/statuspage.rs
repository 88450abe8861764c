//! The body that Statuspage's own subscribers know.
use serde_json::{Value, json};
use tests::{Sink, World};

use super::{is_signed, members};
use crate::incident::{opening, update};
use crate::subscription::subscribe;

const KNOWN: &str = include_str!("../../fixtures/statuspage_out_incident.json");
const KNOWN_COMPONENT: &str = include_str!("../../fixtures/statuspage_out_component.json");

#[track_caller]
fn assert_has_members_of(ours: &Value, theirs: &Value, but: &[&str]) {
    let ours = members(ours);
    let is_missing = |it: &&&str| !ours.contains(it) && !but.contains(it);
    let missing: Vec<_> = members(theirs).iter().filter(is_missing).copied().collect::<Vec<_>>();
    assert!(missing.is_empty(), "{missing:?} missing among {ours:?}");
}

#[tokio::test]
async fn a_receiver_made_for_statuspage_finds_its_way() {
    let (world, sink) = (World::new().await, Sink::start().await);
    world.component("Checkout").await;
    let one = subscribe(&world, json!({"url": sink.url("/hook"), "format": "statuspage"})).await;
    let incident = world.incident(opening(&["checkout"], "partial_outage")).await;
    let news = json!({"status": "identified", "message": "Pool exhausted."});
    update(&world, &incident, news).await.expect(201);
    let received = sink.wait_for("/hook", 3).await;
    assert!(received.iter().all(|it| is_signed(it, &one["secret"])));
    let (ours, theirs) = (received[2].json(), serde_json::from_str::<Value>(KNOWN).expect("JSON"));
    assert_eq!(members(&ours), members(&theirs));
    for part in ["meta", "page", "incident"] {
        assert_has_members_of(&ours[part], &theirs[part], &[]);
    }
    let (ours, theirs) = (&ours["incident"], &theirs["incident"]);
    for (pointer, but) in [
        ("/incident_updates/0", &[][..]),
        ("/incident_updates/1/affected_components/0", &[][..]),
        // An incident names its components without describing them.
        (
            "/components/0",
            &["created_at", "updated_at", "position", "description", "showcase", "group_id"],
        ),
    ] {
        let (ours, theirs) = (ours.pointer(pointer), theirs.pointer(pointer));
        assert_has_members_of(ours.expect(pointer), theirs.expect(pointer), but);
    }
    assert_eq!(ours["status"], "identified");
    assert_eq!(ours["incident_updates"][0]["body"], "Pool exhausted.");
    assert_eq!(ours["incident_updates"][1]["status"], "investigating");
    let affected = &ours["incident_updates"][1]["affected_components"][0];
    assert_eq!(
        (&affected["old_status"], &affected["new_status"]),
        (&json!("operational"), &json!("partial_outage"))
    );
    assert_eq!(ours["components"][0]["status"], "partial_outage");
}

#[tokio::test]
async fn a_component_that_turns_is_told_as_statuspage_tells_it() {
    let (world, sink) = (World::new().await, Sink::start().await);
    world.component("Checkout").await;
    subscribe(&world, json!({"url": sink.url("/hook"), "format": "statuspage"})).await;
    world.incident(opening(&["checkout"], "partial_outage")).await;
    let turned = sink.wait_for("/hook", 2).await[1].json();
    let theirs = serde_json::from_str::<Value>(KNOWN_COMPONENT).expect("JSON");
    assert_eq!(members(&turned), members(&theirs));
    for part in ["page", "component", "component_update"] {
        assert_has_members_of(&turned[part], &theirs[part], &[]);
    }
    assert_eq!(turned["component_update"]["old_status"], "operational");
    assert_eq!(turned["component_update"]["new_status"], "partial_outage");
    assert_eq!(turned["page"]["status_indicator"], "major");
}
