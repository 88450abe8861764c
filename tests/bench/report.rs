//! What is printed in the end.
use std::fmt::Write as _;

/// One row of the table.
pub struct Line {
    what: String,
    bare: String,
    farol: String,
    result: String,
    target: String,
    /// Nothing without a target.
    met: Option<bool>,
}

/// Rates of the rounds, per second.
pub struct Rounds(Vec<f64>);

#[derive(Default)]
pub struct Report {
    lines: Vec<Line>,
    notes: Vec<String>,
}

impl Line {
    /// Farol's rate over the bare one, in each round and of these the median: what else the machine does
    /// comes and goes, and mostly meets both of a round. At least `target` is wanted.
    pub fn ratio(what: &str, unit: &str, bare: Rounds, farol: Rounds, target: f64) -> Self {
        let ratios = farol.0.iter().zip(&bare.0).map(|(farol, bare)| farol / bare);
        let pairs = Rounds(ratios.collect());
        let (ratio, (low, high)) = (pairs.median(), pairs.range());
        Self {
            what: what.to_owned(),
            bare: format!("{bare} {unit}"),
            farol: format!("{farol} {unit}"),
            result: format!("{ratio:.2}× ({low:.2}..{high:.2})"),
            target: format!("≥ {target:.2}×"),
            met: Some(ratio >= target),
        }
    }

    /// A figure without a target.
    pub fn figure(what: &str, value: &str) -> Self {
        Self {
            what: what.to_owned(),
            bare: "—".to_owned(),
            farol: value.to_owned(),
            result: "—".to_owned(),
            target: "—".to_owned(),
            met: None,
        }
    }

    /// A figure that may be at most `target`.
    pub fn limit(what: &str, unit: &str, value: f64, target: f64) -> Self {
        Self {
            what: what.to_owned(),
            bare: "—".to_owned(),
            farol: format!("{value:.1} {unit}"),
            result: format!("{value:.1} {unit}"),
            target: format!("≤ {target:.0} {unit}"),
            met: Some(value <= target),
        }
    }
}

impl Rounds {
    pub fn new() -> Self {
        Self(Vec::new())
    }

    pub fn push(&mut self, rate: f64) {
        self.0.push(rate);
    }

    fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        let high = sorted.get(middle).copied().unwrap_or(f64::NAN);
        if sorted.len() % 2 == 1 {
            return high;
        }
        let low = sorted.get(middle.wrapping_sub(1)).copied().unwrap_or(f64::NAN);
        f64::midpoint(low, high)
    }

    fn range(&self) -> (f64, f64) {
        let low = self.0.iter().copied().fold(f64::INFINITY, f64::min);
        (low, self.0.iter().copied().fold(0.0, f64::max))
    }
}

impl std::fmt::Display for Rounds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (low, high) = self.range();
        write!(f, "{:.0} ({low:.0}..{high:.0})", self.median())
    }
}

impl Report {
    pub fn add(&mut self, line: Line) {
        eprintln!(
            "bench: {}: bare {}, Farol {}, {}",
            line.what, line.bare, line.farol, line.result
        );
        self.lines.push(line);
    }

    pub fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// The table and the notes as Markdown.
    pub fn render(&self, machine: &str) -> String {
        let mut text = format!(
            "\n{machine}\n\nMedians of alternating rounds, in brackets min..max; results are those of the rounds' ratios.\n\n\
             | | bare | Farol | result | target | |\n|---|---|---|---|---|---|\n"
        );
        for Line { what, bare, farol, result, target, met } in &self.lines {
            let verdict = match met {
                Some(true) => "met",
                Some(false) => "**missed**",
                None => "",
            };
            // Writing to a String cannot fail.
            let _ =
                writeln!(text, "| {what} | {bare} | {farol} | {result} | {target} | {verdict} |");
        }
        text.push('\n');
        for note in &self.notes {
            let _ = writeln!(text, "- {note}");
        }
        text
    }
}
