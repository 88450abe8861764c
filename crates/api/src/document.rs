//! Finished documents over HTTP.
use std::sync::Arc;

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use app::{Error, Read};
use chrono::{DateTime, Utc};
use domain::caller::Visibility;
use publication::shelf::{Kept, Key, Made, Remake};
use publication::{Document, Encoding, Sheet};
use serde::Serialize;

use crate::csv;
use crate::problem::Problem;
use crate::seam;
use crate::state::State;

/// A document that shows the present page.
pub fn sheet(
    req: &HttpRequest,
    state: &State,
    sheet: Sheet,
    audience: Visibility,
) -> Result<HttpResponse, Problem> {
    let pages = state.live.pages();
    let document = pages.as_ref().and_then(|it| it.sheet(sheet, audience));
    document.map(|it| answer(req, state, it)).ok_or_else(Problem::unavailable)
}

/// A document that it takes the database to make, from the shelf if it is there. While the database
/// does not answer it is what it was last.
pub async fn kept<F>(
    req: &HttpRequest,
    state: &Data<State>,
    audience: Visibility,
    make: F,
) -> Result<HttpResponse, Problem>
where
    F: Fn(&mut Read<'_>) -> Result<Made, Error> + Send + Sync + 'static,
{
    let uri = req.uri().path_and_query().map_or(req.path(), |it| it.as_str());
    kept_at(req, state, Key { audience, uri: uri.into() }, make).await
}

/// A document that is JSON or, if the caller would rather have that, a sheet.
pub async fn sheet_or_json<T, const N: usize>(
    req: &HttpRequest,
    state: &Data<State>,
    audience: Visibility,
    sheet: csv::Form<T, N>,
    make: impl Fn(&mut Read<'_>) -> Result<(T, Option<DateTime<Utc>>), Error> + Send + Sync + 'static,
) -> Result<HttpResponse, Problem>
where
    T: Serialize + 'static,
{
    let (is_sheet, disposition) = (csv::is_wanted(req), sheet.disposition);
    let uri = req.uri().path_and_query().map_or(req.path(), |it| it.as_str());
    // No address has a space in it.
    let uri = if is_sheet { format!("{uri} csv").into() } else { uri.into() };
    let make = move |db: &mut Read<'_>| {
        let (value, until) = make(db)?;
        let document = if is_sheet { sheet.document(&value) } else { Document::json(&value) };
        Ok(Made { document, until })
    };
    let mut response = kept_at(req, state, Key { audience, uri }, make).await?;
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Accept"));
    if is_sheet {
        headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(disposition));
    }
    Ok(response)
}

async fn kept_at<F>(
    req: &HttpRequest,
    state: &Data<State>,
    key: Key,
    make: F,
) -> Result<HttpResponse, Problem>
where
    F: Fn(&mut Read<'_>) -> Result<Made, Error> + Send + Sync + 'static,
{
    let audience = key.audience;
    let live = &state.live;
    let version = live.pages().and_then(|it| it.version(audience));
    let present = version.and_then(|it| live.shelf().present(&key, it, live.now()));
    if let Some(kept) = present {
        return Ok(answer(req, state, kept.document()));
    }
    match remade(state, key.clone(), make).await {
        Ok(kept) => Ok(answer(req, state, kept.document())),
        Err(problem) if problem.is_unavailable() => {
            live.doubt();
            let kept = live.shelf().last(&key).ok_or(problem)?;
            Ok(answer(req, state, kept.document()))
        }
        Err(problem) => Err(problem),
    }
}

async fn remade<F>(state: &Data<State>, key: Key, make: F) -> Result<Arc<Kept>, Problem>
where
    F: Fn(&mut Read<'_>) -> Result<Made, Error> + Send + Sync + 'static,
{
    let live = Arc::clone(&state.live);
    let make = Arc::new(make);
    let again = Arc::clone(&make);
    let remake = remake(state, move |db| again(db));
    seam::run(state, move |db| {
        let audience = key.audience;
        let present = || {
            let version = live.pages().and_then(|it| it.version(audience));
            (version.unwrap_or_default(), live.now())
        };
        live.shelf().make(key, present, &remake, || db.read(|db| make(db)))
    })
    .await
}

/// Has a document made for the public before anybody asks.
pub fn plant<F>(state: &State, uri: &str, make: F)
where
    F: Fn(&mut Read<'_>) -> Result<Made, Error> + Send + Sync + 'static,
{
    state.live.shelf().plant(uri, remake(state, make));
}

fn remake<F>(state: &State, make: F) -> Remake
where
    F: Fn(&mut Read<'_>) -> Result<Made, Error> + Send + Sync + 'static,
{
    let db = state.db.clone();
    Arc::new(move || db.read(|db| make(db)).ok())
}

/// The document in the encoding asked for, with its validator, and a word on its age if nobody
/// could confirm it.
pub fn answer(req: &HttpRequest, state: &State, document: &Document) -> HttpResponse {
    let accepted = req.headers().get(header::ACCEPT_ENCODING).and_then(|it| it.to_str().ok());
    let encoding = Encoding::negotiate(accepted.unwrap_or_default());
    let mut response = HttpResponse::Ok();
    response
        .content_type(document.content_type())
        .insert_header((header::ETAG, document.etag(encoding).as_ref()))
        .insert_header((header::VARY, "Accept-Encoding"));
    if let Some(name) = encoding.name() {
        response.insert_header((header::CONTENT_ENCODING, name));
    }
    if !(state.is_ready)() {
        state.live.doubt();
    }
    if let Some(age) = state.live.stale_for() {
        response.insert_header(("x-farol-stale", age.as_secs().to_string()));
    }
    response.body(document.body(encoding))
}
