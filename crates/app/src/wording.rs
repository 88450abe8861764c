//! The operator's own wording of messages, as those who send them need it.
use channels::wording::Wording;
use domain::event::Announcement;
use domain::message_template::{MessageTemplate, fit};
use persistence::message_template;

use crate::{Error, Read};

/// Every own wording there is, to be kept and asked for each message. Editing one emits an event,
/// so what is kept is fresh while the page's version stays the same.
#[derive(Clone, Debug, Default)]
pub struct Wordings(Vec<Worded>);

#[derive(Clone, Debug)]
struct Worded {
    channel: String,
    event: Option<Announcement>,
    locale: Option<String>,
    wording: Wording,
}

impl Wordings {
    /// The most specific wording for a message of `kind` on `channel` to a reader of `locale`;
    /// nothing when Farol's own words are to be used.
    pub fn find(&self, channel: &str, kind: Announcement, locale: &str) -> Option<&Wording> {
        let fitting = self.0.iter().filter(|it| it.channel == channel).filter_map(|it| {
            Some((fit((it.event, it.locale.as_deref()), kind, locale)?, &it.wording))
        });
        fitting.max_by_key(|it| it.0).map(|it| it.1)
    }
}

/// Every own wording there is.
pub fn all(db: &mut Read<'_>) -> Result<Wordings, Error> {
    Ok(Wordings::from(message_template::all(db)?))
}

impl From<Vec<MessageTemplate>> for Wordings {
    fn from(templates: Vec<MessageTemplate>) -> Self {
        let worded = |it: MessageTemplate| Worded {
            channel: it.channel,
            event: it.event,
            locale: it.locale,
            wording: Wording { subject: it.subject, body: it.body },
        };
        Self(templates.into_iter().map(worded).collect())
    }
}
