//! Query parameters and path segments.
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::web::PathConfig;
use actix_web::{FromRequest, HttpRequest, web};
use app::Read;
use app::incident::Key;
use chrono::{DateTime, Datelike as _, NaiveDate};
use domain::caller::Visibility;
use serde::de::DeserializeOwned;
use uuid::Uuid;

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

/// How callers name an incident or a maintenance in a path.
pub fn key(text: &str, otherwise: &'static str) -> Result<Key, Problem> {
    let id = Uuid::try_parse(text).map(Key::Id).ok();
    let number = || text.parse().ok().filter(|it| *it > 0).map(Key::Number);
    id.or_else(number).ok_or_else(|| Problem::new(kind::NOT_FOUND).because(otherwise))
}

/// Words to search for, if there are any.
pub fn words(q: Option<String>) -> Result<Option<String>, Problem> {
    if q.as_ref().is_some_and(|it| it.chars().count() > 200) {
        return Err(Problem::new(kind::MALFORMED).because("`q` may have 200 characters"));
    }
    Ok(q.filter(|it| !it.trim().is_empty()))
}

/// A day; of a time its date counts.
pub fn date(text: &str) -> Result<NaiveDate, Problem> {
    let of_time = || DateTime::parse_from_rfc3339(text).map(|it| it.date_naive());
    let date = text.parse::<NaiveDate>().or_else(|_not_a_date| of_time());
    let is_near = |it: &NaiveDate| (1970..9000).contains(&it.year());
    date.ok()
        .filter(is_near)
        .ok_or_else(|| Problem::new(kind::MALFORMED).because("a date looks like `2027-03-01`"))
}

/// What listed things are to touch, by ids or slugs.
#[derive(Clone, Debug, Default)]
pub struct Touching {
    pub component: Option<String>,
    pub group: Option<String>,
}

impl Touching {
    /// The ids of what the reader may know of.
    pub fn find(
        self,
        db: &mut Read<'_>,
        audience: Visibility,
    ) -> Result<(Option<Uuid>, Option<Uuid>), app::Error> {
        let find = |it: String| app::component::find(db, audience, &it.as_str().into());
        let component = self.component.map(find).transpose()?;
        let find = |it: String| app::group::find(db, audience, &it.as_str().into());
        let group = self.group.map(find).transpose()?;
        Ok((component.map(|it| it.id), group.map(|it| it.id)))
    }
}

/// Path segments that do not have their form.
pub fn path_config() -> PathConfig {
    PathConfig::default().error_handler(|error, req| {
        let malformed = || Problem::new(kind::MALFORMED).because(error);
        fallback::wrong_method(req).unwrap_or_else(malformed).into()
    })
}
