//! What callers ask for when they schedule a maintenance.
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use domain::caller::Visibility;
use domain::maintenance::{Draft, Moment, Template, Unsound, Window};
use domain::page::Settings;
use domain::recurrence::Recurrence;
use serde_json::{Map, Value};

use crate::{Error, FieldError};

/// A maintenance as a caller asks for it: what is absent is as usual.
#[derive(Clone, Debug)]
pub struct Wish {
    pub title: String,
    pub message: String,
    pub visibility: Visibility,
    pub starts_at: Moment,
    pub ends_at: Moment,
    pub time_zone: Option<String>,
    pub recurrence: Option<String>,
    pub auto_start: bool,
    pub auto_complete: bool,
    pub notify: bool,
    /// As `notify` when absent.
    pub notify_on_start: Option<bool>,
    pub notify_on_completion: Option<bool>,
    /// As the page has it when absent, unless nobody is to be notified.
    pub remind_before_seconds: Option<Vec<i64>>,
    pub dedup_key: Option<String>,
    pub metadata: Map<String, Value>,
}

impl Wish {
    /// Completes the wish.
    pub fn draft(self, page: &Settings) -> Result<Draft, Error> {
        let window = window(self.starts_at, self.ends_at, self.time_zone.as_deref())?;
        let recurrence = self.recurrence.as_deref();
        let recurrence = recurrence
            .map(|rule| repeat(rule, self.time_zone.as_deref(), window.starts_at))
            .transpose()?;
        let usual = || if self.notify { page.maintenance_reminders.clone() } else { Vec::new() };
        let template = Template {
            title: self.title,
            message: self.message,
            message_html: String::new(),
            effects: Vec::new(),
            visibility: self.visibility,
            auto_start: self.auto_start,
            auto_complete: self.auto_complete,
            notify: self.notify,
            notify_on_start: self.notify_on_start.unwrap_or(self.notify),
            notify_on_completion: self.notify_on_completion.unwrap_or(self.notify),
            remind_before_seconds: in_order(self.remind_before_seconds.unwrap_or_else(usual)),
            dedup_key: self.dedup_key,
            metadata: self.metadata,
        };
        Ok(Draft { template, window, time_zone: self.time_zone, recurrence })
    }
}

/// Each once, the longest first.
pub(super) fn in_order(mut reminders: Vec<i64>) -> Vec<i64> {
    reminders.sort_unstable_by_key(|it| std::cmp::Reverse(*it));
    reminders.dedup();
    reminders
}

/// The rule, in a zone that must be there.
pub(super) fn repeat(
    rule: &str,
    time_zone: Option<&str>,
    starts_at: DateTime<Utc>,
) -> Result<Recurrence, Error> {
    let time_zone = time_zone.ok_or(Unsound::NoZone)?;
    Ok(Recurrence::new(rule, time_zone, starts_at)?)
}

/// Both ends, read in the zone.
pub(super) fn window(
    starts_at: Moment,
    ends_at: Moment,
    time_zone: Option<&str>,
) -> Result<Window, Error> {
    let zone: Option<Tz> = time_zone.map(str::parse).transpose().map_err(|_unknown| {
        let hint = "must be an IANA time zone like `Europe/Berlin`";
        Error::invalid("/time_zone", "time_zone", hint)
    })?;
    let mut wrong = Vec::new();
    let mut read = |moment: Moment, pointer: &str| {
        let mut complain = |error: domain::maintenance::NoSuchTime| {
            let (pointer, detail) = (pointer.to_owned(), error.to_string());
            wrong.push(FieldError { pointer, code: "unsound", detail });
        };
        moment.instant(zone).map_err(&mut complain).ok()
    };
    let (starts_at, ends_at) = (read(starts_at, "/starts_at"), read(ends_at, "/ends_at"));
    match (starts_at, ends_at) {
        (Some(starts_at), Some(ends_at)) => Ok(Window { starts_at, ends_at }),
        _ => Err(Error::Invalid(wrong)),
    }
}
