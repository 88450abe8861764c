//! An e-mail, described but not sent, and what the mail server says of it.

use crate::Answer;

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

/// How far the conversation with the mail server had come when it gave an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Greeting,
    Login,
    Sender,
    Recipient,
    Content,
}

impl Stage {
    const ALL: [Self; 5] =
        [Self::Greeting, Self::Login, Self::Sender, Self::Recipient, Self::Content];

    /// The command that was answered (RFC 5321 §4.1.1, RFC 4954).
    const fn command(self) -> &'static str {
        match self {
            Self::Greeting => "EHLO",
            Self::Login => "AUTH",
            Self::Sender => "MAIL FROM",
            Self::Recipient => "RCPT TO",
            Self::Content => "DATA",
        }
    }
}

/// A reply of the mail server as an answer: its code is the status, and the body says what was
/// answered and how, like `RCPT TO: 5.1.1 no such user`.
pub fn answer(stage: Stage, code: u16, text: &str) -> Answer {
    let body = format!("{}: {text}", stage.command()).into_bytes();
    Answer { status: code, retry_after: None, body }
}

/// What [`answer`] made of a reply.
pub(crate) fn reply(body: &str) -> Option<(Stage, &str)> {
    let (command, text) = body.split_once(": ")?;
    let stage = Stage::ALL.into_iter().find(|it| it.command() == command)?;
    Some((stage, text))
}
