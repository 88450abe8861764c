//! Subscriptions by e-mail, made by their owners and by lists.
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Reply, World};

use super::{SUBSCRIBE, asked, link, seen};
use crate::check::{invalid, problem};
use crate::delivery::number;
use crate::subscription::{SUBSCRIPTIONS, path};

const IMPORT: &str = "/api/v1/subscriptions/import";

/// A world with a mail server, though nobody listens there.
async fn with_mail() -> World {
    World::with(|env| {
        env.insert("FAROL_SMTP_URL".to_owned(), "smtp://127.0.0.1:9".to_owned());
        env.insert("FAROL_MAIL_FROM".to_owned(), "status@example.org".to_owned());
    })
    .await
}

async fn import(world: &World, sheet: &str) -> Reply {
    let request = world.raw(Method::POST, IMPORT).header("content-type", "text/csv");
    Reply::of(request.body(sheet.to_owned())).await
}

#[tokio::test]
async fn a_mailbox_is_one_however_it_is_spelled() {
    let world = with_mail().await;
    let public = world.anonymous();
    for to in ["ana@example.org", "Ana@Example.ORG"] {
        let wish = json!({"channel": "email", "config": {"to": to}, "locale": "pt-BR"});
        assert_eq!(public.post(SUBSCRIBE, &wish).await.expect(202).text, "{}");
    }
    let messages = asked(&world);
    assert_eq!(messages.len(), 1);
    let message = &messages[0];
    assert_eq!((message.get("secret"), message.get("challenge")), (None, None));
    let confirmed = public.post(&link(message, "confirm_url"), &json!({})).await.expect(200);
    assert_eq!(confirmed.json["address"], "a…@example.org");
    let now = seen(&world, message).await.expect(200).json;
    assert_eq!((&now["state"], &now["locale"]), (&json!("active"), &json!("pt-BR")));
    let nonsense = json!({"channel": "email", "config": {"to": "nobody"}});
    invalid(&public.post(SUBSCRIBE, &nonsense).await, &["/config/to"]);
}

#[tokio::test]
async fn a_list_is_imported_once() {
    let world = with_mail().await;
    let api = world.component("api").await;
    let sheet = "\u{feff}email,label,locale,time_zone,components\r\n\
        ana@example.org,\"Ana, \"\"A\"\"\",pt-BR,America/Sao_Paulo,api\r\n\
        nobody,,,,\r\n\
        bob@example.org,,,,\r\n\
        Bob@Example.org,,,,\r\n\
        eve@example.org,,,,moon\r\n\
        joe@example.org,,?,,\r\n\
        short@example.org\r\n";
    let report = import(&world, sheet).await.expect(200).json;
    assert_eq!((&report["created"], &report["existing"]), (&json!(2), &json!(1)));
    let invalid = report["invalid"].as_array().expect("a list");
    let lines: Vec<&Value> = invalid.iter().map(|it| &it["line"]).collect();
    assert_eq!(lines, [&json!(3), &json!(6), &json!(7), &json!(8)], "{report}");
    let again = import(&world, sheet).await.expect(200).json;
    assert_eq!((&again["created"], &again["existing"]), (&json!(0), &json!(3)));
    let list = world.get(SUBSCRIPTIONS).await.expect(200);
    let ana = list.data().iter().find(|it| it["label"] == "Ana, \"A\"").expect("Ana");
    assert_eq!(ana["filter"]["components"], json!([api["id"]]));
    assert_eq!((&ana["state"], &ana["origin"]), (&json!("active"), &json!("operator")));
    assert_eq!((&ana["locale"], &ana["time_zone"]), (&json!("pt-BR"), &json!("America/Sao_Paulo")));
    let wish = json!({"channel": "email", "config": {"to": "ana@example.org"}});
    world.anonymous().post(SUBSCRIBE, &wish).await.expect(202);
    assert_eq!(number(&world, "select count(*) from subscriptions"), 2);
    assert_eq!(asked(&world)[0]["already"], true);
}

#[tokio::test]
async fn a_sheet_that_is_none_is_refused() {
    let world = with_mail().await;
    for sheet in ["", "mail\nana@example.org\n", "email,color\nana@example.org,red\n"] {
        problem(&import(&world, sheet).await, 422);
    }
    let rows: String = (0..10_001).map(|n| format!("{n}@example.org\n")).collect();
    problem(&import(&world, &format!("email\n{rows}")).await, 422);
    problem(&import(&world, &"x".repeat(2 * 1024 * 1024 + 1)).await, 413);
    let json = json!({"email": "ana@example.org"});
    problem(&world.post(IMPORT, &json).await, 415);
    assert_eq!(number(&world, "select count(*) from subscriptions"), 0);
    let without = World::new().await;
    problem(&import(&without, "email\nana@example.org\n").await, 409);
}

#[tokio::test]
async fn ten_thousand_are_imported_at_once() {
    let world = with_mail().await;
    let rows: String = (0..10_000).map(|n| format!("reader{n}@example.org\n")).collect();
    let report = import(&world, &format!("email\n{rows}")).await.expect(200).json;
    assert_eq!(report["created"], 10_000);
    let sheet = world.get("/api/v1/subscriptions/export?channel=email").await.expect(200);
    assert_eq!(sheet.text.lines().count(), 10_001);
}

#[tokio::test]
async fn a_mailbox_may_collect_its_messages() {
    let world = with_mail().await;
    let new =
        json!({"channel": "email", "config": {"to": "ana@example.org"}, "digest_minutes": 60});
    let made = world.post(SUBSCRIPTIONS, &new).await.expect(201).json;
    assert_eq!(made["digest_minutes"], 60);
    for minutes in [1440, 0] {
        let change = json!({"digest_minutes": minutes});
        let changed = world.patch(&path(&made), &change).await.expect(200);
        assert_eq!(changed.json["digest_minutes"], minutes);
    }
    invalid(
        &world.patch(&path(&made), &json!({"digest_minutes": 1441})).await,
        &["/digest_minutes"],
    );
    let address = json!({"address": "ANA@example.org"});
    let erased = world.post("/api/v1/subscriptions/erase", &address).await.expect(200);
    assert_eq!(erased.json["erased"], 1);
}
