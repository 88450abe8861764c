//! What is planned: day by day, and for people's own calendars.
use super::*;

const CALENDAR: &str = "/api/v1/calendar";

#[tokio::test]
async fn every_day_holds_what_touches_it() {
    let zone = |env: &mut std::collections::BTreeMap<String, String>| {
        env.insert("FAROL_PAGE_TIME_ZONE".to_owned(), "Europe/Berlin".to_owned());
    };
    let world = World::with(zone).await;
    world.set_clock(at("2027-03-10T12:00:00Z") - Utc::now());
    for (title, from, to) in [
        ("night", "2027-03-27T22:30:00Z", "2027-03-28T01:30:00Z"),
        ("until midnight", "2027-03-28T20:00:00Z", "2027-03-28T22:00:00Z"),
        ("off", "2027-03-28T20:00:00Z", "2027-03-28T22:00:00Z"),
    ] {
        let it = json!({"title": title, "starts_at": from, "ends_at": to});
        let it = schedule(&world, &it).await;
        if title == "off" {
            update(&world, &it, json!({"status": "cancelled", "message": "m"})).await.expect(201);
        }
    }
    let public = world.anonymous();
    let calendar =
        public.get(&format!("{CALENDAR}?from=2027-03-27&to=2027-03-29")).await.expect(200);
    assert_eq!(calendar.json["time_zone"], "Europe/Berlin");
    let days = calendar.json["days"].as_array().unwrap();
    assert_eq!(each(days, "date"), ["2027-03-27", "2027-03-28", "2027-03-29"]);
    let titles = |index: usize| each(days[index]["maintenances"].as_array().unwrap(), "title");
    assert_eq!(titles(0), ["night"]);
    assert_eq!(titles(1), ["night", "until midnight"]);
    assert_eq!(titles(2), [""; 0]);
    let usual = public.get(CALENDAR).await.expect(200);
    assert_eq!(usual.json["days"].as_array().unwrap().len(), 31);
    for wrong in
        ["from=2027-03-02&to=2027-03-01", "from=2027-01-01&to=2028-06-01", "from=now", "day=1"]
    {
        problem(&public.get(&format!("{CALENDAR}?{wrong}")).await, 400);
    }
}

#[tokio::test]
async fn calendars_learn_of_what_is_planned_moved_and_called_off() {
    let world = World::new().await;
    world.set_clock(at("2027-03-10T12:00:00Z") - Utc::now());
    for name in ["api", "web"] {
        world.component(name).await;
    }
    let weekly = json!({
        "title": "Patch day, as usual", "message": "The API is **down**.\nBriefly.",
        "components": [{"slug": "api"}], "time_zone": "Europe/Berlin",
        "starts_at": "2027-03-23T02:30:00", "ends_at": "2027-03-23T04:30:00",
        "recurrence": "FREQ=WEEKLY;COUNT=3",
    });
    let first = schedule(&world, &weekly).await;
    let web = json!({"title": "Web", "components": [{"slug": "web"}],
        "starts_at": "2027-03-20T00:00:00Z", "ends_at": "2027-03-20T01:00:00Z"});
    schedule(&world, &web).await;
    let mut hidden = web.clone();
    hidden["visibility"] = json!("internal");
    schedule(&world, &hidden).await;

    let public = world.anonymous();
    let ics =
        async |query: &str| public.get(&format!("/maintenances.ics{query}")).await.expect(200);
    let plain = ics("").await;
    assert_eq!(plain.header("content-type"), "text/calendar; charset=utf-8");
    assert_eq!(plain.header("etag"), ics("").await.header("etag"));
    let again = public.raw(reqwest::Method::GET, "/maintenances.ics");
    Reply::of(again.header("if-none-match", plain.header("etag"))).await.expect(304);
    let read = tests::reading::calendar(&plain.bytes).await;
    assert_eq!(read["name"], "Farol");
    let before = read["events"].as_array().unwrap().clone();
    assert_eq!(
        each(&before, "starts_at"),
        [
            "2027-03-20T00:00:00Z",
            "2027-03-23T01:30:00Z",
            "2027-03-30T00:30:00Z",
            "2027-04-06T00:30:00Z"
        ]
    );
    assert_eq!(before[1]["uid"], first["id"]);
    assert_eq!(
        (&before[1]["summary"], &before[1]["categories"]),
        (&first["title"], &json!(["api"]))
    );
    let with_all = world.get("/maintenances.ics").await.expect(200);
    assert_eq!(with_all.text.matches("BEGIN:VEVENT").count(), 5);

    let found = world.get(&format!("{MAINTENANCES}?component=api")).await.expect(200);
    let (last, middle) = (&found.data()[0], &found.data()[1]);
    update(&world, last, json!({"status": "cancelled", "message": "m"})).await.expect(201);
    let moved = json!({"starts_at": "2027-03-31T00:30:00Z", "ends_at": "2027-03-31T02:30:00Z"});
    world.patch(&path(middle), &moved).await.expect(200);
    let after = ics("?component=api").await;
    assert_ne!(after.header("etag"), plain.header("etag"));
    let read = tests::reading::calendar(&after.bytes).await;
    let events = read["events"].as_array().unwrap();
    assert_eq!(each(events, "uid"), each(&before[1..], "uid"));
    assert_eq!(each(events, "sequence"), [0, 1, 1]);
    assert_eq!(each(events, "status"), ["CONFIRMED", "CONFIRMED", "CANCELLED"]);
    assert_eq!(events[1]["starts_at"], moved["starts_at"]);
    problem(&public.get("/maintenances.ics?component=nix").await, 404);
}
