use chrono::Weekday;
use proptest::prelude::*;

use super::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn series(rule: &str, zone: &str, starts_at: &str) -> Recurrence {
    Recurrence::new(rule, zone, at(starts_at)).unwrap()
}

fn fault(rule: &str, zone: &str, starts_at: &str) -> Fault {
    Recurrence::new(rule, zone, at(starts_at)).unwrap_err()
}

/// The first starts, like `03-24T01:30`.
fn first(series: &Recurrence, limit: usize) -> Vec<String> {
    from(series, series.starts_at(), limit)
}

fn from(series: &Recurrence, from: DateTime<Utc>, limit: usize) -> Vec<String> {
    let starts = series.starts(from, DateTime::<Utc>::MAX_UTC, limit);
    starts.iter().map(|it| it.format("%m-%dT%H:%M").to_string()).collect()
}

#[test]
fn the_wall_clock_holds_when_summer_begins_and_ends() {
    let weekly = |zone, starts_at| first(&series("FREQ=WEEKLY", zone, starts_at), 3);
    assert_eq!(
        weekly("Europe/Berlin", "2026-03-24T21:00:00Z"),
        ["03-24T21:00", "03-31T20:00", "04-07T20:00"]
    );
    assert_eq!(
        weekly("Europe/Berlin", "2026-10-20T20:00:00Z"),
        ["10-20T20:00", "10-27T21:00", "11-03T21:00"]
    );
    assert_eq!(
        weekly("America/New_York", "2026-03-03T07:00:00Z"),
        ["03-03T07:00", "03-10T06:00", "03-17T06:00"]
    );
    assert_eq!(
        weekly("America/New_York", "2026-10-27T06:00:00Z"),
        ["10-27T06:00", "11-03T07:00", "11-10T07:00"]
    );
    // Half an hour of summer time.
    assert_eq!(
        weekly("Australia/Lord_Howe", "2026-09-29T11:30:00Z"),
        ["09-29T11:30", "10-06T11:00", "10-13T11:00"]
    );
    assert_eq!(
        weekly("Australia/Lord_Howe", "2026-03-31T11:00:00Z"),
        ["03-31T11:00", "04-07T11:30", "04-14T11:30"]
    );
    // The last summer time of Brazil, and none after it.
    assert_eq!(
        weekly("America/Sao_Paulo", "2018-10-30T05:00:00Z"),
        ["10-30T05:00", "11-06T04:00", "11-13T04:00"]
    );
    assert_eq!(
        weekly("America/Sao_Paulo", "2019-02-12T04:00:00Z"),
        ["02-12T04:00", "02-19T05:00", "02-26T05:00"]
    );
    assert_eq!(
        weekly("America/Sao_Paulo", "2019-10-29T05:00:00Z"),
        ["10-29T05:00", "11-05T05:00", "11-12T05:00"]
    );
}

#[test]
fn a_local_time_that_does_not_exist_is_read_with_the_offset_before() {
    // RFC 5545 §3.3.5: 02:30 is 03:30 EDT on that day.
    let daily = series("FREQ=DAILY", "America/New_York", "2026-03-07T07:30:00Z");
    assert_eq!(first(&daily, 3), ["03-07T07:30", "03-08T07:30", "03-09T06:30"]);
    let daily = series("FREQ=DAILY", "Europe/Berlin", "2026-03-28T01:30:00Z");
    assert_eq!(first(&daily, 3), ["03-28T01:30", "03-29T01:30", "03-30T00:30"]);
    // Midnight itself is missing: 00:30 is 01:30.
    let daily = series("FREQ=DAILY", "America/Sao_Paulo", "2018-11-03T03:30:00Z");
    assert_eq!(first(&daily, 3), ["11-03T03:30", "11-04T03:30", "11-05T02:30"]);
    // 02:15 is 02:45 on Lord Howe Island.
    let daily = series("FREQ=DAILY", "Australia/Lord_Howe", "2026-10-02T15:45:00Z");
    assert_eq!(first(&daily, 3), ["10-02T15:45", "10-03T15:45", "10-04T15:15"]);
    // A whole day is missing: its window is that of the next day, and there is one.
    let daily = series("FREQ=DAILY", "Pacific/Apia", "2011-12-29T20:00:00Z");
    assert_eq!(first(&daily, 3), ["12-29T20:00", "12-30T20:00", "12-31T20:00"]);
}

