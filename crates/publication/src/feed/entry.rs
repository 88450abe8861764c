//! An entry of a feed: an incident or a maintenance with its whole timeline.
use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use domain::incident::{self, Incident};
use domain::maintenance::{self, LISTED_AHEAD_DAYS, Maintenance};

use super::clean;

/// An incident or a maintenance.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// A tag of RFC 4151 with its number, as Statuspage makes them.
    pub(super) id: String,
    pub(super) title: String,
    pub(super) url: String,
    pub(super) published: DateTime<Utc>,
    pub(super) updated: DateTime<Utc>,
    /// The timeline as HTML, newest first.
    pub(super) html: String,
    /// The end of a maintenance.
    pub(super) ends_at: Option<DateTime<Utc>>,
}

impl Entry {
    pub(super) fn of_incident(it: &Incident, host: &str, zone: Tz) -> Self {
        let mut html = String::new();
        let published = it.postmortem.as_ref().and_then(|it| Some((it, it.published_at?)));
        if let Some((postmortem, at)) = published {
            tell(&mut html, at.with_timezone(&zone), "Postmortem", &postmortem.body_html);
        }
        for update in &it.updates {
            let at = update.display_at.with_timezone(&zone);
            tell(&mut html, at, incident_label(update.status), &update.message_html);
        }
        Self {
            id: format!("tag:{host},2005:Incident/{}", it.number),
            title: clean(&it.title),
            url: it.url.clone(),
            published: it.started_at,
            updated: it.updated_at,
            html: clean(&html),
            ends_at: None,
        }
    }

    /// An occurrence of a series is published when it comes near, not when it was made.
    pub(super) fn of_maintenance(it: &Maintenance, host: &str, zone: Tz) -> Self {
        let near = it.starts_at - TimeDelta::days(LISTED_AHEAD_DAYS);
        let published =
            if it.series_id.is_some() { it.created_at.max(near) } else { it.created_at };
        let mut html = String::new();
        for update in &it.updates {
            let at = update.display_at.with_timezone(&zone);
            tell(&mut html, at, maintenance_label(update.status), &update.message_html);
        }
        let (from, to) = (it.starts_at.with_timezone(&zone), it.ends_at.with_timezone(&zone));
        let (from, to) = (from.format("%b %-d, %Y %H:%M"), to.format("%b %-d, %Y %H:%M %Z"));
        let _infallible = write!(html, "<p><small>{from} - {to}</small></p>");
        Self {
            id: format!("tag:{host},2005:Maintenance/{}", it.number),
            title: clean(&it.title),
            url: it.url.clone(),
            published,
            updated: it.updated_at.max(published),
            html: clean(&html),
            ends_at: Some(it.ends_at),
        }
    }
}

/// One update, as readers of Statuspage's feeds look for it: the state in `<strong>`.
fn tell(html: &mut String, at: DateTime<Tz>, label: &str, message_html: &str) {
    let message = message_html.trim();
    let _infallible = write!(
        html,
        "<p><small>{} <var data-var='date'>{}</var>, <var data-var='time'>{}</var> {}</small>\
         <br><strong>{label}</strong> - ",
        at.format("%b"),
        at.format("%-d"),
        at.format("%H:%M"),
        at.format("%Z"),
    );
    // A single paragraph goes on in ours; more of them follow it.
    match message.strip_prefix("<p>").and_then(|it| it.strip_suffix("</p>")) {
        Some(inline) if !inline.contains("<p>") => {
            html.push_str(inline);
            html.push_str("</p>");
        }
        _ => {
            html.push_str("</p>");
            html.push_str(message);
        }
    }
}

const fn incident_label(status: incident::Status) -> &'static str {
    match status {
        incident::Status::Investigating => "Investigating",
        incident::Status::Identified => "Identified",
        incident::Status::Monitoring => "Monitoring",
        incident::Status::Resolved => "Resolved",
    }
}

const fn maintenance_label(status: maintenance::Status) -> &'static str {
    match status {
        maintenance::Status::Scheduled => "Scheduled",
        maintenance::Status::InProgress => "In progress",
        maintenance::Status::Verifying => "Verifying",
        maintenance::Status::Completed => "Completed",
        maintenance::Status::Cancelled => "Cancelled",
    }
}
