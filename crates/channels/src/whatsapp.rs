//! WhatsApp: Meta's Cloud API, bridges that speak for a phone, Twilio, or any other by template.
mod cloud;
mod evolution;
pub mod receipt;
mod template;
mod twilio;
mod waha;
mod wwebjs;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::chat::{Own, WHATSAPP};
use crate::egress::EgressPolicy;
use crate::hook;
use crate::message::Message;
use crate::text::{self, Unit};
use crate::{Adapter, Answer, Attempt, Done, Fault, Lane, Notice, Pace, Step, Verdict};

/// Longest text message, and longest body of a template with its parameters.
const TEXT_MAX: usize = 4_096;
const BODY_MAX: usize = 1_024;
/// What of a template's body is left to its own words, which Farol does not know.
const OWN_WORDS: usize = 174;
const TITLE_MAX: usize = 200;
const STATE_MAX: usize = 60;
const LINK_MAX: usize = 400;
/// Numbers behind a bridge are a person's, and are banned for haste.
const BRIDGE_PACE: Pace = Pace { interval: Duration::from_secs(1), burst: 5 };

pub struct Whatsapp;

/// Who carries the message, and to whom.
#[derive(Serialize, Deserialize)]
#[serde(tag = "provider", rename_all = "lowercase")]
pub enum Config {
    Cloud(cloud::Config),
    Waha(waha::Config),
    Evolution(evolution::Config),
    Wwebjs(wwebjs::Config),
    Twilio(twilio::Config),
    Template(template::Config),
}

impl Adapter for Whatsapp {
    const KIND: &'static str = "whatsapp";
    const LANE: Lane = Lane::Latest;
    type Config = Config;

    fn check(config: &Config, egress: &EgressPolicy) -> Vec<Fault> {
        match config {
            Config::Cloud(it) => it.check(egress),
            Config::Waha(it) => it.check(egress),
            Config::Evolution(it) => it.check(egress),
            Config::Wwebjs(it) => it.check(egress),
            Config::Twilio(it) => it.check(egress),
            Config::Template(it) => it.check(egress),
        }
    }

    fn shown(config: &Config) -> Value {
        let (provider, shown) = match config {
            Config::Cloud(it) => ("cloud", it.shown()),
            Config::Waha(it) => ("waha", it.shown()),
            Config::Evolution(it) => ("evolution", it.shown()),
            Config::Wwebjs(it) => ("wwebjs", it.shown()),
            Config::Twilio(it) => ("twilio", it.shown()),
            Config::Template(it) => ("template", it.shown()),
        };
        hook::with(shown, "provider", provider)
    }

    fn next(
        config: &Config,
        notice: &Notice<'_>,
        attempt: &Attempt<'_>,
        done: &[Done],
    ) -> Option<Step> {
        let message = Message::of(notice);
        let own = Own::of(notice, &message, |it| WHATSAPP.plain(it));
        let said = Said { message: &message, own: own.as_ref() };
        let (step, request) = match config {
            Config::Cloud(it) => return it.next(&said, attempt, done),
            _ if !done.is_empty() => return None,
            Config::Twilio(it) => return Some(it.next(&said, notice.api_url, attempt.delivery)),
            Config::Waha(it) => (waha::STEP, it.request(&said.text(TEXT_MAX))),
            Config::Evolution(it) => (evolution::STEP, it.request(&said.text(TEXT_MAX))),
            Config::Wwebjs(it) => (wwebjs::STEP, it.request(&said.text(TEXT_MAX))),
            Config::Template(it) => (template::STEP, it.request(notice, &message)?),
        };
        Some(Step::telling(step, request))
    }

    fn judge(step: &'static str, answer: &Answer) -> Verdict {
        match step {
            cloud::TEMPLATE | cloud::TEXT => cloud::judge(answer),
            waha::STEP => waha::judge(answer),
            evolution::STEP => evolution::judge(answer),
            wwebjs::STEP => wwebjs::judge(answer),
            twilio::STEP | twilio::REPORTED => twilio::judge(step, answer),
            _ => Verdict::of_status(answer.status),
        }
    }

    fn anchor(config: &Config, attempt: &Attempt<'_>, done: &[Done]) -> Option<Value> {
        matches!(config, Config::Cloud(_)).then(|| cloud::anchor(attempt, done)).flatten()
    }

    fn receipt(done: &[Done]) -> Option<String> {
        cloud::receipt(done).or_else(|| twilio::receipt(done))
    }

    fn credential(config: &Config) -> Option<(String, Pace)> {
        match config {
            Config::Cloud(it) => Some((it.credential().to_owned(), cloud::PACE)),
            Config::Waha(it) => Some((it.credential(), BRIDGE_PACE)),
            Config::Evolution(it) => Some((it.credential(), BRIDGE_PACE)),
            Config::Wwebjs(it) => Some((it.credential(), BRIDGE_PACE)),
            Config::Twilio(it) => Some((it.credential(), twilio::PACE)),
            Config::Template(_) => None,
        }
    }

