//! Query parameters and path segments.
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::web::PathConfig;
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::DeserializeOwned;

use crate::fallback;
use crate::problem::{Problem, kind};

/// Query parameters of a known set; an unknown one is refused, because a typo in a filter would
/// silently show everything.
pub struct QueryString<T>(pub T);

impl<T: DeserializeOwned> FromRequest for QueryString<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let read = web::Query::<T>::from_query(req.query_string());
        ready(if req.query_string().contains("%00") {
            Err(Problem::new(kind::MALFORMED).because("a parameter contains NUL"))
        } else {
            read.map(|it| Self(it.into_inner()))
                .map_err(|error| Problem::new(kind::MALFORMED).because(error))
        })
    }
}

/// Path segments that do not have their form.
pub fn path_config() -> PathConfig {
    PathConfig::default().error_handler(|error, req| {
        let malformed = || Problem::new(kind::MALFORMED).because(error);
        fallback::wrong_method(req).unwrap_or_else(malformed).into()
    })
}
