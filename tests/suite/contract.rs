//! The OpenAPI document against what is served.
mod access;
mod document;
mod limits;

use serde_json::Value;
use tests::node::settings;
use tests::{Folder, command};

/// An operation of the document.
#[derive(Clone, Debug)]
pub struct Operation {
    pub method: reqwest::Method,
    pub path: String,
    pub spec: Value,
}

/// What `farol openapi` prints.
pub fn printed() -> String {
    command(&settings(), Folder::new().path(), &["openapi"]).run("").succeeded()
}

/// The document.
pub fn document() -> Value {
    serde_json::from_str(&printed()).expect("JSON")
}

/// Every operation there is.
pub fn operations(document: &Value) -> Vec<Operation> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, spec) in item.as_object().expect("operations") {
            let Ok(method) = method.to_uppercase().parse() else { continue };
            if spec["operationId"].is_string() {
                operations.push(Operation { method, path: path.clone(), spec: spec.clone() });
            }
        }
    }
    assert!(operations.len() > 40, "{}", operations.len());
    operations
}

/// What a `$ref` means, or the thing itself.
pub fn resolve<'d>(document: &'d Value, thing: &'d Value) -> &'d Value {
    match thing["$ref"].as_str() {
        Some(name) => document
            .pointer(name.trim_start_matches('#'))
            .unwrap_or_else(|| panic!("{name} leads nowhere")),
        None => thing,
    }
}

impl Operation {
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Whether its answer has no end.
    pub fn is_endless(&self) -> bool {
        !self.spec["responses"]["200"]["content"]["text/event-stream"].is_null()
    }

    /// The path with things that are not there.
    pub fn nowhere(&self) -> String {
        let nobody = uuid::Uuid::nil().to_string();
        let parts = self.path.split('/');
        let parts = parts.map(|it| if it.starts_with('{') { nobody.as_str() } else { it });
        parts.collect::<Vec<_>>().join("/")
    }

    /// The schema of the request body.
    pub fn body<'d>(&'d self, document: &'d Value) -> Option<&'d Value> {
        let schema = &self.spec["requestBody"]["content"]["application/json"]["schema"];
        (!schema.is_null()).then(|| resolve(document, schema))
    }

    /// The body that the document gives as an example.
    pub fn example(&self, document: &Value) -> Option<Value> {
        self.body(document).map(|it| it["example"].clone())
    }

    /// The scopes it needs; nothing when strangers may call it.
    pub fn needs(&self) -> Option<Vec<String>> {
        let ways = self.spec["security"].as_array().expect("security");
        if ways.iter().any(|it| it.as_object().is_some_and(serde_json::Map::is_empty)) {
            return None;
        }
        let scopes = ways[0]["bearer"].as_array().expect("scopes").iter();
        Some(scopes.map(|it| it.as_str().expect("a scope").to_owned()).collect())
    }
}
