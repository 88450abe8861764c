//! The environment in, one typed [`Config`] out, and every mistake at once.

mod parse;
mod reader;
mod secret;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::thread;

use chrono_tz::Tz;
use domain::uptime;
use ipnet::IpNet;

use reader::{Line, Reader};
pub use secret::Secret;
use worker::smtp::{self, Address, Mailbox};

/// Everything Farol can be told from outside. Its `Debug` reveals no secret.
#[derive(Clone, Debug)]
pub struct Config {
    /// Address of the Postgres to use; `None` asks for the embedded one in `data_dir`.
    pub database_url: Option<Secret>,
    /// Connections in the database pool.
    pub database_pool: u32,
    /// Where the API listens.
    pub listen: SocketAddr,
    /// How the outside reaches the API; no trailing slash.
    pub public_url: String,
    /// Base of the frontend's pages, for links in messages; no trailing slash.
    pub page_url: Option<String>,
    /// Home of everything Farol keeps on disk.
    pub data_dir: PathBuf,
    /// Folder that holds the `postgres` and `initdb` to run; `None` looks in the usual places.
    pub postgres_bin: Option<PathBuf>,
    /// Keys for stored secrets: the first encrypts, all decrypt. Empty only without `database_url`.
    pub secret_keys: Vec<Secret>,
    /// Address of the first administrator.
    pub admin_email: String,
    /// Password of the first administrator, if one was chosen.
    pub admin_password: Option<Secret>,
    /// Private networks that outgoing calls may reach.
    pub egress_allow: Vec<IpNet>,
    /// Proxies whose word about the client's address is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Origins that browsers may call from, as `scheme://host[:port]`.
    pub cors_origins: Vec<String>,
    /// A filter that `tracing_subscriber::EnvFilter` accepts.
    pub log: String,
    pub log_format: LogFormat,
    /// Name of the status page on first start.
    pub page_name: String,
    /// Time zone of the status page on first start.
    pub page_time_zone: Tz,
    /// Who may see the status page on first start.
    pub page_visibility: Visibility,
    /// Whether the reference frontend is served at `/`.
    pub example_page: bool,
    /// How long before a maintenance subscribers are reminded, in seconds, the longest first.
    pub maintenance_reminders: Vec<i64>,
    /// Whether documents in Statuspage's format may say `maintenance` of the whole page.
    pub says_maintenance: bool,
    /// What counts as down.
    pub uptime: uptime::Rule,
    /// The mail server; without it nobody can subscribe by e-mail.
    pub smtp_url: Option<Secret>,
    /// Whom readers of e-mail see. There whenever `smtp_url` is.
    pub mail_from: Option<Mailbox>,
    /// Where answers to e-mails go.
    pub mail_reply_to: Option<Mailbox>,
    /// Where e-mails that cannot be delivered come back to.
    pub mail_envelope_from: Option<Address>,
    /// Secret of the Meta app that reports of WhatsApp messages, and what it shows before it does.
    /// Both are there or neither.
    pub whatsapp_app_secret: Option<Secret>,
    pub whatsapp_verify_token: Option<Secret>,
    /// Whether strangers may subscribe themselves.
    pub subscribe: bool,
    /// Requests per minute that one token or address may make.
    pub rate_limit: u32,
    /// How many may listen to the stream at once, in all and from one address.
    pub streams_max: usize,
    pub streams_per_address: usize,
    /// Threads that serve HTTP.
    pub http_workers: usize,
    lines: Vec<Line>,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Pretty,
    Json,
}

/// Who may see the status page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    Public,
    Internal,
}

/// One mistake in the configuration: which variable, and what is wrong with it.
#[derive(Debug, thiserror::Error)]
#[error("{variable}: {complaint}")]
pub struct ConfigError {
    pub variable: String,
    /// A sentence without secrets.
    pub complaint: String,
}

impl Config {
    /// Reads `.env` in the current directory, if there is one, and the environment, which wins.
    ///
    /// # Errors
    /// Every mistake, as in [`Config::load`], or the one that makes `.env` unreadable.
    pub fn from_env() -> Result<Self, Vec<ConfigError>> {
        let mut values = dot_env(Path::new(".env")).map_err(|mistake| vec![mistake])?;
        let mut unreadable = Vec::new();
        for (name, value) in std::env::vars_os() {
            let Ok(name) = name.into_string() else { continue };
            match value.into_string() {
                Ok(value) => drop(values.insert(name, value)),
                Err(_) if is_ours(&name) => unreadable.push(mistake(&name, "is not valid UTF-8")),
                Err(_) => {}
            }
        }
        let names: Vec<&str> = values.keys().map(String::as_str).collect();
        match Self::load(|name| values.get(name).cloned(), names) {
            Ok(config) if unreadable.is_empty() => Ok(config),
            outcome => {
                unreadable.extend(outcome.err().unwrap_or_default());
                Err(unreadable)
            }
        }
    }

