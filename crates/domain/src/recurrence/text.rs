//! What may stand in the text of a rule, and how we write it.
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Utc};
use chrono_tz::Tz;
use rrule::{Frequency, RRule, RRuleError, Unvalidated};

use super::{COUNT_MAX, Fault, INTERVAL_MAX, RULE_MAX, STARTS_PER_DAY_MAX, brief, instant};

/// The parts of RFC 5545 §3.3.10.
const PARTS: [&str; 14] = [
    "FREQ",
    "UNTIL",
    "COUNT",
    "INTERVAL",
    "BYSECOND",
    "BYMINUTE",
    "BYHOUR",
    "BYDAY",
    "BYMONTHDAY",
    "BYYEARDAY",
    "BYWEEKNO",
    "BYMONTH",
    "BYSETPOS",
    "WKST",
];

/// A rule taken apart.
pub(super) struct Text {
    /// Everything but the ends.
    pub base: String,
    pub count: Option<u32>,
    pub until: Option<Until>,
}

/// The last moment a start may be at.
pub(super) enum Until {
    At(DateTime<Utc>),
    /// On the wall clock of the rule's zone.
    Local(NaiveDateTime),
}

impl Until {
    pub fn instant(self, zone: Tz) -> DateTime<Utc> {
        match self {
            Self::At(at) => at,
            Self::Local(local) => instant(zone, local),
        }
    }
}

fn wrong(detail: impl Into<String>) -> Fault {
    Fault::of("recurrence", detail)
}

impl Text {
    pub fn read(rule: &str) -> Result<Self, Fault> {
        if rule.len() > RULE_MAX {
            return Err(wrong(format!("the rule is longer than {RULE_MAX} bytes")));
        }
        let rule = rule.trim().to_ascii_uppercase();
        let rule = rule.strip_prefix("RRULE:").unwrap_or(&rule);
        if rule.chars().any(|it| it.is_control() || it == ':') {
            let detail =
                "the rule is one rule like FREQ=WEEKLY;BYDAY=TU, without DTSTART, RDATE or EXDATE";
            return Err(wrong(detail));
        }
        let mut parts: Vec<(&str, &str)> = Vec::new();
        for part in rule.split(';').filter(|it| !it.is_empty()) {
            let (name, value) = part
                .split_once('=')
                .filter(|it| PARTS.contains(&it.0) && plain(it.1))
                .ok_or_else(|| wrong(format!("{:?} is no part of a rule", brief(part))))?;
            if parts.iter().any(|it| it.0 == name) {
                return Err(wrong(format!("the rule names {name} twice")));
            }
            parts.push((name, value));
        }
        let mut take = |wanted| {
            let place = parts.iter().position(|it| it.0 == wanted)?;
            Some(parts.remove(place).1)
        };
        let frequency =
            take("FREQ").ok_or_else(|| wrong("the rule lacks FREQ, like FREQ=WEEKLY"))?;
        let count = take("COUNT").map(count).transpose()?;
        let until = take("UNTIL").map(until).transpose()?;
        if count.is_some() && until.is_some() {
            return Err(wrong("the rule has either COUNT or UNTIL, not both"));
        }
        let rest: String = parts.iter().map(|(name, value)| format!(";{name}={value}")).collect();
        Ok(Self { base: format!("FREQ={frequency}{rest}"), count, until })
    }
}

fn plain(value: &str) -> bool {
    !value.is_empty()
        && value.bytes().all(|it| it.is_ascii_alphanumeric() || matches!(it, b',' | b'+' | b'-'))
}

fn count(text: &str) -> Result<u32, Fault> {
    let count = text.parse().ok().filter(|it| (1..=COUNT_MAX).contains(it));
    count.ok_or_else(|| wrong(format!("COUNT is a number from 1 to {COUNT_MAX}")))
}

