//! The kinds of problems, each with an address that explains it.

/// A kind of problem.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Last part of the `type` URI.
    pub slug: &'static str,
    pub status: u16,
    pub title: &'static str,
    pub explanation: &'static str,
}

macro_rules! kinds {
    ($($name:ident: $status:literal $slug:literal $title:literal $explanation:literal;)+) => {
        $(pub const $name: Kind =
            Kind { slug: $slug, status: $status, title: $title, explanation: $explanation };)+

        /// Every kind. Where several share a status, the first is the general one.
        pub const KINDS: &[Kind] = &[$($name),+];
    };
}

kinds! {
    MALFORMED: 400 "malformed" "The request cannot be read"
        "The path, the query or the JSON of the body does not have the form it must have. `detail` says where reading failed.";
    UNAUTHENTICATED: 401 "unauthenticated" "Who is calling?"
        "The operation needs credentials, or those given are unknown, expired, revoked or tampered with. Send `Authorization: Bearer <token>` with an API token or an access token from `POST /api/v1/auth/login`.";
    FORBIDDEN: 403 "forbidden" "Not allowed"
        "The credentials are good but lack the scope that `detail` names.";
    NOT_FOUND: 404 "not-found" "No such thing"
        "There is nothing at this address, or nothing that these credentials may see.";
    METHOD_NOT_ALLOWED: 405 "method-not-allowed" "Not with this method"
        "The address exists but does not take this method; `Allow` lists those it takes.";
    TIMEOUT: 408 "timeout" "The request came too slowly"
        "The body did not arrive in time.";
    CONFLICT: 409 "conflict" "The state of things does not allow it"
        "The request is well-formed but contradicts what is there: a value that must be unique is taken, or a thing is not in the state the operation needs.";
    STALE: 412 "stale" "Somebody changed it meanwhile"
        "`If-Match` names another version than the present one. Read the resource again, look at what changed, and repeat the request with the new `ETag`.";
    TOO_LARGE: 413 "too-large" "The body is too large"
        "Request bodies may have 256 KiB.";
    UNSUPPORTED_MEDIA_TYPE: 415 "unsupported-media-type" "Not this kind of body"
        "The operation takes `application/json`.";
    INVALID: 422 "invalid" "Some fields are not valid"
        "The body is JSON, but not what the operation takes. `errors` names each field by a JSON pointer. Unknown fields are refused too, so that a typo never silently loses data. An `Idempotency-Key` that was used with another body is refused as well.";
    TOO_MANY_REQUESTS: 429 "too-many-requests" "Too many requests"
        "Come back after the seconds in `Retry-After`. `RateLimit` and `RateLimit-Policy` tell how much is left. Sign-ins slow down after failures, and one address may hold so many streams.";
    INTERNAL: 500 "internal" "Something broke on our side"
        "This should not happen. The request id in `instance` finds the cause in the log.";
    UNAVAILABLE: 503 "unavailable" "Try again soon"
        "The database does not answer, or all its connections are busy; for the stream, as many listen as may. Nothing was changed; repeat the request after the seconds in `Retry-After`. The page itself stays readable.";
}
