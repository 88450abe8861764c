//! `GET /api/v1/stream`: what happens, as it happens.
mod bounds;
mod outage;
mod resume;

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Client, Reply, Stream, Told, World, eventually};

use crate::check::{problem, report};
use crate::incident::{opening, update};

const STREAM: &str = "/api/v1/stream";
const STATUS: &str = "/api/v1/status";

/// Long enough for what should not come.
const A_WHILE: Duration = Duration::from_millis(300);

/// Listens from now on, and what was told at first.
async fn listen(client: &Client) -> (Stream, Told) {
    let mut stream = Stream::open(client, "", "").await;
    assert_eq!(stream.status(), 200, "{}", stream.head);
    let first = stream.hear().await;
    assert_eq!(first.event, "status", "{first:?}");
    (stream, first)
}

/// Goes on after the event with this id.
async fn go_on(client: &Client, id: i64) -> Stream {
    Stream::open(client, "", &format!("Last-Event-ID: {id}\r\n")).await
}

/// An incident that nobody but insiders sees.
fn hidden() -> Value {
    json!({"title": "Hidden", "message": "m", "visibility": "internal"})
}

async fn version(client: &Client) -> i64 {
    client.get(STATUS).await.expect(200).json["version"].as_i64().expect("a version")
}

/// Waits until everything that was written has its place in the order.
async fn ordered(world: &World) {
    use diesel::dsl::{exists, not};
    use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _, select};
    use persistence::schema::events;
    eventually(Duration::from_secs(10), || async {
        let waiting = events::table.filter(events::sequence.is_null());
        select(not(exists(waiting))).get_result::<bool>(&mut world.db()).expect("an answer")
    })
    .await;
}

#[tokio::test]
async fn what_happens_is_told_at_once() {
    let world = World::new().await;
    world.component("api").await;
    ordered(&world).await;
    let public = world.anonymous();
    let (mut stream, first) = listen(&public).await;
    let page = public.get(STATUS).await.expect(200);
    assert_eq!((first.id, &first.data), (page.json["version"].as_i64(), &page.json));
    let since = first.id.expect("an id");

    let incident = world.incident(opening(&["api"], "major_outage")).await;
    let told = stream.hear().await;
    assert_eq!((told.event.as_str(), told.id), ("incident.created", Some(since + 1)));
    let Value::Object(members) = &told.data else { panic!("{told:?}") };
    let names: Vec<&str> = members.keys().map(String::as_str).collect();
    assert_eq!(names, ["id", "type", "timestamp", "sequence", "status", "data"]);
    assert_eq!(
        (&told.data["type"], &told.data["sequence"]),
        (&json!(told.event), &json!(since + 1))
    );
    assert_eq!(
        told.data["status"],
        json!({"indicator": "critical", "description": "Major System Outage"})
    );
    let number = incident["number"].as_i64().expect("a number");
    let shown = public.get(&format!("/api/v1/incidents/{number}")).await.expect(200).json;
    assert_eq!(told.data["data"]["incident"], shown);
    assert_eq!(told.data["data"]["page"], page.json["page"]);
    let logged = world.get("/api/v1/events?kind=incident.created").await.expect(200);
    assert_eq!(told.data["id"], logged.data()[0]["id"]);

    let changed = stream.hear().await;
    assert_eq!((changed.event.as_str(), changed.id), ("component.status_changed", Some(since + 2)));
    assert_eq!(changed.data["data"]["component"]["status"], "major_outage");
    update(&world, &incident, json!({"status": "resolved", "message": "m"})).await.expect(201);
    assert_eq!(stream.hear().await.event, "incident.resolved");
    let last = stream.hear().await;
    assert_eq!(last.data["status"]["indicator"], "none");
    assert_eq!(last.id, Some(version(&public).await));
    let at = |hours| chrono::Utc::now() + chrono::Duration::hours(hours);
    let new = json!({"title": "t", "message": "m", "starts_at": at(24), "ends_at": at(25)});
    world.post("/api/v1/maintenances", &new).await.expect(201);
    let planned = stream.hear().await;
    assert_eq!(planned.event, "maintenance.scheduled");
    assert_eq!(planned.data["data"]["maintenance"]["title"], "t");
}

