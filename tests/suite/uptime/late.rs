//! What is learnt of days that are over.
use super::*;

fn version(world: &World, slug: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = BigInt)]
        ledger_version: i64,
    }
    let sql = format!("select ledger_version from components where slug = '{slug}'");
    sql_query(sql).get_result::<Found>(&mut world.db()).expect("a component").ledger_version
}

fn tallied_days(world: &World, condition: &str) -> i64 {
    count(world, &format!("component_days where {condition}"))
}

#[tokio::test]
async fn late_news_recount_the_days_they_touch_on_every_replica() {
    let world = World::new().await;
    let other = world.second_replica().await;
    for name in ["api", "web"] {
        old(&world, name).await;
    }
    for slug in ["api", "web"] {
        trouble(&world, slug, "major_outage", 60, (0, 60)).await;
    }
    let recent = trouble(&world, "api", "major_outage", 10, (0, 60)).await;
    tallied(&world).await;
    let (before, seen) = (version(&world, "api"), version(&world, "web"));

    // The present status stays what it is.
    trouble(&world, "api", "partial_outage", 30, (0, 120)).await;
    let known_to = format!("components where slug = 'api' and tallied_to = '{}'", ago(30));
    assert!(count(&world, &known_to) <= 1);
    let expected = (99.8796, 7200, 7200);
    let shown = |it: &Value| {
        let seconds = |status: &str| it["seconds"][status].as_i64().unwrap();
        let percent = it["uptime_percent"].as_f64().unwrap();
        (percent, seconds("major_outage"), seconds("partial_outage"))
    };
    for client in [&*world, &*other] {
        assert_eq!(shown(&of(client, "api", &ninety()).await), expected);
    }
    assert!(version(&world, "api") > before);
    assert_eq!(version(&world, "web"), seen, "a component that nothing was learnt of");
    tallied(&world).await;
    assert_eq!(tallied_days(&world, &format!("day = '{}'", ago(30))), 1);
    assert_eq!(tallied_days(&world, &format!("day = '{}'", ago(10))), 1);
    for client in [&*world, &*other] {
        assert_eq!(shown(&of(client, "api", &ninety()).await), expected);
    }

    let path = format!("/api/v1/incidents/{}", recent["id"].as_str().unwrap());
    world.delete(&path).await.expect(204);
    let without = (99.9259, 3600, 7200);
    assert_eq!(shown(&of(&other, "api", &ninety()).await), without);
    tallied(&world).await;
    assert_eq!(tallied_days(&world, &format!("day = '{}'", ago(10))), 0);
    assert_eq!(shown(&of(&world, "api", &ninety()).await), without);
}

#[tokio::test]
async fn news_of_today_leave_what_was_tallied() {
    let world = World::new().await;
    old(&world, "api").await;
    trouble(&world, "api", "major_outage", 10, (0, 60)).await;
    tallied(&world).await;
    let before = version(&world, "api");
    crate::check::report(&world, "api", "degraded_performance").await;
    assert_eq!(version(&world, "api"), before + 1);
    let current = "components where tallied_to = (farol_now() at time zone 'UTC')::date";
    assert_eq!((count(&world, current), count(&world, "component_days")), (1, 1));
}

#[tokio::test]
async fn days_pass_and_are_tallied_once_by_two_replicas() {
    let world = World::new().await;
    let other = world.second_replica().await;
    old(&world, "api").await;
    let new = json!({"title": "t", "message": "m",
        "components": [{"slug": "api", "status": "major_outage"}]});
    let incident = world.incident(new).await;
    world.set_clock(Duration::days(3));
    tallied(&world).await;
    // It began today and lasts: today, and two whole days, are over and down.
    assert_eq!(tallied_days(&world, "major_outage > 0"), 3);
    assert_eq!(tallied_days(&world, &format!("major_outage = {}", DAY * 1_000_000)), 2);
    let query = format!("from={}&to={}", today() + Days::new(1), today() + Days::new(2));
    for client in [&*world, &*other] {
        let it = of(client, "api", &query).await;
        assert_eq!(
            (&it["uptime_percent"], &it["incidents"][0]["id"]),
            (&json!(0.0), &incident["id"])
        );
    }
    // It was over two days ago already, one learns.
    let over = json!({"status": "resolved", "message": "m", "display_at": midnight(today() + Days::new(2))});
    crate::incident::update(&world, &incident, over).await.expect(201);
    for client in [&*world, &*other] {
        assert_eq!(of(client, "api", &query).await["uptime_percent"], 50.0);
    }
    tallied(&world).await;
    assert_eq!(tallied_days(&world, "major_outage > 0"), 2);
    assert_eq!(of(&world, "api", &query).await["uptime_percent"], 50.0);
}

#[tokio::test]
async fn days_are_those_of_the_zone_that_is_set() {
    let mut world = World::new().await;
    old(&world, "api").await;
    // From half past ten in the evening to half past one, in UTC.
    trouble(&world, "api", "major_outage", 10, (12 * 60 + 30, 15 * 60 + 30)).await;
    tallied(&world).await;
    let down = |it: &Value, day: NaiveDate| {
        let days = it["days"].as_array().unwrap();
        days.iter().find(|it| it["date"] == json!(day)).unwrap()["seconds"]["major_outage"].clone()
    };
    let it = of(&world, "api", &ninety()).await;
    assert_eq!((down(&it, ago(10)), down(&it, ago(9))), (json!(5400), json!(5400)));
    world.kill();

    let (_tokyo, client) = otherwise(&world, &[("FAROL_PAGE_TIME_ZONE", "Asia/Tokyo")]).await;
    let shown = uptime(&client, &ninety()).await;
    assert_eq!(shown["rule"]["time_zone"], "Asia/Tokyo");
    let it = shown["components"][0].clone();
    assert_eq!((down(&it, ago(10)), down(&it, ago(9))), (json!(0), json!(10_800)));
    let retallied = "components where tallied_zone = 'Asia/Tokyo'";
    eventually(TALLIED_WITHIN, || async { count(&world, retallied) == 1 }).await;
    tallied(&world).await;
    assert_eq!(count(&world, "component_days"), 1);
    assert_eq!(of(&client, "api", &ninety()).await, it);
    // News of the past come to whoever counts in this zone now.
    trouble(&client, "api", "major_outage", 20, (0, 60)).await;
    assert_eq!(down(&of(&client, "api", &ninety()).await, ago(20)), json!(3600));
}
