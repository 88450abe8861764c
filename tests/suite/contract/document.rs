//! The document in itself.
use std::collections::BTreeSet;

use serde_json::Value;
use tests::{Reply, World};

use super::{Operation, document, operations, printed, resolve};

#[tokio::test]
async fn the_document_is_committed_printed_and_served_alike() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi/openapi.json");
    let committed = std::fs::read_to_string(path).expect("openapi.json");
    assert!(committed == printed(), "openapi.json is not of this code: run `make openapi`");
    let world = World::new().await;
    let served = world.anonymous().get("/openapi.json").await.expect(200);
    assert_eq!(served.json, document());
    assert_eq!(served.json["openapi"].as_str().map(|it| &it[..3]), Some("3.1"));
}

fn references<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str));
            members.values().for_each(|it| references(it, found));
        }
        Value::Array(items) => items.iter().for_each(|it| references(it, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 100);
    for reference in found {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
    }
}

#[test]
fn every_operation_is_described() {
    let document = document();
    let tags = document["tags"].as_array().expect("tags");
    let mut ids = BTreeSet::new();
    for operation in operations(&document) {
        let (name, spec) = (operation.name(), &operation.spec);
        assert!(spec["summary"].as_str().is_some_and(|it| !it.is_empty()), "{name}");
        assert!(ids.insert(spec["operationId"].to_string()), "{name} shares its id");
        let tag = &spec["tags"][0];
        assert!(tags.iter().any(|it| it["name"] == *tag), "{name} has the tag {tag}");
        assert!(spec["security"].as_array().is_some_and(|it| !it.is_empty()), "{name}");
        if let Some(example) = operation.example(&document) {
            assert!(!example.is_null(), "{name} has no example of its body");
        }
        for parameter in spec["parameters"].as_array().into_iter().flatten() {
            assert!(!parameter["schema"].is_null(), "{name} {parameter}");
        }
        check_answers(&document, &operation);
    }
}

fn check_answers(document: &Value, operation: &Operation) {
    let name = operation.name();
    let answers = operation.spec["responses"].as_object().expect("responses");
    assert!(answers.keys().any(|it| it.starts_with('2')), "{name} never succeeds");
    for (status, answer) in answers {
        let answer = resolve(document, answer);
        assert!(answer["description"].as_str().is_some_and(|it| !it.is_empty()), "{name} {status}");
        let content = &answer["content"];
        if status.starts_with(['4', '5']) {
            let problem = &content["application/problem+json"];
            assert!(!problem["schema"].is_null(), "{name} {status} is no problem");
        } else if let Some(json) = content.get("application/json") {
            let schema = resolve(document, &json["schema"]);
            let example = [&json["example"], &schema["example"]];
            assert!(example.iter().any(|it| !it.is_null()), "{name} {status} has no example");
        }
    }
}

#[tokio::test]
async fn the_documentation_needs_nobody_else() {
    let world = World::new().await;
    let public = world.anonymous();
    let page = public.get("/docs/").await.expect(200);
    assert!(page.header("content-type").starts_with("text/html"));
    let mut n_parts = 0;
    for attribute in ["src=\"", "href=\""] {
        for rest in page.text.split(attribute).skip(1) {
            let target = rest.split('"').next().expect("a target");
            assert!(!target.contains("//"), "{target}");
            let path = format!("/docs/{}", target.trim_start_matches("./"));
            Reply::of(public.raw(reqwest::Method::GET, &path)).await.expect(200);
            n_parts += 1;
        }
    }
    assert!(n_parts >= 3);
    let setup = public.get("/docs/swagger-initializer.js").await.expect(200);
    assert!(setup.text.contains("/openapi.json") && !setup.text.contains("://"), "{}", setup.text);
}
