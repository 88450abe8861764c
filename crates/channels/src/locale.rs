//! What Farol says by itself, in the reader's language.
mod time;

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

pub(crate) use time::{duration, moment, span};

type Bundle = FluentBundle<FluentResource>;

/// Language tags (BCP 47) and their texts; the first is for everybody else.
const SOURCES: [(&str, &str); 5] = [
    ("en", include_str!("../locales/en.ftl")),
    ("pt-BR", include_str!("../locales/pt-BR.ftl")),
    ("es", include_str!("../locales/es.ftl")),
    ("de", include_str!("../locales/de.ftl")),
    ("fr", include_str!("../locales/fr.ftl")),
];

static LANGUAGES: LazyLock<Vec<(&str, Bundle)>> =
    LazyLock::new(|| SOURCES.iter().map(|(tag, source)| (*tag, bundle(tag, source))).collect());

/// The texts of one language.
#[derive(Clone, Copy)]
pub(crate) struct Words {
    tag: &'static str,
    bundle: &'static Bundle,
}

impl Words {
    /// The language for this tag: the same, the nearest one above it (`de-AT` is served `de`),
    /// another of the same language (`pt` is served `pt-BR`), or English (RFC 4647 §3.4, with
    /// one liberty).
    pub fn of(tag: &str) -> Self {
        let languages = LANGUAGES.as_slice();
        let wanted = tag.replace('_', "-");
        let above = std::iter::successors(Some(wanted.as_str()), |it| Some(it.rsplit_once('-')?.0));
        let primary = wanted.split('-').next().unwrap_or_default();
        let found = above
            .filter_map(|wanted| languages.iter().find(|it| it.0.eq_ignore_ascii_case(wanted)))
            .chain(languages.iter().filter(|it| {
                it.0.split('-').next().is_some_and(|it| it.eq_ignore_ascii_case(primary))
            }))
            .chain(languages)
            .next();
        let (tag, bundle) = found.expect("there is English");
        Self { tag, bundle }
    }

    /// The tag of the language that was found, like `pt-BR`.
    pub fn tag(self) -> &'static str {
        self.tag
    }

    /// A text without places to fill.
    pub fn say(self, key: &str) -> String {
        self.fill(key, &[])
    }

    /// A text with its places filled. A key that does not exist stands for itself.
    pub fn fill(self, key: &str, places: &[(&str, FluentValue<'_>)]) -> String {
        self.try_fill(key, places).unwrap_or_else(|| key.to_owned())
    }

    /// A text without places, if there is one of this key.
    pub fn known(self, key: &str) -> Option<String> {
        self.try_fill(key, &[])
    }

    /// A word of a closed set, as within a sentence. A word that is not known stands for itself.
    pub fn word(self, set: &str, word: &str) -> String {
        self.known(&format!("{set}-{word}")).unwrap_or_else(|| word.replace(['_', '.'], " "))
    }

    /// The same, as it stands alone.
    pub fn title(self, set: &str, word: &str) -> String {
        capitalised(&self.word(set, word))
    }

    fn try_fill(self, key: &str, places: &[(&str, FluentValue<'_>)]) -> Option<String> {
        let pattern = self.bundle.get_message(key)?.value()?;
        let places: FluentArgs<'_> = places.iter().cloned().collect();
        let mut errors = Vec::new();
        Some(self.bundle.format_pattern(pattern, Some(&places), &mut errors).into_owned())
    }
}

/// The texts are part of the program: one that cannot be read is found by the tests.
fn bundle(tag: &str, source: &str) -> Bundle {
    let tag = tag.parse().expect("a language tag");
    let resource = match FluentResource::try_new(source.to_owned()) {
        Ok(resource) | Err((resource, _)) => resource,
    };
    let mut bundle = Bundle::new_concurrent(vec![tag]);
    // Isolating marks are invisible, but not to whoever searches or copies.
    bundle.set_use_isolating(false);
    bundle.add_resource_overriding(resource);
    bundle
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// Messages of a source and the places each has.
    fn messages(source: &str) -> BTreeMap<String, BTreeSet<String>> {
        let mut messages = BTreeMap::<String, BTreeSet<String>>::new();
        let mut key = None;
        for line in source.lines().filter(|it| !it.starts_with('#')) {
            if let Some((name, _)) = line.split_once(" =").filter(|_| !line.starts_with(' ')) {
                assert!(!messages.contains_key(name), "{name} is there twice");
                key = Some(name.to_owned());
            }
            let Some(key) = key.clone() else { continue };
            let places = line.split('{').skip(1).filter_map(|it| it.trim().strip_prefix('$'));
            let places = places.map(|it| it.split([' ', '}']).next().unwrap().to_owned());
            messages.entry(key).or_default().extend(places);
        }
        messages
    }

    #[test]
    fn every_language_says_the_same_things_and_can() {
        let english = messages(SOURCES[0].1);
        for (tag, source) in SOURCES {
            assert!(FluentResource::try_new(source.to_owned()).is_ok(), "{tag}");
            assert_eq!(messages(source), english, "{tag}");
            let words = Words::of(tag);
            assert_eq!(words.tag(), tag);
            for (key, places) in &english {
                for n in [0, 1, 2, 5, 11, 1_000_000] {
                    let places: FluentArgs<'_> = places.iter().map(|it| (it.as_str(), n)).collect();
                    let pattern = words.bundle.get_message(key).unwrap().value().unwrap();
                    let mut errors = Vec::new();
                    let said = words.bundle.format_pattern(pattern, Some(&places), &mut errors);
                    assert!(errors.is_empty(), "{tag} {key}: {errors:?}");
                    assert!(!said.is_empty() && !said.contains('{'), "{tag} {key}: {said}");
                }
            }
        }
    }

    #[test]
    fn tags_find_the_nearest_language() {
        for (wanted, found) in [
            ("en", "en"),
            ("EN-gb", "en"),
            ("pt", "pt-BR"),
            ("pt-PT", "pt-BR"),
            ("pt_BR", "pt-BR"),
            ("de-AT-1996", "de"),
            ("fr-CA", "fr"),
            ("es-419", "es"),
            ("ja", "en"),
            ("dex", "en"),
            ("", "en"),
        ] {
            assert_eq!(Words::of(wanted).tag(), found, "{wanted}");
        }
    }

    #[test]
    fn numbers_take_their_plural() {
        let said = |tag, n: i64| Words::of(tag).fill("digest-state", &[("count", n.into())]);
        assert_eq!(said("en", 1), "1 update");
        assert_eq!(said("en", 2), "2 updates");
        assert_eq!(said("pt", 1), "1 atualização");
        // French has the singular for nought.
        assert_eq!(said("fr", 0), "0 nouvelle");
        assert_eq!(said("de", 3), "3 Neuigkeiten");
    }

    #[test]
    fn words_stand_alone_with_a_capital() {
        let words = Words::of("de");
        assert_eq!(words.word("component", "operational"), "betriebsbereit");
        assert_eq!(words.title("component", "operational"), "Betriebsbereit");
        assert_eq!(words.title("component", "on_fire"), "On fire");
    }
}
