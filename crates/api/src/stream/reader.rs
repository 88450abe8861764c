//! One who listens.
use std::collections::VecDeque;
use std::net::IpAddr;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{Error, ResponseError};
use bytes::Bytes;
use domain::caller::{Scope, Visibility};
use futures_util::Stream;
use futures_util::stream::unfold;
use tokio::sync::watch;
use uuid::Uuid;

use super::hub::{From, Position, Pulse};
use super::seats::Seat;
use super::track::Next;
use crate::auth;
use crate::state::State;

/// A comment, which clients pass over.
const HEARTBEAT: Bytes = Bytes::from_static(b":\n\n");
/// How much of an event goes out at once. More would make the connection's buffer grow, and it
/// stays as large as it once was.
const PIECE: usize = 2 * 1024;
/// Milliseconds after which clients connect again: from, and how many more at most, so that not all
/// come back at once.
const RETRY: (u128, u128) = (2_000, 3_000);

/// One who listens. There are many, and most of the time they wait: what they rarely do has its
/// future in a box of its own, so that it takes no room meanwhile.
pub struct Reader {
    state: Data<State>,
    audience: Visibility,
    /// By what an insider is let in.
    pass: Option<Pass>,
    from: Option<From>,
    position: Option<Position>,
    pulse: watch::Receiver<Pulse>,
    beats: u64,
    /// What is to go out first.
    parts: VecDeque<Bytes>,
    _seat: Seat,
}

/// The token of an insider, and when it was last good.
pub struct Pass {
    token: String,
    address: IpAddr,
    generation: u64,
}

/// Whether somebody may listen.
enum Standing {
    Good,
    /// The database does not say.
    Unknown,
    Lost,
}

impl Pass {
    /// One that is good now.
    pub fn new(state: &State, token: String, address: IpAddr) -> Self {
        Self { token, address, generation: state.callers.generation() }
    }

    /// Whether anything happened that may have made it void.
    fn is_old(&self, state: &State) -> bool {
        self.generation != state.callers.generation()
    }

    async fn check(&mut self, state: &Data<State>) -> Standing {
        let generation = state.callers.generation();
        match auth::bearer(state, &self.token, self.address).await {
            Ok(caller) if caller.may(Scope::Read) => {
                self.generation = generation;
                Standing::Good
            }
            Err(problem) if problem.status_code() == StatusCode::SERVICE_UNAVAILABLE => {
                Standing::Unknown
            }
            _ => Standing::Lost,
        }
    }
}

impl Reader {
    pub fn new(
        state: Data<State>,
        audience: Visibility,
        pass: Option<Pass>,
        from: Option<From>,
        seat: Seat,
    ) -> Self {
        let (least, more) = RETRY;
        let retry = least + Uuid::new_v4().as_u128() % (more + 1);
        let mut pulse = state.hub.pulse();
        let beats = pulse.borrow_and_update().beats;
        let parts = VecDeque::from([format!("retry: {retry}\n\n").into()]);
        Self { state, audience, pass, from, position: None, pulse, beats, parts, _seat: seat }
    }

    /// What goes out, until one of both sides ends it.
    pub fn stream(self) -> impl Stream<Item = Result<Bytes, Error>> {
        unfold(self, async |mut reader| Some((Ok(reader.next().await?), reader)))
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            let Pulse { beats, ended } = *self.pulse.borrow_and_update();
            if ended {
                return None;
            }
            if let Some(part) = self.part().await {
                return Some(part);
            }
            let is_beat = beats != self.beats;
            let next = match self.standing(is_beat).await {
                Standing::Good => self.find().await,
                // Nor is it certain that there is anything to be told.
                Standing::Unknown => Next::Nothing,
                Standing::Lost => return None,
            };
            match next {
                Next::Frame(frame) => {
                    self.position = self.position.map(|it| Position { id: frame.id, ..it });
                    self.parts.push_back(frame.bytes);
                }
                Next::Gone => self.start_over().await?,
                Next::Nothing if is_beat => {
                    self.beats = beats;
                    return Some(HEARTBEAT);
                }
                Next::Nothing => self.pulse.changed().await.ok()?,
            }
        }
    }

    /// The next piece of what is on its way. The connection sends what it has when it must wait, so
    /// it is made to wait.
    async fn part(&mut self) -> Option<Bytes> {
        let part = self.parts.front_mut()?;
        if part.len() > PIECE {
            let piece = part.split_to(PIECE);
            tokio::task::yield_now().await;
            return Some(piece);
        }
        self.parts.pop_front()
    }

    /// What comes next, at first where the reader was before.
    async fn find(&mut self) -> Next {
        if let Some(from) = self.from.take() {
            self.position = Box::pin(self.state.hub.resume(self.audience, from)).await;
        }
        match self.position {
            Some(position) => self.state.hub.next(self.audience, position),
            None => Next::Gone,
        }
    }

    async fn start_over(&mut self) -> Option<()> {
        let (position, parts) = Box::pin(self.state.hub.present(self.audience)).await?;
        self.position = Some(position);
        self.parts.extend(parts);
        Some(())
    }

    /// Whether an insider still is one: asked with each heartbeat, and when somebody may do less
    /// than before.
    async fn standing(&mut self, is_beat: bool) -> Standing {
        match &mut self.pass {
            Some(pass) if is_beat || pass.is_old(&self.state) => {
                Box::pin(pass.check(&self.state)).await
            }
            _ => Standing::Good,
        }
    }
}
