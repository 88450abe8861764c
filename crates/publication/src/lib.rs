//! The public page as finished documents: bytes, encodings, validators. Pure rendering, and the
//! one place that holds the present page in memory.
mod document;
mod live;
mod status;
mod stream;

pub use document::{Document, Encoding};
pub use live::{Live, Pages};
pub use status::StatusDocument;
pub use stream::{StreamEvent, status_event};
