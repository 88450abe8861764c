//! The public page as documents: finished bytes that others read.
mod badge;
mod feed;
mod history;
mod outage;
mod replica;
mod statuspage;
mod visibility;

use chrono::{DateTime, Duration, SubsecRound as _, Utc};
use serde_json::{Value, json};
use tests::{World, eventually};

use crate::delivery::SOON;
use crate::incident::{opening, update};

/// Every document of the public page, with what reads it.
pub const DOCUMENTS: [(&str, &str); 14] = [
    ("/api/v1/status", "json"),
    ("/api/v1/history", "json"),
    ("/api/v2/summary.json", "statuspage:summary"),
    ("/api/v2/status.json", "statuspage:status"),
    ("/api/v2/components.json", "statuspage:components"),
    ("/api/v2/incidents.json", "statuspage:incidents"),
    ("/api/v2/incidents/unresolved.json", "statuspage:unresolved"),
    ("/api/v2/scheduled-maintenances.json", "statuspage:scheduled-maintenances"),
    ("/api/v2/scheduled-maintenances/upcoming.json", "statuspage:upcoming"),
    ("/api/v2/scheduled-maintenances/active.json", "statuspage:active"),
    ("/feed.atom", "atom"),
    ("/feed.rss", "rss"),
    ("/history.atom", "atom"),
    ("/history.rss", "rss"),
];

fn ago(minutes: i64) -> DateTime<Utc> {
    (Utc::now() - Duration::minutes(minutes)).trunc_subsecs(0)
}

/// A group of two, one component alone, an incident in each state and planned work in each.
async fn furnish(world: &World) -> Value {
    let group = world.post("/api/v1/groups", &json!({"name": "EU"})).await.expect(201).json;
    for name in ["API", "Web"] {
        let new = json!({"name": name, "group_id": group["id"], "description": "<b>&</b>"});
        world.post("/api/v1/components", &new).await.expect(201);
    }
    world.component("Mail").await;
    let open = world.incident(opening(&["api"], "partial_outage")).await;
    update(world, &open, json!({"status": "identified", "message": "One\n\nTwo"}))
        .await
        .expect(201);
    let over = world.incident(opening(&["web", "mail"], "degraded_performance")).await;
    update(world, &over, json!({"status": "resolved", "message": "Over."})).await.expect(201);
    let path = format!("/api/v1/incidents/{}/postmortem", over["id"].as_str().expect("an id"));
    let postmortem = json!({"body": "We **learnt**.", "published": true});
    world.put(&path, &postmortem).await;
    let past = json!({"title": "Last year", "message": "m", "components": [{"slug": "api", "status": "major_outage"}],
        "started_at": ago(60 * 24 * 400), "resolved_at": ago(60 * 24 * 400 - 30)});
    world.post("/api/v1/incidents", &past).await.expect(201);
    for (title, from, to) in
        [("Now", -5, 60), ("Soon", 60, 120), ("Far", 60 * 24 * 60, 60 * 24 * 60 + 60)]
    {
        let plan = json!({"title": title, "message": "m", "components": [{"slug": "mail"}],
            "starts_at": ago(-from), "ends_at": ago(-to)});
        world.post("/api/v1/maintenances", &plan).await.expect(201);
    }
    let gone =
        json!({"title": "Gone", "message": "m", "starts_at": ago(-600), "ends_at": ago(-660)});
    let gone = world.post("/api/v1/maintenances", &gone).await.expect(201);
    let called_off = json!({"status": "cancelled", "message": "Not today."});
    let path = format!("/api/v1/maintenances/{}/updates", gone.id());
    world.post(&path, &called_off).await.expect(201);
    // The clock begins what should have begun.
    eventually(SOON, || async {
        world.get("/api/v1/components/mail").await.json["status"] == "under_maintenance"
    })
    .await;
    open
}
