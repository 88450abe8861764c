//! A finished document: bytes that only have to be written to a socket.
use std::io::Write;
use std::sync::OnceLock;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use domain::calendar;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;

/// Fast enough to run when a page is first asked for, and within some percent of the best size.
const BROTLI_QUALITY: i32 = 5;
const BROTLI_WINDOW: i32 = 22;
const JSON: &str = "application/json";

/// How a body is encoded (RFC 9110 §8.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Identity,
    Gzip,
    Brotli,
}

/// A document in all its encodings; the compressed ones are made when first asked for.
#[derive(Debug)]
pub struct Document {
    content_type: &'static str,
    identity: Bytes,
    gzip: OnceLock<Bytes>,
    brotli: OnceLock<Bytes>,
    etags: [Bytes; 3],
}

impl Document {
    /// Finishes a document.
    pub fn json(document: &impl Serialize) -> Self {
        let body = serde_json::to_vec(document);
        Self::new(body.unwrap_or_else(|_| unreachable!("documents are plain data")))
    }

    /// Finishes a body, as JSON. Equal bytes have equal validators, on every replica.
    pub fn new(body: Vec<u8>) -> Self {
        let hash = digest::digest(&digest::SHA256, &body);
        let digest = URL_SAFE_NO_PAD.encode(hash.as_ref().get(..12).unwrap_or_default());
        let etags = ["", "-gz", "-br"].map(|suffix| format!("\"{digest}{suffix}\"").into());
        let (gzip, brotli) = (OnceLock::new(), OnceLock::new());
        Self { content_type: JSON, identity: body.into(), gzip, brotli, etags }
    }

    /// The same as something else than JSON.
    #[must_use]
    pub fn of_type(self, content_type: &'static str) -> Self {
        Self { content_type, ..self }
    }

    /// The `Content-Type` of a document of ours that is written so.
    pub fn known_type(text: &str) -> Option<&'static str> {
        use crate::feed::Format::{Atom, Json, Rss};
        let known = [
            JSON,
            crate::statuspage::CONTENT_TYPE,
            crate::svg::CONTENT_TYPE,
            calendar::CONTENT_TYPE,
        ];
        let feeds = [Atom, Rss, Json].map(crate::feed::Format::content_type);
        known.into_iter().chain(feeds).find(|it| *it == text)
    }

    /// The `Content-Type`.
    pub fn content_type(&self) -> &'static str {
        self.content_type
    }

    /// About how much memory it takes, in bytes.
    pub fn size(&self) -> usize {
        let packed = [&self.gzip, &self.brotli].into_iter().filter_map(OnceLock::get);
        self.identity.len() + packed.map(Bytes::len).sum::<usize>()
    }

    /// The body in an encoding.
    pub fn body(&self, encoding: Encoding) -> Bytes {
        match encoding {
            Encoding::Identity => self.identity.clone(),
            Encoding::Gzip => self.gzip.get_or_init(|| gzip(&self.identity)).clone(),
            Encoding::Brotli => self.brotli.get_or_init(|| brotli(&self.identity)).clone(),
        }
    }

    /// Makes the encodings that another document was asked for.
    pub fn pack_like(&self, other: &Self) {
        for (made, encoding) in [(&other.gzip, Encoding::Gzip), (&other.brotli, Encoding::Brotli)] {
            if made.get().is_some() {
                self.body(encoding);
            }
        }
    }

    /// The strong validator of the body in an encoding: other bytes, another validator.
    pub fn etag(&self, encoding: Encoding) -> Bytes {
        let [identity, gzip, brotli] = &self.etags;
        match encoding {
            Encoding::Identity => identity.clone(),
            Encoding::Gzip => gzip.clone(),
            Encoding::Brotli => brotli.clone(),
        }
    }
}

impl Encoding {
    /// The best of what an `Accept-Encoding` header takes (RFC 9110 §12.5.3).
    pub fn negotiate(accepted: &str) -> Self {
        if accepted.is_empty() {
            return Self::Identity;
        }
        let takes = |name: &str| {
            accepted.split(',').any(|it| {
                let mut parts = it.split(';').map(str::trim);
                let named = parts.next().is_some_and(|it| it.eq_ignore_ascii_case(name));
                named && !parts.any(|it| matches!(it, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
            })
        };
        if takes("br") {
            Self::Brotli
        } else if takes("gzip") {
            Self::Gzip
        } else {
            Self::Identity
        }
    }

    /// The `Content-Encoding`, where one is due.
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
        }
    }
}

fn gzip(body: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let written = encoder.write_all(body).and_then(|()| encoder.finish());
    written.unwrap_or_else(|_| unreachable!("a vector takes every byte")).into()
}

fn brotli(body: &[u8]) -> Bytes {
    let params = brotli::enc::BrotliEncoderParams {
        quality: BROTLI_QUALITY,
        lgwin: BROTLI_WINDOW,
        size_hint: body.len(),
        ..Default::default()
    };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &*body, &mut compressed, &params)
        .unwrap_or_else(|_| unreachable!("a vector takes every byte"));
    compressed.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_accepted_encoding_is_taken() {
        assert_eq!(Encoding::negotiate("gzip, deflate, br"), Encoding::Brotli);
        assert_eq!(Encoding::negotiate("gzip;q=0.5, br;q=0"), Encoding::Gzip);
        assert_eq!(Encoding::negotiate("identity"), Encoding::Identity);
        assert_eq!(Encoding::negotiate(""), Encoding::Identity);
    }

    #[test]
    fn encodings_decode_to_the_same_bytes_and_have_validators_of_their_own() {
        let body = br#"{"status":"operational"}"#.repeat(50);
        let document = Document::new(body.clone());
        let mut decoded = Vec::new();
        let br = document.body(Encoding::Brotli);
        brotli::BrotliDecompress(&mut br.as_ref(), &mut decoded).unwrap();
        assert_eq!(decoded, body);
        let mut decoder = flate2::write::GzDecoder::new(Vec::new());
        decoder.write_all(&document.body(Encoding::Gzip)).unwrap();
        assert_eq!(decoder.finish().unwrap(), body);
        assert_ne!(document.etag(Encoding::Gzip), document.etag(Encoding::Brotli));
        assert_eq!(document.etag(Encoding::Gzip), Document::new(body).etag(Encoding::Gzip));
    }
}