#[test]
fn a_moved_start_keeps_the_order_and_is_not_doubled() {
    let rule = "FREQ=DAILY;BYHOUR=2,3;BYMINUTE=0,30";
    let series = series(rule, "Europe/Berlin", "2026-03-29T01:00:00Z");
    assert_eq!(first(&series, 4), ["03-29T01:00", "03-29T01:30", "03-30T00:00", "03-30T00:30"]);
}

#[test]
fn a_local_time_that_comes_twice_is_the_first() {
    let daily = series("FREQ=DAILY", "Europe/Berlin", "2026-10-24T00:30:00Z");
    assert_eq!(first(&daily, 3), ["10-24T00:30", "10-25T00:30", "10-26T01:30"]);
    // Midnight comes twice in Havana.
    let daily = series("FREQ=DAILY", "America/Havana", "2026-10-31T04:30:00Z");
    assert_eq!(first(&daily, 3), ["10-31T04:30", "11-01T04:30", "11-02T05:30"]);
    assert_eq!(fault("FREQ=DAILY", "Europe/Berlin", "2026-10-25T01:30:00Z").member, "starts_at");
}

#[test]
fn months_and_years_count_as_the_rfc_says() {
    let utc = |rule, starts_at, limit| first(&series(rule, "UTC", starts_at), limit);
    let start = "2026-01-31T02:00:00Z";
    let long = ["01-31T02:00", "03-31T02:00", "05-31T02:00"];
    assert_eq!(utc("FREQ=MONTHLY;BYMONTHDAY=31", start, 3), long);
    assert_eq!(utc("FREQ=MONTHLY", start, 3), long);
    let last = ["01-31T02:00", "02-28T02:00", "03-31T02:00"];
    assert_eq!(utc("FREQ=MONTHLY;BYMONTHDAY=-1", start, 3), last);
    let third_tuesday = ["01-20T02:00", "02-17T02:00", "03-17T02:00"];
    assert_eq!(utc("FREQ=MONTHLY;BYDAY=3TU", "2026-01-20T02:00:00Z", 3), third_tuesday);
    let first_monday = ["01-05T02:00", "02-02T02:00", "03-02T02:00"];
    assert_eq!(utc("FREQ=MONTHLY;BYDAY=1MO", "2026-01-05T02:00:00Z", 3), first_monday);
    let last_workday = ["01-30T02:00", "02-27T02:00", "03-31T02:00"];
    let rule = "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1";
    assert_eq!(utc(rule, "2026-01-30T02:00:00Z", 3), last_workday);
    let rule = "FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=2";
    assert_eq!(utc(rule, "2026-01-07T02:00:00Z", 3), ["01-07T02:00", "01-14T02:00", "01-21T02:00"]);
    let leap = series("FREQ=YEARLY", "UTC", "2024-02-29T02:00:00Z");
    let years: Vec<i32> = leap
        .starts(at("2025-01-01T00:00:00Z"), DateTime::<Utc>::MAX_UTC, 20)
        .iter()
        .map(Datelike::year)
        .collect();
    // 2100 is none.
    assert_eq!(years[..3], [2028, 2032, 2036]);
    assert_eq!(years[17..], [2096, 2104, 2108]);
}

