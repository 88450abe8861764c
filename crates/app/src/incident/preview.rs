//! What opening an incident would do, found out by doing it in a transaction that is taken back.
use std::collections::{BTreeMap, HashMap};

use channels::message::Message;
use channels::{Attempt, Bodies, Letter, Notice, Reader, Step};
use domain::caller::{Caller, Visibility};
use domain::component::Status;
use domain::event::{Announcement, Logged};
use domain::incident::Incident;
use domain::page::{Page, Settings};
use domain::preview::{Example, Preview, Told, Turn};
use persistence::audience::{self, Announced, Share};
use persistence::component;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Opened, Wish, open};
use crate::wording::{self, Wordings};
use crate::{Db, Error, Read, Write};

/// Stands in for an address that a message is sent to.
const HIDDEN: &str = "…";
/// Digits in a row that are a number to call, or the id of a chat.
const NUMBER_MIN: usize = 6;

/// What opening the incident would do. What it touches is locked only while it is rehearsed, not
/// while the audience is counted.
pub fn preview(db: &Db, caller: &Caller, wish: Wish) -> Result<Preview, Error> {
    let (mut preview, announced) = db.rehearse(|db| rehearse(db, caller, wish))?;
    if let Some(announced) = announced {
        (preview.audience, preview.messages) = db.read(|db| tell(db, announced))?;
    }
    Ok(preview)
}

/// Opens the incident; what it would announce is nothing when it is open already.
fn rehearse(
    db: &mut Write<'_>,
    caller: &Caller,
    wish: Wish,
) -> Result<(Preview, Option<Announced>), Error> {
    let before: HashMap<Uuid, Status> =
        component::all(db)?.into_iter().map(|it| (it.id, it.status)).collect();
    let opened = open(db, caller, wish)?;
    let (existing, incident) = match &opened {
        Opened::Existing(incident) => (true, incident),
        Opened::Created(incident) => (false, incident),
    };
    let mut preview = Preview {
        existing,
        components: turns(db, incident, &before)?,
        incident: json!(incident),
        audience: Vec::new(),
        messages: Vec::new(),
    };
    if existing {
        return Ok((preview, None));
    }
    if let Some(members) = preview.incident.as_object_mut() {
        members.shift_remove("number");
        members.shift_remove("url");
    }
    Ok((preview, Some(audience::announced(db)?)))
}

fn turns(
    db: &mut Write<'_>,
    incident: &Incident,
    before: &HashMap<Uuid, Status>,
) -> Result<Vec<Turn>, Error> {
    let after: HashMap<Uuid, Status> =
        component::all(db)?.into_iter().map(|it| (it.id, it.status)).collect();
    let turn = |it: &domain::timeline::Affected| {
        let (status_before, status_after) = (*before.get(&it.id)?, *after.get(&it.id)?);
        let (slug, name) = (it.slug.clone(), it.name.clone());
        Some(Turn { id: it.id, slug, name, status_before, status_after })
    };
    Ok(incident.components.iter().filter_map(turn).collect())
}

/// Everything that an example of a message is made of, but the reader.
struct Stage<'a> {
    facts: &'a [(i64, Announcement, Logged)],
    settings: &'a Settings,
    page: &'a Page,
    wordings: &'a Wordings,
}

/// Who would be told what.
fn tell(db: &mut Read<'_>, announced: Announced) -> Result<(Vec<Told>, Vec<Example>), Error> {
    let mut by_channel: BTreeMap<String, Vec<Share>> = BTreeMap::new();
    for share in audience::shares(db, &announced)? {
        by_channel.entry(share.channel.clone()).or_default().push(share);
    }
    let mut facts = announced.facts;
    let last = crate::status::version(db)?.internal;
    for (_, _, fact) in &mut facts {
        fact.sequence = last + 1;
        unnumber(db.page(), fact);
    }
    let (page, wordings) = (crate::status::page(db)?, wording::all(db)?);
    let settings = db.page().clone();
    let stage = Stage { facts: &facts, settings: &settings, page: &page, wordings: &wordings };
    let mut audience = Vec::new();
    let mut messages = Vec::new();
    for (channel, shares) in by_channel {
        let subscriptions = shares.iter().map(|it| it.subscriptions).sum();
        if let Some(share) = typical(&shares) {
            messages.extend(example(db, &stage, share)?);
        }
        audience.push(Told { channel, subscriptions });
    }
    Ok((audience, messages))
}

