//! Opening incidents. When much breaks at once, many are opened at once, and what costs are the
//! transactions: so one opens any number of them.
use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::caller::Caller;
use domain::component::Component;
use domain::event::{Announcement, Event, Kind};
use domain::incident::{Draft, Incident, Status, Timeline, Update, replay};
use persistence::component::Locked;
use persistence::incident;
use uuid::Uuid;

use super::{Named, Wish, entry, fact};
use crate::ledger::{settle_for, status_changed};
use crate::timeline::{effects, id_at, lock};
use crate::{DbError, Error, Write, markdown};

/// What came of opening an incident.
#[derive(Clone, Debug)]
pub enum Opened {
    Created(Incident),
    /// One with the same deduplication key was open already.
    Existing(Incident),
}

/// What a caller gets.
pub type Answer = Result<Opened, Error>;

/// Opens an incident, turns its components, and tells subscribers. Callers that race with one
/// deduplication key all get the same incident.
pub fn open(db: &mut Write<'_>, caller: &Caller, wish: Wish) -> Answer {
    let key_taken = "the deduplication key, by an incident that was reopened,";
    let answers = open_all(db, vec![(caller.clone(), wish)]).map_err(|error| match error {
        Error::Db(error) => Error::taken(incident::DEDUP_KEY_TAKEN, key_taken)(error),
        other => other,
    })?;
    answers.into_iter().next().unwrap_or(Err(Error::NotFound("incident")))
}

/// Opens several incidents. One that is refused does not stop the others; an error stops all, and none
/// is opened.
pub fn open_all(db: &mut Write<'_>, wishes: Vec<(Caller, Wish)>) -> Result<Vec<Answer>, Error> {
    let (mut answers, mut requests) = (Vec::new(), Vec::new());
    for (place, (caller, wish)) in wishes.into_iter().enumerate() {
        match wish.draft(db, &caller) {
            Ok((draft, named)) => requests.push(Request { place, caller, draft, named }),
            Err(error @ Error::Db(_)) => return Err(error),
            Err(refusal) => answers.push((place, Err(refusal))),
        }
    }
    let existing = find_existing(db, &requests)?;
    let named: Vec<&Named> = requests.iter().map(|it| &it.named).collect();
    let Locked { components: touched, at: now } = lock(db, &named, &[])?;
    let (mut news, mut repeated): (Vec<New>, Vec<(usize, usize)>) = Default::default();
    for request in requests {
        let place = request.place;
        if let Some(known) = request.draft.dedup_key.as_ref().and_then(|key| existing.get(key)) {
            answers.push((place, Ok(Opened::Existing(known.clone()))));
            continue;
        }
        match New::of(request, &touched, now) {
            Err(refusal) => answers.push((place, Err(refusal))),
            Ok(new) => match news.iter().find(|it| it.is_instead_of(&new)) {
                Some(first) => repeated.push((place, first.place)),
                None => news.push(new),
            },
        }
    }
    for (place, incident) in write(db, news, touched, now)? {
        let again = repeated.iter().filter(|(_, first)| *first == place);
        answers.extend(again.map(|(again, _)| (*again, Ok(Opened::Existing(incident.clone())))));
        answers.push((place, Ok(Opened::Created(incident))));
    }
    answers.sort_by_key(|(place, _)| *place);
    Ok(answers.into_iter().map(|(_, answer)| answer).collect())
}

/// An incident that a caller wants opened.
struct Request {
    /// Which of the answers is for it.
    place: usize,
    caller: Caller,
    draft: Draft,
    named: Named,
}

/// The open incidents that requests mean by their deduplication keys.
fn find_existing(
    db: &mut Write<'_>,
    requests: &[Request],
) -> Result<HashMap<String, Incident>, DbError> {
    let keys: Vec<&str> = requests.iter().filter_map(|it| it.draft.dedup_key.as_deref()).collect();
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    incident::lock_dedup_keys(db, &keys)?;
    let open = incident::with_dedup_keys(db, &keys)?.into_iter();
    Ok(open.filter_map(|it| Some((it.dedup_key.clone()?, it))).collect())
}

