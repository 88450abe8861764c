//! One connection, one mail after the other.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use channels::Answer;
use channels::mail::{Stage, answer};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::Response;

use super::super::Failure;
use super::compose::Letter;
use super::server::{Security, Server};

const CONNECT_WITHIN: Duration = Duration::from_secs(10);
const HANG_UP_WITHIN: Duration = Duration::from_secs(2);
/// The server ends the conversation (RFC 5321 §3.8).
const CLOSING: u16 = 421;

/// Opens connections.
pub(super) struct Dialler {
    host: String,
    port: u16,
    security: Security,
    tls: Option<TlsParameters>,
    credentials: Option<Credentials>,
    hello: ClientId,
}

/// A connection to the server, logged in.
pub(super) struct Line {
    connection: AsyncSmtpConnection,
    /// Whether a refused mail is still to be called off.
    is_half_done: bool,
}

/// Why a mail was not taken.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The server said no.
    Refused(Stage, u16, String),
    /// The server said nothing that could be understood.
    Lost(Failure),
}

impl Dialler {
    /// `also_trusted` is a root besides those of the system.
    pub(super) fn new(server: &Server, also_trusted: Option<Certificate>) -> Result<Self, Error> {
        let Server { host, port, security, credentials } = server.clone();
        let builder = TlsParameters::builder(host.clone());
        let builder = match also_trusted {
            Some(root) => builder.add_root_certificate(root),
            None => builder,
        };
        let tls = match security {
            Security::None => None,
            Security::Implicit | Security::Required => Some(builder.build()?),
            Security::Opportunistic => {
                let builder = builder.dangerous_accept_invalid_certs(true);
                Some(builder.dangerous_accept_invalid_hostnames(true).build()?)
            }
        };
        Ok(Self { host, port, security, tls, credentials, hello: ClientId::default() })
    }

    pub(super) async fn dial(&self) -> Result<Line, Trouble> {
        let from_the_start = self.tls.clone().filter(|_| self.security == Security::Implicit);
        let mut connection = AsyncSmtpConnection::connect_tokio1(
            (self.host.as_str(), self.port),
            Some(CONNECT_WITHIN),
            &self.hello,
            from_the_start,
            None,
        )
        .await
        .map_err(|error| Trouble::at(Stage::Greeting, &error))?;
        self.encrypt(&mut connection).await?;
        if let Some(credentials) = &self.credentials {
            let known = [Mechanism::Plain, Mechanism::Login];
            let login = connection.auth(&known, credentials).await;
            login.map_err(|error| Trouble::at(Stage::Login, &error))?;
        }
        Ok(Line { connection, is_half_done: false })
    }

    async fn encrypt(&self, connection: &mut AsyncSmtpConnection) -> Result<(), Trouble> {
        let Some(tls) = self.tls.clone().filter(|_| self.security != Security::Implicit) else {
            return Ok(());
        };
        if connection.can_starttls() {
            let encrypted = connection.starttls(tls, &self.hello).await;
            return encrypted.map_err(|error| match Trouble::at(Stage::Greeting, &error) {
                Trouble::Lost(Failure::Connect) => Trouble::Lost(Failure::Tls),
                trouble => trouble,
            });
        }
        match self.security {
            Security::Required => Err(Trouble::Lost(Failure::Tls)),
            _ => Ok(()),
        }
    }
}

impl Line {
    /// As [`Line::begin`], on a connection that has waited: every error means to take another one.
    pub(super) async fn begin_again(&mut self, letter: &Letter) -> Result<(), ()> {
        if std::mem::take(&mut self.is_half_done) {
            self.connection.command(Rset).await.map_err(drop)?;
        }
        self.begin(letter).await.map_err(drop)
    }

    /// Names the sender. Until the server agrees nothing has happened.
    pub(super) async fn begin(&mut self, letter: &Letter) -> Result<(), Trouble> {
        let mut parameters = Vec::new();
        if !letter.to.user().is_ascii() {
            if !self.connection.server_info().supports_feature(Extension::SmtpUtfEight) {
                return Err(Trouble::Lost(Failure::Unsendable));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if !letter.data.is_ascii() {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        let sender = Mail::new(Some(letter.from.clone()), parameters);
        let answer = self.connection.command(sender).await;
        self.heard(Stage::Sender, answer).map(drop)
    }

    /// Names the recipient and hands the mail over.
    pub(super) async fn finish(&mut self, letter: &Letter) -> Result<Answer, Trouble> {
        let recipient = self.connection.command(Rcpt::new(letter.to.clone(), Vec::new())).await;
        self.heard(Stage::Recipient, recipient)?;
        let data = self.connection.command(Data).await;
        self.heard(Stage::Content, data)?;
        // In one write: lettre's own way writes the last line apart, which then waits until the
        // server has acknowledged the others (RFC 896), for 40 ms on most systems.
        let content = self.connection.command(&letter.data).await;
        let taken = self.heard(Stage::Content, content)?;
        let text: Vec<&str> = taken.message().collect();
        Ok(answer(Stage::Content, taken.code().into(), &text.join("\n")))
    }

    pub(super) async fn hang_up(mut self) {
        // Whether the server has a last word does not matter.
        let _ = tokio::time::timeout(HANG_UP_WITHIN, self.connection.quit()).await;
    }

    fn heard(
        &mut self,
        stage: Stage,
        answer: Result<Response, Error>,
    ) -> Result<Response, Trouble> {
        answer.map_err(|error| {
            self.is_half_done = true;
            Trouble::at(stage, &error)
        })
    }
}

impl Trouble {
    fn at(stage: Stage, error: &Error) -> Self {
        if let Some(code) = error.status() {
            let text = error.source().map(ToString::to_string).unwrap_or_default();
            return Self::Refused(stage, code.into(), text);
        }
        tracing::debug!(?stage, %error, "a conversation with the mail server broke");
        Self::Lost(if error.is_tls() || broke_in_handshake(error) {
            Failure::Tls
        } else if error.is_timeout() {
            Failure::Timeout
        } else if matches!(stage, Stage::Greeting | Stage::Login) {
            Failure::Connect
        } else {
            Failure::Interrupted
        })
    }

    /// Whether the next mail may go over the same connection.
    pub(super) const fn leaves_the_line_open(&self) -> bool {
        match self {
            Self::Refused(_, code, _) => *code != CLOSING,
            Self::Lost(failure) => matches!(failure, Failure::Unsendable),
        }
    }

    /// As whoever sent the mail is told of it.
    pub(super) fn told(self) -> Result<Answer, Failure> {
        match self {
            Self::Refused(stage, code, text) => Ok(answer(stage, code, &text)),
            Self::Lost(failure) => Err(failure),
        }
    }
}

/// rustls reports a bad certificate, or a peer that speaks no TLS, as bad data.
fn broke_in_handshake(error: &Error) -> bool {
    let mut next = error.source();
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return error.kind() == io::ErrorKind::InvalidData;
        }
        next = error.source();
    }
    false
}
