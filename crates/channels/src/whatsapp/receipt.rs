//! What providers report later of messages that they took.
pub mod cloud;
pub mod twilio;

use domain::delivery::Outcome;

/// Longest id of a message, and longest reason that is kept, in characters.
const RECEIPT_MAX: usize = 256;
const REASON_MAX: usize = 500;

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fate {
    /// The id that [`crate::Channel::receipt`] gave.
    pub receipt: String,
    /// [`Outcome::Delivered`], or why it never arrived.
    pub outcome: Outcome,
    pub reason: Option<String>,
}

impl Fate {
    /// The fate of a message, if it can have such an id.
    fn of(receipt: &str, outcome: Outcome, reason: Option<&str>) -> Option<Self> {
        let is_id = (1..=RECEIPT_MAX).contains(&receipt.len())
            && receipt.bytes().all(|b| b.is_ascii_graphic());
        let printable = |it: char| if it.is_control() { ' ' } else { it };
        let reason = reason.map(|it| it.chars().take(REASON_MAX).map(printable).collect());
        is_id.then(|| Self { receipt: receipt.to_owned(), outcome, reason })
    }
}
