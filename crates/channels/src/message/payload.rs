//! What an event is about, read leniently: payloads may be older than this release.
use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::locale::Words;
use crate::text::{Unit, cut, line};

/// Components named one by one; the others are counted.
const NAMED_MAX: usize = 10;
/// Longest name that is told in full, in characters.
const NAME_MAX: usize = 120;

/// An incident, a maintenance, a component or something else, as the API shows it.
#[derive(Clone, Copy)]
pub(crate) struct Thing<'a>(pub &'a Value);

impl<'a> Thing<'a> {
    pub fn text(self, field: &str) -> Option<&'a str> {
        self.0.get(field)?.as_str().filter(|it| !it.trim().is_empty())
    }

    pub fn time(self, field: &str) -> Option<DateTime<Utc>> {
        self.text(field)?.parse().ok()
    }

    pub fn id(self) -> Option<Uuid> {
        self.text("id")?.parse().ok()
    }

    /// The title, or the name of what has none.
    pub fn title(self) -> Option<String> {
        self.text("title").or_else(|| self.text("name")).map(str::to_owned)
    }

    pub fn part(self, field: &str) -> Option<Self> {
        self.0.get(field).filter(|it| it.is_object()).map(Self)
    }

    pub fn parts(self, field: &str) -> impl Iterator<Item = Self> + use<'a> {
        self.0.get(field).and_then(Value::as_array).into_iter().flatten().map(Self)
    }

    /// The update that was made last. One with an earlier time of display does not stand first.
    pub fn newest_update(self) -> Option<Self> {
        // Of equals the first: updates come newest first.
        let mut updates: Vec<Self> = self.parts("updates").collect();
        updates.reverse();
        updates.into_iter().max_by_key(|it| it.time("created_at"))
    }

    /// The components it touches with what it says of each, like `Checkout: partial outage`; what
    /// is `usual` goes without saying.
    pub fn affected(self, words: Words, usual: Option<&str>) -> Option<String> {
        let components: Vec<Self> = self.parts("components").collect();
        let mut named: Vec<String> = components
            .iter()
            .take(NAMED_MAX)
            .filter_map(|it| {
                let name = line(it.text("name")?);
                let name = cut(&name, NAME_MAX, Unit::Chars);
                Some(match it.text("status").filter(|it| Some(*it) != usual) {
                    Some(status) => format!("{name}: {}", words.word("component", status)),
                    None => name.into_owned(),
                })
            })
            .collect();
        let more = components.len().saturating_sub(NAMED_MAX);
        if more > 0 {
            named.push(words.fill("and-more", &[("count", more.into())]));
        }
        (!named.is_empty()).then(|| named.join("; "))
    }
}
