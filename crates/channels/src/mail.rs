//! An e-mail, described but not sent.

/// A message to one recipient. The sender, the envelope and the date are the sending side's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// `user@example.org`, checked when it was configured.
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    /// Without angle brackets and host: `<left part>`; equal for all attempts of one delivery.
    pub message_id: String,
    /// The left part of the message that this one answers, to keep threads together.
    pub in_reply_to: Option<String>,
    /// Further headers, in order.
    pub headers: Vec<(&'static str, String)>,
    /// An iCalendar object to go along.
    pub calendar: Option<String>,
}
