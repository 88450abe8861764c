//! Limits of the texts people write, and the rules of slugs.

/// Longest name of a component, group, token or user, in characters.
pub const NAME_MAX: u64 = 120;
/// Longest title of an incident, in characters.
pub const TITLE_MAX: u64 = 200;
/// Longest Markdown message of an update, in characters.
pub const MESSAGE_MAX: u64 = 25_000;
/// Longest template of a title, in characters.
pub const TITLE_TEMPLATE_MAX: u64 = 1_000;
/// Longest template of a message, in characters.
pub const MESSAGE_TEMPLATE_MAX: u64 = 16_384;
/// Longest postmortem, in characters.
pub const POSTMORTEM_MAX: u64 = 100_000;
/// Longest description of a component or group, in characters.
pub const DESCRIPTION_MAX: u64 = 2_000;
/// Longest URL, in characters.
pub const URL_MAX: u64 = 2_048;
/// Longest slug, in characters.
pub const SLUG_MAX: u64 = 80;
/// Longest deduplication key, in characters (PagerDuty Events v2 has the same limit).
pub const DEDUP_KEY_MAX: u64 = 255;
/// Longest rule of a recurrence, in bytes.
pub const RECURRENCE_MAX: u64 = 500;
/// Most components one incident or maintenance may name at once.
pub const COMPONENTS_MAX: u64 = 500;
/// Most members of a `metadata` object.
pub const METADATA_MAX: usize = 50;

/// A slug made of a name: lower-case ASCII letters and digits, everything else one hyphen.
/// Empty when nothing of the name can be kept.
pub fn slug_of(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let limit = usize::try_from(SLUG_MAX).unwrap_or(usize::MAX);
    slug.truncate(limit);
    slug.trim_end_matches('-').to_owned()
}

/// Whether `slug` is usable in a URL: lower-case letters, digits and single inner hyphens.
/// Something that reads as a UUID or a number is refused, because `{id}` accepts those too.
pub fn is_slug(slug: &str) -> bool {
    let spelled = slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    spelled
        && !slug.is_empty()
        && !slug.starts_with('-')
        && !slug.ends_with('-')
        && !slug.contains("--")
        && !slug.bytes().all(|b| b.is_ascii_digit())
        && uuid::Uuid::try_parse(slug).is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_made_of_names() {
        assert_eq!(slug_of("Public API (v2)"), "public-api-v2");
        assert_eq!(slug_of("  São Paulo  "), "s-o-paulo");
        assert_eq!(slug_of("日本"), "");
        assert!(is_slug("public-api-v2"));
        for bad in ["", "-a", "a-", "a--b", "A", "42", "0190d4c8-5a00-7000-8000-000000000000"] {
            assert!(!is_slug(bad), "{bad:?}");
        }
    }
}
