//! What can go wrong before there is an answer, in classes a retry schedule can act on.

use std::error::Error;
use std::io;

use channels::egress::Refusal;

use super::dns::Unresolved;

/// Why there is no answer. The sentences hold no address and nothing a resolver or peer said, so
/// that they can be shown to the owner of the destination.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Failure {
    /// The policy refuses the destination. Trying again will not help.
    #[error("the destination is not allowed: {0}")]
    Blocked(Refusal),
    /// The request cannot be written as HTTP, or sets a header that is the client's to set.
    #[error("the request has an invalid or reserved header")]
    Unsendable,
    #[error("the host name could not be resolved")]
    Dns,
    /// The resolver was too slow, which need not be the destination's fault.
    #[error("the host name could not be resolved in time")]
    DnsTimeout,
    /// No connection was made, so the request did not arrive.
    #[error("no connection could be made")]
    Connect,
    /// The request did not arrive either: no certificate we trust, or not TLS at all.
    #[error("no secure connection could be made")]
    Tls,
    /// No answer within the total timeout. The request may have been acted upon.
    #[error("no answer arrived in time")]
    Timeout,
    /// The connection broke after the request was begun. It may have been acted upon.
    #[error("the connection broke before an answer arrived")]
    Interrupted,
    /// What arrived was not HTTP/1.1, or too large a head. The request may have been acted upon.
    #[error("the answer was not valid HTTP")]
    Malformed,
}

pub(super) fn classify(error: &reqwest::Error) -> Failure {
    if let Some(unresolved) = find::<Unresolved>(error) {
        return match unresolved {
            Unresolved::Forbidden => Failure::Blocked(Refusal::Address),
            Unresolved::Failed => Failure::Dns,
            Unresolved::TimedOut => Failure::DnsTimeout,
        };
    }
    if error.is_builder() {
        Failure::Unsendable
    } else if error.is_connect() {
        if find::<io::Error>(error).is_some_and(broke_in_handshake) {
            Failure::Tls
        } else {
            Failure::Connect
        }
    } else if error.is_timeout() {
        Failure::Timeout
    } else if find::<hyper::Error>(error).is_some_and(hyper::Error::is_parse) {
        Failure::Malformed
    } else {
        Failure::Interrupted
    }
}

/// TCP cannot deliver bad data or an early end while connecting; rustls reports both so, wrapped
/// once more by the connector.
fn broke_in_handshake(error: &io::Error) -> bool {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<io::Error>()) {
        Some(inner) => broke_in_handshake(inner),
        None => matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof),
    }
}

fn find<E: Error + 'static>(error: &reqwest::Error) -> Option<&E> {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}