    /// Reads each variable through `vars`. Spaces around a value are dropped, and an empty one
    /// counts as absent.
    /// `names` are all variables there are: an unknown one that starts with `FAROL_` is a mistake.
    ///
    /// # Errors
    /// All mistakes, never only the first.
    pub fn load<'a>(
        vars: impl Fn(&str) -> Option<String>,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, Vec<ConfigError>> {
        let mut read = Reader::new(&vars);
        let config = Self::read(&mut read);
        let (lines, mistakes) = read.finish(names);
        if mistakes.is_empty() { Ok(Self { lines, ..config }) } else { Err(mistakes) }
    }

    /// How e-mail is sent, if it is.
    ///
    /// # Errors
    /// What is wrong with `FAROL_SMTP_URL`; [`Config::load`] has found it before.
    pub fn smtp(&self) -> Result<Option<smtp::Settings>, String> {
        let Some((url, from)) = self.smtp_url.as_ref().zip(self.mail_from.clone()) else {
            return Ok(None);
        };
        let server = smtp::Server::parse(url.expose())?;
        Ok(Some(smtp::Settings {
            reply_to: self.mail_reply_to.clone(),
            envelope_from: self.mail_envelope_from.clone(),
            ..smtp::Settings::new(server, from, app::clock::now)
        }))
    }

    /// Every setting as `NAME = value`, one per line, secrets hidden, defaults marked.
    pub fn describe(&self) -> String {
        self.lines.iter().fold(String::new(), |mut text, line| {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{line}");
            text
        })
    }

    fn read(read: &mut Reader<'_>) -> Self {
        let database_url = read.secret("DATABASE_URL", parse::database_url, parse::hide_password);
        let database_pool = read.or("FAROL_DATABASE_POOL", 8, parse::number(1..=64));
        let listen = SocketAddr::from((IpAddr::from(Ipv4Addr::LOCALHOST), 8080));
        let listen = read.or("FAROL_LISTEN", listen, parse::address);
        let admin_password = read.secret("FAROL_ADMIN_PASSWORD", parse::password, parse::hide);
        let [whatsapp_app_secret, whatsapp_verify_token] = whatsapp_app(read);
        Self {
            database_pool,
            listen,
            public_url: read.or("FAROL_PUBLIC_URL", format!("http://{listen}"), parse::web_base),
            page_url: read.optional("FAROL_PAGE_URL", parse::web_base),
            data_dir: read.or("FAROL_DATA_DIR", "./data".to_owned(), parse::text).into(),
            postgres_bin: read.optional("FAROL_POSTGRES_BIN", parse::folder),
            secret_keys: secret_keys(read, database_url.is_some()),
            admin_email: read.or("FAROL_ADMIN_EMAIL", "admin@localhost".to_owned(), parse::email),
            egress_allow: read.list("FAROL_EGRESS_ALLOW", parse::network),
            trusted_proxies: read.list("FAROL_TRUSTED_PROXIES", parse::network),
            cors_origins: read.list("FAROL_CORS_ORIGINS", parse::origin),
            log: read.or("FAROL_LOG", "info".to_owned(), parse::log_filter),
            log_format: read.word("FAROL_LOG_FORMAT", &parse::LOG_FORMATS),
            page_name: read.or("FAROL_PAGE_NAME", "Farol".to_owned(), parse::page_name),
            page_time_zone: read.or("FAROL_PAGE_TIME_ZONE", Tz::Etc__UTC, parse::time_zone),
            page_visibility: read.word("FAROL_PAGE_VISIBILITY", &parse::VISIBILITIES),
            example_page: example_page(read, database_url.is_some()),
            maintenance_reminders: maintenance_reminders(read),
            says_maintenance: read.word("FAROL_STATUSPAGE_MAINTENANCE", &parse::SWITCH),
            uptime: uptime_rule(read),
            subscribe: read.word("FAROL_SUBSCRIBE", &parse::SWITCH),
            rate_limit: read.or("FAROL_RATE_LIMIT", 1200, parse::number(1..=10_000_000)),
            streams_max: read.or("FAROL_STREAMS_MAX", 20_000, parse::number(0..=1_000_000)),
            streams_per_address: read.or(
                "FAROL_STREAMS_PER_ADDRESS",
                100,
                parse::number(0..=1_000_000),
            ),
            http_workers: read.or("FAROL_HTTP_WORKERS", processors(), parse::number(1..=64)),
            smtp_url: read.secret("FAROL_SMTP_URL", parse::smtp_url, parse::hide_password),
            mail_from: mail_from(read),
            mail_reply_to: read.optional("FAROL_MAIL_REPLY_TO", parse::mailbox),
            mail_envelope_from: read.optional("FAROL_MAIL_ENVELOPE_FROM", parse::mail_address),
            whatsapp_app_secret,
            whatsapp_verify_token,
            database_url,
            admin_password,
            lines: Vec::new(),
        }
    }
}

