//! One bar per day: what was the worst of it. Worse bars are taller, so that colour is not all
//! that tells them apart.
use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::NaiveDate;
use domain::component::Status;

use super::{Text, Theme, Tone, percent, picture, style, words};

const HEIGHT: usize = 34;
const BAR: usize = 5;
const STEP: usize = 7;

/// One day of a plot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Day {
    /// In the page's zone.
    pub date: NaiveDate,
    /// From 0 to 100; nothing where there is no data.
    pub uptime_percent: Option<f64>,
    /// The worst status of the day; nothing where there is no data.
    pub worst: Option<Status>,
}

/// A plot of days, the oldest first. Each bar says its day when pointed at, and the description
/// sums them up.
pub fn bars(title: &str, days: impl Iterator<Item = Day>, theme: Theme) -> String {
    let days: Vec<Day> = days.collect();
    let width = (days.len() * STEP).max(STEP) - (STEP - BAR);
    let mut content = style(theme, "", "");
    for (place, day) in days.iter().enumerate() {
        bar(&mut content, place * STEP, *day);
    }
    picture(width, HEIGHT, title, &description(&days), &content)
}

fn bar(content: &mut String, x: usize, day: Day) {
    let Day { date, uptime_percent, worst } = day;
    let tone = worst.map_or(Tone::Unknown, Tone::from);
    let height = height(tone);
    let y = HEIGHT - height;
    let uptime = match uptime_percent {
        Some(_) => format!(", {}", percent(uptime_percent)),
        None => String::new(),
    };
    // Writing to a String cannot fail.
    let _ = write!(
        content,
        "<rect class=\"{}\" x=\"{x}\" y=\"{y}\" width=\"{BAR}\" height=\"{height}\" rx=\"1.5\">\
         <title>{date}: {}{}</title></rect>",
        tone.class(),
        Text(words(worst)),
        Text(&uptime),
    );
}

const fn height(tone: Tone) -> usize {
    match tone {
        Tone::Unknown => 8,
        Tone::Operational => 22,
        Tone::UnderMaintenance => 18,
        Tone::DegradedPerformance => 26,
        Tone::PartialOutage => 30,
        Tone::MajorOutage => HEIGHT,
    }
}

fn description(days: &[Day]) -> String {
    let [Day { date: first, .. }, ..] = days else { return "No days".to_owned() };
    let last = days.last().map_or(first, |it| &it.date);
    let mut counts = BTreeMap::new();
    for day in days {
        *counts.entry(day.worst).or_insert(0_usize) += 1;
    }
    let counts: Vec<String> =
        counts.iter().map(|(worst, count)| format!("{count} {}", words(*worst))).collect();
    format!("Days from {first} to {last} by their worst status: {}.", counts.join(", "))
}
