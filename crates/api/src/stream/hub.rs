//! Where what happens meets those who listen.
//!
//! There is one buffer for each audience and none for a reader: a reader is a position in it, and
//! is woken when something comes. Who falls behind what is kept gets the whole page instead.
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use bytes::Bytes;
use domain::caller::Visibility;
use domain::stream::{Fact, News, Place};
use publication::{Live, Pages, Sheet, StreamEvent, status_event};
use tokio::sync::watch;
use tokio::time::timeout;

use super::seats::{Seats, StreamLimits};
use super::track::{Frame, Next, Track};

/// Longest wait for events that are committed, but have no place in the order yet.
const ORDERED_WITHIN: Duration = Duration::from_secs(1);

/// Passes on what happens.
pub struct Hub {
    live: Arc<Live>,
    told: RwLock<Option<Told>>,
    pulse: watch::Sender<Pulse>,
    pub seats: Arc<Seats>,
}

/// What was told, as of one history.
struct Told {
    /// Another one after the order of events became another.
    era: u64,
    public: Track,
    internal: Track,
}

/// What wakes readers, besides events.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pulse {
    /// Heartbeats so far.
    pub beats: u64,
    /// Everybody is to leave.
    pub ended: bool,
}

/// Where a reader is.
#[derive(Clone, Copy, Debug)]
pub struct Position {
    /// Of which history it is.
    pub era: u64,
    pub id: i64,
}

impl Hub {
    pub fn new(live: Arc<Live>, limits: StreamLimits) -> Self {
        let pulse = watch::Sender::new(Pulse::default());
        Self { live, told: RwLock::default(), pulse, seats: Arc::new(Seats::new(limits)) }
    }

    /// Takes what happened, which the present page must hold already.
    pub fn hear(&self, news: News) {
        match news {
            News::From(place) => self.begin(place),
            News::Facts(facts, end) => self.go_on(&facts, end),
        }
        self.wake();
    }

    /// Makes every reader look: at what there is, and whether they may still listen.
    pub fn wake(&self) {
        self.pulse.send_modify(|_| ());
    }

    /// Shows connections that both sides live, and finds those that do not.
    pub fn beat(&self) {
        self.pulse.send_modify(|it| it.beats += 1);
    }

    /// Ends every stream.
    pub fn end(&self) {
        self.pulse.send_modify(|it| it.ended = true);
    }

    pub fn pulse(&self) -> watch::Receiver<Pulse> {
        self.pulse.subscribe()
    }

    fn begin(&self, Place { internal, public }: Place) {
        let mut told = self.told.write().unwrap_or_else(PoisonError::into_inner);
        let era = told.as_ref().map_or(0, |it| it.era + 1);
        let (public, internal) = (Track::after(public), Track::after(internal));
        *told = Some(Told { era, public, internal });
    }

    fn go_on(&self, facts: &[Fact], end: Place) {
        let Some(pages) = self.live.pages() else { return };
        let public = frames(facts, &pages, Visibility::Public);
        let internal = frames(facts, &pages, Visibility::Internal);
        let mut told = self.told.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(told) = told.as_mut() {
            told.public.extend(public, end.public);
            told.internal.extend(internal, end.internal);
        }
    }

    /// What comes after a position.
    pub fn next(&self, audience: Visibility, position: Position) -> Next {
        match &*self.told() {
            Some(told) if told.era == position.era => told.track(audience).next(position.id),
            Some(_) => Next::Gone,
            None => Next::Nothing,
        }
    }

    /// The position after an event that the reader has, or after a page of that version.
    pub async fn resume(&self, audience: Visibility, from: From) -> Option<Position> {
        let (From::Event(id) | From::Version(id)) = from;
        self.reach(audience, id).await;
        let told = self.told();
        let told = told.as_ref()?;
        let track = told.track(audience);
        let id = match from {
            From::Event(_) => id,
            From::Version(_) if id > track.last() => return None,
            From::Version(_) => track.of_version(id),
        };
        track.reaches(id).then_some(Position { era: told.era, id })
    }

    /// The present page as an event, and the position after it; nothing while there is no page.
    pub async fn present(&self, audience: Visibility) -> Option<(Position, [Bytes; 3])> {
        let pages = self.live.pages()?;
        let version = pages.version(audience)?;
        self.reach(audience, version).await;
        let position = match &*self.told() {
            Some(told) => Position { era: told.era, id: told.track(audience).of_version(version) },
            None => Position { era: 0, id: version },
        };
        Some((position, status_event(position.id, pages.sheet(Sheet::Status, audience)?)))
    }

    /// Waits until all events up to an id are here, but not for ever: it may never be given.
    async fn reach(&self, audience: Visibility, id: i64) {
        let mut pulse = self.pulse.subscribe();
        let is_here = |pulse: &Pulse| {
            let told = self.told();
            pulse.ended || told.as_ref().is_some_and(|it| it.track(audience).last() >= id)
        };
        // Whoever comes too early is told what there is.
        let _ = timeout(ORDERED_WITHIN, pulse.wait_for(is_here)).await;
    }

    fn told(&self) -> RwLockReadGuard<'_, Option<Told>> {
        self.told.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// From where a reader wants to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// After the event with this id.
    Event(i64),
    /// After a page of this version.
    Version(i64),
}

impl Told {
    fn track(&self, audience: Visibility) -> &Track {
        match audience {
            Visibility::Public => &self.public,
            Visibility::Internal => &self.internal,
        }
    }
}

fn frames(facts: &[Fact], pages: &Pages, audience: Visibility) -> Vec<Frame> {
    let heard: Vec<&Fact> = facts.iter().filter(|it| it.shown_to(audience).is_some()).collect();
    if heard.is_empty() {
        return Vec::new();
    }
    let Some(view) = pages.view(audience) else { return Vec::new() };
    let (page, status) = (&view.page, view.banner());
    let frame = |fact: &Fact| {
        Some(Frame {
            id: fact.place.of(audience),
            numbered_after: fact.numbered_after.of(audience),
            bytes: StreamEvent::of(fact, audience, page, status)?.frame(),
        })
    };
    heard.into_iter().filter_map(frame).collect()
}
