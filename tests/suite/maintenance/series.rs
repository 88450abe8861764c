//! Maintenances that repeat.
use super::*;

/// Tuesdays at half past two in Berlin, where clocks are put forward on 28 March 2027.
fn weekly(rule: &str) -> Value {
    json!({
        "title": "Patch day",
        "message": "As every Tuesday.",
        "components": [{"slug": "api"}],
        "starts_at": "2027-03-16T02:30:00",
        "ends_at": "2027-03-16T04:30:00",
        "time_zone": "Europe/Berlin",
        "recurrence": rule,
        "remind_before_seconds": [3600],
    })
}

async fn world() -> World {
    let world = World::new().await;
    world.set_clock(at("2027-03-10T12:00:00Z") - Utc::now());
    world.component("api").await;
    world
}

async fn occurrences(world: &World, series: &Value) -> Vec<Value> {
    let series = series["series_id"].as_str().expect("a series");
    let path = format!("{MAINTENANCES}?series={series}&limit=200");
    let mut found = world.get(&path).await.expect(200).data().clone();
    found.reverse();
    found
}

async fn starts(world: &World, series: &Value) -> Vec<String> {
    let found = occurrences(world, series).await;
    found.iter().map(|it| it["starts_at"].as_str().expect("a time").to_owned()).collect()
}

#[tokio::test]
async fn wall_clock_time_holds_over_a_change_and_exceptions_stay_exceptions() {
    let world = world().await;
    let first = schedule(&world, &weekly("FREQ=WEEKLY;BYDAY=TU;COUNT=5")).await;
    let planned = occurrences(&world, &first).await;
    assert_eq!(
        starts(&world, &first).await,
        [
            "2027-03-16T01:30:00Z",
            "2027-03-23T01:30:00Z",
            "2027-03-30T00:30:00Z",
            "2027-04-06T00:30:00Z",
            "2027-04-13T00:30:00Z",
        ]
    );
    let moved = json!({"starts_at": "2027-03-31T00:30:00Z", "ends_at": "2027-03-31T01:30:00Z"});
    let moved = world.patch(&path(&planned[2]), &moved).await.expect(200).json;
    assert_eq!(moved["recurrence_id"], "2027-03-30T00:30:00Z");
    update(&world, &planned[3], json!({"status": "cancelled", "message": "Easter"}))
        .await
        .expect(201);

    let lived = [
        ("2027-03-16T01:30:00Z", "2027-03-16T03:30:00Z"),
        ("2027-03-23T01:30:00Z", "2027-03-23T03:30:00Z"),
        ("2027-03-31T00:30:00Z", "2027-03-31T01:30:00Z"),
        ("2027-04-13T00:30:00Z", "2027-04-13T02:30:00Z"),
    ];
    for (from, to) in lived {
        travel(&world, at(from) - Duration::hours(1)).await;
        travel(&world, at(from)).await;
        travel(&world, at(to)).await;
    }
    travel(&world, at("2027-06-01T00:00:00Z")).await;
    let history = world.get("/api/v1/components/api/history").await.json;
    let intervals = history["intervals"].as_array().unwrap().clone();
    let busy: Vec<_> = intervals
        .iter()
        .filter(|it| it["status"] == "under_maintenance")
        .map(|it| (it["from"].as_str().unwrap(), it["to"].as_str().unwrap()))
        .collect();
    assert_eq!(busy, lived);

    let whole = ["reminder", "started", "completed"].map(|it| format!("maintenance.{it}"));
    for (index, before) in [(0, vec!["scheduled"]), (1, vec![]), (2, vec!["updated"]), (4, vec![])]
    {
        let before = before.iter().map(|it| format!("maintenance.{it}"));
        let expected: Vec<String> = before.chain(whole.clone()).collect();
        assert_eq!(told(&world, &planned[index]).await, expected, "occurrence {index}");
    }
    assert_eq!(told(&world, &planned[3]).await, ["maintenance.cancelled"]);
    assert_eq!(occurrences(&world, &first).await.len(), 5, "nothing is made again");
}

