//! A page for people who follow a link of a message and have no frontend: a sentence, and at most
//! one button. Nothing is loaded from anywhere.
use std::sync::LazyLock;

use actix_web::http::header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_SECURITY_POLICY};
use actix_web::{HttpRequest, HttpResponse};
use app::idempotency::body_digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use channels::leaf as words;
use domain::subscription::{OwnSubscription, State as SubscriptionState};

use crate::state::State;

const STYLE: &str = "body{font:1.125rem/1.5 system-ui,sans-serif;max-width:36rem;margin:4rem auto;\
padding:0 1rem}button{font:inherit;padding:.6em 1.2em;min-height:44px;cursor:pointer}";

/// Allows the style above, and forms that lead back here.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let digest = STANDARD.encode(body_digest(STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    )
});

/// What the page says, and where.
pub struct Leaf {
    /// The status page it belongs to.
    page: String,
    said: words::Leaf,
    /// Where the button's POST goes; to the page's own address when empty.
    action: String,
}

impl Leaf {
    pub fn confirm(state: &State, own: &OwnSubscription) -> Self {
        if own.state != SubscriptionState::Pending {
            return Self::confirmed(state, &own.locale);
        }
        Self::of(state, words::confirm(&own.locale, page(state), address(own)))
    }

    pub fn confirmed(state: &State, locale: &str) -> Self {
        Self::of(state, words::confirmed(locale))
    }

    pub fn unsubscribe(state: &State, own: &OwnSubscription) -> Self {
        Self::of(state, words::unsubscribe(&own.locale, page(state), address(own)))
    }

    pub fn unsubscribed(state: &State, locale: &str) -> Self {
        Self::of(state, words::unsubscribed(locale))
    }

    pub fn manage(state: &State, own: &OwnSubscription, action: String) -> Self {
        let said = words::manage(&own.locale, page(state), address(own), own.state);
        Self { action, ..Self::of(state, said) }
    }

    fn of(state: &State, said: words::Leaf) -> Self {
        Self { page: page(state).to_owned(), said, action: String::new() }
    }
}

fn page(state: &State) -> &str {
    &state.db.page().name
}

fn address(own: &OwnSubscription) -> &str {
    own.address.as_deref().unwrap_or(&own.channel)
}

/// The language that a browser asks for first, where no subscription says one (RFC 9110 §12.5.4).
pub fn spoken(req: &HttpRequest) -> &str {
    let header = req.headers().get(ACCEPT_LANGUAGE).and_then(|it| it.to_str().ok());
    header.and_then(|it| it.split([',', ';']).next()).unwrap_or_default().trim()
}

/// Whether the reader would rather have a page than JSON, as browsers do (RFC 9110 §12.5.1).
pub fn is_wanted(req: &HttpRequest) -> bool {
    let accept = req.headers().get(ACCEPT).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let quality = |wanted: &[&str]| {
        let ranges = accept.split(',').filter_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let media = parts.next()?.to_ascii_lowercase();
            let q = parts.find_map(|it| it.strip_prefix("q=")?.parse::<f32>().ok());
            wanted.contains(&media.as_str()).then_some(q.unwrap_or(1.0))
        });
        ranges.reduce(f32::max)
    };
    let any = quality(&["*/*"]).unwrap_or(0.0);
    let json = quality(&["application/json", "application/*"]).unwrap_or(any);
    quality(&["text/html"]).is_some_and(|html| html > json)
}

/// The page as an answer.
pub fn response(leaf: &Leaf) -> HttpResponse {
    let Leaf { page, said, action } = leaf;
    let words::Leaf { language, title, text, button } = said;
    let button = button.as_ref().map_or_else(String::new, |label| {
        let action = match action.as_str() {
            "" => String::new(),
            action => format!(" action=\"{}\"", escape(action)),
        };
        let label = escape(label);
        format!("<form method=\"post\"{action}><button type=\"submit\">{label}</button></form>")
    });
    let (page, title, text) = (escape(page), escape(title), escape(text));
    let body = format!(
        "<!doctype html>\n<html lang=\"{language}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{title} – {page}</title>\
         <style>{STYLE}</style></head><body><main><h1>{title}</h1><p>{text}</p>{button}</main>\
         </body></html>\n"
    );
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, POLICY.as_str()))
        .body(body)
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn browsers_get_a_page_and_programs_get_json() {
        for (accept, expected) in [
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true),
            ("text/html", true),
            ("*/*", false),
            ("", false),
            ("application/json, text/html;q=0.9", false),
            ("application/json;q=0.5, text/html", true),
        ] {
            let req = TestRequest::default().insert_header((ACCEPT, accept)).to_http_request();
            assert_eq!(is_wanted(&req), expected, "{accept}");
        }
    }

    #[test]
    fn names_cannot_break_out() {
        assert_eq!(escape("<a href=\"x\">'&"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
    }
}
