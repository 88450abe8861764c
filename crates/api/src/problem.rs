//! RFC 9457 problems, and the only place an error becomes a status code.

pub mod kind;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use app::{DbError, Error};
use serde::Serialize;
use utoipa::ToSchema;

pub use kind::{KINDS, Kind};

/// Seconds after which it is worth trying again when the database is away.
const RETRY_SOON: i64 = 2;

/// What went wrong. Boxed, because errors travel through every return value.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Problem(Box<Details>);

/// What went wrong (RFC 9457).
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Details {
    /// A URI reference that answers with an explanation.
    #[serde(rename = "type")]
    #[schema(format = "uri-reference", example = "/problems/not-found")]
    kind: String,
    /// The kind of problem in a few words.
    #[schema(example = "No such thing")]
    title: &'static str,
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// This problem in a sentence.
    detail: String,
    /// The request it happened to, as in `X-Request-Id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    /// For 422: which fields, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    #[serde(skip)]
    #[schema(ignore)]
    header: Option<(&'static str, String)>,
}

/// A field that is not valid.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FieldError {
    /// JSON pointer into the request body (RFC 6901).
    #[schema(example = "/title")]
    pub pointer: String,
    /// What kind of mistake, for programs.
    #[schema(example = "length")]
    pub code: String,
    /// What is wrong, for people.
    pub detail: String,
}

impl Problem {
    pub fn new(kind: Kind) -> Self {
        Self(Box::new(Details {
            kind: format!("/problems/{}", kind.slug),
            title: kind.title,
            status: kind.status,
            detail: kind.explanation.to_owned(),
            instance: None,
            errors: Vec::new(),
            header: None,
        }))
    }

    pub fn because(mut self, detail: impl ToString) -> Self {
        self.0.detail = detail.to_string();
        self
    }

    fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.0.errors = errors;
        self
    }

    fn with_header(mut self, name: &'static str, value: impl ToString) -> Self {
        self.0.header = Some((name, value.to_string()));
        self
    }

    pub fn unauthenticated(detail: &str) -> Self {
        Self::new(kind::UNAUTHENTICATED)
            .because(detail)
            .with_header("www-authenticate", "Bearer realm=\"farol\"")
    }

    pub fn invalid(errors: Vec<FieldError>) -> Self {
        Self::new(kind::INVALID).with_errors(errors)
    }

    pub fn throttled(retry_after_seconds: i64) -> Self {
        Self::new(kind::TOO_MANY_REQUESTS).later(retry_after_seconds.max(1))
    }

    pub fn unavailable() -> Self {
        Self::new(kind::UNAVAILABLE).later(RETRY_SOON)
    }

    /// Says when it is worth trying again.
    pub fn later(self, retry_after_seconds: i64) -> Self {
        self.with_header("retry-after", retry_after_seconds)
    }

    /// Whether the database is to blame, and not what was asked.
    pub fn is_unavailable(&self) -> bool {
        self.0.status == kind::UNAVAILABLE.status
    }

    pub fn method_not_allowed(allowed: &str) -> Self {
        Self::new(kind::METHOD_NOT_ALLOWED).with_header("allow", allowed)
    }

    /// Something of ours broke; the log says what.
    pub fn internal(error: &dyn std::error::Error) -> Self {
        let chain: Vec<String> = std::iter::successors(error.source(), |it| it.source())
            .map(ToString::to_string)
            .collect();
        tracing::error!(%error, ?chain, "the request failed");
        Self::new(kind::INTERNAL)
    }

    /// Names the request.
    pub fn at(mut self, instance: &str) -> Self {
        self.0.instance = Some(instance.to_owned());
        self
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Denied(denied) => Self::new(kind::FORBIDDEN).because(denied),
            Error::NotAPerson => Self::new(kind::FORBIDDEN).because(error),
            Error::NotFound(_) => Self::new(kind::NOT_FOUND).because(error),
            Error::Stale { current } => {
                Self::new(kind::STALE).because(error).with_header("etag", format!("\"v{current}\""))
            }
            Error::Conflict(_) | Error::Taken(_) => Self::new(kind::CONFLICT).because(error),
            Error::Span(_) => Self::new(kind::MALFORMED).because(error),
            Error::Invalid(fields) => Self::invalid(
                fields
                    .into_iter()
                    .map(|it| FieldError {
                        pointer: it.pointer,
                        code: it.code.to_owned(),
                        detail: it.detail,
                    })
                    .collect(),
            ),
            Error::SignInRefused => Self::unauthenticated("the credentials are not valid"),
            Error::Throttled { retry_after_seconds } => Self::throttled(retry_after_seconds),
            Error::KeyReused => Self::invalid(Vec::new()).because(error),
            Error::Vault => Self::internal(&error),
            Error::Db(db) => db.into(),
        }
    }
}

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        match error {
            DbError::NotFound => Self::new(kind::NOT_FOUND),
            DbError::OutOfRange => Self::new(kind::MALFORMED).because(error),
            DbError::Constraint(_) | DbError::Other(_) => Self::internal(&error),
            DbError::Locked | DbError::Unavailable(_) => {
                tracing::warn!(%error, "the database did not serve a request");
                Self::unavailable()
            }
        }
    }
}

impl From<StatusCode> for Problem {
    /// For errors that are raised outside handlers.
    fn from(status: StatusCode) -> Self {
        let kind = KINDS.iter().find(|it| it.status == status.as_u16());
        Self::new(kind.copied().unwrap_or(if status.is_server_error() {
            kind::INTERNAL
        } else {
            kind::MALFORMED
        }))
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.title)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.content_type("application/problem+json");
        if let Some((name, value)) = &self.0.header
            && let Ok(value) = HeaderValue::from_str(value)
        {
            response.insert_header((header::HeaderName::from_static(name), value));
        }
        if let Some(instance) = &self.0.instance {
            response.insert_header(("x-request-id", instance.as_str()));
        }
        let mut response = response.json(self);
        response.extensions_mut().insert(self.clone());
        response
    }
}
