//! Comma-separated values, in and out (RFC 4180).
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{Accept, CONTENT_DISPOSITION, CONTENT_TYPE, Header as _, Quality};
use actix_web::web::{self, Bytes};
use actix_web::{FromRequest, HttpRequest, HttpResponse, HttpResponseBuilder};
use app::idempotency::body_digest;
use csv::{ReaderBuilder, StringRecord, Trim, Writer};
use publication::Document;

use crate::body::gather;
use crate::problem::{FieldError, Problem, kind};

/// Largest sheet, in bytes.
const SHEET_MAX: usize = 2 * 1024 * 1024;
const TYPE: &str = "text/csv; charset=utf-8; header=present";
/// Longest time a sheet may take to arrive.
const ARRIVES_WITHIN: Duration = Duration::from_secs(30);

/// A sheet as it came.
pub struct Sheet {
    bytes: Bytes,
    /// Tells whether a repeated request has the same body.
    pub digest: [u8; 32],
}

/// A row by the names of its columns.
pub struct Row {
    /// Counted from 1, the header included.
    pub line: u64,
    cells: HashMap<String, String>,
}

/// A row that cannot be read.
pub struct Fault {
    pub line: u64,
    pub detail: String,
}

impl Row {
    /// A cell, unless it is empty or the column is not there.
    pub fn get(&self, column: &str) -> Option<&str> {
        self.cells.get(column).map(String::as_str).filter(|it| !it.is_empty())
    }
}

impl FromRequest for Sheet {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_csv = req.headers().get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
        let essence = is_csv.and_then(|it| it.split(';').next()).map(str::trim);
        let is_csv = essence.is_some_and(|it| it.eq_ignore_ascii_case("text/csv"));
        let payload = web::Payload::from_request(req, payload);
        Box::pin(async move {
            if !is_csv {
                let detail = "this operation takes `text/csv`";
                return Err(Problem::new(kind::UNSUPPORTED_MEDIA_TYPE).because(detail));
            }
            let too_large = || Problem::new(kind::TOO_LARGE).because("a sheet may have 2 MB");
            let bytes = gather(payload.await, SHEET_MAX, ARRIVES_WITHIN, too_large).await?;
            Ok(Self { digest: body_digest(&bytes), bytes })
        })
    }
}

impl Sheet {
    /// The rows under a header that may name these columns, the first of them always. More than
    /// `max` rows are refused.
    pub fn rows(&self, columns: &[&str], max: usize) -> Result<Vec<Result<Row, Fault>>, Problem> {
        let bytes = self.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.bytes);
        let mut reader = ReaderBuilder::new().trim(Trim::All).flexible(true).from_reader(bytes);
        let header = reader.headers().map_err(|_not_text| unlike("the header is not UTF-8"))?;
        let header = header.clone();
        check_header(&header, columns)?;
        let mut rows = Vec::new();
        let (mut record, mut lines) = (csv::ByteRecord::new(), Lines { rest: bytes, line: 1 });
        while reader.read_byte_record(&mut record).map_err(|it| unlike(&it.to_string()))? {
            if rows.len() >= max {
                return Err(unlike(&format!("a sheet may have {max} rows")));
            }
            let begin = record.position().map_or(0, csv::Position::byte);
            rows.push(row(&header, &record, lines.at(bytes, begin)));
        }
        Ok(rows)
    }
}

fn check_header(header: &StringRecord, columns: &[&str]) -> Result<(), Problem> {
    for (index, name) in header.iter().enumerate() {
        if !columns.contains(&name) {
            return Err(unlike(&format!(
                "there is no column `{name}`; use {}",
                columns.join(", ")
            )));
        }
        if header.iter().take(index).any(|it| it == name) {
            return Err(unlike(&format!("the column `{name}` is there twice")));
        }
    }
    match columns.first() {
        Some(first) if !header.iter().any(|it| it == *first) => {
            Err(unlike(&format!("the header must name the column `{first}`")))
        }
        _ => Ok(()),
    }
}

/// Counts lines as editors do; the reader is one behind where lines end in CR LF.
struct Lines<'a> {
    rest: &'a [u8],
    line: u64,
}