#[tokio::test]
async fn the_public_hears_nothing_of_what_is_internal_and_counts_without_gaps() {
    let world = World::new().await;
    world.component("api").await;
    ordered(&world).await;
    let (mut public, first) = listen(&world.anonymous()).await;
    let (mut insider, _) = listen(&world.token(&["read"]).await).await;
    // Whose scopes do not let them read is nobody special.
    let (mut sender, of_sender) = listen(&world.token(&["signals"]).await).await;
    assert_eq!(of_sender, first);
    let since = first.id.expect("an id");
    world.user("someone@example.org", "a password of some length", "viewer").await;
    world.incident(hidden()).await;
    world
        .post("/api/v1/components", &json!({"name": "Secret", "visibility": "internal"}))
        .await
        .expect(201);
    report(&world, "secret", "major_outage").await;
    report(&world, "api", "degraded_performance").await;
    for stream in [&mut public, &mut sender] {
        for (n, kind) in [(1, "component.edited"), (2, "component.status_changed")] {
            let told = stream.hear().await;
            assert_eq!((told.event.as_str(), told.id), (kind, Some(since + n)));
            assert_eq!(told.data["data"]["component"]["slug"], "api");
            assert_eq!(told.data["status"]["indicator"], "minor");
            assert!(!told.data.to_string().to_lowercase().contains("secret"), "{told:?}");
        }
    }
    let mut last = 0;
    let changed = ["component.edited", "component.status_changed"];
    for kind in ["incident.created", "component.created"].iter().chain(&changed) {
        let told = insider.hear().await;
        assert_eq!((told.event.as_str(), &told.data["sequence"]), (*kind, &json!(told.id)));
        assert!(told.id.is_some_and(|id| id > last), "{told:?}");
        last = told.id.expect("an id");
    }
    let told = insider.hear().await;
    assert_eq!(told.data["data"]["component"]["slug"], "api");
    assert_eq!(told.data["status"]["indicator"], "major");
    assert!(public.is_silent(A_WHILE).await);
}

#[tokio::test]
async fn what_goes_out_is_not_kept_on_the_way() {
    let world = World::new().await;
    let public = world.anonymous();
    let mut stream = Stream::open(
        &public,
        "",
        "Origin: https://elsewhere.example\r\nAccept-Encoding: gzip, br\r\n",
    )
    .await;
    assert_eq!(stream.header("content-type"), "text/event-stream");
    assert_eq!(stream.header("cache-control"), "no-store");
    assert_eq!(stream.header("x-accel-buffering"), "no");
    assert_eq!(stream.header("content-encoding"), "");
    assert_eq!(stream.header("access-control-allow-origin"), "*");
    assert!(!stream.header("x-request-id").is_empty());
    let first = stream.next_block().await.expect("a block");
    assert!(first.retry.is_some_and(|it| (2_000..=5_000).contains(&it)), "{first:?}");
    let head = Reply::of(public.raw(Method::HEAD, STREAM)).await.expect(200);
    assert_eq!(head.header("content-type"), "text/event-stream");
    let asks = [("origin", "https://e.example"), ("access-control-request-method", "GET")];
    let mut preflight = public.raw(Method::OPTIONS, STREAM);
    for (name, value) in asks {
        preflight = preflight.header(name, value);
    }
    let allowed = Reply::of(preflight).await.expect(204);
    assert!(allowed.header("access-control-allow-headers").contains("Last-Event-ID"));
}

#[tokio::test]
async fn a_position_that_is_none_is_refused() {
    let world = World::new().await;
    let public = world.anonymous();
    for query in [
        "?last_event_id=-1",
        "?last_event_id=x",
        "?last_event_id=",
        "?since=1",
        "?last_event_id=99999999999999999999",
    ] {
        problem(&public.get(&format!("{STREAM}{query}")).await, 400);
    }
    for header in ["x", "-1", "1.5", "99999999999999999999"] {
        let asked = public.raw(Method::GET, STREAM).header("last-event-id", header);
        problem(&Reply::of(asked).await, 400);
    }
    problem(&Reply::of(public.raw(Method::POST, STREAM)).await, 405);
    problem(&world.as_token("farol_nonsense").get(STREAM).await, 401);
}

#[tokio::test]
async fn strangers_hear_nothing_of_an_internal_page() {
    let internal = ("FAROL_PAGE_VISIBILITY".to_owned(), "internal".to_owned());
    let world = World::with(|env| drop(env.insert(internal.0, internal.1))).await;
    problem(&world.anonymous().get(STREAM).await, 401);
    listen(&world).await;
}
