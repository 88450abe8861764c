//! Serving one lease: render, send, judge, until something fails or nothing is left.
use std::sync::Arc;
use std::time::{Duration, Instant};

use app::Db;
use app::delivery::{
    GivenUp, Job, LEASE, Lease, Opened, Settled, Settlement, Stories, Story, open,
};
use app::vault::Vault;
use channels::{Attempt as Signing, Channel, Notice};
use domain::delivery::{ANSWER_MAX, Attempt, Next, Outcome, State, next};
use domain::event::{Announcement, Kind};
use domain::page::Page;
use tokio::sync::{OnceCell, watch};
use uuid::Uuid;

use crate::seam;
use crate::transport::{Failure, Http, Reply};

/// Nothing is begun that could outlast the lease: a send may take 15 seconds, and its result
/// needs some to be written.
const RESERVE: Duration = Duration::from_secs(25);
/// Pause after a delivery was given up, before the next one is tried.
const AFTER_DEATH: chrono::Duration = chrono::Duration::seconds(5);

/// What came of a lease, and whether its destination is given up.
pub struct Served {
    pub settlement: Settlement,
    pub given_up: Option<GivenUp>,
}

pub struct Sender {
    db: Db,
    http: Http,
    vault: Arc<Vault>,
    page: OnceCell<Page>,
}

/// What was sent and what came back.
struct Sent {
    outcome: Outcome,
    attempt: Attempt,
    retry_after: Option<Duration>,
}

impl Sender {
    pub fn new(db: Db, http: Http, vault: Arc<Vault>) -> Self {
        Self { db, http, vault, page: OnceCell::new() }
    }

    /// Sends what a destination is owed, in order, as far as it goes.
    pub async fn serve(
        &self,
        lease: &Lease,
        events: &Stories,
        stopped: &watch::Receiver<bool>,
    ) -> Served {
        let began = Instant::now();
        let lease_for = LEASE.to_std().unwrap_or_default();
        let mut served = Served {
            settlement: Settlement {
                subscription: lease.subscription,
                number: lease.number,
                jobs: Vec::with_capacity(lease.jobs.len()),
                wait: None,
            },
            given_up: None,
        };
        let opened = open(&self.vault, lease);
        let channel = channels::find(&lease.target.channel);
        for job in &lease.jobs {
            if *stopped.borrow() || began.elapsed() + RESERVE > lease_for {
                break;
            }
            let sent = match (&opened, channel, events.get(&job.event)) {
                (Ok(opened), Some(channel), Some(story)) => {
                    self.send(lease, channel, opened, story).await
                }
                // Another replica, with the right key or the newer release, may do better.
                (Err(error), ..) => transient(&error.to_string()),
                (_, None, _) => transient("this release does not know the channel"),
                (_, _, None) => refused("the event is no longer kept"),
            };
            count(&lease.target.channel, &sent);
            if !served.take(lease, job, sent) {
                break;
            }
        }
        served
    }

    async fn send(
        &self,
        lease: &Lease,
        channel: &'static dyn Channel,
        opened: &Opened,
        Story { event, public, internal }: &Story,
    ) -> Sent {
        let page = match self.page().await {
            Ok(page) => page,
            Err(error) => return transient(&error.to_string()),
        };
        // A test says nothing; whatever else has no public side is not for this audience.
        let is_test = event.kind == Kind::Announcement(Announcement::SubscriptionTest);
        let (payload, bodies) = match &event.public_payload {
            _ if lease.target.internal || is_test => (&event.payload, internal),
            Some(payload) => (payload, public),
            None => return refused("the event is not for this audience"),
        };
        let api_url = &self.db.page().public_url;
        let notice = Notice { event, page, payload, api_url, bodies };
        let at = app::clock::now();
        let request = channel.render(&opened.config, &notice, &Signing { at, keys: &opened.keys });
        let Ok(request) = request else {
            return refused("the stored configuration is not valid");
        };
        let Reply { outcome, elapsed } = self.http.send(request).await;
        let latency_ms = i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX);
        match outcome {
            Ok(answer) => {
                let outcome = channel.judge(&answer);
                let attempt = Attempt {
                    at,
                    outcome,
                    status: Some(answer.status),
                    latency_ms,
                    error: None,
                    answer: trimmed(&answer.body),
                };
                Sent { outcome, attempt, retry_after: answer.retry_after }
            }
            Err(failure) => {
                let outcome = class(failure);
                let error = Some(failure.to_string());
                let attempt =
                    Attempt { at, outcome, status: None, latency_ms, error, answer: None };
                Sent { outcome, attempt, retry_after: None }
            }
        }
    }

    async fn page(&self) -> Result<&Page, app::Error> {
        let load = || seam::run(&self.db, |db| db.read(app::status::page));
        self.page.get_or_try_init(load).await
    }
}