/// An incident that is about to be written.
struct New {
    place: usize,
    id: Uuid,
    caller: Caller,
    draft: Draft,
    started_at: DateTime<Utc>,
    first: Update,
    timeline: Timeline,
    announce: bool,
}

impl New {
    fn of(request: Request, locked: &[Component], now: DateTime<Utc>) -> Result<Self, Error> {
        let Request { place, caller, draft, named } = request;
        let effects = effects(&named, locked)?;
        let draft = Draft { effects, message_html: markdown::render(&draft.message), ..draft };
        let opening = draft.opening(now)?;
        let announce = draft.notify && !opening.backfill;
        let first = Update {
            id: id_at(now),
            status: opening.status,
            message: draft.message.clone(),
            message_html: draft.message_html.clone(),
            components: Vec::new(),
            notify: announce,
            display_at: opening.display_at,
            author: Some(caller.name.clone()),
            created_at: now,
            updated_at: now,
        };
        let timeline = replay(opening.started_at, &mut [entry(&first, &draft.effects)]);
        let (id, started_at) = (Uuid::now_v7(), opening.started_at);
        Ok(Self { place, id, caller, draft, started_at, first, timeline, announce })
    }

    /// Whether this one will be open with the deduplication key of the other.
    fn is_instead_of(&self, other: &Self) -> bool {
        let is_open = self.timeline.status != Status::Resolved;
        is_open && self.draft.dedup_key.is_some() && self.draft.dedup_key == other.draft.dedup_key
    }

    fn row(&self, now: DateTime<Utc>) -> incident::New<'_> {
        incident::New {
            id: self.id,
            draft: &self.draft,
            started_at: self.started_at,
            source: self.caller.actor.to_string(),
            now,
            first: &self.first,
            timeline: &self.timeline,
        }
    }

    fn names(&self, component: Uuid) -> bool {
        self.draft.effects.iter().any(|it| it.component == component)
    }
}

/// Writes incidents down with all that follows from them; each with its place.
fn write(
    db: &mut Write<'_>,
    news: Vec<New>,
    mut touched: Vec<Component>,
    now: DateTime<Utc>,
) -> Result<Vec<(usize, Incident)>, Error> {
    let Some(from) = news.iter().map(|it| it.started_at).min() else { return Ok(Vec::new()) };
    let rows: Vec<incident::New<'_>> = news.iter().map(|it| it.row(now)).collect();
    let incidents = incident::insert(db, &rows, &touched)?;
    let mut causes: HashMap<Uuid, &New> = HashMap::new();
    for (new, effect) in news.iter().flat_map(|it| it.draft.effects.iter().map(move |of| (it, of)))
    {
        let cause = causes.entry(effect.component).or_insert(new);
        // Whoever is told of one of them is told what it did.
        if new.announce && !cause.announce {
            *cause = new;
        }
    }
    touched.retain(|it| causes.contains_key(&it.id));
    let actor = |id| causes.get(&id).map_or_else(String::new, |it| it.caller.actor.to_string());
    let turned = settle_for(db, &mut touched, from, now, actor)?;
    let opened = news.iter().zip(&incidents);
    let mut facts: Vec<(&Caller, Event)> =
        opened.map(|(new, incident)| (&new.caller, created(new, incident, &touched))).collect();
    for it in turned {
        if let Some(cause) = causes.get(&it.component.id) {
            facts.push((&cause.caller, status_changed(it, cause.announce)));
        }
    }
    db.emit_for(now, facts)?;
    Ok(news.iter().map(|it| it.place).zip(incidents).collect())
}

fn created(new: &New, incident: &Incident, touched: &[Component]) -> Event {
    let own: Vec<Component> = touched.iter().filter(|it| new.names(it.id)).cloned().collect();
    let kind = Kind::Announcement(Announcement::IncidentCreated);
    fact(kind, new.announce, incident, &own)
}
