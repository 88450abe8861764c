//! How often things go wrong, and for how long.
use chrono::{DateTime, Duration, SubsecRound as _, Utc};
use serde_json::{Value, json};
use tests::{Client, Reply, World};

use crate::check::{each, problem};
use crate::incident::update;

const REPORT: &str = "/api/v1/reports/incidents";

fn hours_ago(hours: i64) -> DateTime<Utc> {
    (Utc::now() - Duration::hours(hours)).trunc_subsecs(0)
}

async fn report(client: &Client, query: &str) -> Value {
    client.get(&format!("{REPORT}?{query}")).await.expect(200).json
}

/// Incidents of both components, resolved after an hour, three hours, and not yet.
async fn happen(world: &World) {
    for name in ["api", "web"] {
        world.component(name).await;
    }
    let part = |slug: &str, status: &str| json!({"slug": slug, "status": status});
    let new = |components: Value, hours: i64| json!({"title": "t", "message": "m", "components": components, "started_at": hours_ago(hours)});
    let mut first = new(json!([part("api", "major_outage")]), 100);
    first["resolved_at"] = json!(hours_ago(99));
    world.incident(first).await;
    let both = json!([part("api", "partial_outage"), part("web", "degraded_performance")]);
    let second = world.incident(new(both, 50)).await;
    for (status, hours) in [("identified", 49), ("monitoring", 48), ("resolved", 47)] {
        let body = json!({"status": status, "message": "m", "display_at": hours_ago(hours)});
        update(world, &second, body).await.expect(201);
    }
    let mut third = new(json!([part("web", "degraded_performance")]), 20);
    third["visibility"] = json!("internal");
    world.incident(third).await;
}

#[tokio::test]
async fn incidents_are_counted_by_component_impact_and_month() {
    let world = World::new().await;
    happen(&world).await;
    let all = report(&world, "").await;
    let total = &all["total"];
    assert_eq!((&total["incidents"], &total["resolved"]), (&json!(3), &json!(2)));
    // An hour and three; 80 hours between the first and the last of three.
    assert_eq!((&total["mttr_seconds"], &total["mtbf_seconds"]), (&json!(7200), &json!(144_000)));
    let seconds = &total["seconds"];
    assert_eq!((&seconds["identified"], &seconds["monitoring"]), (&json!(3600), &json!(3600)));
    let investigating = seconds["investigating"].as_i64().unwrap();
    assert!((22 * 3600 - 90..=22 * 3600 + 90).contains(&investigating), "{investigating}");

    let groups = all["groups"].as_array().unwrap();
    assert_eq!(each(groups, "name"), ["api", "web"]);
    let api = &groups[0];
    assert_eq!(
        (&api["incidents"], &api["mttr_seconds"], &api["mtbf_seconds"]),
        (&json!(2), &json!(7200), &json!(180_000))
    );
    assert_eq!(groups[1]["resolved"], 1);

    let impacts = report(&world, "group_by=impact").await;
    let groups = impacts["groups"].as_array().unwrap();
    assert_eq!(each(groups, "key"), ["none", "minor", "major", "critical"]);
    assert_eq!(each(groups, "incidents"), [0, 1, 1, 1]);
    assert_eq!(
        (&groups[0]["mttr_seconds"], &groups[3]["mtbf_seconds"]),
        (&Value::Null, &Value::Null)
    );

    let months = report(&world, "group_by=month").await;
    let groups = months["groups"].as_array().unwrap();
    assert!((3..=4).contains(&groups.len()), "{months}");
    let n: i64 = groups.iter().filter_map(|it| it["incidents"].as_i64()).sum();
    let last = groups.last().unwrap();
    assert_eq!((n, &last["key"]), (3, &json!(Utc::now().format("%Y-%m").to_string())));
    assert_eq!(months["total"], *total);
}

#[tokio::test]
async fn the_public_gets_the_figures_of_what_is_public() {
    let world = World::new().await;
    happen(&world).await;
    world.patch("/api/v1/components/web", &json!({"visibility": "internal"})).await.expect(200);
    let seen = report(&world.anonymous(), "").await;
    assert_eq!(seen["total"]["incidents"], 2);
    assert_eq!(each(seen["groups"].as_array().unwrap(), "name"), ["api"]);
    assert_eq!(report(&world.anonymous(), "group_by=impact").await["groups"][1]["incidents"], 0);
}

#[tokio::test]
async fn a_sheet_has_a_row_for_each_group_and_the_total() {
    let world = World::new().await;
    happen(&world).await;
    let request = world.raw(reqwest::Method::GET, &format!("{REPORT}?group_by=impact"));
    let sheet = Reply::of(request.header("accept", "text/csv")).await.expect(200);
    let lines: Vec<&str> = sheet.text.lines().collect();
    assert_eq!(lines.len(), 6, "{}", sheet.text);
    assert!(lines[0].starts_with("key,name,incidents,resolved,mttr_seconds,mtbf_seconds,"));
    assert_eq!(lines[1], "none,none,0,0,,,0,0,0");
    assert!(lines[5].starts_with(",total,3,2,7200,144000,"), "{}", lines[5]);
}

#[tokio::test]
async fn ranges_hold_what_started_in_them_and_nonsense_is_refused() {
    let world = World::new().await;
    happen(&world).await;
    let day = |hours: i64| hours_ago(hours).date_naive();
    let one = report(&world, &format!("from={0}&to={0}", day(100))).await;
    assert_eq!(
        (&one["total"]["incidents"], &one["total"]["mtbf_seconds"]),
        (&json!(1), &Value::Null)
    );
    let none = report(&world, &format!("from={}&to={}", day(300), day(200))).await;
    assert_eq!((&none["total"]["incidents"], &none["groups"]), (&json!(0), &json!([])));
    for query in
        ["from=x", "group_by=status", "from=2026-02-01&to=2026-01-01", "from=2020-01-01", "q=1"]
    {
        problem(&world.anonymous().get(&format!("{REPORT}?{query}")).await, 400);
    }
}
