//! The page as it is kept on the disk: what the public saw last, to be served by a process that
//! finds no database. Nothing internal is in it.
use std::borrow::Cow;

use chrono::{DateTime, Utc};
use domain::caller::Visibility;
use serde::{Deserialize, Serialize};

use crate::document::{Document, Encoding};
use crate::live::Live;
use crate::pages::Pages;
use crate::view::View;

/// Rises when the form changes; another form is not read.
const FORMAT: u32 = 1;
/// At most so many bytes of documents are kept.
const BYTES_MAX: usize = 16 * 1024 * 1024;

#[derive(Serialize, Deserialize)]
struct Archive<'a> {
    format: u32,
    saved_at: DateTime<Utc>,
    view: Cow<'a, View>,
    /// What was made besides, by path and query.
    documents: Vec<Stored>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    uri: Box<str>,
    content_type: Box<str>,
    body: Box<str>,
}

/// The file could not be read as a page.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error("it has the form {0}, not {FORMAT}")]
    Format(u32),
}

/// The page that the public sees as bytes for a file; nothing if there is none yet.
pub fn write(live: &Live, now: DateTime<Utc>) -> Option<Vec<u8>> {
    let pages = live.pages()?;
    let view = pages.view(Visibility::Public)?;
    let mut left = BYTES_MAX;
    let documents = live.shelf().public().filter_map(|(uri, kept)| {
        let document = kept.document();
        let body = document.body(Encoding::Identity);
        left = left.checked_sub(body.len())?;
        let body = String::from_utf8(body.into()).ok()?.into_boxed_str();
        Some(Stored { uri, content_type: document.content_type().into(), body })
    });
    let documents = documents.collect();
    let archive = Archive { format: FORMAT, saved_at: now, view: Cow::Borrowed(view), documents };
    serde_json::to_vec(&archive).ok()
}

/// Puts a page back that [`write`] wrote, as one that nobody could confirm since.
pub fn restore(live: &Live, bytes: &[u8], now: DateTime<Utc>) -> Result<(), Unreadable> {
    let Archive { format, saved_at, view, documents } = serde_json::from_slice(bytes)?;
    if format != FORMAT {
        return Err(Unreadable::Format(format));
    }
    let version = view.version;
    for Stored { uri, content_type, body } in documents {
        let Some(content_type) = Document::known_type(&content_type) else { continue };
        let document = Document::new(body.into_boxed_bytes().into_vec()).of_type(content_type);
        live.shelf().restore(uri, document, version);
    }
    live.restore(Pages::restored(view.into_owned()), (now - saved_at).to_std().unwrap_or_default());
    Ok(())
}

#[cfg(test)]
mod tests;
