//! Lists: which part, and where the next one begins.
use actix_web::http::header::{HeaderName, LINK};
use actix_web::{HttpRequest, HttpResponse};
use app::{Cursor, Page, Window};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::{Problem, kind};

/// Shown when the caller does not say.
const LIMIT_DEFAULT: u16 = 50;
const LIMIT_MAX: u16 = 200;

/// Where a list goes on.
#[derive(Serialize, ToSchema)]
pub struct PageInfo {
    /// How many items were asked for, or are there where all are shown.
    #[schema(minimum = 1)]
    pub limit: u16,
    /// `cursor` of the next page; `null` on the last.
    pub next_cursor: Option<String>,
}

#[derive(Serialize)]
struct Envelope<T> {
    data: Vec<T>,
    page: PageInfo,
}

/// Reads `?limit=` and `?cursor=`.
pub fn window(limit: Option<u16>, cursor: Option<&str>) -> Result<Window, Problem> {
    let limit = limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Problem::new(kind::MALFORMED).because("`limit` must be between 1 and 200"));
    }
    let unknown = || Problem::new(kind::MALFORMED).because("`cursor` is none of ours");
    let read = |text: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        Cursor::from_bytes(&bytes)
    };
    let after = cursor.map(|text| read(text).ok_or_else(unknown)).transpose()?;
    Ok(Window { after, limit })
}

/// Answers with a list and, in `Link`, the address of the next page (RFC 8288).
pub fn respond<T: Serialize>(req: &HttpRequest, limit: u16, page: Page<T>) -> HttpResponse {
    let next_cursor = page.next.map(|it| URL_SAFE_NO_PAD.encode(it.to_bytes()));
    let mut response = HttpResponse::Ok();
    if let Some(link) = next_link(req, page.next) {
        response.insert_header(link);
    }
    response.json(Envelope { data: page.data, page: PageInfo { limit, next_cursor } })
}

/// The address of the next page, as a header.
pub fn next_link(req: &HttpRequest, next: Option<Cursor>) -> Option<(HeaderName, String)> {
    let cursor = URL_SAFE_NO_PAD.encode(next?.to_bytes());
    let rest =
        req.query_string().split('&').filter(|it| !it.is_empty() && !it.starts_with("cursor="));
    let query = rest.map(|it| format!("{it}&")).collect::<String>();
    Some((LINK, format!("<{}?{query}cursor={cursor}>; rel=\"next\"", req.path())))
}

/// Answers with everything there is of a kind.
pub fn all<T: Serialize>(req: &HttpRequest, data: Vec<T>) -> HttpResponse {
    let limit = u16::try_from(data.len()).unwrap_or(u16::MAX).max(1);
    respond(req, limit, Page { data, next: None })
}

/// Declares the document's name for a list of one kind of thing.
macro_rules! list_of {
    ($name:ident, $item:ty) => {
        /// A part of a list.
        #[derive(utoipa::ToSchema)]
        #[expect(dead_code, reason = "describes what `list::respond` writes")]
        pub struct $name {
            pub data: Vec<$item>,
            pub page: crate::list::PageInfo,
        }
    };
}

pub(crate) use list_of;
