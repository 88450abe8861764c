//! What a mail server's reply means.

use domain::delivery::Outcome;

use crate::mail::{Stage, reply};
use crate::{Answer, Verdict};

/// Replies about our login, whenever they come (RFC 4954 §6).
const LOGIN: [u16; 4] = [530, 534, 535, 538];
/// Replies about the mailbox (RFC 5321 §4.2.2, RFC 7504).
const MAILBOX: [u16; 4] = [550, 551, 553, 556];
/// The server ends the conversation, whoever asks.
const CLOSING: u16 = 421;

/// Only what is certainly about the recipient counts as gone. What was refused before the
/// recipient was named is about us.
pub fn judge(answer: &Answer) -> Verdict {
    let body = String::from_utf8_lossy(&answer.body);
    let (stage, text) = reply(&body).unwrap_or((Stage::Content, &body));
    let outcome = match (answer.status, stage) {
        (200..=299, _) => Outcome::Delivered,
        (500..=599, Stage::Greeting | Stage::Login | Stage::Sender) => Outcome::Credential,
        (code, _) if LOGIN.contains(&code) => Outcome::Credential,
        (code @ 500..=599, Stage::Recipient | Stage::Content) => {
            if is_no_mailbox(code, stage, text) { Outcome::Gone } else { Outcome::Misconfigured }
        }
        _ => Outcome::Transient,
    };
    let wait_is_shared = answer.status == CLOSING;
    Verdict { wait_is_shared, ..Verdict::of(outcome) }
}

fn is_no_mailbox(code: u16, stage: Stage, text: &str) -> bool {
    let is_about_mailbox = stage == Stage::Recipient && MAILBOX.contains(&code);
    match enhanced(text) {
        // RFC 3463 §3.2 and §3.3, RFC 7505 §4.2: no such mailbox or domain, moved, disabled,
        // wants no mail.
        Some((1, 1..=3 | 6 | 10) | (2, 1)) => true,
        Some((1, 0)) => is_about_mailbox,
        Some(_) => false,
        // A server that does not relay for us knows nothing of the mailbox.
        None => is_about_mailbox && !text.to_lowercase().contains("relay"),
    }
}

/// The subject and detail of an enhanced status code (RFC 3463 §2): `5.1.1` gives 1 and 1.
fn enhanced(text: &str) -> Option<(u16, u16)> {
    let code = text.split_whitespace().next()?;
    let mut numbers = code.split('.').map(|it| it.parse::<u16>().ok());
    let (class, subject, detail) = (numbers.next()??, numbers.next()??, numbers.next()??);
    (class == 5 && numbers.next().is_none()).then_some((subject, detail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::answer;

    #[test]
    fn replies_are_judged_by_code_and_place() {
        use Outcome::{Credential, Delivered, Gone, Misconfigured, Transient};
        use Stage::{Content, Greeting, Login, Recipient, Sender};
        for (stage, code, text, wanted) in [
            (Content, 250, "2.0.0 queued as 4XyZ", Delivered),
            (Recipient, 451, "4.7.1 Greylisted", Transient),
            (Recipient, 452, "4.2.2 Mailbox full", Transient),
            (Login, 454, "4.7.0 Temporary authentication failure", Transient),
            (Greeting, 421, "4.3.2 Too busy", Transient),
            (Recipient, 550, "5.1.1 No such user", Gone),
            (Recipient, 550, "No such user", Gone),
            (Recipient, 550, "5.1.0 Address rejected", Gone),
            (Recipient, 553, "Mailbox name not allowed", Gone),
            (Recipient, 556, "5.1.10 Domain wants no mail", Gone),
            (Content, 550, "5.1.1 No such user", Gone),
            (Content, 554, "5.2.1 Mailbox disabled", Gone),
            (Recipient, 550, "5.7.1 Blocked by policy", Misconfigured),
            (Recipient, 550, "relay not permitted", Misconfigured),
            (Recipient, 554, "5.7.1 Relay access denied", Misconfigured),
            (Content, 550, "Looks like spam", Misconfigured),
            (Content, 552, "5.3.4 Message too big", Misconfigured),
            (Recipient, 552, "5.2.2 Mailbox full", Misconfigured),
            (Content, 554, "Transaction failed", Misconfigured),
            (Login, 535, "5.7.8 Bad credentials", Credential),
            (Sender, 530, "5.7.0 Authentication required", Credential),
            (Sender, 550, "5.7.1 Not your address", Credential),
            (Sender, 553, "5.1.8 No such sender", Credential),
            (Recipient, 530, "5.7.1 Authentication required", Credential),
            (Greeting, 554, "No mail service here", Credential),
        ] {
            let outcome = judge(&answer(stage, code, text)).outcome;
            assert_eq!(outcome, wanted, "{stage:?} {code} {text}");
        }
    }

    #[test]
    fn only_a_closing_server_means_everybody() {
        assert!(judge(&answer(Stage::Sender, 421, "4.7.0 Slow down")).wait_is_shared);
        assert!(!judge(&answer(Stage::Recipient, 451, "4.7.1 Greylisted")).wait_is_shared);
    }
}
