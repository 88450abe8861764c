//! Request bodies: bounded, JSON, and nothing in them that is not known.
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest, web};
use app::idempotency::body_digest;
use serde::de::DeserializeOwned;
use serde_json::Value;
use validator::{Validate, ValidationErrors, ValidationErrorsKind};

use crate::problem::{FieldError, Problem, kind};

/// Largest request body, in bytes.
pub const BODY_MAX: usize = 256 * 1024;
/// Largest webhook of Meta's, in bytes ("Webhooks from Meta").
const RAW_MAX: usize = 3 * 1024 * 1024;
/// Longest time a body may take to arrive.
const ARRIVES_WITHIN: Duration = Duration::from_secs(10);

/// A JSON body that has the shape of `T` and passed its validation.
pub struct Body<T> {
    pub value: T,
    /// Tells whether a repeated request has the same body.
    pub digest: [u8; 32],
}

impl<T: DeserializeOwned + Validate + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = is_json(req);
        let bytes = web::Bytes::from_request(req, payload);
        Box::pin(async move {
            if !is_json {
                return Err(Problem::new(kind::UNSUPPORTED_MEDIA_TYPE));
            }
            let bytes = tokio::time::timeout(ARRIVES_WITHIN, bytes)
                .await
                .map_err(|_elapsed| Problem::new(kind::TIMEOUT))?
                .map_err(|error| unreadable(&error))?;
            Ok(Self { value: parse(&bytes)?, digest: body_digest(&bytes) })
        })
    }
}

/// A body as it came, for whoever judges it by its bytes.
pub struct Raw {
    pub bytes: web::Bytes,
    /// Tells whether a repeated request has the same body.
    pub digest: [u8; 32],
}

impl FromRequest for Raw {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let payload = web::Payload::from_request(req, payload);
        Box::pin(async move {
            let too_large = || Problem::new(kind::TOO_LARGE).because("a report may have 3 MB");
            let bytes = gather(payload.await, RAW_MAX, ARRIVES_WITHIN, too_large).await?;
            Ok(Self { digest: body_digest(&bytes), bytes })
        })
    }
}

/// All of a body, at most so many bytes and within a time.
pub async fn gather(
    payload: Result<web::Payload, actix_web::Error>,
    max: usize,
    within: Duration,
    too_large: impl FnOnce() -> Problem,
) -> Result<web::Bytes, Problem> {
    let broken = || Problem::new(kind::MALFORMED).because("the body broke off");
    let payload = payload.map_err(|_broken| broken())?;
    let arrived = tokio::time::timeout(within, payload.to_bytes_limited(max))
        .await
        .map_err(|_elapsed| Problem::new(kind::TIMEOUT))?;
    arrived.map_err(|_limit| too_large())?.map_err(|_broken| broken())
}

fn is_json(req: &HttpRequest) -> bool {
    let Some(Ok(text)) = req.headers().get(CONTENT_TYPE).map(|it| it.to_str()) else {
        return false;
    };
    let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || essence == "application/merge-patch+json"
}

fn unreadable(error: &actix_web::Error) -> Problem {
    match error.as_error::<PayloadError>() {
        Some(PayloadError::Overflow) => Problem::new(kind::TOO_LARGE),
        _ => Problem::new(kind::MALFORMED).because("the body broke off"),
    }
}

fn parse<T: DeserializeOwned + Validate>(bytes: &[u8]) -> Result<T, Problem> {
    let malformed = |error: serde_json::Error| Problem::new(kind::MALFORMED).because(error);
    let value: Value = serde_json::from_slice(bytes).map_err(malformed)?;
    if !value.is_object() {
        return Err(Problem::invalid(vec![wrong("", "shape", "must be an object")]));
    }
    let mut found = Vec::new();
    inspect(&value, &mut String::new(), &mut found);
    if !found.is_empty() {
        return Err(Problem::invalid(found));
    }
    let value: T = serde_path_to_error::deserialize(value).map_err(|error| {
        Problem::invalid(vec![FieldError {
            pointer: shape_pointer(&error),
            code: "shape".to_owned(),
            detail: error.inner().to_string(),
        }])
    })?;
    value.validate().map_err(|errors| Problem::invalid(fields(&errors)))?;
    Ok(value)
}