impl Lines<'_> {
    /// The line of the record that begins there or after the next line breaks.
    fn at(&mut self, bytes: &[u8], begin: u64) -> u64 {
        let begin = usize::try_from(begin).unwrap_or(usize::MAX);
        let seen = bytes.len() - self.rest.len();
        let skipped = begin.saturating_sub(seen);
        let breaks = self.rest.iter().skip(skipped).take_while(|it| b"\r\n".contains(it)).count();
        let (passed, rest) = self.rest.split_at((skipped + breaks).min(self.rest.len()));
        let n_lines = passed.iter().filter(|it| **it == b'\n').count();
        self.line += u64::try_from(n_lines).unwrap_or(0);
        self.rest = rest;
        self.line
    }
}

fn row(header: &StringRecord, record: &csv::ByteRecord, line: u64) -> Result<Row, Fault> {
    let fault = |detail: &str| Fault { line, detail: detail.to_owned() };
    if record.len() != header.len() {
        return Err(fault("the row has not as many cells as the header"));
    }
    let record = StringRecord::from_byte_record(record.clone());
    let record = record.map_err(|_not_utf8| fault("the row is not UTF-8"))?;
    let cells = header.iter().map(str::to_owned).zip(record.iter().map(str::to_owned)).collect();
    Ok(Row { line, cells })
}

fn unlike(detail: &str) -> Problem {
    let (pointer, code) = (String::new(), "sheet".to_owned());
    Problem::invalid(vec![FieldError { pointer, code, detail: detail.to_owned() }])
}

/// Whether the caller would rather have a sheet than JSON (RFC 9110 §12.5.1).
pub fn is_wanted(req: &HttpRequest) -> bool {
    let Ok(accept) = Accept::parse(req) else { return false };
    let best = |essences: &[&str]| {
        let named = accept.iter().filter(|it| essences.contains(&it.item.essence_str()));
        named.map(|it| it.quality).max().unwrap_or(Quality::ZERO)
    };
    best(&["text/csv"]) > best(&["application/json", "application/*", "*/*"])
}

/// How something is written as a sheet.
#[derive(Clone, Copy)]
pub struct Form<T, const N: usize> {
    /// What to call the file, as `Content-Disposition`.
    pub disposition: &'static str,
    pub header: &'static [&'static str; N],
    pub rows: fn(&T) -> Vec<[String; N]>,
}

impl<T, const N: usize> Form<T, N> {
    /// The finished sheet.
    pub fn document(&self, of: &T) -> Document {
        let sheet = write(self.header, (self.rows)(of).into_iter());
        let sheet = sheet.unwrap_or_else(|_| unreachable!("a vector takes every byte"));
        Document::new(sheet).of_type(TYPE)
    }
}

/// The answer that a sheet is the body of.
pub fn named(name: &str) -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response
        .content_type(TYPE)
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")));
    response
}

/// A sheet of these rows. What a spreadsheet would run as a formula begins with an apostrophe
/// (OWASP, "CSV Injection").
pub fn write<const N: usize>(
    header: &[&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> Result<Vec<u8>, csv::Error> {
    let mut writer = Writer::from_writer(Vec::new());
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(row.map(harmless))?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

fn harmless(cell: String) -> String {
    match cell.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n') => format!("'{cell}"),
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(text: &str) -> Sheet {
        Sheet { bytes: Bytes::copy_from_slice(text.as_bytes()), digest: [0; 32] }
    }

    #[test]
    fn rows_are_read_by_the_names_of_their_columns() {
        let text = "\u{feff}label, email\r\n\"a, b\", x@example.org\r\n\r\n,y@example.org\r\nz\r\n";
        let rows = sheet(text).rows(&["email", "label"], 10).unwrap_or_default();
        let read: Vec<_> = rows
            .iter()
            .map(|it| match it {
                Ok(row) => (row.line, row.get("email"), row.get("label")),
                Err(fault) => (fault.line, None, None),
            })
            .collect();
        let expected = [
            (2, Some("x@example.org"), Some("a, b")),
            (4, Some("y@example.org"), None),
            (5, None, None),
        ];
        assert_eq!(read, expected);
    }

    #[test]
    fn an_unknown_column_or_too_many_rows_are_refused() {
        for text in ["email,nmae\n", "label\n", "", "email,email\n", "email\na\nb\nc\n"] {
            assert!(sheet(text).rows(&["email", "label"], 2).is_err(), "{text}");
        }
    }

    #[test]
    fn formulas_are_defused() {
        let rows = [["=1+1".to_owned(), "a,\"b\"".to_owned()]];
        let written = write(&["a", "b"], rows.into_iter()).unwrap_or_default();
        assert_eq!(String::from_utf8_lossy(&written), "a,b\n'=1+1,\"a,\"\"b\"\"\"\n");
    }
}
