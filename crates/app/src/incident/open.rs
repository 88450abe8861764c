//! Opening incidents. When much breaks at once, many are opened at once, and what costs are the
//! transactions: so one opens any number of them.
use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use domain::caller::Caller;
use domain::component::{self, Component};
use domain::event::{Announcement, Event, Kind};
use domain::incident::{Draft, Incident, Status, Timeline, Update, replay};
use persistence::component::Locked;
use persistence::incident;
use uuid::Uuid;

use super::{Named, Wish, entry, fact};
use crate::ledger::{Turned, settle_for, status_changed};
use crate::timeline::{Known, groups_of, id_at, lock};
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
    let requests = pick_existing(db, requests, &mut answers)?;
    let named: Vec<&Named> = requests.iter().map(|it| &it.named).collect();
    let Locked { components: touched, at: now } = lock(db, &named, &[])?;
    let known = Known::of(&touched);
    let (mut news, mut repeated): (Vec<New>, Vec<(usize, usize)>) = Default::default();
    for request in requests {
        let place = request.place;
        if let Some(first) = news.iter().find(|it| it.is_meant_by(&request)) {
            repeated.push((place, first.place));
            continue;
        }
        match New::of(request, &known, now) {
            Err(refusal) => answers.push((place, Err(refusal))),
            Ok(new) => news.push(new),
        }
    }
    for (place, incident) in write(db, &news, touched, now)? {
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

/// Answers requests that mean an open incident by its deduplication key, and returns the others.
fn pick_existing(
    db: &mut Write<'_>,
    requests: Vec<Request>,
    answers: &mut Vec<(usize, Answer)>,
) -> Result<Vec<Request>, DbError> {
    let keys: Vec<&str> = requests.iter().filter_map(|it| it.draft.dedup_key.as_deref()).collect();
    if keys.is_empty() {
        return Ok(requests);
    }
    incident::lock_dedup_keys(db, &keys)?;
    let open: HashMap<Option<String>, Incident> = incident::with_dedup_keys(db, &keys)?
        .into_iter()
        .map(|it| (it.dedup_key.clone(), it))
        .collect();
    let mut others = Vec::new();
    for request in requests {
        match open.get(&request.draft.dedup_key) {
            Some(known) => answers.push((request.place, Ok(Opened::Existing(known.clone())))),
            None => others.push(request),
        }
    }
    Ok(others)
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
    fn of(request: Request, known: &Known<'_>, now: DateTime<Utc>) -> Result<Self, Error> {
        let Request { place, caller, draft, named } = request;
        let effects = known.effects(&named)?;
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

    /// Whether this is the open incident that the deduplication key of the request means.
    fn is_meant_by(&self, request: &Request) -> bool {
        let is_open = self.timeline.status != Status::Resolved;
        let key = &self.draft.dedup_key;
        is_open && key.is_some() && *key == request.draft.dedup_key
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

    /// What it says of a component.
    fn said_of(&self, component: Uuid) -> Option<component::Status> {
        self.draft.effects.iter().find(|it| it.component == component).map(|it| it.status)
    }
}

/// Writes incidents down with all that follows from them; each with its place.
fn write(
    db: &mut Write<'_>,
    news: &[New],
    mut touched: Vec<Component>,
    now: DateTime<Utc>,
) -> Result<Vec<(usize, Incident)>, Error> {
    let Some(from) = news.iter().map(|it| it.started_at).min() else { return Ok(Vec::new()) };
    let rows: Vec<incident::New<'_>> = news.iter().map(|it| it.row(now)).collect();
    let incidents = incident::insert(db, &rows, &touched)?;
    let named: HashSet<Uuid> =
        news.iter().flat_map(|it| &it.draft.effects).map(|it| it.component).collect();
    touched.retain(|it| named.contains(&it.id));
    let turned = settle_for(db, &mut touched, from, now, |component, incident| {
        let own = news.iter().find(|it| Some(it.id) == incident);
        let cause = own.or_else(|| news.iter().find(|it| it.said_of(component).is_some()));
        cause.map_or_else(String::new, |it| it.caller.actor.to_string())
    })?;
    let settled: HashMap<Uuid, &Component> = touched.iter().map(|it| (it.id, it)).collect();
    let opened = news.iter().zip(&incidents);
    let mut facts: Vec<(&Caller, Event)> =
        opened.map(|(new, incident)| (&new.caller, created(new, incident, &settled))).collect();
    for it in turned {
        if let Some(cause) = cause_of(&it, news) {
            facts.push((&cause.caller, status_changed(it, cause.announce)));
        }
    }
    db.emit_for(now, facts)?;
    Ok(news.iter().map(|it| it.place).zip(incidents).collect())
}

/// Which of the incidents turned a component: one that says what the component is now, and of these
/// one that is announced, since whoever is told of it is told what it did.
fn cause_of<'n>(turned: &Turned, news: &'n [New]) -> Option<&'n New> {
    let Component { id, status, .. } = turned.component;
    let says_so = |it: &&New| it.said_of(id) == Some(status);
    let announced = news.iter().find(|it| it.announce && says_so(it));
    let said = announced.or_else(|| news.iter().find(says_so));
    said.or_else(|| news.iter().find(|it| it.said_of(id).is_some()))
}

fn created(new: &New, incident: &Incident, settled: &HashMap<Uuid, &Component>) -> Event {
    let own = new.draft.effects.iter().filter_map(|it| settled.get(&it.component).copied());
    let groups = groups_of(own);
    fact(Kind::Announcement(Announcement::IncidentCreated), new.announce, incident, groups)
}