#[test]
fn a_week_begins_where_the_rule_says() {
    // The example of RFC 5545 §3.8.5.3.
    let days = |week_start| {
        let rule = format!("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST={week_start}");
        first(&series(&rule, "America/New_York", "1997-08-05T13:00:00Z"), 9)
    };
    assert_eq!(days("MO"), ["08-05T13:00", "08-10T13:00", "08-19T13:00", "08-24T13:00"]);
    assert_eq!(days("SU"), ["08-05T13:00", "08-17T13:00", "08-19T13:00", "08-31T13:00"]);
}

#[test]
fn both_ends_are_counted_in_instants() {
    let daily = |end: &str| {
        let rule = format!("FREQ=DAILY;{end}");
        first(&series(&rule, "Europe/Berlin", "2026-10-24T00:30:00Z"), 9).len()
    };
    assert_eq!(daily("COUNT=3"), 3);
    assert_eq!(daily("UNTIL=20261026T013000Z"), 3);
    assert_eq!(daily("UNTIL=20261026T012959Z"), 2);
    assert_eq!(daily("UNTIL=20261026T023000"), 3);
    assert_eq!(daily("UNTIL=20261026T022959"), 2);
    // The first 02:30 of two.
    assert_eq!(daily("UNTIL=20261025T023000"), 2);
    assert_eq!(daily("UNTIL=20261025"), 2);
}

#[test]
fn the_text_is_ours_and_reads_as_it_was_meant() {
    let told = |rule| series(rule, "Europe/Berlin", "2026-06-01T20:00:00Z").rule().to_owned();
    assert_eq!(told("rrule:byday=1MO;freq=monthly"), "FREQ=MONTHLY;BYDAY=1MO");
    assert_eq!(told(" FREQ=DAILY; ".trim()), "FREQ=DAILY");
    assert_eq!(told("FREQ=DAILY;COUNT=3;INTERVAL=2"), "FREQ=DAILY;INTERVAL=2;COUNT=3");
    assert_eq!(told("UNTIL=20260630;FREQ=DAILY"), "FREQ=DAILY;UNTIL=20260630T215959Z");
    let again = told("FREQ=DAILY;UNTIL=20260630");
    assert_eq!(told(&again), again);
}

