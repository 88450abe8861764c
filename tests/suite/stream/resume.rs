//! Going on where one was, without loss or repetition.
use std::collections::BTreeSet;

use diesel::{
    ExpressionMethods as _, NullableExpressionMethods as _, QueryDsl as _, RunQueryDsl as _,
};
use persistence::schema::events;
use serde_json::json;
use tests::{Client, Stream, World};

use super::{STATUS, go_on, hidden, listen, ordered, version};
use crate::incident::opening;

const WRITERS: usize = 8;
const WRITES: usize = 25;
/// The last thing that is written.
const END: &str = "the end";

fn ends(told: &tests::Told) -> bool {
    told.data["data"]["incident"]["title"] == END
}

/// Writes of all kinds from many sides at once, and in the end [`END`].
async fn write(world: &World, replicas: &[&Client]) {
    let mut writers = Vec::new();
    for n in 0..WRITERS {
        let client = world.at(replicas[n % replicas.len()].base());
        writers.push(tokio::spawn(async move {
            for m in 0..WRITES {
                let body = if (n + m) % 3 == 0 { hidden() } else { opening(&[], "") };
                client.post("/api/v1/incidents", &body).await.expect(201);
            }
        }));
    }
    for writer in writers {
        writer.await.expect("writes");
    }
    ordered(world).await;
    let end = json!({"title": END, "message": "m"});
    world.post("/api/v1/incidents", &end).await.expect(201);
}

/// Listens after `since` with connections that break after ever other numbers of events.
async fn listen_brokenly(client: Client, at: Vec<String>, since: i64) -> Vec<i64> {
    let mut heard = vec![since];
    for n in 0.. {
        let client = client.at(&at[n % at.len()]);
        let mut stream = go_on(&client, heard[heard.len() - 1]).await;
        for _ in 0..(n * 7) % 13 + 1 {
            let told = stream.hear().await;
            assert_ne!(told.event, "status", "after {heard:?}");
            heard.push(told.id.expect("an id"));
            if ends(&told) {
                return heard;
            }
        }
    }
    unreachable!("it goes on until the end")
}

#[tokio::test]
async fn nothing_is_lost_or_repeated_while_many_write_on_two_replicas() {
    let world = World::new().await;
    let other = world.replica_as(&["serve", "--only", "api"]).await;
    ordered(&world).await;
    let (_, of_public) = listen(&world.anonymous()).await;
    let (_, of_insider) = listen(&world).await;
    let at = vec![world.base().to_owned(), other.base().to_owned()];
    let mut readers = Vec::new();
    for (client, first) in
        [(world.anonymous(), of_public), (world.as_token(world.bearer().unwrap()), of_insider)]
    {
        for n in 0..4 {
            let (mut at, since) = (at.clone(), first.id.expect("an id"));
            at.rotate_left(n % 2);
            readers.push(tokio::spawn(listen_brokenly(client.clone(), at, since)));
        }
    }
    write(&world, &[&world, &other]).await;
    let mut heard = Vec::new();
    for reader in readers {
        heard.push(reader.await.expect("what was heard"));
    }
    let (public, insider) = heard.split_at(4);
    let since = public[0][0];
    let all: Vec<i64> = (since..=version(&world.anonymous()).await).collect();
    assert!(all.len() > WRITERS * WRITES / 2, "{all:?}");
    assert!(public.iter().all(|it| *it == all), "{public:?}");
    let written = events::table.filter(events::sequence.ge(insider[0][0]));
    let written = written.order(events::sequence).select(events::sequence.assume_not_null());
    let written: Vec<i64> = written.load(&mut world.db()).expect("events");
    assert!(
        insider.iter().all(|it| it[1..] == written[written.len() - it.len() + 1..]),
        "{insider:?}"
    );
    assert!(insider.iter().all(|it| it.len() > WRITERS * WRITES), "{insider:?}");
}

