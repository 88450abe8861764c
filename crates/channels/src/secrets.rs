//! What of a configuration nobody may read, and keeping it out of what providers answer: some repeat
//! what they were sent.
use serde_json::Value;
use url::Url;

use crate::signature::SigningSecret;

/// Shorter ones may be any word, and nobody's secret.
const LENGTH_MIN: usize = 6;
/// Parts of an address are secret if they are so long that nobody chose them.
const SEGMENT_MIN: usize = 16;
/// Stands for a secret.
const HIDDEN: &str = "…";

/// The secrets of a configuration.
pub struct Secrets(Vec<String>);

impl Secrets {
    /// Everything that is not shown as it is, and the keys that sign. `shown` is the configuration as
    /// the API shows it.
    pub fn of(config: &Value, shown: &Value, keys: &[SigningSecret]) -> Self {
        let mut secrets: Vec<String> = keys.iter().map(SigningSecret::to_string_secret).collect();
        for (_, text) in texts(config).into_iter().filter(|it| !holds(shown, it)) {
            secrets.push(text.to_owned());
            if let Ok(url) = Url::parse(text) {
                secrets.extend(url.query_pairs().map(|(_, value)| value.into_owned()));
                let segments = url.path_segments().into_iter().flatten();
                let long = segments.filter(|it| it.len() >= SEGMENT_MIN);
                secrets.extend(long.map(str::to_owned));
            }
        }
        secrets.retain(|it| it.len() >= LENGTH_MIN);
        // The longest first, so that none is left over in parts.
        secrets.sort_by_key(|it| std::cmp::Reverse(it.len()));
        Self(secrets)
    }

    /// The text without secrets.
    pub fn hide(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret, HIDDEN))
    }
}

/// Every text in a configuration, by its JSON pointer (RFC 6901).
pub fn texts(config: &Value) -> Vec<(String, &str)> {
    let mut found = Vec::new();
    collect(config, String::new(), &mut found);
    found
}

fn collect<'v>(value: &'v Value, pointer: String, found: &mut Vec<(String, &'v str)>) {
    match value {
        Value::String(text) => found.push((pointer, text)),
        Value::Object(members) => {
            for (name, value) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                collect(value, format!("{pointer}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                collect(value, format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// Whether this text is there.
pub fn holds(config: &Value, (pointer, text): &(String, &str)) -> bool {
    config.pointer(pointer).and_then(Value::as_str) == Some(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_shown_is_hidden_wherever_it_is_repeated() {
        let config = json!({
            "url": "https://hooks.example.org/aaaaaaaaaaaaaaaaaaaa/x?key=planted-key",
            "topic": "planted-topic",
            "headers": {"X-Key": "planted-header", "X-Of": "y"},
            "server": "https://ntfy.example.org",
        });
        let shown = json!({
            "url": "https://hooks.example.org/…",
            "topic": "…opic",
            "headers": {"X-Key": "…ader", "X-Of": "…y"},
            "server": "https://ntfy.example.org",
        });
        let secrets = Secrets::of(&config, &shown, &[]);
        let answer = "{\"topic\":\"planted-topic\",\"at\":\"https://ntfy.example.org\"}";
        assert_eq!(secrets.hide(answer), "{\"topic\":\"…\",\"at\":\"https://ntfy.example.org\"}");
        let answer = "no planted-header, planted-key at /aaaaaaaaaaaaaaaaaaaa/x today";
        assert_eq!(secrets.hide(answer), "no …, … at /…/x today");
    }
}
