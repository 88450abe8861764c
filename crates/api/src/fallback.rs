//! Requests that no handler takes: a wrong method, or nothing at all.
use std::future::{Ready, ready};

use actix_web::dev::ResourceDef;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::PathItem;

use crate::problem::{Problem, kind};

/// Every path of the document, with the methods it takes.
pub struct Paths(Vec<(ResourceDef, String)>);

impl Paths {
    pub fn of(document: &OpenApi) -> Self {
        let paths = document.paths.paths.iter();
        Self(paths.map(|(path, item)| (ResourceDef::new(path.as_str()), methods(item))).collect())
    }

    fn allowed(&self, path: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(pattern, _)| pattern.is_match(path))
            .map(|(_, methods)| methods.as_str())
    }
}

fn methods(item: &PathItem) -> String {
    let mut methods = Vec::new();
    for (present, names) in [
        (item.get.is_some(), "GET, HEAD"),
        (item.post.is_some(), "POST"),
        (item.put.is_some(), "PUT"),
        (item.patch.is_some(), "PATCH"),
        (item.delete.is_some(), "DELETE"),
    ] {
        if present {
            methods.push(names);
        }
    }
    methods.join(", ")
}

/// 405 with `Allow` for a path that exists, 404 for one that does not.
pub fn fallback(req: HttpRequest, paths: Data<Paths>) -> Ready<HttpResponse> {
    let problem = match paths.allowed(req.path()) {
        Some(allowed) => Problem::method_not_allowed(allowed),
        None => Problem::new(kind::NOT_FOUND),
    };
    ready(problem.error_response())
}
