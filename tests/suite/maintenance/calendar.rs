//! What is planned, day by day.
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