/// What of a page and of what follows it together names incidents, again and again.
async fn seams(client: Client, by_query: bool) -> Vec<BTreeSet<String>> {
    let mut seams = Vec::new();
    let mut ended = false;
    while !ended {
        let page = client.get(STATUS).await.expect(200).json;
        let version = &page["version"];
        let query = if by_query { format!("?last_event_id={version}") } else { String::new() };
        let mut stream = Stream::open(&client, &query, "").await;
        let mut page = if by_query { page } else { stream.hear().await.data };
        let list = page["incidents"].take();
        let mut named: BTreeSet<String> = BTreeSet::new();
        let ids = |it: &serde_json::Value| it["id"].as_str().expect("an id").to_owned();
        named.extend(list.as_array().expect("incidents").iter().map(ids));
        ended = list.as_array().expect("incidents").iter().any(|it| it["title"] == END);
        if !ended {
            let mut last = 0;
            loop {
                let told = stream.hear().await;
                assert!(told.event != "status" && told.id > Some(last), "{told:?} after {last}");
                last = told.id.expect("an id");
                named.insert(ids(&told.data["data"]["incident"]));
                if ends(&told) {
                    break;
                }
            }
            seams.push(named);
            // The last page begins and ends with the end.
            ended = seams.len() >= 5;
        }
    }
    seams
}

#[tokio::test]
async fn a_page_and_what_follows_it_are_everything() {
    let world = World::new().await;
    world.component("api").await;
    ordered(&world).await;
    let mut readers = Vec::new();
    for n in 0..24 {
        readers.push(tokio::spawn(late(world.anonymous(), n % 2 == 0, n)));
    }
    write(&world, &[&world]).await;
    let page = world.anonymous().get(STATUS).await.expect(200).json;
    let all = page["incidents"].as_array().expect("incidents");
    let all: BTreeSet<String> =
        all.iter().map(|it| it["id"].as_str().expect("an id").to_owned()).collect();
    let mut n_seams = 0;
    for reader in readers {
        for named in reader.await.expect("what was heard") {
            assert_eq!(all.difference(&named).collect::<Vec<_>>(), Vec::<&String>::new());
            n_seams += 1;
        }
    }
    assert!(n_seams >= 12, "{n_seams}");
}

/// Begins when so many events were heard, amid the writing.
async fn late(client: Client, by_query: bool, n: usize) -> Vec<BTreeSet<String>> {
    let (mut stream, _) = listen(&client).await;
    for _ in 0..n * 4 {
        if ends(&stream.hear().await) {
            return Vec::new();
        }
    }
    seams(client, by_query).await
}

#[tokio::test]
async fn a_restart_in_between_is_not_noticed() {
    let mut world = World::new().await;
    let public = world.anonymous();
    let (stream, first) = listen(&public).await;
    let since = first.id.expect("an id");
    drop(stream);
    world.component("before").await;
    ordered(&world).await;
    world.terminate();
    world.start().await;
    world.component("after").await;
    let mut stream = go_on(&public, since).await;
    for (n, slug) in [(1, "before"), (2, "after")] {
        let told = stream.hear().await;
        assert_eq!(
            (told.id, &told.data["data"]["component"]["slug"]),
            (Some(since + n), &json!(slug))
        );
    }
}

#[tokio::test]
async fn who_was_away_too_long_or_comes_from_the_future_gets_the_page() {
    let world = World::new().await;
    let public = world.anonymous();
    world.component("api").await;
    ordered(&world).await;
    let version = version(&public).await;
    for place in ["Last-Event-ID: 1000000\r\n", ""] {
        let query = if place.is_empty() { "?last_event_id=1000000" } else { "" };
        let mut stream = Stream::open(&public, query, place).await;
        let first = stream.hear().await;
        assert_eq!((first.event.as_str(), first.id), ("status", Some(version)));
    }
    // What the page is as of is where it goes on, whatever the header is beside it.
    let mut stream =
        Stream::open(&public, "?last_event_id=1000000", &format!("Last-Event-ID: {version}\r\n"))
            .await;
    world.component("new").await;
    let told = stream.hear().await;
    assert_eq!((told.event.as_str(), told.id), ("component.created", Some(version + 1)));
}