/// Where the shape is wrong. serde reports an unknown or missing field at the object that should
/// (not) have it, and names it in the message.
fn shape_pointer(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    let pointer = channels::pointer(error.path());
    let message = error.inner().to_string();
    let named = ["unknown field `", "missing field `"]
        .into_iter()
        .find_map(|it| message.strip_prefix(it)?.split('`').next().map(str::to_owned));
    match named {
        Some(field) => {
            let member = format!("/{}", field.replace('~', "~0").replace('/', "~1"));
            if pointer.ends_with(&member) { pointer } else { format!("{pointer}{member}") }
        }
        None => pointer,
    }
}

fn wrong(pointer: &str, code: &str, detail: &str) -> FieldError {
    FieldError { pointer: pointer.to_owned(), code: code.to_owned(), detail: detail.to_owned() }
}

/// Members whose content is the caller's own business.
const FREE: [&str; 3] = ["/metadata", "/config", "/variables"];

/// Finds what serde lets through: NUL characters, which Postgres cannot store in text, and lists
/// where objects belong, which serde would read by position.
fn inspect(value: &Value, pointer: &mut String, found: &mut Vec<FieldError>) {
    let length = pointer.len();
    match value {
        Value::String(text) if text.contains('\0') => {
            found.push(wrong(pointer, "nul", "must not contain NUL characters"));
        }
        Value::Array(items) => {
            let is_free = FREE.iter().any(|it| pointer.starts_with(it));
            for (index, item) in items.iter().enumerate() {
                pointer.push_str(&format!("/{index}"));
                if item.is_array() && !is_free {
                    found.push(wrong(pointer, "shape", "must not be a list"));
                }
                inspect(item, pointer, found);
                pointer.truncate(length);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                if name.contains('\0') {
                    found.push(wrong(pointer, "nul", "must not contain NUL characters"));
                }
                pointer.push_str(&format!("/{}", name.replace('~', "~0").replace('/', "~1")));
                inspect(member, pointer, found);
                pointer.truncate(length);
            }
        }
        _ => {}
    }
}

fn fields(errors: &ValidationErrors) -> Vec<FieldError> {
    let mut found = Vec::new();
    collect(errors, "", &mut found);
    found.sort_by(|a, b| a.pointer.cmp(&b.pointer));
    found
}

fn collect(errors: &ValidationErrors, prefix: &str, found: &mut Vec<FieldError>) {
    for (name, kind) in errors.errors() {
        let pointer = format!("{prefix}/{name}");
        match kind {
            ValidationErrorsKind::Field(errors) => {
                found.extend(errors.iter().map(|error| FieldError {
                    pointer: format!("{pointer}{}", member(error)),
                    code: error.code.to_string(),
                    detail: explain(error),
                }));
            }
            ValidationErrorsKind::Struct(errors) => collect(errors, &pointer, found),
            ValidationErrorsKind::List(list) => {
                for (index, errors) in list {
                    collect(errors, &format!("{pointer}/{index}"), found);
                }
            }
        }
    }
}

/// Which member of the field is at fault, where a rule of our own says so.
fn member(error: &validator::ValidationError) -> String {
    let member = error.params.get("member").and_then(Value::as_str);
    member.map(|it| format!("/{it}")).unwrap_or_default()
}

/// validator leaves the sentence to us and gives the limits.
fn explain(error: &validator::ValidationError) -> String {
    if let Some(message) = &error.message {
        return message.to_string();
    }
    let limit = |name: &str| error.params.get(name).map(ToString::to_string);
    match (error.code.as_ref(), limit("min"), limit("max")) {
        ("length", Some(min), Some(max)) => format!("must have {min} to {max} characters or items"),
        ("length", None, Some(max)) => format!("must have at most {max} characters or items"),
        ("length", Some(min), None) => format!("must have at least {min} characters or items"),
        ("range", Some(min), Some(max)) => format!("must be between {min} and {max}"),
        ("email", ..) => "must be an e-mail address".to_owned(),
        (code, ..) => format!("is not valid ({code})"),
    }
}