    fn address(config: &Config) -> Option<String> {
        let recipient = match config {
            Config::Cloud(it) => it.recipient(),
            Config::Waha(it) => it.recipient(),
            Config::Evolution(it) => it.recipient(),
            Config::Wwebjs(it) => it.recipient(),
            Config::Twilio(it) => it.recipient(),
            Config::Template(_) => return None,
        };
        match Recipient::of(recipient)? {
            Recipient::Phone(digits) => Some(format!("+{digits}")),
            Recipient::User(id) => Some(id.to_owned()),
        }
    }
}

/// What is to be said, in the operator's own words or in ours.
pub struct Said<'a> {
    message: &'a Message,
    own: Option<&'a Own>,
}

/// One person, in whichever way a provider writes that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Recipient<'a> {
    /// Digits with country code (E.164).
    Phone(&'a str),
    /// Business-scoped user ID: a country and an opaque rest.
    User(&'a str),
}

impl<'a> Recipient<'a> {
    /// Nothing for groups and for what is no recipient at all.
    fn of(written: &'a str) -> Option<Self> {
        let bare = written.strip_prefix("whatsapp:").unwrap_or(written);
        if let Some((country, rest)) = bare.split_once('.')
            && !rest.is_empty()
            && country.len() == 2
            && country.bytes().all(|b| b.is_ascii_uppercase())
            && rest.len() <= 128
            && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.')
        {
            return Some(Self::User(bare));
        }
        let bare = bare.strip_suffix("@c.us").or(bare.strip_suffix("@s.whatsapp.net"));
        let bare = bare.unwrap_or(written.strip_prefix("whatsapp:").unwrap_or(written));
        let digits = bare.strip_prefix('+').unwrap_or(bare);
        let is_phone =
            (5..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        is_phone.then_some(Self::Phone(digits))
    }
}

impl PartialSchema for Config {
    fn schema() -> RefOr<Schema> {
        let variants = [
            ("cloud", cloud::Config::schema()),
            ("waha", waha::Config::schema()),
            ("evolution", evolution::Config::schema()),
            ("wwebjs", wwebjs::Config::schema()),
            ("twilio", twilio::Config::schema()),
            ("template", template::Config::schema()),
        ];
        let tagged = variants.into_iter().map(|(provider, schema)| tagged(provider, schema));
        tagged.fold(OneOfBuilder::new(), OneOfBuilder::item).into()
    }
}

impl ToSchema for Config {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        cloud::Config::schemas(schemas);
        template::Config::schemas(schemas);
    }
}

/// A variant says itself which properties it has, and that there are no others: the tag must be
/// one of them.
fn tagged(provider: &str, schema: RefOr<Schema>) -> RefOr<Schema> {
    let RefOr::T(Schema::Object(mut object)) = schema else { return schema };
    let tag = ObjectBuilder::new().schema_type(Type::String).enum_values(Some([provider]));
    object.properties.insert("provider".to_owned(), tag.into());
    object.required.push("provider".to_owned());
    RefOr::T(Schema::Object(object))
}

impl Said<'_> {
    fn text(&self, max: usize) -> String {
        WHATSAPP.letter(self.message, self.own, max)
    }

    /// Title, state, body and link as a template takes them: one line each, never empty, all
    /// together short enough for the template to say a few words of its own.
    fn parameters(&self) -> [String; 4] {
        let message = self.message;
        let filled = |it: &str, max: usize| match text::line(it) {
            empty if empty.is_empty() => "-".to_owned(),
            line => text::cut(&line, max, Unit::Utf16).into_owned(),
        };
        let title = filled(&message.title, TITLE_MAX);
        let state = filled(&message.state, STATE_MAX);
        let link = message.link.as_ref().map(|it| it.1.as_str());
        // Half a link leads nowhere.
        let link = link.filter(|it| it.len() <= LINK_MAX).unwrap_or("-").to_owned();
        let taken: usize = [&title, &state, &link].into_iter().map(|it| Unit::Utf16.of(it)).sum();
        let said = match self.own {
            Some(own) => own.text.clone(),
            None => text::plain(&message.text, TEXT_MAX, Unit::Utf16),
        };
        let body = filled(&said, BODY_MAX - OWN_WORDS - taken);
        [title, state, body, link]
    }
}

/// What is wrong with the name of a session or an instance.
fn check_name(pointer: &str, name: &str) -> Option<Fault> {
    let is_good = (1..=100).contains(&name.len())
        && !name.chars().any(char::is_control)
        && !matches!(name, "." | "..");
    (!is_good).then(|| Fault {
        pointer: pointer.to_owned(),
        code: "format",
        detail: "1 to 100 bytes without control characters".to_owned(),
    })
}

/// What is wrong with the ID of a chat.
fn check_chat(pointer: &str, id: &str) -> Option<Fault> {
    let is_good = (1..=160).contains(&id.len())
        && id.split_once('@').is_some_and(|(who, where_)| !who.is_empty() && !where_.is_empty())
        && id.bytes().all(|b| b.is_ascii_graphic());
    (!is_good).then(|| Fault {
        pointer: pointer.to_owned(),
        code: "format",
        detail: "the ID of a chat, such as 4915112345678@c.us".to_owned(),
    })
}

#[cfg(test)]
mod tests;