fn secret_keys(read: &mut Reader<'_>, required: bool) -> Vec<Secret> {
    let keys = read.secret("FAROL_SECRET_KEY", parse::secret_keys, parse::hide);
    if required && !read.was_given("FAROL_SECRET_KEY") {
        let hint = "is required together with DATABASE_URL: at least 32 bytes of random text, for example from `openssl rand -base64 48`";
        read.complain("FAROL_SECRET_KEY", hint);
    }
    keys.map(|keys| keys.expose().split(',').map(|key| Secret::new(key.trim())).collect())
        .unwrap_or_default()
}

fn mail_from(read: &mut Reader<'_>) -> Option<Mailbox> {
    if read.was_given("FAROL_SMTP_URL") && !read.was_given("FAROL_MAIL_FROM") {
        read.complain("FAROL_SMTP_URL", "needs FAROL_MAIL_FROM beside it");
    }
    read.optional("FAROL_MAIL_FROM", parse::mailbox)
}

/// Who tries Farol wants to see something; who runs it in earnest has a page, or asks for this one.
fn example_page(read: &mut Reader<'_>, has_database: bool) -> bool {
    let mut words = parse::SWITCH;
    if has_database {
        words.reverse();
    }
    read.word("FAROL_EXAMPLE_PAGE", &words)
}

fn maintenance_reminders(read: &mut Reader<'_>) -> Vec<i64> {
    let a_day_and_an_hour = parse::Reminders(vec![24 * 3600, 3600]);
    read.or("FAROL_MAINTENANCE_REMINDERS", a_day_and_an_hour, parse::reminders).0
}

fn uptime_rule(read: &mut Reader<'_>) -> uptime::Rule {
    let uptime::Rule { weights, maintenance, group } = uptime::Rule::default();
    uptime::Rule {
        weights: read.or("FAROL_UPTIME_WEIGHTS", weights, parse::uptime_weights),
        maintenance: read.or("FAROL_UPTIME_MAINTENANCE", maintenance, str::parse),
        group: read.or("FAROL_UPTIME_GROUP_RULE", group, str::parse),
    }
}

fn whatsapp_app(read: &mut Reader<'_>) -> [Option<Secret>; 2] {
    let (secret, token) = ("FAROL_WHATSAPP_APP_SECRET", "FAROL_WHATSAPP_VERIFY_TOKEN");
    for (name, other) in [(secret, token), (token, secret)] {
        if read.was_given(name) && !read.was_given(other) {
            read.complain(name, &format!("needs {other} beside it"));
        }
    }
    [secret, token].map(|name| read.secret(name, parse::token, parse::hide))
}

fn processors() -> usize {
    thread::available_parallelism().map_or(1, |count| count.get().min(64))
}

fn dot_env(path: &Path) -> Result<BTreeMap<String, String>, ConfigError> {
    let file = match dotenvy::from_path_iter(path) {
        Ok(file) => file,
        Err(dotenvy::Error::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(BTreeMap::new());
        }
        Err(error) => return Err(mistake(".env", &format!("cannot be read: {error}"))),
    };
    let mut values = BTreeMap::new();
    let mut place = "at the start".to_owned();
    for pair in file {
        // The error's own text quotes the line, which may hold a secret.
        let Ok((name, value)) = pair else {
            return Err(mistake(".env", &format!("has a line {place} that is not NAME=value")));
        };
        place = format!("after {name}");
        values.insert(name, value);
    }
    Ok(values)
}

fn is_ours(name: &str) -> bool {
    name == "DATABASE_URL" || name.starts_with(reader::PREFIX)
}

fn mistake(variable: &str, complaint: &str) -> ConfigError {
    ConfigError { variable: variable.to_owned(), complaint: complaint.to_owned() }
}
