//! Farol with a Postgres of its own.
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::json;
use tests::node::{Env, free_port, settings};
use tests::{Folder, Replica, command, eventually};

const STOPS_WITHIN: Duration = Duration::from_secs(20);

fn environment(folder: &Folder) -> Env {
    let mut env = settings();
    for name in ["FAROL_SECRET_KEY", "FAROL_ADMIN_EMAIL", "FAROL_ADMIN_PASSWORD"] {
        env.remove(name);
    }
    let data = folder.path().join("data").display().to_string();
    env.insert("FAROL_DATA_DIR".to_owned(), data);
    env
}

/// The word after `label` in what the first start printed.
fn printed<'t>(text: &'t str, label: &str) -> &'t str {
    let (_, rest) = text.split_once(label).unwrap_or_else(|| panic!("no {label} in {text}"));
    rest.split_whitespace().next().expect("a word")
}

/// Processes that work in the folder.
fn inhabitants(folder: &Folder) -> Vec<String> {
    let processes = std::fs::read_dir("/proc").expect("/proc").flatten();
    processes
        .filter(|it| {
            let cwd = std::fs::read_link(it.path().join("cwd"));
            cwd.is_ok_and(|it| it.starts_with(folder.path()))
        })
        .filter_map(|it| std::fs::read_to_string(it.path().join("cmdline")).ok())
        .collect()
}

#[tokio::test]
async fn it_greets_once_and_keeps_its_data() {
    let folder = Folder::new();
    let mut farol = Replica::start(environment(&folder), &folder).await;
    let greeting = farol.node.stdout();
    let login =
        json!({"email": printed(&greeting, "e-mail"), "password": printed(&greeting, "password")});
    farol.post("/api/v1/auth/login", &login).await.expect(200);
    let at = greeting.find("farol_").expect("a token");
    let secret = &greeting[at..at + 44];
    let machine = farol.as_token(secret);
    machine.post("/api/v1/components", &json!({"name": "api"})).await.expect(201);

    farol.node.kill();
    farol.restart().await;
    machine.get("/api/v1/components/api").await.expect(200);
    let (status, took) = farol.node.stop(Signal::SIGTERM);
    assert!(status.success() && took < STOPS_WITHIN, "{status} {took:?}");
    assert_eq!(inhabitants(&folder), Vec::<String>::new());

    farol.restart().await;
    machine.get("/api/v1/components/api").await.expect(200);
    let (status, took) = farol.node.stop(Signal::SIGINT);
    assert!(status.success() && took < STOPS_WITHIN, "{status} {took:?}");
    assert_eq!(inhabitants(&folder), Vec::<String>::new());
    let greetings = farol.node.stdout();
    assert_eq!(greetings.matches("shown this once").count(), 2, "{greetings}");
    assert!(!farol.node.stderr().contains(secret));
}

#[tokio::test]
async fn one_folder_has_one_farol() {
    let folder = Folder::new();
    let env = environment(&folder);
    let mut farol = Replica::start(env.clone(), &folder).await;
    let mut second = env.clone();
    second.insert("FAROL_LISTEN".to_owned(), format!("127.0.0.1:{}", free_port()));
    let complaint = command(&second, folder.path(), &["serve"]).run("").failed();
    assert!(complaint.contains("data"), "{complaint}");
    farol.anonymous().get("/readyz").await.expect(200);
    let secret = command(&env, folder.path(), &["token", "add", "--name", "x", "--scopes", "read"]);
    let secret = secret.run("").succeeded();
    farol.as_token(secret.trim()).get("/api/v1/auth/me").await.expect(200);
    farol.node.kill();
    eventually(STOPS_WITHIN, || async { inhabitants(&folder).is_empty() }).await;
}
