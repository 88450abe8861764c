//! The public page as finished documents: bytes, encodings, validators. Pure rendering, and the
//! one place that holds the present page in memory.
pub mod archive;
mod document;
pub mod feed;
mod history;
mod live;
mod pages;
pub mod shelf;
mod status;
pub mod statuspage;
mod stream;
pub mod svg;
#[cfg(test)]
mod testing;
mod view;
#[cfg(test)]
mod visibility;

pub use document::{Document, Encoding};
pub use history::HistoryDocument;
pub use live::Live;
pub use pages::{Pages, Sheet};
pub use status::StatusDocument;
pub use stream::{StreamEvent, status_event};
pub use view::View;