#[tokio::test]
async fn occurrences_are_made_ahead_as_time_goes_on() {
    let world = world().await;
    let first = schedule(&world, &weekly("FREQ=WEEKLY")).await;
    assert_eq!(starts(&world, &first).await.len(), 13, "90 days");
    world.delete(&path(&occurrences(&world, &first).await[5])).await.expect(204);
    travel(&world, at("2027-04-01T00:00:00Z")).await;
    let found = occurrences(&world, &first).await;
    assert_eq!(found.last().unwrap()["starts_at"], "2027-06-29T00:30:00Z");
    assert_eq!(found.len(), 15, "the one that was removed stays away");
    let mut by_hand = weekly("FREQ=WEEKLY;BYDAY=TU");
    (by_hand["auto_start"], by_hand["starts_at"]) = (json!(false), json!("2027-04-06T02:30:00"));
    by_hand["ends_at"] = json!("2027-04-06T03:30:00");
    let by_hand = schedule(&world, &by_hand).await;
    let rare = json!({"recurrence": "FREQ=YEARLY", "dedup_key": "rare"});
    let mut yearly = weekly("");
    for (name, value) in rare.as_object().unwrap() {
        yearly[name] = value.clone();
    }
    yearly["starts_at"] = json!("2027-05-04T02:30:00");
    yearly["ends_at"] = json!("2027-05-04T04:30:00");
    let yearly_first = schedule(&world, &yearly).await;
    assert_eq!(starts(&world, &yearly_first).await.len(), 3, "the next three");
    let again = world.post(MAINTENANCES, &yearly).await.expect(200).json;
    assert_eq!(again["id"], yearly_first["id"]);
    let mut hourly = weekly("FREQ=DAILY;BYHOUR=0,2,4,6,8,10,12,14,16,18,20,22;BYMINUTE=30");
    hourly["starts_at"] = json!("2027-04-02T02:30:00");
    hourly["ends_at"] = json!("2027-04-02T02:40:00");
    let often = schedule(&world, &hourly).await;
    assert_eq!(starts(&world, &often).await.len(), 200, "no more than that");
    world.delete(&format!("{}?scope=following", path(&often))).await.expect(204);
    travel(&world, at("2027-12-01T00:00:00Z")).await;
    let last = starts(&world, &by_hand).await.pop().unwrap();
    assert!(at(&last) > at("2028-02-20T00:00:00Z"), "{last}: nobody began them, but they go on");
}

#[tokio::test]
async fn this_and_following_change_together() {
    let world = world().await;
    let first = schedule(&world, &weekly("FREQ=WEEKLY;BYDAY=TU;COUNT=6")).await;
    let planned = occurrences(&world, &first).await;
    update(&world, &planned[4], json!({"status": "cancelled", "message": "m"})).await.expect(201);
    let following = format!("{}?scope=following", path(&planned[2]));
    let renamed = json!({"title": "Renamed", "remind_before_seconds": []});
    let renamed = world.patch(&following, &renamed).await.expect(200).json;
    assert_ne!(renamed["series_id"], first["series_id"]);
    assert_eq!(renamed["recurrence"], "FREQ=WEEKLY;BYDAY=TU;COUNT=4");
    assert_eq!(
        starts(&world, &first).await,
        ["2027-03-16T01:30:00Z", "2027-03-23T01:30:00Z", "2027-04-13T00:30:00Z"]
    );
    assert_eq!(now(&world, &planned[4]).await["status"], "cancelled");
    assert_eq!(now(&world, &planned[1]).await["title"], "Patch day");
    assert_eq!(now(&world, &planned[5]).await["title"], "Renamed");

    let wednesdays = json!({
        "starts_at": "2027-03-31T03:00:00", "ends_at": "2027-03-31T04:00:00",
        "recurrence": "FREQ=WEEKLY;BYDAY=WE;COUNT=2", "time_zone": "Europe/Berlin",
    });
    let moved = world.patch(&following, &wednesdays).await.expect(200).json;
    assert_eq!(moved["id"], planned[2]["id"]);
    assert_eq!(starts(&world, &moved).await, ["2027-03-31T01:00:00Z", "2027-04-07T01:00:00Z"]);
    problem(&world.get(&path(&planned[5])).await, 404);
    let last = world.patch(&following, &json!({"recurrence": null})).await.expect(200).json;
    assert_eq!((&last["series_id"], &last["recurrence"]), (&Value::Null, &Value::Null));
    assert_eq!(last["starts_at"], "2027-03-31T01:00:00Z");
    invalid(
        &world.patch(&path(&planned[1]), &json!({"recurrence": "FREQ=DAILY"})).await,
        &["/recurrence"],
    );
    world.delete(&format!("{}?scope=following", path(&planned[0]))).await.expect(204);
    assert_eq!(
        starts(&world, &first).await,
        ["2027-04-13T00:30:00Z"],
        "what is cancelled stays told"
    );
}

#[tokio::test]
async fn of_several_missed_occurrences_the_last_is_told() {
    let mut world = world().await;
    let mut daily = weekly("FREQ=DAILY");
    daily["remind_before_seconds"] = json!([]);
    let first = schedule(&world, &daily).await;
    world.kill();
    world.set_clock(at("2027-03-20T12:00:00Z") - Utc::now());
    world.start().await;
    settled(&world).await;
    let found = occurrences(&world, &first).await;
    let over: Vec<&Value> = found.iter().filter(|it| it["status"] == "completed").collect();
    assert_eq!(over.len(), 5);
    let announced = count(&world, "events where kind = 'maintenance.completed' and announce");
    assert_eq!(announced, 1);
    assert_eq!(told(&world, over[4]).await, ["maintenance.completed"]);
}
