//! What is wrong with configurations.
/// What is wrong with a configuration. Pointers start at the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// JSON pointer, like `/url`.
    pub pointer: String,
    pub code: &'static str,
    pub detail: String,
}

/// A configuration that was stored and cannot be read any more.
#[derive(Debug, thiserror::Error)]
#[error("the stored configuration of {kind} is not valid")]
pub struct Unreadable {
    pub(crate) kind: &'static str,
    #[source]
    pub(crate) source: serde_json::Error,
}

impl Fault {
    pub(crate) fn of_shape(error: &serde_path_to_error::Error<serde_json::Error>) -> Self {
        Self { pointer: pointer(error.path()), code: "shape", detail: error.inner().to_string() }
    }
}

/// A JSON pointer (RFC 6901) to where deserialisation failed.
pub fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        let part = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => key.replace('~', "~0").replace('/', "~1"),
            Segment::Enum { variant } => variant.clone(),
            Segment::Unknown => continue,
        };
        pointer.push('/');
        pointer.push_str(&part);
    }
    pointer
}
