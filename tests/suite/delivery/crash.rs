//! Ends of the process, sudden and asked for.
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tests::node::free_port;
use tests::sink::Answer;
use tests::{Client, Reply, Sink, World, eventually};

use super::{SOON, happens, ids, is_signed, number, reaches};
use crate::incident::{INCIDENTS, opening};
use crate::subscription::subscribe;

/// A Farol that answers callers and sends nothing.
struct ApiOnly {
    process: Child,
    client: Client,
}

impl ApiOnly {
    async fn start(world: &World) -> Self {
        let tests = std::env::current_exe().expect("a path");
        let farol = tests.ancestors().nth(2).expect("a target folder").join("farol");
        let listen = format!("127.0.0.1:{}", free_port());
        let client = world.at(&format!("http://{listen}"));
        let mut command = Command::new(farol);
        command.args(["serve", "--only", "api"]).current_dir(world.folder().path());
        command.env_clear().envs(world.env()).env("FAROL_LISTEN", listen);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let api = Self { process: command.spawn().expect("a process"), client };
        let ready = || Reply::attempt(api.client.raw(Method::GET, "/readyz"));
        eventually(SOON, || async { ready().await.is_ok_and(|it| it.status == 200) }).await;
        api
    }
}

impl Drop for ApiOnly {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
async fn what_was_committed_arrives_though_nobody_lived_to_send_it() {
    let (mut world, sink) = (World::new().await, Sink::start().await);
    let one = subscribe(&world, json!({"url": sink.url("/hook")})).await;
    world.kill();
    let api = ApiOnly::start(&world).await;
    let incident = api.client.post(INCIDENTS, &opening(&[], "")).await.expect(201).json;
    drop(api);
    assert_eq!(number(&world, "select count(*) from deliveries"), 0);
    assert_eq!(sink.count(), 0);
    world.start().await;
    let received = sink.wait_for("/hook", 1).await;
    assert_eq!(received[0].json()["data"]["incident"]["id"], incident["id"]);
    assert!(is_signed(&received[0], &one["secret"]));
    reaches(&world, &one, 0, "delivered", 1).await;
}

#[tokio::test]
async fn what_was_under_way_is_sent_again_under_the_same_id() {
    let (mut world, sink) = (World::new().await, Sink::start().await);
    let one = subscribe(&world, json!({"url": sink.url("/hook")})).await;
    sink.script("/hook", [Answer::from(204).after(Duration::from_secs(600))]);
    happens(&world, "First").await;
    happens(&world, "Second").await;
    sink.wait_for("/hook", 1).await;
    world.kill();
    let leased = "select count(*) from destinations where ready_at > farol_now()";
    assert_eq!(number(&world, leased), 1);
    world.set_clock(chrono::Duration::seconds(61));
    world.start().await;
    reaches(&world, &one, 1, "delivered", 1).await;
    let received = sink.received("/hook");
    let ids = ids(&received);
    assert_eq!(ids.len(), 3);
    assert!(ids[0] == ids[1] && ids[1] != ids[2], "{ids:?}");
    assert_eq!(received[0].body, received[1].body);
    assert!(received.iter().all(|it| is_signed(it, &one["secret"])));
}

#[tokio::test]
async fn a_result_that_comes_after_its_lease_counts_for_nothing() {
    let (world, sink) = (World::new().await, Sink::start().await);
    let one = subscribe(&world, json!({"url": sink.url("/hook")})).await;
    sink.script("/hook", [Answer::from(404).after(Duration::from_secs(3))]);
    happens(&world, "First").await;
    sink.wait_for("/hook", 1).await;
    world.set_clock(chrono::Duration::seconds(61));
    reaches(&world, &one, 0, "delivered", 1).await;
    eventually(SOON, || async { world.stderr().contains("after their leases") }).await;
    let delivered = reaches(&world, &one, 0, "delivered", 1).await;
    assert_eq!(delivered["attempts"][0]["status"], 204);
    assert_eq!(sink.received("/hook").len(), 2);
}

#[tokio::test]
async fn a_polite_end_under_load_loses_and_repeats_nothing() {
    let (mut world, sink) = (World::new().await, Sink::start().await);
    let paths: Vec<String> = (0..20).map(|n| format!("/{n}")).collect();
    for path in &paths {
        subscribe(&world, json!({"url": sink.url(path)})).await;
        sink.always(path, Answer::from(204).after(Duration::from_millis(100)));
    }
    // One that is in no hurry when the end comes.
    sink.script("/0", [Answer::from(204).after(Duration::from_secs(8))]);
    for n in 0..10 {
        happens(&world, &n.to_string()).await;
    }
    eventually(SOON, || async { sink.count() >= 40 }).await;
    let (status, took) = world.terminate();
    assert!(status.success(), "{status}\n{}", world.stderr());
    assert!(took < Duration::from_secs(20), "{took:?}");
    let n_sent = i64::try_from(sink.count()).expect("a count");
    let finished = "select count(*) from deliveries where state = 'delivered'";
    assert_eq!(number(&world, finished), n_sent);
    assert!(n_sent < 200, "the load was over before the end came");
    world.start().await;
    eventually(SOON, || async { number(&world, finished) == 200 }).await;
    assert_eq!(sink.count(), 200);
    for path in &paths {
        let received = sink.received(path);
        let titles: Vec<_> =
            received.iter().map(|it| it.json()["data"]["incident"]["title"].clone()).collect();
        let expected: Vec<_> = (0..10).map(|n| json!(n.to_string())).collect();
        assert_eq!(titles, expected, "{path}");
    }
}
