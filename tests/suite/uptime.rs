//! How much of the time components were up.
mod asked;
mod late;
mod rule;

use chrono::{DateTime, Days, Duration, NaiveDate, Utc};
use diesel::{QueryableByName, RunQueryDsl as _, sql_query, sql_types::BigInt};
use serde_json::{Value, json};
use tests::{Client, Replica, World, eventually};

use crate::check::{each, invalid, problem};

const UPTIME: &str = "/api/v1/uptime";
const DAY: i64 = 86_400;

/// How long the tallying may take once a day is over.
const TALLIED_WITHIN: std::time::Duration = std::time::Duration::from_secs(20);

fn today() -> NaiveDate {
    Utc::now().date_naive()
}

fn ago(days: u64) -> NaiveDate {
    today() - Days::new(days)
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(chrono::NaiveTime::MIN).and_utc()
}

/// Ninety days that are over.
fn ninety() -> String {
    format!("from={}&to={}", ago(90), ago(1))
}

/// A component that has been there for a hundred days.
async fn old(world: &World, name: &str) -> Value {
    let new = json!({"name": name, "start_date": ago(100)});
    world.post("/api/v1/components", &new).await.expect(201).json
}

/// An incident of the past: minutes after ten in the morning, so many days ago.
async fn trouble(
    client: &Client,
    slug: &str,
    status: &str,
    days: u64,
    minutes: (i64, i64),
) -> Value {
    let at = |it: i64| midnight(ago(days)) + Duration::minutes(600 + it);
    let new = json!({
        "title": format!("{status} of {slug}"), "message": "m",
        "components": [{"slug": slug, "status": status}],
        "started_at": at(minutes.0), "resolved_at": at(minutes.1),
    });
    client.post("/api/v1/incidents", &new).await.expect(201).json
}

async fn uptime(client: &Client, query: &str) -> Value {
    client.get(&format!("{UPTIME}?{query}")).await.expect(200).json
}

/// The uptime of one component.
async fn of(client: &Client, slug: &str, query: &str) -> Value {
    uptime(client, &format!("component={slug}&{query}")).await["components"][0].clone()
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn count(world: &World, sql: &str) -> i64 {
    let sql = format!("select count(*) as count from {sql}");
    sql_query(&sql).get_result::<Count>(&mut world.db()).expect(&sql).count
}

/// Waits until every day that is over is tallied.
async fn tallied(world: &World) {
    let behind = "components where tallied_to is null
        or tallied_to < (farol_now() at time zone tallied_zone)::date";
    eventually(TALLIED_WITHIN, || async { count(world, behind) == 0 }).await;
}

/// Another Farol on the same database, with other settings. Kept alive by the first of the pair.
async fn otherwise(world: &World, settings: &[(&str, &str)]) -> (Replica, Client) {
    let mut env = world.env().clone();
    env.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let replica = Replica::start(env, world.folder()).await;
    let client = world.at(replica.base());
    (replica, client)
}

#[tokio::test]
async fn ninety_days_with_known_trouble_before_and_after_they_are_tallied() {
    let world = World::new().await;
    for name in ["api", "web", "db", "mail"] {
        old(&world, name).await;
    }
    let api = trouble(&world, "api", "major_outage", 10, (0, 60)).await;
    trouble(&world, "web", "partial_outage", 10, (0, 60)).await;
    let wide = trouble(&world, "db", "partial_outage", 40, (0, 120)).await;
    let inside = trouble(&world, "db", "major_outage", 40, (30, 90)).await;
    trouble(&world, "mail", "degraded_performance", 5, (0, 600)).await;
    let read = || async { world.anonymous().get(&format!("{UPTIME}?{}", ninety())).await };
    let first = read().await.expect(200);
    let shown = |name: &str| {
        let all = first.json["components"].as_array().unwrap();
        all.iter().find(|it| it["slug"] == name).unwrap().clone()
    };
    for (slug, percent) in [("api", 99.9537), ("web", 99.9861), ("db", 99.9398), ("mail", 100.0)] {
        assert_eq!(shown(slug)["uptime_percent"], percent, "{slug}");
    }
    assert_eq!(first.json["as_of"], json!(midnight(today())));
    assert_eq!(first.json["rule"]["weights"]["partial_outage"], 0.3);
    let (db, days) = (shown("db"), shown("db")["days"].as_array().unwrap().clone());
    let known = json!({"operational": 90 * DAY - 7200, "under_maintenance": 0, "unknown": 0,
        "degraded_performance": 0, "partial_outage": 3600, "major_outage": 3600});
    assert_eq!((&db["seconds"], days.len()), (&known, 90));
    assert_eq!(each(db["incidents"].as_array().unwrap(), "id"), [&inside["id"], &wide["id"]]);
    let bad = days.iter().find(|it| it["date"] == json!(ago(40))).unwrap();
    assert_eq!(bad["uptime_percent"], 94.5833);
    assert_eq!(bad["incident_ids"], json!([wide["id"], inside["id"]]));
    let incident = &shown("api")["incidents"][0];
    for name in ["id", "number", "title", "impact", "started_at", "resolved_at", "url"] {
        assert_eq!(incident[name], api[name], "{name}");
    }

    tallied(&world).await;
    assert_eq!(count(&world, "component_days"), 4);
    assert_eq!(read().await.expect(200).text, first.text);
}

#[tokio::test]
async fn months_and_totals_are_what_days_add_up_to() {
    let world = World::new().await;
    old(&world, "api").await;
    trouble(&world, "api", "major_outage", 10, (0, 60)).await;
    trouble(&world, "api", "partial_outage", 70, (0, 60)).await;
    let cut = |granularity: &str| format!("{}&granularity={granularity}", ninety());
    let (days, months) =
        (of(&world, "api", &cut("day")).await, of(&world, "api", &cut("month")).await);
    let total = of(&world, "api", &cut("total")).await;
    assert_eq!((days["months"].clone(), months["days"].clone()), (Value::Null, Value::Null));
    assert!(total.get("days").is_none() && total.get("months").is_none());
    for it in [&months, &total] {
        for name in ["uptime_percent", "seconds", "incidents"] {
            assert_eq!(it[name], days[name], "{name}");
        }
    }
    for status in ["operational", "major_outage", "partial_outage", "unknown"] {
        for parts in [&days["days"], &months["months"]] {
            let of_parts = parts.as_array().unwrap().iter().map(|it| &it["seconds"][status]);
            let sum: i64 = of_parts.filter_map(Value::as_i64).sum();
            assert_eq!(json!(sum), total["seconds"][status], "{status}");
        }
    }
    let first = months["months"][0]["month"].as_str().unwrap().to_owned();
    assert_eq!(first, ago(90).format("%Y-%m").to_string());
}

#[tokio::test]
async fn today_counts_up_to_a_full_minute() {
    let world = World::new().await;
    let before = world.component("young").await;
    old(&world, "api").await;
    let known = uptime(&world, "").await;
    assert_eq!(known["components"][1]["days"].as_array().unwrap().len(), 90);
    let as_of: DateTime<Utc> = known["as_of"].as_str().unwrap().parse().unwrap();
    assert!(as_of.timestamp() % 60 == 0 && Utc::now() - as_of < Duration::seconds(62), "{as_of}");
    let day = &known["components"][1]["days"][89]["seconds"];
    assert_eq!(day["operational"], (as_of - midnight(as_of.date_naive())).num_seconds());
    // What was created within this minute has no past that counts.
    assert_eq!(known["components"][0]["id"], before["id"]);
    assert_eq!(known["components"][0]["uptime_percent"], Value::Null);
}
