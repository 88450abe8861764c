//! Who may ask what, and in which form it is answered.
use tests::Reply;

use super::*;

#[tokio::test]
async fn what_is_not_known_is_not_up() {
    let world = World::new().await;
    let new = json!({"name": "api", "start_date": ago(10)});
    let made = world.post("/api/v1/components", &new).await.expect(201).json;
    let it = of(&world, "api", &ninety()).await;
    assert_eq!(it["seconds"]["unknown"], 80 * DAY);
    assert_eq!(
        (&it["days"][79]["uptime_percent"], &it["days"][80]["uptime_percent"]),
        (&Value::Null, &json!(100.0))
    );
    trouble(&world, "api", "major_outage", 2, (0, 60)).await;
    let known = of(&world, "api", &ninety()).await;

    world.delete("/api/v1/components/api").await.expect(204);
    problem(&world.get(&format!("{UPTIME}?component=api")).await, 404);
    assert_eq!(uptime(&world, "").await["components"], json!([]));
    let id = made["id"].as_str().unwrap();
    assert_eq!(of(&world, id, &ninety()).await, known);
    world.set_clock(Duration::days(5));
    tallied_but_archived(&world).await;
    let later = format!("from={}&to={}", today() + Days::new(1), today() + Days::new(3));
    let later = of(&world, id, &later).await;
    assert_eq!(
        (&later["uptime_percent"], &later["seconds"]["unknown"]),
        (&Value::Null, &json!(3 * DAY))
    );
    assert_eq!(of(&world, id, &ninety()).await, known);
}

async fn tallied_but_archived(world: &World) {
    let over = "components where archived_at is not null and tallied_to > archived_at::date";
    eventually(TALLIED_WITHIN, || async { count(world, over) == 1 }).await;
}

#[tokio::test]
async fn the_public_learns_nothing_of_what_is_internal() {
    let world = World::new().await;
    let hidden = json!({"name": "Hidden", "visibility": "internal"});
    let group = world.post("/api/v1/groups", &hidden).await.expect(201).json;
    let new = json!({"name": "api", "start_date": ago(100), "group_id": group["id"]});
    world.post("/api/v1/components", &new).await.expect(201);
    let secret = json!({"name": "Secret", "visibility": "internal", "start_date": ago(100)});
    world.post("/api/v1/components", &secret).await.expect(201);
    let at = |minutes: i64| midnight(ago(5)) + Duration::minutes(minutes);
    let incident = world
        .incident(json!({"title": "Internal trouble", "message": "m", "visibility": "internal",
            "components": [{"slug": "api", "status": "major_outage"},
                           {"slug": "secret", "status": "major_outage"}],
            "started_at": at(0), "resolved_at": at(60)}))
        .await;
    let (public, insider) = (world.anonymous(), world.token(&["read"]).await);
    let seen = public.get(&format!("{UPTIME}?{}", ninety())).await.expect(200);
    assert_eq!(each(seen.json["components"].as_array().unwrap(), "slug"), ["api"]);
    assert_eq!(seen.json["components"][0]["seconds"]["major_outage"], 3600, "its status is public");
    assert_eq!(seen.json["components"][0]["group_id"], Value::Null);
    assert_eq!(seen.json["groups"], json!([]));
    let sheet = Reply::of(
        public
            .raw(reqwest::Method::GET, &format!("{UPTIME}?{}", ninety()))
            .header("accept", "text/csv"),
    );
    for text in [&seen.text, &sheet.await.expect(200).text] {
        for marker in ["Internal trouble", incident["id"].as_str().unwrap(), "ecret", "idden"] {
            assert!(!text.contains(marker), "{marker}");
        }
    }
    for query in ["component=secret", "group=hidden"] {
        problem(&public.get(&format!("{UPTIME}?{query}")).await, 404);
        insider.get(&format!("{UPTIME}?{query}")).await.expect(200);
    }
    let all = uptime(&insider, &ninety()).await;
    assert_eq!(all["components"].as_array().unwrap().len(), 2);
    assert_eq!(all["components"][0]["incidents"][0]["id"], incident["id"]);
    assert_eq!(all["groups"][0]["slug"], "hidden");
}

