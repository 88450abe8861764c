//! The operator's own wording of messages, and which of them a message takes.
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::event::Announcement;

/// Most message templates there may be.
pub const MESSAGE_TEMPLATES_MAX: usize = 1_000;

/// An own wording as the API shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MessageTemplate {
    pub id: Uuid,
    #[schema(example = "email")]
    pub channel: String,
    /// `null`: every event that has no wording of its own.
    pub event: Option<Announcement>,
    /// BCP 47 language tag. `null`: every language that has no wording of its own.
    #[schema(example = "pt-BR")]
    pub locale: Option<String>,
    /// For channels whose messages have one. `null`: Farol's.
    pub subject: Option<String>,
    pub body: String,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// How well a wording for `event` and `locale` fits a message of `kind` to a reader of `reader`;
/// nothing when it does not. The event outranks the language, and `pt-BR` falls back to `pt` as
/// RFC 4647 §3.4 has it.
pub fn fit(
    (event, locale): (Option<Announcement>, Option<&str>),
    kind: Announcement,
    reader: &str,
) -> Option<(bool, usize)> {
    if event.is_some_and(|it| it != kind) {
        return None;
    }
    let depth = match locale {
        None => 0,
        Some(tag) => {
            let (tag, reader) = (tag.to_ascii_lowercase(), reader.to_ascii_lowercase());
            let rest = reader.strip_prefix(&tag)?;
            if !rest.is_empty() && !rest.starts_with('-') {
                return None;
            }
            tag.len()
        }
    };
    Some((event.is_some(), depth))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_wording_fits_best() {
        let created = Announcement::IncidentCreated;
        let best = |reader: &str| {
            let all = [
                (None, None),
                (None, Some("pt")),
                (None, Some("pt-BR")),
                (Some(created), None),
                (Some(created), Some("PT")),
                (Some(Announcement::IncidentResolved), Some("de")),
            ];
            all.into_iter().max_by_key(|it| fit(*it, created, reader)).unwrap()
        };
        assert_eq!(best("en"), (Some(created), None));
        assert_eq!(best("pt-BR"), (Some(created), Some("PT")));
        assert_eq!(fit((None, Some("pt")), created, "pt-BR"), Some((false, 2)));
        for (tag, reader) in [("pt-BR", "pt"), ("pt", "ptx"), ("de", "en")] {
            assert_eq!(fit((None, Some(tag)), created, reader), None);
        }
        assert_eq!(fit((Some(Announcement::IncidentResolved), None), created, "en"), None);
    }
}
