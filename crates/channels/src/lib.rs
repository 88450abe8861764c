//! How a notice looks on each way out, and how to read the answer. Describes requests, sends none.
mod adapter;
pub mod address;
mod answer;
pub mod calendar;
mod chat;
mod discord;
pub mod egress;
mod email;
#[cfg(test)]
mod example;
mod fault;
mod googlechat;
mod hook;
pub mod leaf;
mod locale;
pub mod mail;
mod mattermost;
pub mod message;
mod notice;
mod ntfy;
mod outbound;
mod rocketchat;
mod secrets;
pub mod signature;
mod slack;
mod step;
mod teams;
mod telegram;
#[cfg(test)]
mod testing;
mod text;
mod verdict;
mod webhook;
mod whatsapp;
pub mod wording;

use adapter::{Adapter, On};

pub use adapter::{Channel, Lane, Pace, Ready};
pub use answer::Answer;
pub use fault::{Fault, Unreadable, pointer};
pub use notice::{Bodies, Notice, Reader, Related};
pub use outbound::{Method, Outbound};
pub use secrets::{Secrets, holds, texts};
pub use step::{Attempt, Done, Letter, Step};
pub use verdict::Verdict;
pub use whatsapp::receipt;

/// Every channel there is. A new one is a file and a line here.
pub static ALL: &[&dyn Channel] = &[
    &On::<webhook::Webhook>::NEW,
    &On::<email::Email>::NEW,
    &On::<slack::Slack>::NEW,
    &On::<telegram::Telegram>::NEW,
    &On::<whatsapp::Whatsapp>::NEW,
    &On::<discord::Discord>::NEW,
    &On::<teams::Teams>::NEW,
    &On::<mattermost::Mattermost>::NEW,
    &On::<rocketchat::RocketChat>::NEW,
    &On::<googlechat::GoogleChat>::NEW,
    &On::<ntfy::Ntfy>::NEW,
];

/// The channel of this name.
pub fn find(kind: &str) -> Option<&'static dyn Channel> {
    ALL.iter().copied().find(|it| it.kind() == kind)
}

/// The last four characters of a secret, to recognise it by.
fn last4(secret: &str) -> String {
    let n_chars = secret.chars().count();
    let shown: String = secret.chars().skip(n_chars.saturating_sub(4).max(n_chars / 2)).collect();
    format!("…{shown}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{World, answer, incident, run};

    #[test]
    fn the_example_for_contributors_is_a_channel() {
        let shown = include_str!("../../../.github/CONTRIBUTING.md");
        let example = include_str!("example.rs");
        assert!(shown.contains(&format!("```rust\n{example}```\n")), "it is another than shown");
        let config = json!({ "webhook_url": "https://chat.example.com/hook/abcdefgh" });
        let world = World::new("incident.created", incident("investigating", "Errors", "5xx"));
        let made = run::<example::Example>(&config, &world, None, |_, _| answer(200, &json!({})));
        assert_eq!(made.bodies(), [json!({ "text": "[Investigating] Errors" })]);
        let shown = On::<example::Example>::NEW.shown(&config).unwrap();
        assert_eq!(shown["webhook_url"], "https://chat.example.com/…efgh");
    }

    #[test]
    fn kinds_are_unique() {
        let mut kinds: Vec<&str> = ALL.iter().map(|it| it.kind()).collect();
        kinds.sort_unstable();
        let n_kinds = kinds.len();
        kinds.dedup();
        assert_eq!(kinds.len(), n_kinds);
    }

    #[test]
    fn a_short_secret_shows_at_most_half_of_itself() {
        assert_eq!(last4("correct horse"), "…orse");
        assert_eq!(last4("abc"), "…bc");
        assert_eq!(last4(""), "…");
    }
}
