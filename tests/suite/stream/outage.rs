//! While the database is away, and when it comes back as another.
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use reqwest::Method;
use tests::{Cluster, Reply, World, eventually};

use super::{STATUS, go_on, listen, ordered, version};

#[tokio::test]
async fn who_listens_stays_while_the_database_is_away() {
    let cluster: &'static Cluster = Box::leak(Box::new(Cluster::start()));
    let world = World::on(cluster, |_| {}).await;
    let public = world.anonymous();
    world.component("api").await;
    ordered(&world).await;
    let (mut before, first) = listen(&public).await;
    let (mut insider, _) = listen(&world).await;
    cluster.crash();
    eventually(Duration::from_secs(10), || async {
        let ready = Reply::of(public.raw(Method::GET, "/readyz")).await;
        ready.status == 503
    })
    .await;
    let (mut meanwhile, shown) = listen(&public).await;
    assert_eq!(shown, first);
    assert_eq!(shown.data, public.get(STATUS).await.expect(200).json);
    // Heartbeats go on, to insiders as well, of whom nobody can say anything now.
    for stream in [&mut before, &mut insider, &mut meanwhile] {
        assert!(stream.next_block().await.expect("a heartbeat").is_heartbeat);
    }
    cluster.resume();
    eventually(Duration::from_secs(10), || async {
        world.post("/api/v1/components", &serde_json::json!({"name": "new"})).await.status == 201
    })
    .await;
    for stream in [&mut before, &mut meanwhile] {
        let told = stream.hear().await;
        let next = first.id.map(|it| it + 1);
        assert_eq!((told.event.as_str(), told.id), ("component.created", next));
    }
    assert_eq!(insider.hear().await.event, "component.created");
}

#[tokio::test]
async fn who_listens_begins_anew_when_the_database_is_put_back() {
    let world = World::new().await;
    let public = world.anonymous();
    world.component("kept").await;
    ordered(&world).await;
    let kept = version(&public).await;
    world.component("lost").await;
    ordered(&world).await;
    let (mut stream, _) = listen(&public).await;
    let put_back = "begin;
        update components set archived_at = farol_now() where slug = 'lost';
        delete from events where sequence = (select last_sequence from page);
        update page set last_sequence = last_sequence - 1, public_events = public_events - 1;
        commit";
    world.db().batch_execute(put_back).expect("an older database");
    let told = stream.hear().await;
    assert_eq!((told.event.as_str(), told.id), ("status", Some(kept)));
    assert_eq!(told.data["components"].as_array().map(Vec::len), Some(1));
    world.component("other").await;
    let told = stream.hear().await;
    assert_eq!((told.event.as_str(), told.id), ("component.created", Some(kept + 1)));
    drop(stream);
    let mut again = go_on(&public, kept).await;
    assert_eq!(again.hear().await, told);
}
