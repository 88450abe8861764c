//! What another implementation reads in our calendars.
use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;

use crate::chats::program;

/// An iCalendar object as Python's `icalendar` reads it.
///
/// # Panics
/// When that finds fault with it.
pub async fn read(document: &[u8]) -> Value {
    let document = document.to_vec();
    let run = move || {
        let mut reader = program("read_calendar.py");
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
