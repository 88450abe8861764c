//! Rules of shape that several bodies share.
use std::borrow::Cow;

use domain::maintenance::{REMINDER_MAX, REMINDER_MIN};
use domain::text::{METADATA_MAX, is_slug};
use domain::uptime::Percent;
use serde_json::{Map, Number, Value};
use validator::ValidationError;

use crate::component::Span;
use crate::patch::Patch;
use crate::problem::{Problem, kind};

/// Most members of `variables`.
const VARIABLES_MAX: usize = 100;

fn refused(code: &'static str, message: &'static str) -> ValidationError {
    ValidationError::new(code).with_message(Cow::Borrowed(message))
}

/// A slug, see [`is_slug`].
pub fn slug(slug: &str) -> Result<(), ValidationError> {
    let limit = usize::try_from(domain::text::SLUG_MAX).unwrap_or(usize::MAX);
    if slug.len() <= limit && is_slug(slug) {
        return Ok(());
    }
    Err(refused(
        "slug",
        "must have 1 to 80 lower-case letters, digits and single hyphens, and not read as a number or UUID",
    ))
}

/// An address a page may link to.
pub fn link(link: &str) -> Result<(), ValidationError> {
    if (link.starts_with("https://") || link.starts_with("http://"))
        && !link.contains(char::is_whitespace)
    {
        return Ok(());
    }
    Err(refused("url", "must be an http or https URL"))
}

/// [`link`] for merge patches.
pub fn link_patch(patch: &Patch<String>) -> Result<(), ValidationError> {
    match patch {
        Patch::Value(text) => link(text),
        Patch::Absent | Patch::Null => Ok(()),
    }
}

/// Free data stays small.
pub fn metadata(metadata: &Map<String, Value>) -> Result<(), ValidationError> {
    if metadata.len() <= METADATA_MAX {
        return Ok(());
    }
    Err(refused("length", "must have at most 50 members"))
}

/// What a template is filled with stays small.
pub fn variables(variables: &Map<String, Value>) -> Result<(), ValidationError> {
    if variables.len() <= VARIABLES_MAX {
        return Ok(());
    }
    Err(refused("length", "must have at most 100 members"))
}

/// [`metadata`] for merge patches.
pub fn metadata_patch(patch: &Patch<Map<String, Value>>) -> Result<(), ValidationError> {
    match patch {
        Patch::Value(members) => metadata(members),
        Patch::Absent | Patch::Null => Ok(()),
    }
}

/// A reminder comes neither too late nor too early to be of use.
pub fn reminders(seconds: &[i64]) -> Result<(), ValidationError> {
    let wrong = seconds.iter().position(|it| !(REMINDER_MIN..=REMINDER_MAX).contains(it));
    wrong.map_or(Ok(()), |index| {
        let mut error = refused("range", "must be between 60 seconds and 30 days");
        error.add_param(Cow::Borrowed("member"), &index.to_string());
        Err(error)
    })
}

/// A span ends after it begins.
pub fn span(span: &Span) -> Result<(), Problem> {
    match (span.from, span.to) {
        (Some(from), Some(to)) if from >= to => {
            Err(Problem::new(kind::MALFORMED).because("`to` must be after `from`"))
        }
        _ => Ok(()),
    }
}

/// A BCP 47 language tag, roughly: subtags of letters and digits.
pub fn locale(tag: &str) -> Result<(), ValidationError> {
    let subtag =
        |it: &str| (1..=8).contains(&it.len()) && it.bytes().all(|b| b.is_ascii_alphanumeric());
    if tag.len() <= 35 && tag.split('-').all(subtag) {
        return Ok(());
    }
    Err(refused("locale", "must be a language tag like `pt-BR`"))
}

/// [`locale`] for merge patches.
pub fn locale_patch(patch: &Patch<String>) -> Result<(), ValidationError> {
    match patch {
        Patch::Value(tag) => locale(tag),
        Patch::Absent | Patch::Null => Ok(()),
    }
}

/// A share of time that is promised, in percent.
pub fn target(number: &Number) -> Result<(), ValidationError> {
    let percent = Percent::parse(&number.to_string());
    if percent.is_some_and(|it| it.millionths() > 0) {
        return Ok(());
    }
    Err(refused("range", "must be more than 0, at most 100, and have at most four decimals"))
}

/// [`target`] for merge patches.
pub fn target_patch(patch: &Patch<Number>) -> Result<(), ValidationError> {
    match patch {
        Patch::Value(number) => target(number),
        Patch::Absent | Patch::Null => Ok(()),
    }
}

/// An IANA time zone.
pub fn time_zone(name: &str) -> Result<(), ValidationError> {
    if name.parse::<chrono_tz::Tz>().is_ok() {
        return Ok(());
    }
    Err(refused("time_zone", "must be an IANA time zone like `Europe/Berlin`"))
}

/// [`time_zone`] for merge patches.
pub fn time_zone_patch(patch: &Patch<String>) -> Result<(), ValidationError> {
    match patch {
        Patch::Value(name) => time_zone(name),
        Patch::Absent | Patch::Null => Ok(()),
    }
}
