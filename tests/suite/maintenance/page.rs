//! What the page and lists show.
use super::*;

#[tokio::test]
async fn a_maintenance_comes_onto_the_page_when_it_is_near() {
    let world = World::new().await;
    world.component("api").await;
    let month = 30 * 24 * 60;
    let it = schedule(&world, &plan(&["api"], month + 60, month + 120)).await;
    let page = async || world.anonymous().get("/api/v1/status").await.expect(200);
    let before = page().await;
    assert_eq!(before.json["maintenances"], json!([]));
    travel(&world, in_minutes(61)).await;
    eventually(ON_TIME, || async { page().await.json["maintenances"] != json!([]) }).await;
    let after = page().await;
    assert_eq!(after.json["maintenances"][0]["id"], it["id"]);
    assert_ne!(before.header("etag"), after.header("etag"));
    assert!(after.json["version"].as_i64() > before.json["version"].as_i64());
    let anew = world.second_replica().await;
    let built = anew.anonymous().get("/api/v1/status").await.expect(200);
    assert_eq!(built.header("etag"), after.header("etag"));

    world.patch("/api/v1/components/api", &json!({"name": "Interface"})).await.expect(200);
    assert_eq!(page().await.json["maintenances"][0]["components"][0]["name"], "Interface");
    let away = json!({"starts_at": in_minutes(2 * month), "ends_at": in_minutes(2 * month + 5)});
    world.patch(&path(&it), &away).await.expect(200);
    assert_eq!(page().await.json["maintenances"], json!([]));
}

#[tokio::test]
async fn the_public_sees_no_internal_maintenance_and_no_hint_of_who() {
    let world = World::new().await;
    world.component("api").await;
    let vault = json!({"name": "Vault", "visibility": "internal"});
    world.post("/api/v1/components", &vault).await.expect(201);
    let mut hidden = plan(&["api"], 60, 120);
    hidden["visibility"] = json!("internal");
    let hidden = schedule(&world, &hidden).await;
    let mut shown = plan(&["api", "vault"], 60, 120);
    (shown["dedup_key"], shown["metadata"]) = (json!("k"), json!({"ticket": "7"}));
    let shown = schedule(&world, &shown).await;
    let public = world.anonymous();
    problem(&public.get(&path(&hidden)).await, 404);
    let seen = public.get(&path(&shown)).await.expect(200).json;
    assert_eq!(each(seen["components"].as_array().unwrap(), "slug"), ["api"]);
    for member in ["dedup_key", "source"] {
        assert!(seen[member].is_null() && !shown[member].is_null(), "{member}");
    }
    assert_eq!(seen["metadata"], json!({}));
    assert_eq!(public.get(MAINTENANCES).await.expect(200).data().len(), 1);
    assert_eq!(world.get(MAINTENANCES).await.expect(200).data().len(), 2);
    problem(&public.get(&format!("{MAINTENANCES}?component=vault")).await, 404);
    travel(&world, in_minutes(61)).await;
    let page = public.get("/api/v1/status").await.expect(200).json;
    assert_eq!(each(page["maintenances"].as_array().unwrap(), "id"), [&shown["id"]]);
    let history = public.get("/api/v1/components/api/history").await.json;
    let cause = &history["intervals"][1]["maintenance_id"];
    assert!(cause.is_null() || *cause == shown["id"], "{history}");
}

#[tokio::test]
async fn lists_are_filtered_searched_and_walked() {
    let world = World::new().await;
    let group = json!({"name": "core"});
    let group = world.post("/api/v1/groups", &group).await.expect(201).json;
    let api = json!({"name": "api", "group_id": group["id"]});
    world.post("/api/v1/components", &api).await.expect(201);
    for (title, slugs, from, to) in [
        ("past", &["api"][..], -120, -60),
        ("active", &[], -10, 60),
        ("far", &[], 6000, 6060),
        ("near", &["api"], 60, 120),
    ] {
        let mut new = plan(slugs, from, to);
        new["title"] = json!(title);
        schedule(&world, &new).await;
    }
    settled(&world).await;
    let titles = async |query: &str| {
        let found = world.get(&format!("{MAINTENANCES}?{query}")).await.expect(200);
        let titles: Vec<String> =
            each(found.data(), "title").iter().map(|it| it.as_str().unwrap().to_owned()).collect();
        titles
    };
    let soon = in_minutes(1).to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let later = in_minutes(200).to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    for (query, found) in [
        ("", &["far", "near", "active", "past"][..]),
        ("status=upcoming", &["far", "near"]),
        ("status=active", &["active"]),
        ("status=past", &["past"]),
        ("status=completed", &["past"]),
        ("component=api", &["near", "past"]),
        ("group=core", &["near", "past"]),
        ("q=near", &["near"]),
        ("q=%22we+upgrade%22", &["far", "near", "active", "past"]),
        (&format!("from={soon}"), &["far", "near", "active"]),
        (&format!("from={soon}&to={later}"), &["near", "active"]),
    ] {
        assert_eq!(titles(query).await, found, "{query}");
    }
    let walked = crate::check::walk(&world, &format!("{MAINTENANCES}?limit=1")).await;
    assert_eq!(each(&walked, "title"), ["far", "near", "active", "past"]);
}

#[tokio::test]
async fn overlaps_are_pointed_out() {
    let world = World::new().await;
    for name in ["api", "web"] {
        world.component(name).await;
    }
    let first = schedule(&world, &plan(&["api", "web"], 60, 120)).await;
    let beside = schedule(&world, &plan(&["api"], 120, 180)).await;
    assert_eq!(beside["warnings"], json!([]));
    let other = schedule(&world, &plan(&["web"], 110, 130)).await;
    let warnings = other["warnings"].as_array().unwrap();
    assert_eq!(each(warnings, "maintenance_id"), [&first["id"]]);
    assert_eq!(
        (&warnings[0]["code"], &warnings[0]["component"]),
        (&json!("overlap"), &json!("web"))
    );
    let moved = json!({"starts_at": in_minutes(115), "ends_at": in_minutes(170)});
    let moved = world.patch(&path(&beside), &moved).await.expect(200).json;
    assert_eq!(each(moved["warnings"].as_array().unwrap(), "number"), [&first["number"]]);
}
