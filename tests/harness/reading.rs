//! What other implementations read in what we publish.
use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;

use crate::chats::program;

/// An iCalendar object as Python's `icalendar` reads it.
///
/// # Panics
/// When that finds fault with it.
pub async fn calendar(document: &[u8]) -> Value {
    read("read_calendar.py", String::new(), document.to_vec()).await
}

/// A public document as `tests/counterparts/read_page.py` reads it: `atom`, `rss`, `svg`, or
/// `statuspage:<document>`.
///
/// # Panics
/// When that finds fault with it.
pub async fn page(kind: &str, document: &[u8]) -> Value {
    read("read_page.py", kind.to_owned(), document.to_vec()).await
}

async fn read(reader: &'static str, kind: String, document: Vec<u8>) -> Value {
    let run = move || {
        let mut reader = program(reader);
        reader.args(Some(kind).filter(|it| !it.is_empty()));
        reader.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = reader.spawn().expect("a Python");
        let mut stdin = child.stdin.take().expect("a pipe");
        let writer = std::thread::spawn(move || stdin.write_all(&document));
        let output = child.wait_with_output().expect("an end");
        let _ = writer.join();
        output
    };
    let output = tokio::task::spawn_blocking(run).await.expect("an end");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}
