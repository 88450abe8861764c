//! What the page behind a link of a message says, in its reader's language.
use domain::subscription::State;

use crate::locale::Words;

/// A title, a sentence, and at most one thing to press. Nothing is escaped yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Language tag (BCP 47).
    pub language: &'static str,
    pub title: String,
    pub text: String,
    pub button: Option<String>,
}

/// Asks whether messages about the page shall go to this address.
pub fn confirm(locale: &str, page: &str, address: &str) -> Leaf {
    let words = Words::of(locale);
    let text =
        words.fill("leaf-confirm-text", &[("page", page.into()), ("address", address.into())]);
    Leaf {
        button: Some(words.say("leaf-confirm-button")),
        ..leaf(words, "leaf-confirm-title", text)
    }
}

/// Says that they do.
pub fn confirmed(locale: &str) -> Leaf {
    let words = Words::of(locale);
    leaf(words, "leaf-confirmed-title", words.say("leaf-confirmed-text"))
}

/// Asks whether they shall go there no more.
pub fn unsubscribe(locale: &str, page: &str, address: &str) -> Leaf {
    let words = Words::of(locale);
    let places = [("page", page.into()), ("address", address.into())];
    let text = words.fill("leaf-unsubscribe-text", &places);
    Leaf { button: Some(words.say("link-unsubscribe")), ..leaf(words, "link-unsubscribe", text) }
}

/// Says that they do not any more.
pub fn unsubscribed(locale: &str) -> Leaf {
    let words = Words::of(locale);
    leaf(words, "leaf-unsubscribed-title", words.say("leaf-unsubscribed-text"))
}

/// Says how the subscription stands, and offers its end.
pub fn manage(locale: &str, page: &str, address: &str, state: State) -> Leaf {
    let words = Words::of(locale);
    let places = [
        ("page", page.into()),
        ("address", address.into()),
        ("state", words.word("subscription", state.as_str()).into()),
    ];
    let text = words.fill("leaf-manage-text", &places);
    Leaf { button: Some(words.say("link-unsubscribe")), ..leaf(words, "leaf-manage-title", text) }
}

fn leaf(words: Words, title: &str, text: String) -> Leaf {
    Leaf { language: words.tag(), title: words.say(title), text, button: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_speak_the_language_of_their_reader() {
        let asked = confirm("de-AT", "Example", "a…@example.org");
        assert_eq!((asked.language, asked.title.as_str()), ("de", "Abonnement bestätigen"));
        assert_eq!(asked.text, "Nachrichten über Example gehen dann an a…@example.org.");
        let managed = manage("xx", "Example", "a…@example.org", State::Paused);
        assert_eq!(managed.language, "en");
        let text = "Messages about Example go to a…@example.org. The subscription is paused.";
        assert_eq!(managed.text, text);
        for state in State::ALL {
            let text = manage("fr", "Example", "x", *state).text;
            assert!(!text.contains(&format!(" {state}.")), "{text}");
        }
        assert!(confirmed("es").button.is_none() && unsubscribed("pt").button.is_none());
        assert_eq!(unsubscribe("fr", "x", "y").button.as_deref(), Some("Se désabonner"));
    }
}
