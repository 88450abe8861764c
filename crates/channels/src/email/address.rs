//! Addresses that mail can be sent to.

use url::Host;

/// What fits into the path of a mail (RFC 5321 §4.5.3.1).
pub const ADDRESS_MAX: usize = 254;
const LOCAL_MAX: usize = 64;
const LABEL_MAX: usize = 63;

/// The address as it is written on envelopes: the domain in small ASCII letters, the rest
/// untouched. Nothing when it is not `somebody@a.public.domain`.
pub fn normal(address: &str) -> Option<String> {
    let (local, domain) = address.rsplit_once('@')?;
    if !is_local(local) {
        return None;
    }
    let Ok(Host::Domain(domain)) = Host::parse(domain) else { return None };
    let normal = format!("{local}@{domain}");
    (is_domain(&domain) && normal.len() <= ADDRESS_MAX).then_some(normal)
}

/// A dot-atom (RFC 5321 §4.1.2, RFC 6531 §3.3): no quotes, no comments, nothing that could end a
/// command or a header.
fn is_local(local: &str) -> bool {
    let is_atext = |letter: char| {
        letter.is_ascii_alphanumeric()
            || "!#$%&'*+-/=?^_`{|}~".contains(letter)
            || (!letter.is_ascii() && letter.is_alphanumeric())
    };
    local.len() <= LOCAL_MAX
        && local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atext))
}

/// A name of at least two labels (RFC 1123 §2.1), the last of which is no number.
fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        (1..=LABEL_MAX).contains(&label.len())
            && label.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_top = |label: &str| !label.bytes().all(|it| it.is_ascii_digit());
    domain.rsplit_once('.').is_some_and(|(_, top)| is_top(top)) && domain.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_addresses_get_their_normal_form() {
        for (given, wanted) in [
            ("Ana.Sousa+farol@Example.ORG", "Ana.Sousa+farol@example.org"),
            ("o'neil@mail.example.co.uk", "o'neil@mail.example.co.uk"),
            ("ana@bücher.example", "ana@xn--bcher-kva.example"),
            ("ana@XN--BCHER-KVA.example", "ana@xn--bcher-kva.example"),
            ("josé@example.org", "josé@example.org"),
            ("a=b@example.org", "a=b@example.org"),
        ] {
            assert_eq!(normal(given).as_deref(), Some(wanted), "{given}");
        }
    }

    #[test]
    fn others_are_refused() {
        let long_local = format!("{}@example.org", "a".repeat(65));
        let long_label = format!("ana@{}.org", "a".repeat(64));
        let long = format!("ana@{}org", "abcdefghi.".repeat(26));
        for address in [
            "",
            "ana",
            "@example.org",
            "ana@",
            "ana@localhost",
            "ana@127.0.0.1",
            "ana@[127.0.0.1]",
            "ana@[::1]",
            "ana@2130706433",
            "ana@example..org",
            "ana@-example.org",
            "ana@exa_mple.org",
            "ana@example.org.",
            ".ana@example.org",
            "an..a@example.org",
            "ana@example.org@example.com",
            "\"ana b\"@example.org",
            "ana@example.org\r\nBcc: eve@example.com",
            "ana\r\nBcc: eve@example.com@example.org",
            "ana\u{2028}@example.org",
            "ana <ana@example.org>",
            "ana@example.org,eve@example.org",
            "ana@exa mple.org",
            "ana@example.org\0",
            &long_local,
            &long_label,
            &long,
        ] {
            assert_eq!(normal(address), None, "{address:?}");
        }
    }
}
