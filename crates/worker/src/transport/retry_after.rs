//! `Retry-After` (RFC 9110 §10.2.3): when a destination would like to hear from us again.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};

/// The longest wait granted. A destination may not silence us beyond it.
const LONGEST: Duration = Duration::from_secs(6 * 60 * 60);

/// The date forms a recipient must accept (RFC 9110 §5.6.7): IMF-fixdate, RFC 850, asctime.
const DATE_FORMS: [&str; 3] =
    ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];

/// The wait the headers ask for. A date is measured from the `Date` of the same answer, so that
/// a clock which differs from ours does not matter, and from `clock` where there is none.
pub(super) fn asked(headers: &HeaderMap, clock: fn() -> DateTime<Utc>) -> Option<Duration> {
    let asked = text(headers, &RETRY_AFTER)?;
    let wait = seconds(asked).or_else(|| {
        let now = text(headers, &DATE).and_then(date).unwrap_or_else(clock);
        (date(asked)? - now).to_std().ok()
    })?;
    Some(wait.min(LONGEST))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// Whole seconds per the RFC, and fractions, which some services send. No sign, no exponent.
fn seconds(text: &str) -> Option<Duration> {
    if !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    Duration::try_from_secs_f64(text.parse().ok()?).ok()
}

fn date(text: &str) -> Option<DateTime<Utc>> {
    let parsed = |form: &&str| NaiveDateTime::parse_from_str(text, form).ok();
    DATE_FORMS.iter().find_map(parsed).map(|date| date.and_utc())
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn noon() -> DateTime<Utc> {
        DateTime::parse_from_rfc3339("2026-11-23T12:00:00Z").unwrap().to_utc()
    }

    fn asked_with(value: &str, sent: Option<&'static str>) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        if let Some(sent) = sent {
            headers.insert(DATE, HeaderValue::from_static(sent));
        }
        asked(&headers, noon)
    }

    #[test]
    fn sensible_values_are_heard() {
        for (value, milliseconds) in [
            ("0", 0),
            ("120", 120_000),
            ("0120", 120_000),
            ("1.5", 1_500),
            ("0.001", 1),
            ("21600", 21_600_000),
            ("21601", 21_600_000),
            ("4294967296", 21_600_000),
            ("Mon, 23 Nov 2026 12:01:00 GMT", 60_000),
            ("Monday, 23-Nov-26 12:01:00 GMT", 60_000),
            ("Mon Nov 23 12:01:00 2026", 60_000),
            ("Mon, 23 Nov 2026 12:00:00 GMT", 0),
            ("Sat, 01 Jan 2050 00:00:00 GMT", 21_600_000),
        ] {
            let expected = Some(Duration::from_millis(milliseconds));
            assert_eq!(asked_with(value, None), expected, "{value}");
        }
    }

    #[test]
    fn nonsense_is_not() {
        let endless = "9".repeat(400);
        for value in [
            "",
            "-1",
            "+1",
            "NaN",
            "inf",
            "infinity",
            "1e3",
            "1,5",
            "1.5.2",
            ".",
            "0x10",
            "soon",
            "٣",
            "99999999999999999999999999",
            endless.as_str(),
            "Mon, 23 Nov 2026 11:59:59 GMT",
            "Tue, 23 Nov 2026 12:01:00 GMT",
            "Mon, 23 Nov 2026 12:01:00 CET",
            "Mon, 99 Nov 2026 12:01:00 GMT",
        ] {
            assert_eq!(asked_with(value, None), None, "{value}");
        }
    }

    #[test]
    fn a_date_is_measured_by_the_clock_that_set_it() {
        let wait =
            asked_with("Mon, 23 Nov 2026 15:00:30 GMT", Some("Mon, 23 Nov 2026 15:00:00 GMT"));
        assert_eq!(wait, Some(Duration::from_secs(30)));
    }
}
