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

    /// What the path takes that is written out in the document, though `{id}` would fit it too.
    fn allowed_by_name(&self, path: &str) -> Option<&str> {
        let named = self.0.iter().find(|(pattern, _)| pattern.pattern() == Some(path));
        named.map(|(_, methods)| methods.as_str())
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

/// The problem with a request that came to `{id}` only because its path does not take the method.
pub fn wrong_method(req: &HttpRequest) -> Option<Problem> {
    let paths = req.app_data::<Data<Paths>>()?;
    paths.allowed_by_name(req.path()).map(Problem::method_not_allowed)
}

/// 405 with `Allow` for a path that exists, 404 for one that does not.
pub fn fallback(req: HttpRequest, paths: Data<Paths>) -> Ready<HttpResponse> {
    let problem = match paths.allowed(req.path()) {
        Some(allowed) => Problem::method_not_allowed(allowed),
        None => Problem::new(kind::NOT_FOUND),
    };
    ready(problem.error_response())
}
