use chrono::NaiveDate;
use domain::component::Status;
use proptest::prelude::*;
use roxmltree::{Document, Node};

use super::*;

const THEMES: [Theme; 3] = [Theme::Auto, Theme::Light, Theme::Dark];

fn child<'a>(of: Node<'a, 'a>, name: &str) -> Option<Node<'a, 'a>> {
    of.children().find(|it| it.has_tag_name(("http://www.w3.org/2000/svg", name)))
}

/// Parses a picture and holds it to what every picture must be.
fn parsed(svg: &str) -> Document<'_> {
    let document = Document::parse(svg).unwrap_or_else(|error| panic!("{error}: {svg}"));
    let root = document.root_element();
    assert_eq!(root.tag_name().name(), "svg");
    assert_eq!(root.attribute("role"), Some("img"));
    for (id, name) in [("title", "title"), ("description", "desc")] {
        let words = root.children().find(|it| it.attribute("id") == Some(id));
        assert_eq!(words.map(|it| it.tag_name().name()), Some(name));
        assert!(root.attribute("aria-labelledby").is_some_and(|it| it.contains(id)));
    }
    let known = ["svg", "title", "desc", "style", "g", "path", "rect", "text"];
    for node in document.descendants().filter(Node::is_element) {
        assert!(known.contains(&node.tag_name().name()), "{node:?}");
        for attribute in node.attributes() {
            let name = attribute.name();
            assert!(!name.starts_with("on") && name != "href", "{name}");
        }
    }
    document
}

fn day(date: &str, uptime_percent: Option<f64>, worst: Option<Status>) -> Day {
    Day { date: date.parse().unwrap(), uptime_percent, worst }
}

fn any_day() -> impl Strategy<Value = Day> {
    let worst = proptest::option::of(proptest::sample::select(Status::ALL));
    (0..40_000_i32, proptest::option::of(-1.0..101.0_f64), worst).prop_map(
        |(day, uptime, worst)| {
            let date = NaiveDate::from_num_days_from_ce_opt(720_000 + day).unwrap();
            Day { date, uptime_percent: uptime, worst }
        },
    )
}

proptest! {
    #[test]
    fn any_text_makes_a_well_formed_picture(
        label in any::<String>(),
        message in any::<String>(),
        tone in proptest::sample::select(&Tone::ALL[..]),
        theme in proptest::sample::select(&THEMES[..]),
        days in proptest::collection::vec(any_day(), 0..100),
    ) {
        parsed(&badge(&label, &message, tone, theme));
        let svg = bars(&label, days.iter().copied(), theme);
        let plot = parsed(&svg);
        let drawn = plot.descendants().filter(|it| it.tag_name().name() == "rect").count();
        prop_assert_eq!(drawn, days.len());
    }

    #[test]
    fn uptime_is_never_said_to_be_more_than_it_is(uptime in 0.0..100.0_f64) {
        let said = percent(Some(uptime));
        let said: f64 = said.trim_end_matches(" %").parse().unwrap();
        prop_assert!(said <= uptime + 1e-6 && uptime - said < 0.01, "{}", said);
        prop_assert!(said < 100.0);
    }
}

#[test]
fn hostile_names_are_text() {
    let name = "</title><script>alert('1')</script>&\"]]>\0\u{202e}\u{ffff}\n";
    let svg = badge(name, "operational", Tone::Operational, Theme::Auto);
    let document = parsed(&svg);
    let title = child(document.root_element(), "title").and_then(|it| it.text());
    assert_eq!(title, Some("</title><script>alert('1')</script>&\"]]> : operational"));
}

#[test]
fn a_badge_is_as_wide_as_its_words() {
    let svg = badge("API", "operational", Tone::Operational, Theme::Light);
    let document = parsed(&svg);
    let root = document.root_element();
    // In Verdana at 11 pixels "API" takes 18.8 of them and "operational" 62; 12 are around each.
    assert_eq!(root.attribute("width"), Some("105"));
    let lengths: Vec<_> =
        document.descendants().filter_map(|it| it.attribute("textLength")).collect();
    assert_eq!(lengths, ["19", "62"]);
}

#[test]
fn a_theme_is_the_readers_unless_chosen() {
    for theme in THEMES {
        let svg = badge("API", "operational", Tone::MajorOutage, theme);
        let asks = svg.contains("prefers-color-scheme:dark");
        assert_eq!(asks, theme == Theme::Auto);
        assert_eq!(svg.contains(Tone::MajorOutage.light()), theme != Theme::Dark);
        assert_eq!(svg.contains(Tone::MajorOutage.dark()), theme != Theme::Light);
    }
}

#[test]
fn bars_say_each_day_and_sum_them_up() {
    let days = [
        day("2026-11-01", None, None),
        day("2026-11-02", Some(100.0), Some(Status::Operational)),
        day("2026-11-03", Some(99.9873), Some(Status::MajorOutage)),
    ];
    let svg = bars("API", days.into_iter(), Theme::Auto);
    let document = parsed(&svg);
    let bars = document.descendants().filter(|it| it.tag_name().name() == "rect");
    let said: Vec<_> = bars.filter_map(|it| child(it, "title")?.text()).collect();
    assert_eq!(
        said,
        [
            "2026-11-01: no data",
            "2026-11-02: operational, 100 %",
            "2026-11-03: major outage, 99.98 %"
        ]
    );
    let description = child(document.root_element(), "desc").and_then(|it| it.text());
    assert_eq!(
        description,
        Some(
            "Days from 2026-11-01 to 2026-11-03 by their worst status: \
             1 no data, 1 operational, 1 major outage."
        )
    );
}

#[test]
fn only_what_was_never_down_says_100() {
    for (uptime, said) in [
        (None, "no data"),
        (Some(100.0), "100 %"),
        (Some(99.9999), "99.99 %"),
        (Some(99.98), "99.98 %"),
        (Some(0.0), "0.00 %"),
    ] {
        assert_eq!(percent(uptime), said);
    }
    let tones = [100.0, 99.9, 99.89, 95.0, 94.9].map(|it| Tone::of_uptime(Some(it)));
    assert_eq!(
        tones,
        [
            Tone::Operational,
            Tone::Operational,
            Tone::DegradedPerformance,
            Tone::PartialOutage,
            Tone::MajorOutage
        ]
    );
}

/// WCAG 2.2's relative luminance of `#rrggbb`.
fn luminance(colour: &str) -> f64 {
    let channel = |at: usize| {
        let it = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
        if it <= 0.03928 { it / 12.92 } else { ((it + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

#[test]
fn every_tone_stands_out_from_its_background() {
    for tone in Tone::ALL {
        for (colour, other) in [(tone.light(), "#ffffff"), (tone.dark(), "#0d1117")] {
            let (one, two) = (luminance(colour), luminance(other));
            let ratio = (one.max(two) + 0.05) / (one.min(two) + 0.05);
            assert!(ratio >= 4.5, "{tone:?}: {colour} on {other} is {ratio:.2}");
        }
    }
}

#[test]
fn shields_get_what_their_endpoint_takes() {
    let shield = Shield::of_uptime("API", Some(99.981));
    let json = serde_json::to_value(&shield).unwrap();
    let taken = serde_json::json!(
        {"schemaVersion": 1, "label": "API", "message": "99.98 %", "color": "1a7f37"}
    );
    assert_eq!(json, taken);
}
