//! The binary and its subcommands.
mod embedded;

use serde_json::json;
use tests::node::{Env, settings};
use tests::{Cluster, Folder, Replica, World, command};

use crate::check::problem;
use crate::incident::{opening, update};

#[test]
fn a_wrong_configuration_is_refused_with_all_its_mistakes() {
    let folder = Folder::new();
    let wrong = [
        ("DATABASE_URL", "mysql://u:topsecret@h/d"),
        ("FAROL_LISTEN", "nowhere"),
        ("FAROL_DATABASE_POOL", "0"),
        ("FAROL_SECRET_KEY", "hunter2"),
        ("FAROL_RATELIMIT", "5"),
        ("FAROL_PAGE_TIME_ZONE", "Mars/Olympus"),
        ("FAROL_EGRESS_ALLOW", "10.0.0.0/99"),
    ];
    let mut env = settings();
    env.extend(wrong.map(|(name, value)| (name.to_owned(), value.to_owned())));
    for subcommand in ["check-config", "serve", "migrate"] {
        let complaint = command(&env, folder.path(), &[subcommand]).run("").failed();
        for (name, _) in wrong {
            assert!(complaint.contains(name), "{name}: {complaint}");
        }
        assert!(!complaint.contains("hunter2") && !complaint.contains("topsecret"), "{complaint}");
    }
}

#[test]
fn a_right_configuration_is_shown_without_its_secrets() {
    let (folder, mut env) = (Folder::new(), settings());
    env.insert("DATABASE_URL".into(), "postgresql://u:topsecret@h/d?password=topsecret".into());
    env.insert("FAROL_ADMIN_PASSWORD".into(), "topsecret topsecret".into());
    env.insert("FAROL_SECRET_KEY".into(), "topsecret".repeat(5));
    std::fs::write(folder.path().join(".env"), "FAROL_PAGE_NAME=Acme\nFAROL_RATE_LIMIT=7\n")
        .unwrap();
    let shown = command(&env, folder.path(), &["check-config"]).run("").succeeded();
    assert!(!shown.contains("topsecret"), "{shown}");
    for line in ["FAROL_PAGE_NAME = Acme", "FAROL_RATE_LIMIT = 10000000"] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
}

#[tokio::test]
async fn health_is_asked_of_the_port_that_is_configured() {
    let world = World::new().await;
    let (folder, mut env) = (Folder::new(), world.env().clone());
    let port = world.base().rsplit_once(':').unwrap().1.to_owned();
    env.insert("FAROL_LISTEN".into(), format!("0.0.0.0:{port}"));
    command(&env, folder.path(), &["healthcheck"]).run("").succeeded();
    env.insert("FAROL_LISTEN".into(), format!("127.0.0.1:{}", tests::node::free_port()));
    command(&env, folder.path(), &["healthcheck"]).run("").failed();
}

#[tokio::test]
async fn users_and_tokens_are_added_at_the_terminal() {
    let world = World::new().await;
    let run =
        |args: &[&str], input: &str| command(world.env(), world.folder().path(), args).run(input);
    let add = ["user", "add", "--email", "ops@example.org", "--name", "Ops", "--role", "admin"];
    run(&add, "short\n").failed();
    run(&add, "a password of some length\n").succeeded();
    run(&add, "a password of some length\n").failed();
    let ops = world.sign_in("ops@example.org", "a password of some length").await;
    ops.get("/api/v1/users").await.expect(200);
    let add =
        ["token", "add", "--name", "cron", "--scopes", "read,components", "--expires-in-days", "1"];
    let secret = run(&add, "").succeeded();
    let machine = world.as_token(secret.trim());
    machine.post("/api/v1/components", &json!({"name": "api"})).await.expect(201);
    problem(&machine.post("/api/v1/incidents", &opening(&[], "")).await, 403);
    run(&["token", "add", "--name", "x", "--scopes", "everything"], "").failed();
}

