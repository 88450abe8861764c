//! Every bound in the document is the bound that is enforced.
use serde_json::{Value, json};
use tests::{Reply, World};
use uuid::Uuid;

use super::{Operation, document, operations, resolve};
use crate::check::problem;

/// A value for one field of a body, and whether the document allows it there.
struct Case {
    pointer: String,
    body: Value,
    allowed: bool,
}

/// Text of exactly `n` characters that is otherwise as the schema wants it.
fn text(schema: &Value, n: usize) -> String {
    let pattern = schema["pattern"].as_str().unwrap_or_default();
    let filled = |head: &str, part: &str| {
        let rest = n.saturating_sub(head.chars().count());
        format!("{head}{}", part.repeat(rest.div_ceil(part.len())).split_at(rest).0)
    };
    match schema["format"].as_str() {
        Some("email") => {
            let domain = filled("a@", "bbbbbbbbb.");
            if domain.ends_with('.') { format!("{}b", &domain[..n - 1]) } else { domain }
        }
        _ if pattern.starts_with("^https?://") || schema["format"] == "uri" => {
            filled("https://a.example/", "x")
        }
        _ if pattern.contains("{1,8}") => filled("", "aaaaaaa-").trim_end_matches('-').to_owned(),
        _ => filled("", "a"),
    }
}

fn items(document: &Value, schema: &Value, n: usize) -> Value {
    let item = resolve(document, &schema["items"]);
    let example = match (&item["enum"][0], &item["example"]) {
        (Value::Null, Value::Null) => None,
        (Value::Null, example) => Some(example.clone()),
        (word, _) => Some(word.clone()),
    };
    let of_list = schema["example"].get(0).cloned();
    let example = example.or(of_list);
    (0..n).map(|_| example.clone().unwrap_or_else(|| json!(Uuid::now_v7()))).collect()
}

fn size(schema: &Value, name: &str) -> Option<usize> {
    schema[name].as_u64().and_then(|it| usize::try_from(it).ok())
}

/// Values at and just beyond each bound of a schema.
fn values(document: &Value, schema: &Value) -> Vec<(Value, bool)> {
    let mut values = Vec::new();
    if let Some(n) = size(schema, "maxLength") {
        values.extend([(json!(text(schema, n)), true), (json!(text(schema, n + 1)), false)]);
    }
    if let Some(n) = size(schema, "minLength").filter(|n| *n > 0) {
        values.extend([(json!(text(schema, n)), true), (json!(text(schema, n - 1)), false)]);
    }
    if let Some(n) = size(schema, "maxItems") {
        values.push((items(document, schema, n), true));
        values.push((items(document, schema, n + 1), false));
    }
    if let Some(n) = size(schema, "minItems").filter(|n| *n > 0) {
        values.push((items(document, schema, n), true));
        values.push((items(document, schema, n - 1), false));
    }
    if let Some(n) = schema["maximum"].as_i64() {
        values.extend([(json!(n), true), (json!(n + 1), false)]);
    }
    if let Some(n) = schema["minimum"].as_i64() {
        values.extend([(json!(n), true), (json!(n - 1), false)]);
    }
    if schema["pattern"].is_string() {
        values.push((json!("¿ not it ?"), false));
    }
    values
}

fn walk(document: &Value, schema: &Value, at: &str, body: &Value, cases: &mut Vec<Case>) {
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        let (pointer, member) = (format!("{at}/{name}"), resolve(document, member));
        let with = |value: Value| {
            let mut body = body.clone();
            body.pointer_mut(at).expect("an object")[name] = value;
            body
        };
        for (value, allowed) in values(document, member) {
            cases.push(Case { pointer: pointer.clone(), body: with(value), allowed });
        }
        let item = resolve(document, &member["items"]);
        if item["properties"].is_object() {
            let body = with(json!([item["example"]]));
            walk(document, item, &format!("{pointer}/0"), &body, cases);
        } else if member["properties"].is_object() {
            let present = body.pointer(&pointer).cloned();
            walk(document, member, &pointer, &with(present.unwrap_or(json!({}))), cases);
        } else if name == "config" && body["channel"].is_string() {
            let channel = format!("ChannelConfig.{}", body["channel"].as_str().expect("a word"));
            walk(document, &document["components"]["schemas"][channel], &pointer, body, cases);
        }
    }
}

async fn check(world: &World, operation: &Operation, case: &Case) {
    let request = world.raw(operation.method.clone(), &operation.nowhere());
    let reply = Reply::of(request.json(&case.body)).await;
    let errors = reply.json["errors"].as_array().cloned().unwrap_or_default();
    // A value that is long enough may still name nothing, or not go with the rest.
    let sound = [json!("unknown"), json!("unsupported")];
    let complains =
        errors.iter().any(|it| it["pointer"] == *case.pointer && !sound.contains(&it["code"]));
    let shown: String = case.body.to_string().chars().take(300).collect();
    let place = format!("{} {}: {shown} → {}", operation.name(), case.pointer, reply.text);
    assert!(reply.status < 500, "{place}");
    if case.allowed {
        assert!(!complains, "{place}");
    } else {
        assert!(complains, "{place}");
        problem(&reply, 422);
    }
}

#[tokio::test]
async fn every_bound_of_a_body_is_enforced_and_no_tighter() {
    let (world, document) = (World::new().await, document());
    let mut n_cases = 0;
    for operation in operations(&document) {
        let Some(schema) = operation.body(&document) else { continue };
        let mut cases = Vec::new();
        walk(&document, schema, "", &schema["example"], &mut cases);
        for case in &cases {
            check(&world, &operation, case).await;
        }
        n_cases += cases.len();
    }
    assert!(n_cases > 100, "{n_cases}");
}

#[tokio::test]
async fn every_bound_of_a_query_is_enforced() {
    let (world, document) = (World::new().await, document());
    let mut n_cases = 0;
    for operation in operations(&document).into_iter().filter(|it| !it.is_endless()) {
        let parameters = operation.spec["parameters"].as_array().into_iter().flatten();
        for parameter in parameters.filter(|it| it["in"] == "query") {
            let name = parameter["name"].as_str().expect("a name");
            for (value, allowed) in values(&document, resolve(&document, &parameter["schema"])) {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let escaped: String = value.bytes().map(|it| format!("%{it:02X}")).collect();
                let path = format!("{}?{name}={escaped}", operation.nowhere());
                let reply = world.get(&path).await;
                let place = format!("{}?{name}={value} → {}", operation.name(), reply.text);
                let refused = [400, 404].contains(&reply.status);
                assert!(if allowed { reply.status != 400 } else { refused }, "{place}");
                n_cases += 1;
            }
        }
    }
    assert!(n_cases > 20, "{n_cases}");
}
