//! The server's own log: kept small, and quoted when a start fails.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::folder;

const MAX_BYTES: u64 = 10 * 1024 * 1024;
/// How much of the end is read for a message.
const TAIL_BYTES: u64 = 16 * 1024;
const TAIL_LINES: usize = 12;

#[derive(Debug)]
pub struct Log {
    path: PathBuf,
}

impl Log {
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens it for the server to append to, and tells how long it is.
    pub fn open(&self) -> io::Result<(File, u64)> {
        let file = folder::open(&self.path, OpenOptions::new().append(true))?;
        let length = file.metadata()?.len();
        Ok((file, length))
    }

    /// Empties it when it has grown too long. The server appends, so it may keep its file open.
    pub fn trim(&self) -> io::Result<()> {
        let (file, length) = self.open()?;
        if length > MAX_BYTES { file.set_len(0) } else { Ok(()) }
    }

    /// The last lines that were written after it was `from` bytes long.
    pub fn tail(&self, from: u64) -> String {
        let read = || -> io::Result<Vec<u8>> {
            let mut file = File::open(&self.path)?;
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(from.max(length.saturating_sub(TAIL_BYTES))))?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        tail(&read().unwrap_or_default())
    }
}

/// The last lines of a program's output.
pub fn tail(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.trim_end().lines().collect();
    let skipped = lines.len().saturating_sub(TAIL_LINES);
    lines.into_iter().skip(skipped).collect::<Vec<_>>().join("\n")
}
