//! What counts as down, and how much.
use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

use super::tally::Tally;
use crate::words::words;

/// The whole, in millionths.
const WHOLE: u32 = 1_000_000;

words! {
    /// How time under maintenance counts.
    #[schema(as = UptimeMaintenance)]
    Maintenance {
        /// As up (Statuspage's rule).
        Up = "up",
        /// Not at all.
        Excluded = "excluded",
        /// As down, in full.
        Down = "down",
    }
}

words! {
    /// What the uptime of a group is made of.
    #[schema(as = UptimeGroupRule)]
    GroupRule {
        /// Of all of its components together, each for as long as it is known.
        Mean = "mean",
        /// At every instant the worst status of its components counts.
        AllUp = "all_up",
        /// The figures of the component with the lowest uptime, in each day or month and in all.
        Worst = "worst",
    }
}

/// How much of its time a status counts as down, from 0 to 1, in millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Weight(u32);

/// A share of time in percent, to four decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent(u32);

/// How much each status counts as down. A worse status never counts less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[schema(as = UptimeWeights)]
pub struct Weights {
    #[schema(value_type = f64, minimum = 0, maximum = 1)]
    pub major_outage: Weight,
    #[schema(value_type = f64, minimum = 0, maximum = 1)]
    pub partial_outage: Weight,
    #[schema(value_type = f64, minimum = 0, maximum = 1)]
    pub degraded_performance: Weight,
}

/// What counts as down, and how much. The default is Statuspage's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    pub weights: Weights,
    pub maintenance: Maintenance,
    pub group: GroupRule,
}

/// A time judged by a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Score {
    /// Microseconds that count.
    counted: i128,
    /// Millionths of microseconds of these that were down.
    down: i128,
}

impl Rule {
    /// How good a time was.
    pub fn judge(&self, tally: &Tally) -> Score {
        let Weights { major_outage, partial_outage, degraded_performance } = self.weights;
        let mut counted = tally.known();
        let mut down = i128::from(tally.major_outage) * i128::from(major_outage.0)
            + i128::from(tally.partial_outage) * i128::from(partial_outage.0)
            + i128::from(tally.degraded_performance) * i128::from(degraded_performance.0);
        match self.maintenance {
            Maintenance::Up => {}
            Maintenance::Excluded => counted -= tally.under_maintenance,
            Maintenance::Down => down += i128::from(tally.under_maintenance) * i128::from(WHOLE),
        }
        Score { counted: counted.into(), down }
    }
}

impl Score {
    /// How much of the time was up, rounded down: 100 means that nothing was ever down. Nothing when
    /// no time counts.
    pub fn percent(&self) -> Option<Percent> {
        if self.counted <= 0 {
            return None;
        }
        let up = (self.counted * i128::from(WHOLE) - self.down) / self.counted;
        u32::try_from(up).ok().map(Percent)
    }

    /// Whether as much was up as was promised. Nothing when no time counts.
    pub fn meets(&self, target: Percent) -> Option<bool> {
        (self.counted > 0).then(|| self.budget(target) >= self.down)
    }

    /// How long it may be down by a promise, and how much of that is left, in whole seconds, both
    /// rounded down.
    pub fn budget_seconds(&self, target: Percent) -> (i64, i64) {
        let budget = self.budget(target);
        let second = i128::from(super::tally::SECOND) * i128::from(WHOLE);
        let seconds = |it: i128| i64::try_from(it.div_euclid(second)).unwrap_or(i64::MAX);
        (seconds(budget), seconds(budget - self.down))
    }

    fn budget(&self, target: Percent) -> i128 {
        self.counted * i128::from(WHOLE.saturating_sub(target.0))
    }
}

impl Weight {
    /// A decimal from 0 to 1 with up to six places.
    pub fn parse(text: &str) -> Option<Self> {
        decimal(text, 6).filter(|it| *it <= WHOLE).map(Self)
    }
}

impl Percent {
    /// A decimal from 0 to 100 with up to four places.
    pub fn parse(text: &str) -> Option<Self> {
        decimal(text, 4).filter(|it| *it <= WHOLE).map(Self)
    }

    /// In millionths of the whole.
    pub const fn millionths(self) -> u32 {
        self.0
    }

    /// Out of millionths of the whole.
    pub fn from_millionths(millionths: u32) -> Option<Self> {
        (millionths <= WHOLE).then_some(Self(millionths))
    }
}

/// The number times ten to the power of `places`, if it has no more of them.
fn decimal(text: &str, places: usize) -> Option<u32> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{fraction:0<places$}");
    let is_decimal = (1..=3).contains(&whole.len())
        && fraction.len() <= places
        && digits.bytes().all(|it| it.is_ascii_digit());
    is_decimal.then(|| digits.parse().ok()).flatten()
}

impl Default for Rule {
    fn default() -> Self {
        let weights = Weights {
            major_outage: Weight(WHOLE),
            partial_outage: Weight(300_000),
            degraded_performance: Weight(0),
        };
        Self { weights, maintenance: Maintenance::Up, group: GroupRule::Mean }
    }
}

impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (f64::from(self.0) / 1_000_000.0).fmt(f)
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f64::from(*self).fmt(f)
    }
}

impl fmt::Display for Weights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { major_outage, partial_outage, degraded_performance } = self;
        write!(f, "major={major_outage},partial={partial_outage},degraded={degraded_performance}")
    }
}

impl Serialize for Weight {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(f64::from(self.0) / 1_000_000.0)
    }
}

impl From<Percent> for f64 {
    fn from(percent: Percent) -> Self {
        Self::from(percent.0) / 10_000.0
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let percent = f64::deserialize(deserializer)?;
        Self::parse(&percent.to_string()).ok_or_else(|| D::Error::custom("not a percentage"))
    }
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64((*self).into())
    }
}
