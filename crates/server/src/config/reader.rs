//! Takes variables one by one, keeps the mistakes, and remembers what to show.

use std::collections::BTreeSet;
use std::fmt;

use super::{ConfigError, Secret, mistake};

/// How the names of Farol's own variables begin.
pub const PREFIX: &str = "FAROL_";

/// One line of `farol check-config`.
#[derive(Clone, Debug)]
pub struct Line {
    name: &'static str,
    shown: String,
    given: bool,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.given { "" } else { " (default)" };
        write!(f, "{} = {}{mark}", self.name, printable(&self.shown))
    }
}

/// The variables, as they are asked for.
pub struct Reader<'a> {
    vars: &'a dyn Fn(&str) -> Option<String>,
    lines: Vec<Line>,
    mistakes: Vec<ConfigError>,
}

impl<'a> Reader<'a> {
    pub fn new(vars: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { vars, lines: Vec::new(), mistakes: Vec::new() }
    }

    /// A setting with a default. After a mistake the default stands in, so that reading goes on.
    pub fn or<T: fmt::Display>(
        &mut self,
        name: &'static str,
        default: T,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> T {
        let value = self.given(name).and_then(|text| self.checked(name, parse(&text)));
        let value = value.unwrap_or(default);
        self.show(name, value.to_string());
        value
    }

    /// A setting that may be absent.
    pub fn optional<T>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.given(name);
        self.show(name, text.clone().unwrap_or_else(|| "not set".to_owned()));
        text.and_then(|text| self.checked(name, parse(&text)))
    }

    /// A setting whose text is shown only after `redact`.
    pub fn secret(
        &mut self,
        name: &'static str,
        check: impl Fn(&str) -> Result<(), String>,
        redact: impl Fn(&str) -> String,
    ) -> Option<Secret> {
        let text = self.given(name);
        self.show(name, text.as_deref().map_or_else(|| "not set".to_owned(), redact));
        text.and_then(|text| self.checked(name, check(&text)).map(|()| Secret::new(text)))
    }

    /// A comma separated list; absent is empty, and each wrong item is a mistake of its own.
    pub fn list<T>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<T> {
        let Some(text) = self.optional(name, super::parse::text) else { return Vec::new() };
        text.split(',').filter_map(|item| self.checked(name, parse(item.trim()))).collect()
    }

    /// One of a few words; the first is the default.
    pub fn word<T: Copy>(&mut self, name: &'static str, words: &[(&'static str, T); 2]) -> T {
        let [(default, fallback), (other, _)] = *words;
        let text = self.given(name);
        self.show(name, text.clone().unwrap_or_else(|| default.to_owned()));
        let Some(text) = text else { return fallback };
        let chosen = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        let complaint = || format!("{text:?} is neither `{default}` nor `{other}`");
        self.checked(name, chosen.ok_or_else(complaint)).unwrap_or(fallback)
    }

    /// Whether the variable is there and not empty.
    pub fn was_given(&self, name: &str) -> bool {
        self.given(name).is_some()
    }

    pub fn complain(&mut self, name: &str, complaint: &str) {
        self.mistakes.push(mistake(name, complaint));
    }

    /// Looks for unknown names and gives back what was gathered.
    pub fn finish<'n>(
        mut self,
        names: impl IntoIterator<Item = &'n str>,
    ) -> (Vec<Line>, Vec<ConfigError>) {
        let known: BTreeSet<&str> = self.lines.iter().map(|line| line.name).collect();
        for name in names {
            if name.starts_with(PREFIX) && !known.contains(name) {
                self.mistakes.push(mistake(
                    name,
                    "is not a setting of Farol; is there a typing mistake in the name?",
                ));
            }
        }
        (self.lines, self.mistakes)
    }

    fn given(&self, name: &str) -> Option<String> {
        let text = (self.vars)(name)?;
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    fn checked<T>(&mut self, name: &str, parsed: Result<T, String>) -> Option<T> {
        parsed.map_err(|complaint| self.complain(name, &complaint)).ok()
    }

    fn show(&mut self, name: &'static str, shown: String) {
        let given = self.was_given(name);
        self.lines.push(Line { name, shown, given });
    }
}

/// Keeps a value from forging lines of its own.
fn printable(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}
