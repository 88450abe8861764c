//! What a notice says, in the reader's words, before a channel dresses it.
mod digest;
mod incident;
mod maintenance;
mod other;
mod payload;
mod repeats;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use domain::event::Logged;
use uuid::Uuid;

use crate::locale::Words;
use crate::text::line;
use crate::{Notice, Reader};
pub(crate) use payload::Thing;

/// A notice in words. All texts are source texts: nothing is escaped, cut or marked up yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The incident or maintenance that this is part of: messages with one subject form a thread.
    pub subject: Option<Uuid>,
    /// Whether this is the first or last word on the subject.
    pub opens: bool,
    pub closes: bool,
    pub tone: Tone,
    /// The title of the incident or maintenance, or the name of the component.
    pub title: String,
    /// Where it stands, in one or two words, like `Investigating`.
    pub state: String,
    /// What was said: the Markdown of the update, or a sentence of ours.
    pub text: String,
    /// Labelled facts, in order: impact, affected components, since when, how long.
    pub facts: Vec<(String, String)>,
    /// What to press, and where it leads.
    pub link: Option<(String, String)>,
    /// The page's name.
    pub page: String,
    /// How to end these messages, and where: for channels that people subscribe to themselves.
    pub manage: Option<(String, String)>,
    pub at: DateTime<Utc>,
}

/// How good or bad the news are, from best to worst; channels choose colours and signs by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tone {
    /// It works again.
    Good,
    /// Nothing to worry about.
    Calm,
    /// Planned work.
    Planned,
    Minor,
    Major,
    Critical,
}

/// Whether the event leaves the state of things as it was, like a reminder.
pub(crate) fn is_aside(notice: &Notice<'_>) -> bool {
    matches!(
        notice.event.kind.as_str(),
        "incident.postmortem_published" | "maintenance.reminder" | "subscription.test"
    )
}

/// An event to be told, and in whose words.
#[derive(Clone, Copy)]
struct Telling<'a> {
    event: &'a Logged,
    thing: Thing<'a>,
    notice: &'a Notice<'a>,
    words: Words,
}

impl Message {
    /// Puts a notice into the reader's words.
    pub fn of(notice: &Notice<'_>) -> Self {
        let words = Words::of(notice.reader.locale);
        let tell =
            |event, payload| Telling { event, thing: Thing(payload), notice, words }.message();
        let newest = tell(notice.event, notice.payload);
        let mut told: Vec<Self> =
            notice.earlier.iter().map(|it| tell(it.event, it.payload)).collect();
        if told.is_empty() {
            return newest;
        }
        told.push(newest);
        digest::of(told, notice, words)
    }

    /// Where an incident or maintenance stood and what was said when it was first told, once there
    /// is more to tell.
    pub fn opening(notice: &Notice<'_>) -> Option<(String, String)> {
        let thing = Thing(notice.payload);
        let set = notice.event.kind.as_str().split('.').next()?;
        let first = thing.parts("updates").skip(1).last()?;
        let state = Words::of(notice.reader.locale).title(set, first.text("status")?);
        Some((state, first.text("message")?.to_owned()))
    }

    /// `[Investigating] Errors at the checkout`.
    pub fn heading(&self) -> String {
        format!("[{}] {}", self.state, self.title)
    }
}

impl Telling<'_> {
    fn message(self) -> Message {
        let kind = self.event.kind.as_str();
        let message = match kind.split('.').next().unwrap_or(kind) {
            "incident" => incident::tell(self),
            "maintenance" => maintenance::tell(self),
            _ => other::tell(self),
        };
        Message { title: line(&message.title), ..message }
    }

    /// A message in which nothing is said yet.
    fn blank(self) -> Message {
        let Notice { page, reader, .. } = self.notice;
        Message {
            subject: None,
            opens: false,
            closes: false,
            tone: Tone::Calm,
            title: page.name.clone(),
            state: String::new(),
            text: String::new(),
            facts: Vec::new(),
            link: Some((self.words.say("link-page"), page.url.clone())),
            page: line(&page.name),
            manage: manage(reader, self.words),
            at: self.event.created_at,
        }
    }

    /// A labelled fact.
    fn fact(self, label: &str, value: String) -> (String, String) {
        (self.words.say(label), value)
    }
}

fn manage(reader: &Reader<'_>, words: Words) -> Option<(String, String)> {
    let end = reader.unsubscribe_url.map(|url| (words.say("link-unsubscribe"), url));
    let change = || Some((words.say("link-manage"), reader.manage_url?));
    let (label, url) = end.or_else(change)?;
    Some((label, url.to_owned()))
}

impl Tone {
    /// A sign that is read as the tone at a glance.
    pub const fn emoji(self) -> &'static str {
        match self {
            Self::Good => "\u{1f7e2}",
            Self::Calm => "\u{2139}\u{fe0f}",
            Self::Planned => "\u{1f527}",
            Self::Minor => "\u{1f7e1}",
            Self::Major => "\u{1f7e0}",
            Self::Critical => "\u{1f534}",
        }
    }

    /// 24-bit RGB.
    pub const fn colour(self) -> u32 {
        match self {
            Self::Good => 0x2fb344,
            Self::Calm => 0x6c757d,
            Self::Planned => 0x3b82f6,
            Self::Minor => 0xf5b301,
            Self::Major => 0xf97316,
            Self::Critical => 0xe11d48,
        }
    }
}
