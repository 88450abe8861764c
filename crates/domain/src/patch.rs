//! RFC 7396: JSON merge patches.
use serde_json::{Map, Value};

/// Changes an object member by member (§2).
pub fn merge(object: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (name, change) in patch {
        match change {
            Value::Null => {
                object.shift_remove(&name);
            }
            Value::Object(members) => {
                let mut inner = Map::new();
                if let Some(Value::Object(present)) = object.get_mut(&name) {
                    inner = std::mem::take(present);
                }
                merge(&mut inner, members);
                object.insert(name, Value::Object(inner));
            }
            value => {
                object.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// RFC 7396 §3, the example, and some of appendix A.
    #[test]
    fn objects_are_merged_member_by_member() {
        for (before, patch, after) in [
            (
                json!({"a": "b", "c": {"d": "e", "f": "g"}}),
                json!({"a": "z", "c": {"f": null}}),
                json!({"a": "z", "c": {"d": "e"}}),
            ),
            (json!({"a": {"b": "c"}}), json!({"a": [1]}), json!({"a": [1]})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ] {
            let mut object = before.as_object().unwrap().clone();
            merge(&mut object, patch.as_object().unwrap().clone());
            assert_eq!(Value::Object(object), after);
        }
    }
}
