//! What the operator may decide.
use super::*;

#[tokio::test]
async fn a_day_of_maintenance_counts_as_the_rule_has_it() {
    let world = World::new().await;
    world.component("api").await;
    let day = today() + Days::new(2);
    let plan = json!({"title": "Move", "message": "m", "components": [{"slug": "api"}],
        "starts_at": midnight(day), "ends_at": midnight(day + Days::new(1))});
    world.post("/api/v1/maintenances", &plan).await.expect(201);
    world.set_clock(midnight(day + Days::new(1)) + Duration::hours(2) - Utc::now());
    let done = "maintenances where status = 'completed'";
    eventually(TALLIED_WITHIN, || async { count(&world, done) == 1 }).await;
    let query = format!("from={day}&to={day}");
    for (mode, percent) in [("up", json!(100.0)), ("excluded", Value::Null), ("down", json!(0.0))] {
        let (_replica, client) = otherwise(&world, &[("FAROL_UPTIME_MAINTENANCE", mode)]).await;
        let shown = uptime(&client, &query).await;
        assert_eq!(shown["rule"]["maintenance"], mode);
        assert_eq!(shown["components"][0]["uptime_percent"], percent, "{mode}");
        assert_eq!(shown["components"][0]["seconds"]["under_maintenance"], DAY);
    }
}

#[tokio::test]
async fn weights_and_group_rules_are_the_operators() {
    let world = World::new().await;
    let group = world.post("/api/v1/groups", &json!({"name": "Core"})).await.expect(201).json;
    for name in ["a", "b", "c"] {
        let new = json!({"name": name, "start_date": ago(100), "group_id": group["id"]});
        world.post("/api/v1/components", &new).await.expect(201);
    }
    let first = trouble(&world, "a", "major_outage", 50, (0, 60)).await;
    let second = trouble(&world, "b", "partial_outage", 50, (30, 120)).await;
    tallied(&world).await;
    let query = format!("group=core&{}", ninety());
    for (rule, percent, major, partial) in [
        ("mean", 99.9776, 3600, 5400),
        ("all_up", 99.9398, 3600, 3600),
        ("worst", 99.9537, 3600, 0),
    ] {
        let (_replica, client) = otherwise(&world, &[("FAROL_UPTIME_GROUP_RULE", rule)]).await;
        let shown = uptime(&client, &query).await;
        let it = &shown["groups"][0];
        assert_eq!(
            (&shown["rule"]["group"], &it["uptime_percent"]),
            (&json!(rule), &json!(percent))
        );
        let seconds = (&it["seconds"]["major_outage"], &it["seconds"]["partial_outage"]);
        assert_eq!(seconds, (&json!(major), &json!(partial)), "{rule}");
        assert_eq!(shown["components"].as_array().unwrap().len(), 3);
        assert_eq!(shown["components"][0]["uptime_percent"], 99.9537);
        if rule != "worst" {
            let incidents = each(it["incidents"].as_array().unwrap(), "id");
            assert_eq!(incidents, [&second["id"], &first["id"]]);
        }
    }
    let (_replica, client) = otherwise(&world, &[("FAROL_UPTIME_WEIGHTS", "partial=1")]).await;
    assert_eq!(of(&client, "b", &ninety()).await["uptime_percent"], 99.9305);
}

#[tokio::test]
async fn a_target_is_promised_kept_and_cleared() {
    let world = World::new().await;
    let path = "/api/v1/components/api";
    let new = json!({"name": "api", "start_date": ago(100), "uptime_target": 99.95});
    let made = world.post("/api/v1/components", &new).await.expect(201).json;
    assert_eq!(made["uptime_target"], 99.95);
    trouble(&world, "api", "major_outage", 10, (0, 60)).await;
    let target = of(&world, "api", &ninety()).await["target"].clone();
    let kept =
        json!({"percent": 99.95, "met": true, "budget_seconds": 3888, "budget_left_seconds": 288});
    assert_eq!(target, kept);
    world.patch(path, &json!({"uptime_target": 100})).await.expect(200);
    let target = of(&world, "api", &ninety()).await["target"].clone();
    assert_eq!((&target["met"], &target["budget_left_seconds"]), (&json!(false), &json!(-3600)));
    for wrong in [json!(0), json!(-1), json!(100.0001), json!(99.99999), json!(1e-5)] {
        let body = json!({"uptime_target": wrong});
        invalid(&world.patch(path, &body).await, &["/uptime_target"]);
        let new = json!({"name": "x", "uptime_target": wrong});
        invalid(&world.post("/api/v1/components", &new).await, &["/uptime_target"]);
    }
    assert_eq!(world.get(path).await.json["uptime_target"], 100.0);
    let cleared = world.patch(path, &json!({"uptime_target": null})).await.expect(200).json;
    assert_eq!(cleared["uptime_target"], Value::Null);
    assert_eq!(of(&world, "api", &ninety()).await["target"], Value::Null);
}
