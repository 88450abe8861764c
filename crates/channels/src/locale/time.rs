//! Times as people write them.
use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use chrono_tz::Tz;

use super::Words;

/// A point in time in the reader's zone, like `24 November 2026, 10:15 CET`.
pub(crate) fn moment(words: Words, at: DateTime<Utc>, zone: Tz) -> String {
    let at = at.with_timezone(&zone);
    dated(words, &at, &at.format("%H:%M").to_string())
}

/// From when until when; the day is said once where it is one.
pub(crate) fn span(words: Words, from: DateTime<Utc>, until: DateTime<Utc>, zone: Tz) -> String {
    let (starts, ends) = (from.with_timezone(&zone), until.with_timezone(&zone));
    if starts.date_naive() == ends.date_naive() && named(&starts) == named(&ends) {
        let times = format!("{}–{}", starts.format("%H:%M"), ends.format("%H:%M"));
        return dated(words, &starts, &times);
    }
    format!("{} – {}", moment(words, from, zone), moment(words, until, zone))
}

/// How long, in its two largest units, like `2 days 3 h`.
pub(crate) fn duration(words: Words, duration: TimeDelta) -> String {
    let minutes = duration.num_minutes().max(0);
    let units = [
        ("duration-days", minutes / 1_440),
        ("duration-hours", minutes / 60 % 24),
        ("duration-minutes", minutes % 60),
    ];
    let said: Vec<String> = units
        .iter()
        .skip_while(|unit| unit.1 == 0)
        .take(2)
        .filter(|unit| unit.1 > 0)
        .map(|(key, count)| words.fill(key, &[("count", (*count).into())]))
        .collect();
    if said.is_empty() { words.say("duration-moment") } else { said.join(" ") }
}

fn dated(words: Words, at: &DateTime<Tz>, time: &str) -> String {
    let month = words.fill("month", &[("number", at.month().into())]);
    let date = words.fill(
        "date",
        &[
            ("day", at.day().into()),
            ("month", month.into()),
            ("year", at.year().to_string().into()),
        ],
    );
    let places = [("date", date.into()), ("time", time.into()), ("zone", named(at).into())];
    words.fill("moment", &places)
}

/// The zone's abbreviation; many zones have none and are named by their offset.
fn named(at: &DateTime<Tz>) -> String {
    let name = at.format("%Z").to_string();
    if name.starts_with(['+', '-']) { format!("UTC{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn each_language_has_its_way() {
        let said = |tag, zone| moment(Words::of(tag), at("2026-12-01T09:05:30Z"), zone);
        assert_eq!(said("en", Tz::UTC), "1 December 2026, 09:05 UTC");
        assert_eq!(said("de", Tz::Europe__Berlin), "1. Dezember 2026, 10:05 Uhr (CET)");
        assert_eq!(said("fr", Tz::Europe__Paris), "1er décembre 2026, 10:05 (CET)");
        assert_eq!(said("pt", Tz::America__Sao_Paulo), "1º de dezembro de 2026, 06:05 (UTC-03)");
        assert_eq!(said("es", Tz::America__New_York), "1 de diciembre de 2026, 04:05 (EST)");
    }

    #[test]
    fn the_day_is_said_once() {
        let until = |until| {
            span(Words::of("de"), at("2026-10-24T20:00:00Z"), at(until), Tz::Europe__Berlin)
        };
        assert_eq!(until("2026-10-24T21:30:00Z"), "24. Oktober 2026, 22:00–23:30 Uhr (CEST)");
        // The clocks go back that night.
        assert_eq!(
            until("2026-10-25T02:00:00Z"),
            "24. Oktober 2026, 22:00 Uhr (CEST) – 25. Oktober 2026, 03:00 Uhr (CET)"
        );
    }

    #[test]
    fn durations_have_two_units() {
        let said = |seconds| duration(Words::of("en"), TimeDelta::seconds(seconds));
        assert_eq!(said(-5), "less than a minute");
        assert_eq!(said(59), "less than a minute");
        assert_eq!(said(95 * 60), "1 h 35 min");
        assert_eq!(said(2 * 86_400 + 3 * 3_600 + 60), "2 days 3 h");
        assert_eq!(said(86_400 + 120), "1 day");
    }
}
