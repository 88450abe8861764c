//! What each kind of setting accepts. Complaints about secrets never quote them.

use std::fmt::Display;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;

use chrono_tz::Tz;
use domain::maintenance::{REMINDER_MAX, REMINDER_MIN, REMINDERS_MAX};
use domain::uptime::{Rule, Weight, Weights};
use ipnet::IpNet;
use tracing_subscriber::EnvFilter;
use url::Url;
use worker::smtp::{Address, Mailbox, Server};

use super::{LogFormat, Visibility};

pub const LOG_FORMATS: [(&str, LogFormat); 2] =
    [("pretty", LogFormat::Pretty), ("json", LogFormat::Json)];
pub const VISIBILITIES: [(&str, Visibility); 2] =
    [("public", Visibility::Public), ("internal", Visibility::Internal)];
pub const SWITCH: [(&str, bool); 2] = [("true", true), ("false", false)];

const SECRET_KEY_MIN_BYTES: usize = 32;
const PASSWORD_CHARS: RangeInclusive<usize> = 12..=128;
const TOKEN_BYTES: RangeInclusive<usize> = 8..=256;
const PAGE_NAME_CHARS: RangeInclusive<usize> = 1..=100;
/// What fits into the path of a mail, RFC 5321.
const EMAIL_MAX_BYTES: usize = 254;

pub fn text(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}

pub fn folder(text: &str) -> Result<PathBuf, String> {
    Ok(PathBuf::from(text))
}

pub fn address(text: &str) -> Result<SocketAddr, String> {
    or_complain(text.parse().ok(), text, "an address like 127.0.0.1:8080")
}

pub fn number<T>(range: RangeInclusive<T>) -> impl Fn(&str) -> Result<T, String>
where
    T: FromStr + PartialOrd + Display,
{
    move |text| {
        let number = text.parse().ok().filter(|number| range.contains(number));
        let wanted = format!("a whole number from {} to {}", range.start(), range.end());
        or_complain(number, text, &wanted)
    }
}

/// An absolute http(s) address that others build on, without its trailing slash.
pub fn web_base(text: &str) -> Result<String, String> {
    let url = web_url(text)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(format!("{text:?} must end before any `?` or `#`"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

pub fn origin(text: &str) -> Result<String, String> {
    let url = web_url(text)?;
    let is_bare = url.path() == "/"
        && !text.ends_with('/')
        && url.query().is_none()
        && url.fragment().is_none();
    let origin = is_bare.then(|| url.origin().ascii_serialization());
    or_complain(origin, text, "an origin like https://status.example.org, with nothing after it")
}

pub fn network(text: &str) -> Result<IpNet, String> {
    let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).ok();
    let wanted = "an address like 10.0.0.7 or a network like 10.0.0.0/8";
    or_complain(network.map(|network| network.trunc()), text, wanted)
}

pub fn email(text: &str) -> Result<String, String> {
    let is_email = text.len() <= EMAIL_MAX_BYTES
        && !text.contains(|letter: char| letter.is_whitespace() || letter.is_control())
        && text.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty() && !host.is_empty() && !host.contains('@')
        });
    or_complain(is_email.then(|| text.to_owned()), text, "an address like admin@example.org")
}

pub fn log_filter(text: &str) -> Result<String, String> {
    match EnvFilter::builder().parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!("{text:?} is not a filter like `info,api=debug`: {error}")),
    }
}

pub fn page_name(text: &str) -> Result<String, String> {
    let fits = PAGE_NAME_CHARS.contains(&text.chars().count());
    let is_name = fits && !text.chars().any(char::is_control);
    or_complain(is_name.then(|| text.to_owned()), text, "a name of 1 to 100 characters")
}

pub fn time_zone(text: &str) -> Result<Tz, String> {
    or_complain(text.parse().ok(), text, "an IANA time zone like Europe/Lisbon")
}

pub fn password(text: &str) -> Result<(), String> {
    let count = text.chars().count();
    if PASSWORD_CHARS.contains(&count) {
        return Ok(());
    }
    let (min, max) = (PASSWORD_CHARS.start(), PASSWORD_CHARS.end());
    Err(format!("must have {min} to {max} characters, this one has {count}"))
}

/// The first key of the list is the current one, the others only decrypt.
pub fn secret_keys(text: &str) -> Result<(), String> {
    for (key, place) in text.split(',').zip(1_u32..) {
        let bytes = key.trim().len();
        if bytes < SECRET_KEY_MIN_BYTES {
            return Err(format!(
                "key {place} of the list has {bytes} bytes, at least {SECRET_KEY_MIN_BYTES} are needed"
            ));
        }
    }
    Ok(())
}

/// Something to be compared or to sign with.
pub fn token(text: &str) -> Result<(), String> {
    let is_token = TOKEN_BYTES.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    let (min, max) = (TOKEN_BYTES.start(), TOKEN_BYTES.end());
    let complaint = || format!("takes {min} to {max} visible ASCII characters");
    is_token.then_some(()).ok_or_else(complaint)
}

