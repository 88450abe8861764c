//! Long lines in pieces (RFC 5545 §3.1).

/// Longest line, in octets, without its end.
const LINE_MAX: usize = 75;

/// The same document with its lines folded anew: the library's last piece of a line may be an octet
/// too long.
pub(crate) fn fold(document: &str) -> String {
    let unfolded = document.replace("\r\n ", "");
    let mut folded = String::with_capacity(document.len());
    for line in unfolded.split_terminator("\r\n") {
        let mut length = 0;
        for c in line.chars() {
            if length + c.len_utf8() > LINE_MAX {
                folded.push_str("\r\n ");
                length = 1;
            }
            folded.push(c);
            length += c.len_utf8();
        }
        folded.push_str("\r\n");
    }
    folded
}
