//! The reference frontend at `/`, for whoever has no page yet. It reads what everybody may read.
use std::sync::LazyLock;

use actix_web::guard::Get;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Data, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse};
use app::idempotency::body_digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use publication::Document;

use crate::document;
use crate::problem::Problem;
use crate::state::State;

const HTML: &str = include_str!("../../../examples/page/index.html");

/// The page as it is sent.
static PAGE: LazyLock<Document> =
    LazyLock::new(|| Document::new(HTML.into()).of_type("text/html; charset=utf-8"));

/// What it may run and load: what stands in it, and the API.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let [script, style] = ["script", "style"].map(source);
    let policy = format!(
        "default-src 'none'; script-src {script}; style-src {style}; img-src data:; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_maybe_shared(policy).unwrap_or_else(|_| unreachable!("it is plain ASCII"))
});

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(resource("/").guard(Get()).to(get_page));
    cfg.service(
        resource("/").to(|| async { Err::<(), _>(Problem::method_not_allowed("GET, HEAD")) }),
    );
}

async fn get_page(req: HttpRequest, state: Data<State>) -> HttpResponse {
    let mut response = document::answer(&req, &state, &PAGE);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, POLICY.clone());
    response
}

/// The content of the one element of that name as a source of a policy (CSP Level 3, §2.3.1).
fn source(name: &str) -> String {
    let content = HTML
        .split_once(&format!("<{name}"))
        .and_then(|(_, rest)| rest.split_once('>'))
        .and_then(|(_, rest)| rest.split_once(&format!("</{name}>")))
        .map_or_else(|| unreachable!("the page has a {name}"), |(content, _)| content);
    format!("'sha256-{}'", STANDARD.encode(body_digest(content.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::HTML;

    /// Else the policy would name the first only, and the page refuse the second.
    #[test]
    fn there_is_one_script_and_one_style() {
        for name in ["script", "style"] {
            assert_eq!(HTML.matches(&format!("<{name}")).count(), 1, "{name}");
            assert_eq!(HTML.matches(&format!("</{name}>")).count(), 1, "{name}");
        }
        assert!(!HTML.contains(" style=\"") && !HTML.contains(" onclick"));
    }
}