#[tokio::test]
async fn a_page_moves_to_another_database() {
    let world = World::new().await;
    let group = world.post("/api/v1/groups", &json!({"name": "Core"})).await.expect(201).json;
    let member = json!({"name": "api", "group_id": group["id"]});
    world.post("/api/v1/components", &member).await.expect(201);
    let incident = world.incident(opening(&["api"], "partial_outage")).await;
    update(&world, &incident, json!({"status": "identified", "message": "m"})).await.expect(201);
    let soon = chrono::Utc::now() + chrono::Duration::hours(1);
    let soon = chrono::SubsecRound::trunc_subsecs(soon, 0);
    let weekly = json!({"title": "Patches", "components": [{"slug": "api"}], "starts_at": soon,
        "ends_at": soon + chrono::Duration::hours(1), "recurrence": "FREQ=WEEKLY;COUNT=3",
        "time_zone": "Europe/Berlin"});
    let planned = world.post("/api/v1/maintenances", &weekly).await.expect(201).json;
    let config = json!({"bot_token": "xoxb-1", "channel": "C0123456789"});
    let slack = json!({"channel": "slack", "config": config});
    world.post("/api/v1/subscriptions", &slack).await.expect(201);
    let file = world.folder().path().join("page.jsonl");
    let file = file.to_str().unwrap();
    let run = |env: &Env, args: &[&str]| command(env, world.folder().path(), args).run("");
    run(world.env(), &["export", "--output", file]).succeeded();
    run(world.env(), &["import", "--input", file]).failed();

    let (database, folder) = (Cluster::shared().empty_database(), Folder::new());
    let mut env = world.env().clone();
    env.insert("DATABASE_URL".into(), database.url());
    run(&env, &["import", "--input", file]).succeeded();
    let copy = Replica::start(env, &folder).await;
    let before = world.anonymous().get("/api/v1/status").await.expect(200).json;
    let after = copy.anonymous().get("/api/v1/status").await.expect(200).json;
    assert_eq!(after, before);
    let same = world.at(copy.base());
    assert_eq!(same.get("/api/v1/incidents/1").await.expect(200).json["id"], incident["id"]);
    let series = format!("/api/v1/maintenances?series={}", planned["series_id"].as_str().unwrap());
    let occurrences = same.get(&series).await.expect(200).json;
    assert_eq!(occurrences, world.get(&series).await.expect(200).json);
    let next = same.post("/api/v1/maintenances", &weekly).await.expect(201);
    assert_eq!(next.json["number"], 4);
    let next = same.post("/api/v1/incidents", &opening(&["api"], "major_outage")).await.expect(201);
    assert_eq!(next.json["number"], 2);
    let shared = same.get("/api/v1/credentials").await.expect(200);
    assert_eq!(shared.data(), world.get("/api/v1/credentials").await.expect(200).data());
    assert_eq!(shared.data().len(), 1);
}

#[tokio::test]
async fn the_demo_fills_an_empty_page_once() {
    let world = World::new().await;
    let run = || command(world.env(), world.folder().path(), &["demo"]).run("");
    run().succeeded();
    tests::eventually(std::time::Duration::from_secs(5), || async {
        let page = world.anonymous().get("/api/v1/status").await.expect(200).json;
        let n = |name: &str| page[name].as_array().map_or(0, Vec::len);
        n("components") >= 5 && n("groups") >= 2 && n("incidents") >= 1 && n("maintenances") >= 1
    })
    .await;
    run().failed();
}

#[tokio::test]
async fn it_stops_gracefully_and_starts_again() {
    let mut world = World::new().await;
    world.component("api").await;
    let (status, took) = world.terminate();
    assert!(status.success() && took.as_secs() < 20, "{status} {took:?}");
    world.start().await;
    world.get("/api/v1/components/api").await.expect(200);
    world.kill();
    world.start().await;
    world.get("/api/v1/components/api").await.expect(200);
}
