//! Badges and plots: pictures that need nothing but themselves. What people wrote is escaped, and
//! any text makes well-formed XML 1.0.
mod badge;
mod bars;
mod shield;
#[cfg(test)]
mod tests;

use std::fmt::{self, Display, Write as _};

use domain::component::Status;
use domain::page::Indicator;
use utoipa::ToSchema;

pub use badge::{badge, uptime_badge};
pub use bars::{Day, bars};
pub use shield::Shield;

/// The `Content-Type`.
pub const CONTENT_TYPE: &str = "image/svg+xml";

/// For which background a picture is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// The one the reader prefers (`prefers-color-scheme`).
    #[default]
    Auto,
    Light,
    Dark,
}

/// What a colour says. The reference frontend has the same palette.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tone {
    Unknown,
    Operational,
    UnderMaintenance,
    DegradedPerformance,
    PartialOutage,
    MajorOutage,
}

impl Tone {
    const ALL: [Self; 6] = [
        Self::Unknown,
        Self::Operational,
        Self::UnderMaintenance,
        Self::DegradedPerformance,
        Self::PartialOutage,
        Self::MajorOutage,
    ];

    /// How well that much uptime does, in percent: green from 99.9, yellow from 99, orange from 95.
    pub fn of_uptime(percent: Option<f64>) -> Self {
        match percent {
            None => Self::Unknown,
            Some(it) if it >= 99.9 => Self::Operational,
            Some(it) if it >= 99.0 => Self::DegradedPerformance,
            Some(it) if it >= 95.0 => Self::PartialOutage,
            Some(_) => Self::MajorOutage,
        }
    }

    /// Name of the class within a picture.
    const fn class(self) -> &'static str {
        match self {
            Self::Unknown => "n",
            Self::Operational => "o",
            Self::UnderMaintenance => "u",
            Self::DegradedPerformance => "d",
            Self::PartialOutage => "p",
            Self::MajorOutage => "m",
        }
    }

    /// On a light background and under white text: at least 4.5 : 1 (WCAG 2.2, 1.4.3).
    const fn light(self) -> &'static str {
        match self {
            Self::Unknown => "#59636e",
            Self::Operational => "#1a7f37",
            Self::UnderMaintenance => "#0969da",
            Self::DegradedPerformance => "#9a6700",
            Self::PartialOutage => "#bc4c00",
            Self::MajorOutage => "#cf222e",
        }
    }

    /// On a dark background and under black text, likewise.
    const fn dark(self) -> &'static str {
        match self {
            Self::Unknown => "#9198a1",
            Self::Operational => "#3fb950",
            Self::UnderMaintenance => "#58a6ff",
            Self::DegradedPerformance => "#d29922",
            Self::PartialOutage => "#f0883e",
            Self::MajorOutage => "#ff7b72",
        }
    }
}

impl From<Status> for Tone {
    fn from(status: Status) -> Self {
        match status {
            Status::Operational => Self::Operational,
            Status::UnderMaintenance => Self::UnderMaintenance,
            Status::DegradedPerformance => Self::DegradedPerformance,
            Status::PartialOutage => Self::PartialOutage,
            Status::MajorOutage => Self::MajorOutage,
        }
    }
}

impl From<Indicator> for Tone {
    fn from(indicator: Indicator) -> Self {
        match indicator {
            Indicator::None => Self::Operational,
            Indicator::Maintenance => Self::UnderMaintenance,
            Indicator::Minor => Self::DegradedPerformance,
            Indicator::Major => Self::PartialOutage,
            Indicator::Critical => Self::MajorOutage,
        }
    }
}

/// A status as people read it, on a badge or in a sentence.
pub const fn words(status: Option<Status>) -> &'static str {
    match status {
        None => "no data",
        Some(Status::Operational) => "operational",
        Some(Status::UnderMaintenance) => "under maintenance",
        Some(Status::DegradedPerformance) => "degraded performance",
        Some(Status::PartialOutage) => "partial outage",
        Some(Status::MajorOutage) => "major outage",
    }
}

/// Uptime with two decimals, rounded down: only what was never down says 100.
pub fn percent(uptime: Option<f64>) -> String {
    // A figure such as 99.98 may lie a hair below what it is written as.
    const HAIR: f64 = 1e-7;
    match uptime {
        None => "no data".to_owned(),
        Some(it) if it >= 100.0 => "100 %".to_owned(),
        Some(it) => format!("{:.2} %", (it.max(0.0) * 100.0 + HAIR).floor() / 100.0),
    }
}

/// Text within XML: what would be markup is escaped, white space is spaces, and what XML 1.0 cannot
/// hold or what would turn the direction of reading (UAX #9) is dropped.
struct Text<'a>(&'a str);

impl Text<'_> {
    fn chars(&self) -> impl Iterator<Item = char> {
        self.0
            .chars()
            .map(|it| if it.is_whitespace() { ' ' } else { it })
            .filter(|it| !it.is_control() && !matches!(it, '\u{fffe}' | '\u{ffff}'))
            .filter(|it| !matches!(it, '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
    }
}

impl Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.chars().try_for_each(|it| match it {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            it => f.write_char(it),
        })
    }
}

/// The style of a picture; `light` and `dark` are the rules of each beside those of the tones.
fn style(theme: Theme, light: &str, dark: &str) -> String {
    let tones = |of: fn(Tone) -> &'static str| -> String {
        let rules = Tone::ALL.map(|it| format!(".{}{{fill:{}}}", it.class(), of(it)));
        rules.concat()
    };
    let (light, dark) = (tones(Tone::light) + light, tones(Tone::dark) + dark);
    let rules = match theme {
        Theme::Light => light,
        Theme::Dark => dark,
        Theme::Auto => format!("{light}@media (prefers-color-scheme:dark){{{dark}}}"),
    };
    format!("<style>{rules}</style>")
}

/// The picture around its content, with the words for those who do not see it.
fn picture(width: usize, height: usize, title: &str, description: &str, content: &str) -> String {
    let (title, description) = (Text(title), Text(description));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"title description\">\
         <title id=\"title\">{title}</title><desc id=\"description\">{description}</desc>\
         {content}</svg>"
    )
}
