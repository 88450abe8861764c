//! Requests, described but not made.
use std::fmt;

use bytes::Bytes;

/// A request to make, described but not made. `Debug` keeps what may be secret: the path and query
/// of the URL, the headers' values and the body.
#[derive(Clone, PartialEq, Eq)]
pub struct Outbound {
    pub method: Method,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

/// How to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Patch,
}

impl fmt::Debug for Outbound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = url::Url::parse(&self.url).ok();
        let headers: Vec<&str> = self.headers.iter().map(|it| it.0.as_str()).collect();
        formatter
            .debug_struct("Outbound")
            .field("method", &self.method)
            .field("host", &url.as_ref().and_then(url::Url::host_str))
            .field("headers", &headers)
            .field("n_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