/// The share that stands for a channel: of those in the language most used there, those who hear
/// the earliest fact, and of these the most.
fn typical(shares: &[Share]) -> Option<&Share> {
    let mut by_locale: BTreeMap<&str, i64> = BTreeMap::new();
    for share in shares {
        *by_locale.entry(&share.locale).or_default() += share.subscriptions;
    }
    let (most_used, _) = by_locale.into_iter().max_by_key(|it| it.1)?;
    let of_locale = shares.iter().filter(|it| it.locale == most_used);
    of_locale.min_by_key(|it| (it.first, -it.subscriptions, it.example))
}

/// The message of a channel as one of its subscriptions would get it, with the configuration that
/// may be shown, so that no secret can be in it.
fn example(db: &mut Read<'_>, stage: &Stage<'_>, share: &Share) -> Result<Option<Example>, Error> {
    let fact = stage.facts.iter().find(|it| it.0 == share.first);
    let (Some(channel), Some((_, kind, event))) = (channels::find(&share.channel), fact) else {
        return Ok(None);
    };
    let reader = audience::example(db, share.example)?;
    let payload = match &event.public_payload {
        Some(public) if share.audience == Visibility::Public => public,
        _ => &event.payload,
    };
    let zone = reader.time_zone.parse().or_else(|_| stage.settings.time_zone.parse());
    let notice = Notice {
        event,
        page: stage.page,
        payload,
        api_url: &stage.settings.public_url,
        reader: Reader {
            locale: &share.locale,
            time_zone: zone.unwrap_or(chrono_tz::Tz::UTC),
            manage_url: None,
            unsubscribe_url: None,
        },
        wording: stage.wordings.find(&share.channel, *kind, &share.locale),
        earlier: &[],
        bodies: &Bodies::default(),
    };
    let attempt = Attempt { at: event.created_at, delivery: event.id, keys: &[], anchor: None };
    let ready = channel.ready(&reader.config).ok();
    let step = ready.and_then(|it| it.next(&notice, &attempt, &[]));
    let (subject, text, request) = match step {
        Some(Step { letter: Letter::Mail(mail), .. }) => (Some(mail.subject), mail.text, None),
        Some(Step { letter: Letter::Http(request), .. }) => {
            let body = String::from_utf8_lossy(&request.body);
            (None, words(&notice), Some(hide(&body, channel.address(&reader.config))))
        }
        None => (None, words(&notice), None),
    };
    let (channel, locale) = (share.channel.clone(), share.locale.clone());
    Ok(Some(Example { channel, event: *kind, locale, subject, text, request }))
}

/// What a person reads of it, in the operator's words where there are some.
fn words(notice: &Notice<'_>) -> String {
    let message = Message::of(notice);
    let own = notice.wording.and_then(|it| it.render(notice, &message, str::to_owned));
    own.map_or_else(|| format!("{}\n\n{}", message.heading(), message.text), |it| it.1)
}

/// The body without the address that it goes to, which is not for everybody who may open incidents.
/// Addresses stand in bodies as they are, or, if they are numbers, in some other spelling.
fn hide(body: &str, address: Option<String>) -> String {
    let Some(address) = address else { return body.to_owned() };
    let hidden = body.replace(&json!(address).to_string(), &json!(HIDDEN).to_string());
    let numbers = address.split(|it: char| !it.is_ascii_digit());
    let numbers = numbers.filter(|it| it.len() >= NUMBER_MIN);
    numbers.fold(hidden, |body, number| body.replace(number, HIDDEN))
}

/// A rehearsed incident has no number that readers could be told.
fn unnumber(settings: &Settings, fact: &mut Logged) {
    for payload in std::iter::once(&mut fact.payload).chain(&mut fact.public_payload) {
        let Some(members) = payload.as_object_mut() else { continue };
        if members.get("number").is_some_and(Value::is_i64) {
            members.insert("number".to_owned(), json!(0));
            members.insert("url".to_owned(), json!(settings.incident_url(0)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_hidden_however_they_are_spelled() {
        for (body, address, hidden) in [
            (r#"{"to":"4915112345678"}"#, "+4915112345678", r#"{"to":"…"}"#),
            (r#"{"chatId":"4915112345678@c.us"}"#, "+4915112345678", r#"{"chatId":"…@c.us"}"#),
            ("To=whatsapp%3A%2B4915112345678", "+4915112345678", "To=whatsapp%3A%2B…"),
            (r#"{"chat_id":-1001234567}"#, "-1001234567", r#"{"chat_id":-…}"#),
            (r#"{"channel":"ops","text":"ops"}"#, "ops", r#"{"channel":"…","text":"…"}"#),
            (
                r#"{"channel":"ops","text":"the ops team"}"#,
                "ops",
                r#"{"channel":"…","text":"the ops team"}"#,
            ),
        ] {
            assert_eq!(hide(body, Some(address.to_owned())), hidden);
        }
    }
}
