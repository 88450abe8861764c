//! Planned work as iCalendar (RFC 5545), for mails and for the page. Pure: the same entries give
//! the same bytes.
mod fold;
#[cfg(test)]
mod tests;

use chrono::{DateTime, TimeDelta, Utc};
use icalendar::{Calendar as Document, Component as _, Event, EventLike as _, Parameter, Property};
use uuid::Uuid;

pub use icalendar::EventStatus as Status;

/// Who writes it (RFC 5545 §3.7.3).
const PRODUCT: &str = "-//Farol//Status page//EN";
/// Longest description, in characters: readers have a link to the rest.
const DESCRIPTION_MAX: usize = 4_000;

/// What the entries are in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calendar {
    /// For one that is subscribed to. One that is sent has none: some readers put what has a name
    /// into a calendar of its own.
    pub name: Option<String>,
    /// How often subscribers should look again (RFC 7986 §5.7).
    pub refresh: Option<TimeDelta>,
}

/// One window. Times are written in whole seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The same for as long as the window exists, however often it is moved (RFC 7986 §5.3 asks for
    /// a UUID and nothing else).
    pub uid: Uuid,
    /// Grows whenever the window is moved or called off.
    pub sequence: i64,
    pub status: Status,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub last_modified: DateTime<Utc>,
    pub summary: String,
    /// Plain text; lines end with `\n`.
    pub description: String,
    pub url: String,
    /// The names of the components that are worked on.
    pub categories: Vec<String>,
}

/// A calendar with these entries, in their order.
///
/// Every occurrence of a series is an entry of its own, in UTC: it can be moved and called off by
/// itself, and a time zone would have to be described (RFC 5545 §3.6.5) only if local times were
/// written (§3.3.5, form 3).
pub fn render(calendar: &Calendar, entries: &[Entry]) -> String {
    let mut document = Document::empty();
    document.append_property(("VERSION", "2.0"));
    document.append_property(("PRODID", PRODUCT));
    document.append_property(("CALSCALE", "GREGORIAN"));
    // Not REQUEST, which would ask readers to accept or decline (RFC 5546 §3.2). The ORGANIZER that
    // §3.2.1 wants is left out, as by public feeds elsewhere: there is no mailbox that answers.
    document.append_property(("METHOD", "PUBLISH"));
    if let Some(name) = calendar.name.as_deref().map(clean) {
        // Without its type a property that RFC 5545 does not know is written as it is.
        let text = Parameter::new("VALUE", "TEXT");
        document.append_property(Property::new("NAME", &name).append_parameter(text).done());
        document.append_property(("X-WR-CALNAME", name.as_str()));
    }
    if let Some(refresh) = calendar.refresh {
        document.ttl(&refresh);
    }
    for entry in entries {
        document.push(event(entry));
    }
    fold::fold(&document.to_string())
}

fn event(entry: &Entry) -> Event {
    let Entry { uid, sequence, status, starts_at, ends_at, created_at, last_modified, .. } = entry;
    let Entry { summary, description, url, categories, .. } = entry;
    let mut event = Event::with_uid(&uid.to_string());
    event
        .add_property("SEQUENCE", (*sequence).clamp(0, i64::from(i32::MAX)).to_string())
        .status(*status)
        .starts(*starts_at)
        .created(*created_at)
        .last_modified(*last_modified)
        // When this revision was made, not when somebody asked for it: of two with one SEQUENCE
        // readers take the later (RFC 5546 §2.1.5), and unchanged must be the same bytes.
        .timestamp(*last_modified)
        .summary(&clean(summary))
        // Planned work does not make its readers busy.
        .add_property("TRANSP", "TRANSPARENT");
    // RFC 5545 §3.8.2.2: later than the start, or not there.
    if ends_at.timestamp() > starts_at.timestamp() {
        event.ends(*ends_at);
    }
    let description = clean(description);
    if !description.is_empty() {
        event.description(&description);
    }
    let url: String = url.chars().filter(|it| !it.is_control() && !it.is_whitespace()).collect();
    if !url.is_empty() {
        event.url(&url);
    }
    let names: Vec<String> = categories.iter().map(|it| clean(it)).collect();
    if !names.is_empty() {
        event.categories(names);
    }
    event.done()
}

/// A text without what must not stand in one (RFC 5545 §3.3.11), cut where it is too long.
fn clean(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut chars = text.trim().chars().filter(|it| !it.is_control() || matches!(it, '\n' | '\t'));
    let mut text: String = chars.by_ref().take(DESCRIPTION_MAX).collect();
    if chars.next().is_some() {
        text.push('…');
    }
    text
}