#[test]
fn what_is_no_rule_is_refused_with_a_sentence() {
    let start = "2026-11-24T02:00:00Z";
    let refused = [
        ("", "the rule lacks FREQ, like FREQ=WEEKLY"),
        ("every Tuesday", r#""EVERY TUESDAY" is no part of a rule"#),
        ("FREQ=FORTNIGHTLY", "FORTNIGHTLY is not a valid frequency."),
        ("FREQ=SECONDLY", "SECONDLY is too often: DAILY is the finest, with BYHOUR if needed"),
        ("FREQ=MINUTELY", "MINUTELY is too often: DAILY is the finest, with BYHOUR if needed"),
        ("FREQ=HOURLY", "HOURLY is too often: DAILY is the finest, with BYHOUR if needed"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL is a number from 1 to 1000"),
        ("FREQ=DAILY;INTERVAL=1001", "INTERVAL is a number from 1 to 1000"),
        ("FREQ=DAILY;COUNT=0", "COUNT is a number from 1 to 10000"),
        ("FREQ=DAILY;COUNT=10001", "COUNT is a number from 1 to 10000"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20270101", "the rule has either COUNT or UNTIL, not both"),
        ("FREQ=DAILY;COUNT=2;COUNT=3", "the rule names COUNT twice"),
        ("FREQ=DAILY;UNTIL=20260101T000000Z", "UNTIL lies before starts_at"),
        ("FREQ=DAILY;UNTIL=20570101", "UNTIL lies more than 30 years after starts_at"),
        (
            "FREQ=DAILY;UNTIL=2027-01-01",
            "UNTIL is a time like 20271231T225959Z, or a date like 20271231",
        ),
        (
            "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30",
            "the rule has no start within 30 years of starts_at",
        ),
        (
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
            "the rule has no start within 30 years of starts_at",
        ),
        (
            "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
            "the rule has no start within 30 years of starts_at",
        ),
        ("FREQ=DAILY;BYHOUR=1;BYSETPOS=366", "the rule has no start within 30 years of starts_at"),
        (
            "FREQ=WEEKLY;BYDAY=2TU",
            "2TU in BYDAY needs FREQ=MONTHLY or FREQ=YEARLY, and no BYWEEKNO",
        ),
        ("FREQ=MONTHLY;BYDAY=XTU", r#""XTU" in BYDAY is no day like TU or -1FR"#),
        ("FREQ=MONTHLY;BYDAY=0TU", r#""0TU" in BYDAY is no day like TU or -1FR"#),
        ("FREQ=WEEKLY;BYEASTER=1", r#""BYEASTER=1" is no part of a rule"#),
        ("FREQ=WEEKLY;BYDAY=T\u{dc}", "\"BYDAY=T\u{dc}\" is no part of a rule"),
    ];
    for (rule, sentence) in refused {
        let fault = fault(rule, "Europe/Berlin", start);
        assert_eq!((fault.member, fault.detail.as_str()), ("recurrence", sentence), "{rule}");
    }
    let lines =
        ["DTSTART:20260101T000000Z\nRRULE:FREQ=DAILY", "FREQ=DAILY\r\nEXDATE:20260101", "A\0"];
    for rule in lines {
        let sentence = fault(rule, "UTC", start).detail;
        assert!(sentence.ends_with("without DTSTART, RDATE or EXDATE"), "{rule}: {sentence}");
    }
    let many = (0..60).map(|it| it.to_string()).collect::<Vec<_>>().join(",");
    let dense = format!("FREQ=DAILY;BYMINUTE={many}");
    let sentence = "BYHOUR, BYMINUTE and BYSECOND make more than 24 starts a day";
    assert_eq!(fault(&dense, "UTC", start).detail, sentence);
    let long = format!("FREQ=DAILY;BYMINUTE={many};BYSECOND={many},{many},{many}");
    assert_eq!(fault(&long, "UTC", start).detail, "the rule is longer than 500 bytes");
}

#[test]
fn zone_and_first_start_have_their_own_faults() {
    let zone = fault("FREQ=DAILY", "Europe/Atlantis", "2026-11-24T02:00:00Z");
    let hint = r#""Europe/Atlantis" is not a time zone of the IANA database, like Europe/Berlin"#;
    assert_eq!((zone.member, zone.detail.as_str()), ("time_zone", hint));
    let start = fault("FREQ=WEEKLY;BYDAY=WE", "Europe/Berlin", "2026-11-24T02:00:00Z");
    let hint = "the rule first starts on Wednesday 2026-11-25 03:00:00 UTC+01:00, \
                not on Tuesday 2026-11-24 03:00:00 UTC+01:00";
    assert_eq!((start.member, start.detail.as_str()), ("starts_at", hint));
    for odd in ["2026-11-24T02:00:00.5Z", "1969-12-31T00:00:00Z", "+10000-01-01T00:00:00Z"] {
        assert_eq!(fault("FREQ=DAILY", "UTC", odd).member, "starts_at", "{odd}");
    }
}

#[test]
fn a_cut_series_and_what_follows_are_the_whole() {
    let moment = at("2026-03-29T01:30:00Z");
    for rule in ["FREQ=DAILY", "FREQ=DAILY;COUNT=6", "FREQ=DAILY;UNTIL=20260402"] {
        let whole = series(rule, "Europe/Berlin", "2026-03-27T01:30:00Z");
        let (before, after) = (whole.cut(moment).unwrap(), whole.following(moment).unwrap());
        let all = |it: &Recurrence| it.starts(whole.starts_at(), at("2026-05-01T00:00:00Z"), 99);
        assert_eq!([all(&before), all(&after)].concat(), all(&whole), "{rule}");
        assert_eq!(before.rule(), "FREQ=DAILY;UNTIL=20260329T012959Z");
        for part in [before, after] {
            let read = Recurrence::new(part.rule(), part.time_zone(), part.starts_at()).unwrap();
            assert_eq!(all(&read), all(&part), "{rule} as {}", part.rule());
        }
    }
    let short = series("FREQ=DAILY;COUNT=3", "UTC", "2026-03-27T01:30:00Z");
    assert_eq!(short.cut(at("2026-04-01T00:00:00Z")), Some(short.clone()));
    assert_eq!(short.cut(short.starts_at()), None);
    assert_eq!(short.following(at("2026-04-01T00:00:00Z")), None);
    let rest = short.following(at("2026-03-28T00:00:00Z")).unwrap();
    assert_eq!(rest.rule(), "FREQ=DAILY;COUNT=2");
}

#[test]
fn far_off_is_no_further() {
    let series = series("FREQ=DAILY;BYHOUR=0,6,12,18", "UTC", "1970-01-01T00:00:00Z");
    let far = at("9000-02-28T07:00:00Z");
    assert_eq!(from(&series, far, 3), ["02-28T12:00", "02-28T18:00", "03-01T00:00"]);
    assert!(series.starts(DateTime::<Utc>::MAX_UTC, DateTime::<Utc>::MAX_UTC, 9).is_empty());
    assert!(series.starts(far, far, 9).is_empty());
    assert!(series.starts(far, DateTime::<Utc>::MAX_UTC, 0).is_empty());
}

const ZONES: [&str; 7] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Havana",
    "Australia/Lord_Howe",
    "Pacific/Apia",
];

/// Day by day, in the words of the definition.
fn model(
    days: &[Weekday],
    weeks: bool,
    interval: i64,
    zone: Tz,
    (first, last): (NaiveDateTime, NaiveDate),
) -> Vec<DateTime<Utc>> {
    let monday =
        |day: NaiveDate| day - Duration::days(i64::from(day.weekday().num_days_from_monday()));
    let starts = first.date().iter_days().take_while(|day| *day < last).filter(|day| {
        let on = days.is_empty() || days.contains(&day.weekday());
        let apart = if weeks {
            (monday(*day) - monday(first.date())).num_weeks()
        } else {
            (*day - first.date()).num_days()
        };
        on && apart % interval == 0
    });
    let instant = |local: NaiveDateTime| {
        // The earliest second at which the clock shows it, or shows what the old offset makes it.
        let day = local.and_utc() - Duration::hours(30);
        let before = zone.offset_from_utc_datetime(&day.naive_utc());
        let first = zone.from_local_datetime(&local).earliest().map(|it| it.to_utc());
        first.unwrap_or_else(|| {
            local.and_utc()
                - Duration::seconds(i64::from(chrono::Offset::fix(&before).local_minus_utc()))
        })
    };
    let mut starts: Vec<_> = starts.map(|day| instant(day.and_time(first.time()))).collect();
    starts.dedup();
    starts
}

proptest! {
    #[test]
    fn daily_and_weekly_are_what_counting_days_gives(
        zone in prop::sample::select(&ZONES[..]),
        weeks in any::<bool>(),
        interval in 1..5i64,
        mask in 0..128u8,
        day in 0..25_000i64,
        minute in 0..1440i64,
        (skip, span, limit) in (0..900i64, 0..900i64, 0..50usize),
        count in prop::option::of(1..40usize),
    ) {
        let zone: Tz = zone.parse().unwrap();
        let named: Vec<Weekday> = (0..7u8)
            .filter(|it| mask & (1 << it) != 0)
            .map(|it| Weekday::try_from(it).unwrap())
            .collect();
        let epoch = at("1970-01-05T00:00:00Z").naive_utc();
        let mut first = epoch + Duration::days(day) + Duration::minutes(minute);
        // A first start exists, and is one of the rule's.
        while !matches!(zone.from_local_datetime(&first), MappedLocalTime::Single(_))
            || !(named.is_empty() || named.contains(&first.weekday()))
        {
            first += Duration::days(1);
        }
        let days = if weeks && named.is_empty() { vec![first.weekday()] } else { named.clone() };
        let list: Vec<String> =
            named.iter().map(|it| it.to_string()[..2].to_uppercase()).collect();
        let rule = format!(
            "FREQ={};INTERVAL={interval}{}{}",
            if weeks { "WEEKLY" } else { "DAILY" },
            if list.is_empty() { String::new() } else { format!(";BYDAY={}", list.join(",")) },
            count.map(|it| format!(";COUNT={it}")).unwrap_or_default(),
        );
        let starts_at = instant(zone, first);
        let series = Recurrence::new(&rule, zone.name(), starts_at).unwrap();
        let (from, to) = (starts_at + Duration::days(skip), starts_at + Duration::days(skip + span));
        let last = first.date() + Duration::days(skip + span + 3);
        let mut expected = model(&days, weeks, interval, zone, (first, last));
        expected.truncate(count.unwrap_or(usize::MAX));
        expected.retain(|it| (from..to).contains(it));
        expected.truncate(limit);
        prop_assert_eq!(series.starts(from, to, limit), expected, "{}", rule);
    }

    #[test]
    fn where_it_is_looked_from_changes_nothing(
        rule in prop::sample::select(&[
            "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=31,-1",
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1,-1",
            "FREQ=YEARLY;INTERVAL=2;BYMONTH=2,8;BYDAY=-1SU",
            "FREQ=YEARLY;BYWEEKNO=1,20,53;BYDAY=MO",
            "FREQ=YEARLY;BYYEARDAY=1,100,366",
            "FREQ=WEEKLY;INTERVAL=3;WKST=SU;BYDAY=SU,TU,SA;BYSETPOS=-1",
            "FREQ=DAILY;INTERVAL=5;BYHOUR=1,2,3;BYMINUTE=0,30",
        ][..]),
        zone in prop::sample::select(&ZONES[..]),
        skip in 0..9_000i64,
    ) {
        let zone: Tz = zone.parse().unwrap();
        let base = Text::read(rule).unwrap().base;
        let day = NaiveDate::from_ymd_opt(1999, 12, 20).unwrap();
        let grid = text::grid(&base, day.and_hms_opt(2, 30, 0).unwrap()).unwrap();
        let set = RRuleSet::new(day.and_hms_opt(2, 30, 0).unwrap().and_utc().with_timezone(&rrule::Tz::UTC));
        // Whole periods after the day that the grid is laid from.
        let local = set.rrule(grid).into_iter().map(|it| it.naive_utc()).find(|it| it.year() == 2001);
        let rule = text::at(rule, local.unwrap().time());
        let series = Recurrence::new(&rule, zone.name(), instant(zone, local.unwrap())).unwrap();
        let to = series.starts_at() + Duration::days(skip + 1_000);
        let from = series.starts_at() + Duration::days(skip);
        let mut all = series.starts(series.starts_at(), to, usize::MAX);
        all.retain(|it| *it >= from);
        prop_assert_eq!(series.starts(from, to, usize::MAX), all);
    }

    #[test]
    fn no_text_breaks_it(text in "(FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY))?(;?(BY[A-Z]{3,8}|COUNT|WKST|UNTIL|INTERVAL)=[-+0-9A-Z,]{0,9}){0,3}|.{0,80}") {
        let start = at("2026-11-24T02:00:00Z");
        if let Ok(series) = Recurrence::new(&text, "Europe/Berlin", start) {
            prop_assert_eq!(series.starts(start, start + Duration::days(1), 1), [start]);
            let again = Recurrence::new(series.rule(), series.time_zone(), start);
            prop_assert_eq!(again, Ok(series));
        }
    }
}
