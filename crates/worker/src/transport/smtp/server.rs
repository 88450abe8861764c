//! The mail server as one URL: `smtps://user:password@mail.example.org`.

use std::fmt;

use lettre::transport::smtp::authentication::Credentials;
use percent_encoding::percent_decode_str;
use url::Url;

/// RFC 8314 §7.3 and RFC 6409 §3.1.
const IMPLICIT_TLS_PORT: u16 = 465;
const SUBMISSION_PORT: u16 = 587;

/// How mails are kept from being read on the way to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte.
    Implicit,
    /// `STARTTLS`, or no mail.
    Required,
    /// `STARTTLS` where the server offers it, with any certificate: whoever could forge one could
    /// hide the offer as well (RFC 7435).
    Opportunistic,
    None,
}

/// Where the mail server is and how to log in. Its `Debug` reveals no secret.
#[derive(Clone)]
pub struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    pub(super) credentials: Option<Credentials>,
}

impl Server {
    /// Reads `smtps://…` or `smtp://…?tls=required|opportunistic|none`. Without `tls`, a login
    /// requires TLS and nothing else does.
    ///
    /// # Errors
    /// A sentence that quotes nothing of the URL.
    pub fn parse(text: &str) -> Result<Self, String> {
        let like = "is not an address like smtps://user:password@mail.example.org:465";
        let url = Url::parse(text).map_err(|_unquoted| like.to_owned())?;
        let host = url.host_str().filter(|it| !it.is_empty()).ok_or(like)?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err("must end after the port, or with ?tls=…; are `/`, `?` or `#` of the password written as %2F, %3F and %23?".to_owned());
        }
        let credentials = credentials(&url)?;
        let security = security(&url, credentials.is_some())?;
        let usual = match security {
            Security::Implicit => IMPLICIT_TLS_PORT,
            _ => SUBMISSION_PORT,
        };
        Ok(Self { host, port: url.port().unwrap_or(usual), security, credentials })
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({}:{}, {:?})", self.host, self.port, self.security)
    }
}

fn credentials(url: &Url) -> Result<Option<Credentials>, String> {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().map(Into::into).ok();
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        (user, Some(password)) if !user.is_empty() => {
            let both = decoded(user).zip(decoded(password));
            let both = both.ok_or("holds a user or password that is not UTF-8")?;
            Ok(Some(Credentials::new(both.0, both.1)))
        }
        _ => Err("must hold both a user and a password, or neither".to_owned()),
    }
}

fn security(url: &Url, has_login: bool) -> Result<Security, String> {
    let wish = url.query().map(|query| query.strip_prefix("tls=").unwrap_or_default());
    match (url.scheme(), wish) {
        ("smtps", None) => Ok(Security::Implicit),
        ("smtps", Some(_)) => Err("needs no parameter: smtps is TLS from the start".to_owned()),
        ("smtp", Some("required")) => Ok(Security::Required),
        ("smtp", None) if has_login => Ok(Security::Required),
        ("smtp", Some("opportunistic") | None) => Ok(Security::Opportunistic),
        ("smtp", Some("none")) => Ok(Security::None),
        ("smtp", Some(_)) => {
            Err("may end with ?tls=required, ?tls=opportunistic or ?tls=none alone".to_owned())
        }
        _ => Err("must begin with smtp:// or smtps://".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read() {
        for (url, port, security) in [
            ("smtps://u:p@h", 465, Security::Implicit),
            ("smtps://h:2465/", 2465, Security::Implicit),
            ("smtp://u:p@h", 587, Security::Required),
            ("smtp://u:p@h:25?tls=none", 25, Security::None),
            ("smtp://h", 587, Security::Opportunistic),
            ("smtp://h?tls=required", 587, Security::Required),
            ("smtp://[::1]:1025?tls=opportunistic", 1025, Security::Opportunistic),
        ] {
            let server = Server::parse(url).unwrap();
            assert_eq!((server.port, server.security), (port, security), "{url}");
            assert!(!server.host.contains('['), "{url}");
        }
    }

    #[test]
    fn logins_are_decoded_and_not_shown() {
        let server = Server::parse("smtps://ana%40example.org:hunter2%2F@h").unwrap();
        let both = ("ana@example.org".to_owned(), "hunter2/".to_owned());
        assert_eq!(server.credentials, Some(Credentials::new(both.0, both.1)));
        assert_eq!(format!("{server:?}"), "Server(h:465, Implicit)");
    }

    #[test]
    fn mistakes_are_named_without_quoting() {
        for url in [
            "smtp://",
            "hunter2",
            "http://u:hunter2@h",
            "smtps://u:hunter2@h?tls=required",
            "smtp://u:hunter2@h?tls=maybe",
            "smtp://u:hunter2@h?tls=none&x=y",
            "smtp://u:hunter2@h/x",
            "smtp://u:hunter2/@h",
            "smtp://hunter2@h",
            "smtp://:hunter2@h",
            "smtp://u:hunter2%ff@h",
        ] {
            let complaint = Server::parse(url).unwrap_err();
            assert!(!complaint.contains("hunter2"), "{url}: {complaint}");
        }
    }
}