#[tokio::test]
async fn a_sheet_has_the_same_figures_and_no_formulas() {
    let world = World::new().await;
    let new = json!({"name": "=1+1", "slug": "api", "start_date": ago(100), "uptime_target": 99.9});
    world.post("/api/v1/components", &new).await.expect(201);
    trouble(&world, "api", "major_outage", 10, (0, 60)).await;
    let sheet = |accept: &'static str, query: String| {
        let request = world.anonymous().raw(reqwest::Method::GET, &format!("{UPTIME}?{query}"));
        Reply::of(request.header("accept", accept))
    };
    let days = sheet("text/csv", ninety()).await.expect(200);
    assert!(days.header("content-type").starts_with("text/csv"), "{:?}", days.headers);
    assert!(days.header("vary").contains("Accept") && !days.header("etag").is_empty());
    let lines: Vec<&str> = days.text.lines().collect();
    assert_eq!(lines.len(), 91);
    assert!(lines[0].starts_with("kind,id,slug,name,period,uptime_percent,operational_seconds,"));
    let bad = lines.iter().find(|it| it.contains(&ago(10).to_string())).unwrap();
    assert!(
        bad.contains(",api,'=1+1,") && bad.ends_with(",95.8333,82800,0,0,0,3600,0,99.9,1"),
        "{bad}"
    );
    let total = sheet("text/csv", format!("{}&granularity=total", ninety())).await;
    let period = format!("{}/{}", ago(90), ago(1));
    assert!(
        total.text.lines().nth(1).unwrap().contains(&format!(",{period},99.9537,")),
        "{}",
        total.text
    );
    for accept in ["*/*", "application/json, text/csv;q=0.9", "text/csv;q=0, */*", "text/html"] {
        let json = sheet(accept, ninety()).await.expect(200);
        assert_eq!(json.header("content-type"), "application/json", "{accept}");
    }
    assert!(sheet("application/json;q=0.5, text/csv", ninety()).await.text.starts_with("kind,"));
}

#[tokio::test]
async fn questions_that_make_no_sense_are_refused_with_a_reason() {
    let world = World::new().await;
    old(&world, "api").await;
    let year = |from: u64| format!("from={}&to={}", ago(from), ago(1));
    let (tomorrow, reversed) =
        (format!("from={}", today() + Days::new(2)), format!("from={}&to={}", ago(1), ago(2)));
    for query in [
        "from=yesterday",
        "to=2026-02-30",
        "from=0001-01-01&to=0001-01-02",
        "from=99999-01-01",
        "granularity=week",
        "granularity=",
        "component=api&group=core",
        "componnet=api",
        "component=%00",
        &year(367),
        &tomorrow,
        &reversed,
    ] {
        let refused = world.anonymous().get(&format!("{UPTIME}?{query}")).await;
        assert!(problem(&refused, 400)["detail"].is_string(), "{query}: {}", refused.text);
    }
    for query in ["component=nothing", "group=nothing", "component=", "group=api"] {
        problem(&world.anonymous().get(&format!("{UPTIME}?{query}")).await, 404);
    }
    assert_eq!(of(&world, "api", &year(366)).await["days"].as_array().unwrap().len(), 366);
    let future = uptime(&world, &format!("from={}&to=2999-12-31", ago(1))).await;
    assert_eq!(future["to"], json!(today()));

    let many = "insert into components (id, slug, name, position, visibility, reported_status,
        status, status_since, showcase, only_show_if_degraded, metadata, created_at, updated_at)
        select gen_random_uuid(), 'c' || n, 'c' || n, n, 'public', 'operational', 'operational', now(),
               true, false, '{}', now(), now() from generate_series(1, 600) n";
    sql_query(many).execute(&mut world.db()).expect("components");
    let refused = world.get(&format!("{UPTIME}?{}&granularity=total", year(366))).await;
    assert!(problem(&refused, 400)["detail"].as_str().unwrap().contains("fewer days"));
    assert_eq!(uptime(&world, &ninety()).await["components"].as_array().unwrap().len(), 601);
}
