//! How often something comes back, in words.
use std::collections::BTreeMap;

use super::payload::Thing;
use crate::locale::Words;

/// The days as RFC 5545 §3.3.10 writes them, in the order of `weekday`.
const DAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/// Like `every 2 weeks on Tuesday (Europe/Berlin)`; nothing when it comes once.
pub(super) fn of(thing: Thing<'_>, words: Words) -> Option<String> {
    let rule: BTreeMap<&str, &str> =
        thing.text("recurrence")?.split(';').filter_map(|it| it.split_once('=')).collect();
    let said = rhythm(&rule, words).unwrap_or_else(|| words.say("repeats-otherwise"));
    Some(match thing.text("time_zone") {
        Some(zone) => format!("{said} ({zone})"),
        None => said,
    })
}

/// Nothing for a rule that says more than can be said without saying something wrong.
fn rhythm(rule: &BTreeMap<&str, &str>, words: Words) -> Option<String> {
    let (often, more): (_, &[&str]) = match *rule.get("FREQ")? {
        "DAILY" => ("repeats-daily", &[]),
        "WEEKLY" => ("repeats-weekly", &["BYDAY"]),
        // Which day it is the window tells.
        "MONTHLY" => ("repeats-monthly", &["BYDAY", "BYMONTHDAY", "BYSETPOS"]),
        "YEARLY" => ("repeats-yearly", &[]),
        _ => return None,
    };
    let always = ["FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST"];
    if !rule.keys().all(|it| always.contains(it) || more.contains(it)) {
        return None;
    }
    let interval: u32 = rule.get("INTERVAL").map_or(Some(1), |it| it.parse().ok())?;
    let often = words.fill(often, &[("count", interval.into())]);
    let Some(days) = rule.get("BYDAY").filter(|_| rule.get("FREQ") == Some(&"WEEKLY")) else {
        return Some(often);
    };
    let days: Option<Vec<String>> = days.split(',').map(|it| weekday(it, words)).collect();
    Some(words.fill("repeats-on", &[("often", often.into()), ("days", days?.join(", ").into())]))
}

fn weekday(day: &str, words: Words) -> Option<String> {
    let number = DAYS.iter().position(|it| *it == day)? + 1;
    Some(words.fill("weekday", &[("number", number.into())]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_said_is_true() {
        let said = |tag, rule: &str| {
            let payload = json!({ "recurrence": rule, "time_zone": "Europe/Berlin" });
            of(Thing(&payload), Words::of(tag)).unwrap()
        };
        for (rule, english) in [
            ("FREQ=DAILY", "every day (Europe/Berlin)"),
            ("FREQ=WEEKLY;COUNT=3", "every week (Europe/Berlin)"),
            ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", "every 2 weeks on Tuesday (Europe/Berlin)"),
            ("FREQ=WEEKLY;BYDAY=MO,SU", "every week on Monday, Sunday (Europe/Berlin)"),
            ("FREQ=MONTHLY;BYDAY=-1FR", "every month (Europe/Berlin)"),
            ("FREQ=YEARLY;INTERVAL=3", "every 3 years (Europe/Berlin)"),
            ("FREQ=YEARLY;BYMONTH=1,7", "regularly (Europe/Berlin)"),
            ("FREQ=DAILY;BYDAY=MO", "regularly (Europe/Berlin)"),
            ("FREQ=WEEKLY;BYDAY=XX", "regularly (Europe/Berlin)"),
            ("?", "regularly (Europe/Berlin)"),
        ] {
            assert_eq!(said("en", rule), english, "{rule}");
        }
        assert_eq!(said("de", "FREQ=WEEKLY;BYDAY=TU"), "jede Woche: Dienstag (Europe/Berlin)");
        assert_eq!(said("pt", "FREQ=DAILY;INTERVAL=2"), "a cada 2 dias (Europe/Berlin)");
        assert_eq!(of(Thing(&json!({ "recurrence": null })), Words::of("en")), None);
    }
}
