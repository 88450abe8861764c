//! What operations may answer besides success, stated once.
use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::{ContentBuilder, Ref, RefOr};

use crate::problem::KINDS;

/// What every read may answer.
pub struct Reading;
/// What every write may answer.
pub struct Writing;
/// What the stream may answer.
pub struct Streaming;

const OF_READING: [u16; 6] = [400, 401, 403, 404, 429, 503];
const OF_STREAMING: [u16; 4] = [400, 401, 429, 503];
const OF_WRITING: [u16; 12] = [400, 401, 403, 404, 408, 409, 412, 413, 415, 422, 429, 503];

impl IntoResponses for Reading {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let not_modified = Response::new("The validator in `If-None-Match` still holds");
        let mut responses = references(&OF_READING);
        responses.insert("304".to_owned(), not_modified.into());
        responses
    }
}

impl IntoResponses for Writing {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        references(&OF_WRITING)
    }
}

impl IntoResponses for Streaming {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        references(&OF_STREAMING)
    }
}

fn references(statuses: &[u16]) -> BTreeMap<String, RefOr<Response>> {
    let reference = |status: &u16| {
        let name = name(*status);
        (status.to_string(), RefOr::Ref(Ref::new(format!("#/components/responses/{name}"))))
    };
    statuses.iter().map(reference).collect()
}

/// The responses that the others refer to, by name.
pub fn components() -> Vec<(String, Response)> {
    let mut seen = Vec::new();
    let mut components = Vec::new();
    for kind in KINDS {
        if seen.contains(&kind.status) || !OF_WRITING.contains(&kind.status) {
            continue;
        }
        seen.push(kind.status);
        let content = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name("Problem")))
            .example(Some(serde_json::json!({
                "type": format!("/problems/{}", kind.slug),
                "title": kind.title,
                "status": kind.status,
                "detail": kind.explanation,
                "instance": "01890a5d-ac96-774b-bcce-b302099a8057",
            })))
            .build();
        let response = ResponseBuilder::new()
            .description(kind.explanation)
            .content("application/problem+json", content)
            .build();
        components.push((name(kind.status), response));
    }
    components
}

fn name(status: u16) -> String {
    let kind = KINDS.iter().find(|it| it.status == status);
    let slug = kind.map_or("problem", |it| it.slug);
    slug.split('-').map(capitalise).collect()
}

fn capitalise(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|it| it.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
