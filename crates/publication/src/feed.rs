//! History as feeds: Atom (RFC 4287), RSS 2.0 and JSON Feed 1.1, with the entries that Statuspage's
//! `history.atom` and `history.rss` have.
mod atom;
mod entry;
mod json;
mod rss;

use std::str::FromStr;

use chrono::{DateTime, Utc};
use domain::incident::Incident;
use domain::maintenance::Maintenance;
use domain::page::Page;

use crate::document::Document;
use entry::Entry;

pub use json::JsonFeed;

/// How many incidents, and how many maintenances, a feed has at most.
pub const ENTRIES: u16 = 50;

/// How a feed is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Atom,
    Rss,
    Json,
}

/// A feed, before it is written.
#[derive(Clone, Debug)]
pub struct Feed {
    page: Page,
    /// Name of the component or group it is about, if it is not about the whole page.
    about: Option<String>,
    /// Where it is served.
    url: String,
    /// What it has at the end of its id, and where readers find it.
    path: String,
    updated_at: DateTime<Utc>,
    /// Newest first.
    entries: Vec<Entry>,
}

impl Format {
    /// The `Content-Type`.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Atom => "application/atom+xml; charset=utf-8",
            Self::Rss => "application/rss+xml; charset=utf-8",
            Self::Json => "application/feed+json; charset=utf-8",
        }
    }
}

impl FromStr for Format {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        match name {
            "atom" => Ok(Self::Atom),
            "rss" => Ok(Self::Rss),
            "json" => Ok(Self::Json),
            _ => Err(()),
        }
    }
}

impl Feed {
    /// A feed that is served at an address with that path. It was updated when its newest entry was,
    /// or at `since` without entries.
    pub fn new(
        page: Page,
        (url, path): (&str, &str),
        about: Option<String>,
        since: DateTime<Utc>,
        incidents: &[Incident],
        maintenances: &[Maintenance],
    ) -> Self {
        let zone = page.time_zone.parse().unwrap_or(chrono_tz::Tz::UTC);
        let host = host(&page.url);
        let planned = maintenances.iter().map(|it| Entry::of_maintenance(it, host, zone));
        let mut entries: Vec<Entry> =
            incidents.iter().map(|it| Entry::of_incident(it, host, zone)).chain(planned).collect();
        entries.sort_by(|a, b| (b.published, &b.id).cmp(&(a.published, &a.id)));
        let updated_at = entries.iter().map(|it| it.updated).max().unwrap_or(since);
        let (url, path) = (url.to_owned(), path.to_owned());
        Self { about, url, path, updated_at, entries, page }
    }

    /// The feed as a finished document.
    pub fn write(&self, format: Format) -> Document {
        let body = match format {
            Format::Atom => atom::write(self),
            Format::Rss => rss::write(self),
            Format::Json => json::write(self),
        };
        Document::new(body).of_type(format.content_type())
    }

    fn title(&self) -> String {
        match &self.about {
            Some(name) => clean(&format!("{} Status - {name} - Incident History", self.page.name)),
            None => clean(&format!("{} Status - Incident History", self.page.name)),
        }
    }

    /// A tag of RFC 4151, as Statuspage makes them.
    fn id(&self) -> String {
        let path = self.path.replace("/feed.", "/history.");
        let path = path.replacen("/history.atom", "/history", 1);
        format!("tag:{},2005:{path}", host(&self.page.url))
    }
}

/// The host of an address, without a port.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|it| it.is_ascii_digit()) => host,
        _ => authority,
    }
}

/// Without what XML 1.0 cannot say (§2.2).
fn clean(text: &str) -> String {
    let is_sayable = |it: &char| matches!(*it, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    text.chars().filter(is_sayable).collect()
}

#[cfg(test)]
mod tests;
