//! Addresses as people name them: one spelling to find them by, and a hint to recognise them by.
use url::{Host, Url};

/// The spelling that stands for all spellings of an address. Nobody tells mailboxes apart by case,
/// though RFC 5321 §2.4 would let them.
pub fn canonical(address: &str) -> String {
    let address = address.trim();
    match Url::parse(address) {
        Ok(mut url) if url.has_host() => {
            url.set_fragment(None);
            url.into()
        }
        _ => match address.rsplit_once('@') {
            Some((name, host)) => {
                let host =
                    Host::parse(host).map_or_else(|_| host.to_lowercase(), |it| it.to_string());
                format!("{}@{host}", name.to_lowercase())
            }
            None => address.to_owned(),
        },
    }
}

/// Enough of an address to recognise it by.
pub fn masked(address: &str) -> String {
    if let Ok(url) = Url::parse(address)
        && let Some(host) = url.host_str()
    {
        return format!("{}://{host}/…", url.scheme());
    }
    match address.rsplit_once('@') {
        Some((name, host)) => {
            format!("{}…@{host}", name.chars().next().map(String::from).unwrap_or_default())
        }
        None => crate::last4(address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_address_are_one() {
        for (spelling, expected) in [
            (" Ana@Example.ORG ", "ana@example.org"),
            ("ana@bücher.example", "ana@xn--bcher-kva.example"),
            ("HTTPS://Hooks.Example.org:443/X?a=B#c", "https://hooks.example.org/X?a=B"),
            ("-1001234", "-1001234"),
        ] {
            assert_eq!(canonical(spelling), expected);
        }
    }

    #[test]
    fn a_hint_gives_little_away() {
        for (address, expected) in [
            ("ana@example.org", "a…@example.org"),
            ("https://hooks.example.org/secret?t=1", "https://hooks.example.org/…"),
            ("+551199990000", "…0000"),
        ] {
            assert_eq!(masked(address), expected);
        }
    }
}