pub fn database_url(text: &str) -> Result<(), String> {
    let like = "postgresql://user:password@host:5432/database";
    has_scheme(text, &["postgres://", "postgresql://"], like)
}

pub fn smtp_url(text: &str) -> Result<(), String> {
    Server::parse(text).map(drop)
}

/// A name and an address, or an address alone.
pub fn mailbox(text: &str) -> Result<Mailbox, String> {
    let mailbox: Option<Mailbox> = text.parse().ok();
    let is_writable = |it: &Mailbox| {
        AsRef::<str>::as_ref(&it.email).is_ascii() && !text.chars().any(char::is_control)
    };
    let wanted = "a mailbox like Example Status <status@example.org>";
    or_complain(mailbox.filter(is_writable), text, wanted)
}

pub fn mail_address(text: &str) -> Result<Address, String> {
    let address: Option<Address> = text.parse().ok();
    let is_writable = |it: &Address| AsRef::<str>::as_ref(it).is_ascii();
    or_complain(address.filter(is_writable), text, "an address like bounces@example.org")
}

fn has_scheme(text: &str, schemes: &[&str], like: &str) -> Result<(), String> {
    let rest = schemes.iter().find_map(|scheme| text.strip_prefix(scheme));
    let is_address =
        rest.is_some_and(|rest| !rest.is_empty()) && !text.contains(char::is_whitespace);
    is_address.then_some(()).ok_or_else(|| format!("is not an address like {like}"))
}

pub fn hide(_: &str) -> String {
    "(set)".to_owned()
}

/// The address with every password in it replaced; rather too much is hidden than too little.
pub fn hide_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return hide(text) };
    // The last @ counts: an unescaped one inside the password must not cut it short.
    let rest = match rest.rsplit_once('@') {
        Some((login, place)) => match login.split_once(':') {
            Some((user, _)) => format!("{user}:…@{place}"),
            None => rest.to_owned(),
        },
        None => rest.to_owned(),
    };
    let Some((place, query)) = rest.split_once('?') else { return format!("{scheme}://{rest}") };
    let query: Vec<String> = query.split('&').map(hide_parameter).collect();
    format!("{scheme}://{place}?{}", query.join("&"))
}

fn hide_parameter(parameter: &str) -> String {
    match parameter.split_once('=') {
        Some((name, _)) if name.to_lowercase().contains("pass") => format!("{name}=…"),
        _ => parameter.to_owned(),
    }
}

fn web_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    match url {
        Some(url) if url.username().is_empty() && url.password().is_none() => Ok(url),
        Some(_) => Err("must not contain a user name or password".to_owned()),
        // What did not parse may still hold a password in front of an @.
        None if text.contains('@') => Err("is not an address like https://example.org".to_owned()),
        None => or_complain(None, text, "an address like https://status.example.org"),
    }
}

fn or_complain<T>(value: Option<T>, text: &str, wanted: &str) -> Result<T, String> {
    value.ok_or_else(|| format!("{text:?} is not {wanted}"))
}

/// How much of its time each status counts as down; what is not named counts as by default.
pub fn uptime_weights(text: &str) -> Result<Weights, String> {
    let mut weights = Rule::default().weights;
    let Weights { major_outage, partial_outage, degraded_performance } = &mut weights;
    let mut unnamed =
        [("major", major_outage), ("partial", partial_outage), ("degraded", degraded_performance)]
            .map(Some);
    for item in text.split(',') {
        let (name, value) = item.split_once('=').unwrap_or((item, ""));
        let slot = unnamed.iter_mut().find(|it| it.as_ref().is_some_and(|it| it.0 == name.trim()));
        let Some((_, weight)) = slot.and_then(Option::take) else {
            let wanted = "a list like major=1,partial=0.3,degraded=0";
            return or_complain(None, text, wanted);
        };
        let wanted = "a decimal from 0 to 1 with at most six places";
        *weight = or_complain(Weight::parse(value.trim()), value.trim(), wanted)?;
    }
    let Weights { major_outage, partial_outage, degraded_performance } = weights;
    if major_outage < partial_outage || partial_outage < degraded_performance {
        return Err(format!("{text:?} has a status count more than a worse one"));
    }
    Ok(weights)
}

/// How long before a maintenance people are reminded, in seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reminders(pub Vec<i64>);

impl Display for Reminders {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        let seconds: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&seconds.join(","))
    }
}

/// Seconds, comma separated, or `none`.
pub fn reminders(text: &str) -> Result<Reminders, String> {
    if text == "none" {
        return Ok(Reminders(Vec::new()));
    }
    let second = number(REMINDER_MIN..=REMINDER_MAX);
    let mut seconds = text.split(',').map(|it| second(it.trim())).collect::<Result<Vec<_>, _>>()?;
    seconds.sort_unstable_by_key(|it| std::cmp::Reverse(*it));
    seconds.dedup();
    let limit = usize::try_from(REMINDERS_MAX).unwrap_or(usize::MAX);
    if seconds.len() > limit {
        return Err(format!("has more than {limit} reminders"));
    }
    Ok(Reminders(seconds))
}