fn until(text: &str) -> Result<Until, Fault> {
    let until = match text.len() {
        8 => NaiveDate::parse_from_str(text, "%Y%m%d").ok().and_then(|day| {
            let end = NaiveTime::from_hms_opt(23, 59, 59)?;
            Some(Until::Local(day.and_time(end)))
        }),
        15 => NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%S").ok().map(Until::Local),
        16 => NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%SZ")
            .ok()
            .map(|it| Until::At(it.and_utc())),
        _ => None,
    };
    until.ok_or_else(|| wrong("UNTIL is a time like 20271231T225959Z, or a date like 20271231"))
}

/// What the parts mean for a rule whose first start is at `first` on the wall clock.
pub(super) fn grid(base: &str, first: NaiveDateTime) -> Result<RRule, Fault> {
    let rule: RRule<Unvalidated> = base.parse().map_err(told)?;
    let frequency = rule.get_freq();
    if frequency > Frequency::Daily {
        let detail =
            format!("{frequency} is too often: DAILY is the finest, with BYHOUR if needed");
        return Err(wrong(detail));
    }
    if !(1..=INTERVAL_MAX).contains(&rule.get_interval()) {
        return Err(wrong(format!("INTERVAL is a number from 1 to {INTERVAL_MAX}")));
    }
    days(base, frequency)?;
    let first = first.and_utc().with_timezone(&rrule::Tz::UTC);
    let rule = rule.validate(first).map_err(told)?;
    let times = [rule.get_by_hour().len(), rule.get_by_minute().len(), rule.get_by_second().len()];
    if times.iter().product::<usize>() > STARTS_PER_DAY_MAX {
        let detail = "BYHOUR, BYMINUTE and BYSECOND make more than";
        return Err(wrong(format!("{detail} {STARTS_PER_DAY_MAX} starts a day")));
    }
    Ok(rule)
}

/// `BYDAY` is held here: the parser takes `XMO` for `MO`.
fn days(base: &str, frequency: Frequency) -> Result<(), Fault> {
    let Some(list) = base.split(';').find_map(|it| it.strip_prefix("BYDAY=")) else {
        return Ok(());
    };
    for item in list.split(',') {
        let (nth, day) = item.split_at(item.len().saturating_sub(2));
        let nth: Option<i16> = if nth.is_empty() {
            None
        } else {
            let nth = nth.parse().ok().filter(|it: &i16| (1..=53).contains(&it.abs()));
            Some(nth.ok_or_else(|| wrong(format!("{item:?} in BYDAY is no day like TU or -1FR")))?)
        };
        if !["MO", "TU", "WE", "TH", "FR", "SA", "SU"].contains(&day) {
            return Err(wrong(format!("{item:?} in BYDAY is no day like TU or -1FR")));
        }
        // RFC 5545 §3.3.10, and nobody could say which first Tuesday of a week is meant.
        let whole = matches!(frequency, Frequency::Weekly | Frequency::Daily);
        if nth.is_some() && (whole || base.contains("BYWEEKNO=")) {
            let detail = "needs FREQ=MONTHLY or FREQ=YEARLY, and no BYWEEKNO";
            return Err(wrong(format!("{item} in BYDAY {detail}")));
        }
    }
    Ok(())
}

fn told(error: RRuleError) -> Fault {
    let told = match error {
        RRuleError::ParserError(it) => it.to_string(),
        RRuleError::ValidationError(it) => it.to_string(),
        RRuleError::IterError(it) => it,
    };
    wrong(told.replace('`', ""))
}

/// The parts with the time of day said, where it was left to the first start.
pub(super) fn at(base: &str, time: NaiveTime) -> String {
    let said = [("BYHOUR", time.hour()), ("BYMINUTE", time.minute()), ("BYSECOND", time.second())];
    said.into_iter().fold(base.to_owned(), |base, (name, value)| {
        if base.contains(name) { base } else { format!("{base};{name}={value}") }
    })
}

/// The text of a rule with its ends.
pub(super) fn write(base: &str, count: Option<u32>, until: Option<DateTime<Utc>>) -> String {
    let count = count.map(|it| format!(";COUNT={it}")).unwrap_or_default();
    let until = until.map(|it| it.format(";UNTIL=%Y%m%dT%H%M%SZ").to_string()).unwrap_or_default();
    format!("{base}{count}{until}")
}
