//! `GET /api/v1/history`: a month, day by day.
use chrono::{Duration, Months, NaiveDate, Utc};
use serde_json::{Value, json};
use tests::{World, eventually};

use crate::check::problem;

const HISTORY: &str = "/api/v1/history";

async fn past(world: &World, title: &str, from: &str, to: &str) {
    let new = json!({"title": title, "message": "m", "started_at": from, "resolved_at": to});
    world.post("/api/v1/incidents", &new).await.expect(201);
}

/// Titles of what touched each day that something touched.
fn eventful(history: &Value) -> Vec<(String, Vec<String>)> {
    let titles = |list: &Value| -> Vec<String> {
        let list = list.as_array().expect("a list").iter();
        list.map(|it| it["title"].as_str().expect("a title").to_owned()).collect()
    };
    let days = history["days"].as_array().expect("days").iter();
    days.map(|day| {
        let mut all = titles(&day["incidents"]);
        all.extend(titles(&day["maintenances"]));
        (day["date"].as_str().expect("a date").to_owned(), all)
    })
    .filter(|(_, all)| !all.is_empty())
    .collect()
}

fn day(date: &str, titles: &[&str]) -> (String, Vec<String>) {
    (date.to_owned(), titles.iter().map(|it| (*it).to_owned()).collect())
}

#[tokio::test]
async fn each_day_has_what_touched_it() {
    let world = World::with(|env| {
        env.insert("FAROL_PAGE_TIME_ZONE".to_owned(), "America/Sao_Paulo".to_owned());
    })
    .await;
    past(&world, "short", "2026-03-10T12:00:00Z", "2026-03-10T13:00:00Z").await;
    // 23:30 of the ninth to 00:30 of the tenth there.
    past(&world, "night", "2026-03-10T02:30:00Z", "2026-03-10T03:30:00Z").await;
    past(&world, "into April", "2026-03-31T12:00:00Z", "2026-04-02T12:00:00Z").await;
    past(&world, "long", "2026-01-05T12:00:00Z", "2026-03-02T12:00:00Z").await;
    let march = world.anonymous().get(&format!("{HISTORY}?month=2026-03")).await.expect(200).json;
    assert_eq!(
        eventful(&march),
        [
            day("2026-03-31", &["into April"]),
            day("2026-03-10", &["short", "night"]),
            day("2026-03-09", &["night"]),
            day("2026-03-02", &["long"]),
            day("2026-03-01", &["long"]),
        ]
    );
    assert_eq!(march["days"].as_array().unwrap().len(), 31);
    assert_eq!((&march["previous"], &march["next"]), (&json!("2026-02"), &json!("2026-04")));
    let april = world.anonymous().get(&format!("{HISTORY}?month=2026-04")).await.expect(200).json;
    assert_eq!(
        eventful(&april),
        [day("2026-04-02", &["into April"]), day("2026-04-01", &["into April"])]
    );
    let february =
        world.anonymous().get(&format!("{HISTORY}?month=2026-02")).await.expect(200).json;
    assert_eq!(eventful(&february).len(), 28);
    let january = world.anonymous().get(&format!("{HISTORY}?month=2026-01")).await.expect(200).json;
    assert_eq!(january["previous"], Value::Null);
}

#[tokio::test]
async fn the_present_month_goes_up_to_today_and_grows_at_midnight() {
    let world = World::new().await;
    let now = Utc::now();
    let middle = now.date_naive().format("%Y-%m-15T12:00:00Z").to_string();
    let middle: chrono::DateTime<Utc> = middle.parse().unwrap();
    let middle = middle.checked_add_months(Months::new(1)).unwrap();
    world.set_clock(middle - now);
    world.incident(json!({"title": "open", "message": "m"})).await;
    let month = || async { world.anonymous().get(HISTORY).await.expect(200).json };
    let days = |history: &Value| history["days"].as_array().unwrap().len();
    let before = month().await;
    assert_eq!((days(&before), eventful(&before).len()), (15, 1));
    assert_eq!(before["next"], Value::Null);
    // The clock alone changes the page.
    world.set_clock(middle - now + Duration::days(1));
    eventually(std::time::Duration::from_secs(5), || async { days(&month().await) == 16 }).await;
    assert_eq!(eventful(&month().await).len(), 2);
    world.set_clock(middle - now + Duration::days(20));
    let next = middle.checked_add_months(Months::new(1)).unwrap().format("%Y-%m").to_string();
    eventually(std::time::Duration::from_secs(5), || async { month().await["month"] == next })
        .await;
}

#[tokio::test]
async fn maintenances_count_when_they_were_in_progress() {
    let world = World::new().await;
    let in_minutes = |n: i64| Utc::now() + Duration::minutes(n);
    let plan = |title: &str, from: i64, to: i64| json!({"title": title, "message": "m", "starts_at": in_minutes(from), "ends_at": in_minutes(to)});
    world.post("/api/v1/maintenances", &plan("now", 0, 60)).await.expect(201);
    world.post("/api/v1/maintenances", &plan("tomorrow", 1440, 1500)).await.expect(201);
    eventually(std::time::Duration::from_secs(10), || async {
        let history = world.anonymous().get(HISTORY).await.expect(200).json;
        eventful(&history).iter().any(|(_, titles)| titles.contains(&"now".to_owned()))
    })
    .await;
    let history = world.anonymous().get(HISTORY).await.expect(200);
    assert!(!history.text.contains("tomorrow"));
}

#[tokio::test]
async fn months_that_are_none_are_refused() {
    let world = World::new().await;
    let public = world.anonymous();
    for wrong in ["", "2026", "2026-13", "2026-1", "november", "2026-11-01", "%00"] {
        problem(&public.get(&format!("{HISTORY}?month={wrong}")).await, 400);
    }
    problem(&public.get(&format!("{HISTORY}?moth=2026-11")).await, 400);
    let next_year: NaiveDate = Utc::now().date_naive() + Duration::days(366);
    let future = next_year.format("%Y-%m");
    problem(&public.get(&format!("{HISTORY}?month={future}")).await, 404);
    let empty = public.get(&format!("{HISTORY}?month=1999-02")).await.expect(200).json;
    assert_eq!(empty["days"].as_array().unwrap().len(), 28);
    assert_eq!(empty["previous"], Value::Null);
}
