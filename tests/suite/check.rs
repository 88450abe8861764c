//! Judgements that many tests share.
use serde_json::Value;
use tests::{Reply, World};

/// Fails unless this is a problem with that status that names its request. Returns it.
#[track_caller]
pub fn problem(reply: &Reply, status: u16) -> &Value {
    let problem = &reply.json;
    assert_eq!(reply.status, status, "{}", reply.text);
    assert_eq!(reply.header("content-type"), "application/problem+json", "{}", reply.text);
    assert_eq!(problem["status"], status);
    assert!(problem["type"].as_str().is_some_and(|it| it.starts_with("/problems/")));
    assert_eq!(problem["instance"], reply.header("x-request-id"));
    problem
}

/// Fails unless this is a 422 that points at exactly these fields.
#[track_caller]
pub fn invalid(reply: &Reply, pointers: &[&str]) {
    let errors = problem(reply, 422)["errors"].as_array().cloned().unwrap_or_default();
    let found: Vec<&str> = errors.iter().filter_map(|it| it["pointer"].as_str()).collect();
    assert_eq!(found, pointers, "{}", reply.text);
}

/// Fails unless the ledger of a component went through these statuses without a gap, and its last
/// row is what the component shows.
pub async fn ledger(world: &World, key: &str, statuses: &[&str]) {
    let history = world.get(&format!("/api/v1/components/{key}/history")).await.expect(200);
    let intervals = history.json["intervals"].as_array().expect("intervals").clone();
    let shown: Vec<&str> = intervals.iter().filter_map(|it| it["status"].as_str()).collect();
    assert_eq!(shown, statuses, "{}", history.text);
    for pair in intervals.windows(2) {
        assert_eq!(pair[0]["to"], pair[1]["from"], "{}", history.text);
    }
    let last = intervals.last().expect("an interval");
    assert_eq!(last["to"], Value::Null);
    let component = world.get(&format!("/api/v1/components/{key}")).await.expect(200);
    assert_eq!(last["status"], component.json["status"]);
    assert_eq!(last["from"], component.json["status_since"]);
}

/// Sets the baseline of a component.
pub async fn report(world: &World, key: &str, status: &str) -> Value {
    let body = serde_json::json!({"reported_status": status});
    world.patch(&format!("/api/v1/components/{key}"), &body).await.expect(200).json
}

/// The members `name` of a list.
pub fn each<'v>(list: &'v [Value], name: &str) -> Vec<&'v Value> {
    list.iter().map(|it| &it[name]).collect()
}

/// Everything that the pages of a list hold.
pub async fn walk(world: &World, first: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut next = Some(first.to_owned());
    while let Some(path) = next {
        let page = world.get(&path).await.expect(200);
        found.extend(page.data().iter().cloned());
        let link = page.header("link");
        next = link.strip_prefix('<').and_then(|it| it.split_once('>')).map(|it| it.0.to_owned());
        assert_eq!(next.is_some(), !page.json["page"]["next_cursor"].is_null(), "{link}");
    }
    found
}