impl Served {
    /// Notes what came of a job; whether the next one may follow.
    fn take(&mut self, lease: &Lease, job: &Job, sent: Sent) -> bool {
        let Sent { outcome, attempt, retry_after } = sent;
        let retry_after = retry_after.and_then(|it| chrono::Duration::from_std(it).ok());
        let (state, wait) = match next(outcome, job.attempts + 1, retry_after, jitter()) {
            Next::Finish(State::Delivered) => (State::Delivered, None),
            Next::Finish(state) => (state, Some(AFTER_DEATH)),
            Next::Retry(wait) => (State::Retrying, Some(wait)),
        };
        let reason = match outcome {
            Outcome::Gone => Some("the destination answered 410 Gone"),
            Outcome::Delivered => None,
            _ if lease.target.hopeless && state == State::Dead => {
                Some("every attempt of the last five days failed")
            }
            _ => None,
        };
        if let Some(reason) = reason {
            let (subscription, reason) = (lease.subscription, reason.to_owned());
            self.given_up = Some(GivenUp { subscription, reason });
        }
        let Job { delivery, seq, .. } = *job;
        self.settlement.jobs.push(Settled { delivery, seq, state, attempt });
        self.settlement.wait = wait;
        state == State::Delivered
    }
}

/// What a failure without answer means for the schedule.
fn class(failure: Failure) -> Outcome {
    match failure {
        Failure::Blocked(_) | Failure::Unsendable => Outcome::Blocked,
        Failure::Dns | Failure::Tls => Outcome::Misconfigured,
        Failure::DnsTimeout
        | Failure::Connect
        | Failure::Timeout
        | Failure::Interrupted
        | Failure::Malformed => Outcome::Transient,
    }
}

fn refused(error: &str) -> Sent {
    unsent(Outcome::Blocked, error)
}

fn transient(error: &str) -> Sent {
    unsent(Outcome::Transient, error)
}

fn unsent(outcome: Outcome, error: &str) -> Sent {
    let at = app::clock::now();
    let error = Some(error.to_owned());
    let attempt = Attempt { at, outcome, status: None, latency_ms: 0, error, answer: None };
    Sent { outcome, attempt, retry_after: None }
}

/// What of an answer is kept: text, without NUL, which Postgres cannot store.
fn trimmed(body: &[u8]) -> Option<String> {
    let kept = body.get(..ANSWER_MAX).unwrap_or(body);
    let text = String::from_utf8_lossy(kept).replace('\0', "\u{fffd}");
    (!text.is_empty()).then_some(text)
}

/// A number in 0..1.
fn jitter() -> f64 {
    let [a, b, ..] = Uuid::new_v4().into_bytes();
    f64::from(u16::from_be_bytes([a, b])) / f64::from(u16::MAX)
}

fn count(channel: &str, sent: &Sent) {
    let outcome = sent.outcome.as_str();
    let labels = [("channel", channel.to_owned()), ("outcome", outcome.to_owned())];
    metrics::counter!("farol_delivery_attempts_total", &labels).increment(1);
    let took = Duration::from_millis(sent.attempt.latency_ms.unsigned_abs());
    metrics::histogram!("farol_delivery_duration_seconds", &labels).record(took);
}
