//! The last known page on the disk.
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use domain::caller::Visibility;
use publication::{Live, archive};

/// Least time from one writing to the next while the page changes.
const CHANGES_EVERY: Duration = Duration::from_secs(2);
/// How often it is written in any case: documents are made without any change.
const ANYWAY_EVERY: Duration = Duration::from_secs(60);

/// The file in the data folder that holds the last known page.
pub struct PageFile {
    path: PathBuf,
    /// The version that was written last, and when.
    last: Mutex<Option<(i64, Instant)>>,
}

impl PageFile {
    pub fn new(data_dir: &Path) -> Self {
        Self { path: data_dir.join("page.json"), last: Mutex::default() }
    }

    /// Shows the page from the disk; tells whether there was one. Blocks.
    pub fn restore(&self, live: &Live) -> bool {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return false,
            Err(error) => {
                tracing::warn!(%error, path = %self.path.display(), "the last known page could not be read");
                return false;
            }
        };
        match archive::restore(live, &bytes, app::clock::now()) {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(%error, path = %self.path.display(), "the last known page could not be read");
                false
            }
        }
    }

    /// Writes the page if it is time. Blocks.
    pub fn keep(&self, live: &Live) {
        let version = live.pages().and_then(|it| it.version(Visibility::Public));
        let is_due = match *self.last.lock().unwrap_or_else(PoisonError::into_inner) {
            None => true,
            Some((written, at)) => {
                let wait = if Some(written) == version { ANYWAY_EVERY } else { CHANGES_EVERY };
                at.elapsed() >= wait
            }
        };
        if is_due {
            self.write(live);
        }
    }

    /// Writes the page now. Blocks.
    pub fn write(&self, live: &Live) {
        let version = live.pages().and_then(|it| it.version(Visibility::Public));
        let Some(version) = version.filter(|_| live.stale_for().is_none()) else { return };
        let Some(bytes) = archive::write(live, app::clock::now()) else { return };
        if let Err(error) = self.replace(&bytes) {
            tracing::warn!(%error, path = %self.path.display(), "the page could not be kept on disk");
        }
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((version, Instant::now()));
    }

    /// Whoever reads the file finds the old page or the new one, whenever the power fails.
    fn replace(&self, bytes: &[u8]) -> io::Result<()> {
        if let Some(dir) = self.path.parent() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        }
        let draft = self.path.with_extension(format!("{}.draft", std::process::id()));
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&draft, &self.path)
    }
}
