//! An operator's own wording of messages: minijinja templates.

/// A template that was found to be good when it was saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wording {
    /// For channels whose messages have one.
    pub subject: Option<String>,
    pub body: String,
}
