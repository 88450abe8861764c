//! What nobody can mean is refused, by field and with a sentence.
use super::*;

#[tokio::test]
async fn what_makes_no_sense_is_refused_by_field() {
    let world = World::new().await;
    world.component("api").await;
    let berlin = |text: &str| json!({"starts_at": text, "time_zone": "Europe/Berlin"});
    for (change, pointers) in [
        (json!({"ends_at": in_minutes(30)}), vec!["/ends_at"]),
        (json!({"ends_at": in_minutes(60)}), vec!["/ends_at"]),
        (json!({"ends_at": in_minutes(30 * 365 * 24 * 60)}), vec!["/ends_at"]),
        (
            json!({"starts_at": in_minutes(3000 * 1440), "ends_at": in_minutes(3001 * 1440)}),
            vec!["/starts_at"],
        ),
        (json!({"starts_at": "soon"}), vec!["/starts_at"]),
        (
            json!({"starts_at": "2027-03-28T02:30:00", "ends_at": "2027-03-28T04:30:00"}),
            vec!["/starts_at", "/ends_at"],
        ),
        (berlin("2027-03-28T02:30:00"), vec!["/starts_at"]),
        (json!({"time_zone": "Europe/Atlantis"}), vec!["/time_zone"]),
        (json!({"recurrence": "FREQ=WEEKLY"}), vec!["/time_zone"]),
        (json!({"recurrence": "FREQ=SECONDLY", "time_zone": "UTC"}), vec!["/recurrence"]),
        (json!({"recurrence": "every day", "time_zone": "UTC"}), vec!["/recurrence"]),
        (json!({"recurrence": "FREQ=WEEKLY", "time_zone": "Mars/Base"}), vec!["/time_zone"]),
        (json!({"remind_before_seconds": [3600, 5]}), vec!["/remind_before_seconds/1"]),
        (json!({"remind_before_seconds": vec![60; 11]}), vec!["/remind_before_seconds"]),
        (json!({"components": [{"slug": "nix"}]}), vec!["/components/0"]),
        (json!({"components": [{"status": "major_outage"}]}), vec!["/components/0"]),
        (json!({"title": ""}), vec!["/title"]),
        (json!({"remind": true}), vec!["/remind"]),
    ] {
        let mut new = plan(&["api"], 60, 120);
        for (name, value) in change.as_object().unwrap() {
            new[name] = value.clone();
        }
        let reply = world.post(MAINTENANCES, &new).await;
        invalid(&reply, &pointers);
        let detail = reply.json["errors"][0]["detail"].as_str().unwrap();
        assert!(detail.len() > 10, "{detail}");
    }
    assert_eq!(count(&world, "maintenances"), 0);
    let mut past = plan(&[], -120, -60);
    (past["recurrence"], past["time_zone"]) = (json!("FREQ=DAILY"), json!("UTC"));
    invalid(&world.post(MAINTENANCES, &past).await, &["/starts_at"]);
    for query in ["status=open", "scope=all", "component=nix", "from=yesterday", "limit=0"] {
        let reply = world.get(&format!("{MAINTENANCES}?{query}")).await;
        assert!((400..500).contains(&reply.status), "{query}: {}", reply.text);
    }
}

#[tokio::test]
async fn changes_and_updates_are_judged_too() {
    let world = World::new().await;
    world.component("api").await;
    let it = schedule(&world, &plan(&["api"], 60, 120)).await;
    for (change, pointer) in [
        (json!({"ends_at": in_minutes(10)}), "/ends_at"),
        (json!({"starts_at": in_minutes(-20), "ends_at": in_minutes(-10)}), "/ends_at"),
        (json!({"time_zone": "Nowhere"}), "/time_zone"),
        (json!({"recurrence": "FREQ=MINUTELY", "time_zone": "UTC"}), "/recurrence"),
        (json!({"components": [{"slug": "nix"}]}), "/components/0"),
        (json!({"title": null}), "/title"),
        (json!({"status": "cancelled"}), "/status"),
    ] {
        invalid(&world.patch(&path(&it), &change).await, &[pointer]);
    }
    for (said, pointer) in [
        (json!({"message": ""}), "/message"),
        (json!({"message": "m", "status": "resolved"}), "/status"),
        (json!({"message": "m", "display_at": in_minutes(5)}), "/display_at"),
        (json!({"message": "m", "display_at": in_minutes(-5)}), "/display_at"),
        (
            json!({"message": "m", "status": "cancelled", "components": [{"slug": "api"}]}),
            "/components",
        ),
    ] {
        invalid(&update(&world, &it, said).await, &[pointer]);
    }
    assert_eq!(now(&world, &it).await["version"], 1);
    for nowhere in ["4", "0", "-1", "nonsense"] {
        problem(&world.get(&format!("{MAINTENANCES}/{nowhere}")).await, 404);
    }
    let corrected = json!({"message": "Better."});
    let id = it["updates"][0]["id"].as_str().unwrap();
    let corrected =
        world.patch(&format!("{}/updates/{id}", path(&it)), &corrected).await.expect(200);
    assert_eq!(corrected.json["message_html"], "<p>Better.</p>");
}
