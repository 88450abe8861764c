//! RFC 7396: absent leaves, `null` clears, a value sets.
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use validator::ValidateLength;

/// A member of a merge patch. Needs `#[serde(default)]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    #[default]
    Absent,
    Null,
    Value(T),
}

impl<T> Patch<T> {
    /// Changes an optional field.
    pub fn apply(self, field: &mut Option<T>) {
        match self {
            Self::Absent => {}
            Self::Null => *field = None,
            Self::Value(value) => *field = Some(value),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Value))
    }
}

impl Patch<Map<String, Value>> {
    /// Changes an object member by member, as RFC 7396 §2 has it; `null` empties it.
    pub fn merge(self, object: &mut Map<String, Value>) {
        match self {
            Self::Absent => {}
            Self::Null => object.clear(),
            Self::Value(patch) => merge(object, patch),
        }
    }
}

fn merge(object: &mut Map<String, Value>, patch: Map<String, Value>) {
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

/// For members that can be set but not cleared: `null` is refused.
pub fn set_only<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// [`set_only`] for a struct, which serde would also read from a list.
pub fn set_object<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    object(deserializer).map(Some)
}

/// A struct that must be given as an object.
pub fn object<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let members = Map::<String, Value>::deserialize(deserializer)?;
    T::deserialize(Value::Object(members)).map_err(D::Error::custom)
}

/// Only for what validation and the document say of a field.
impl<T: Serialize> Serialize for Patch<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Value(value) => value.serialize(serializer),
            Self::Absent | Self::Null => serializer.serialize_none(),
        }
    }
}

impl<T: ValidateLength<u64>> ValidateLength<u64> for Patch<T> {
    fn length(&self) -> Option<u64> {
        match self {
            Self::Value(value) => value.length(),
            Self::Absent | Self::Null => None,
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
            Patch::Value(patch.as_object().unwrap().clone()).merge(&mut object);
            assert_eq!(Value::Object(object), after);
        }
    }
}
