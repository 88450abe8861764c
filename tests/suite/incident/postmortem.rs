//! What was learnt.
use serde_json::{Value, json};
use tests::World;

use super::{INCIDENTS, opening};
use crate::check::problem;

#[tokio::test]
async fn the_public_reads_a_postmortem_once_it_is_published() {
    let world = World::new().await;
    world.incident(opening(&[], "")).await;
    let (path, public) = (format!("{INCIDENTS}/1"), world.anonymous());
    let postmortem = format!("{path}/postmortem");
    problem(&world.delete(&postmortem).await, 404);
    let draft = world.put(&postmortem, &json!({"body": "## Why"})).await.expect(200).json;
    assert_eq!(draft["postmortem"]["published_at"], Value::Null);
    assert!(draft["postmortem"]["body_html"].as_str().unwrap().contains("<h2>Why</h2>"));
    assert_eq!(public.get(&path).await.json["postmortem"], Value::Null);
    let shown = world.put(&postmortem, &json!({"body": "x", "published": true})).await.expect(200);
    let seen = public.get(&path).await.json;
    assert_eq!(seen["postmortem"], shown.json["postmortem"]);
    let again = world.put(&postmortem, &json!({"body": "y", "published": true})).await.expect(200);
    let since = |it: &Value| it["postmortem"]["published_at"].clone();
    assert_eq!(since(&again.json), since(&shown.json));
    world.delete(&postmortem).await.expect(200);
    assert_eq!(public.get(&path).await.json["postmortem"], Value::Null);
}
