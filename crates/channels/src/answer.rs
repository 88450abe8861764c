//! Answers, also those whose end is missing.
use std::time::Duration;

use serde_json::Value;

/// An HTTP answer of any status; a redirect is an answer too. There is one as soon as its head
/// has arrived, because the destination has spoken then; `body` may be cut short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// How long the destination asks us to wait, at most six hours.
    pub retry_after: Option<Duration>,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON, as far as it came: what a long answer begins with is usually all we ask
    /// for. `null` when it is no JSON.
    pub(crate) fn json(&self) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        serde_json::from_str(&text)
            .or_else(|_| serde_json::from_str(&mended(&text)))
            .unwrap_or_default()
    }
}

/// Takes the text back to the last comma between values and closes what is open there.
fn mended(text: &str) -> String {
    let (mut open, mut in_string, mut escaped) = (Vec::new(), false, false);
    let (mut end, mut open_there) = (0, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            _ if in_string => {}
            '{' => open.push('}'),
            '[' => open.push(']'),
            '}' | ']' => {
                open.pop();
            }
            ',' => (end, open_there) = (at, open.clone()),
            _ => {}
        }
    }
    let whole = text.get(..end).unwrap_or_default();
    whole.chars().chain(open_there.into_iter().rev()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(body: &str) -> Value {
        Answer { status: 200, retry_after: None, body: body.into() }.json()
    }

    #[test]
    fn what_arrived_is_read() {
        assert_eq!(read(r#"{"ok":true,"ts":"1.2"}"#), json!({ "ok": true, "ts": "1.2" }));
        assert_eq!(
            read(r#"{"ok":true,"ts":"1,\"2","message":{"text":"a, b","user":"U"#),
            json!({ "ok": true, "ts": "1,\"2", "message": { "text": "a, b" } })
        );
        assert_eq!(read(r#"{"ok":true,"list":[1,2,[3"#), json!({ "ok": true, "list": [1, 2] }));
        for no_json in ["", "ok", "<html>a, b</html>", "[[[["] {
            assert_eq!(read(no_json), Value::Null, "{no_json}");
        }
    }
}
