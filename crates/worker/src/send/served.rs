//! What came of a lease.
use app::delivery::{Anchors, DIGEST_MAX, GivenUp, Job, Lease, Settled, Settlement};
use channels::Lane;
use domain::delivery::{Attempt, Next, Outcome, Patience, State, next};
use serde_json::Value;
use uuid::Uuid;

use super::Serving;
use crate::tell::Told;

/// Pause after a delivery was given up, before the next one is tried.
const AFTER_DEATH: chrono::Duration = chrono::Duration::seconds(5);
/// Pause between two messages to one chat: what Slack, Telegram and the others take in the long
/// run is one a second.
const BETWEEN_MESSAGES: chrono::Duration = chrono::Duration::seconds(1);

/// What came of a lease, and what else follows from it.
pub struct Served {
    pub settlement: Settlement,
    pub given_up: Option<GivenUp>,
    pub consequences: Vec<Consequence>,
}

/// What an answer says beyond the delivery it answers. Seldom.
pub enum Consequence {
    /// The provider refuses the credential, or takes it again.
    Refused(Uuid, String),
    Accepted(Uuid),
    /// The provider asks everybody with the credential to wait.
    Hold(Uuid, chrono::Duration),
    /// The destination is to be called elsewhere.
    Moved {
        subscription: Uuid,
        lease: i64,
        config: Value,
    },
    /// The destination was asked whether it wants the subscription, and said this.
    Answered(Uuid, String),
}

impl Served {
    pub(super) fn nothing(lease: &Lease) -> Self {
        Self {
            settlement: Settlement {
                subscription: lease.subscription,
                number: lease.number,
                jobs: Vec::with_capacity(lease.jobs.len()),
                wait: None,
                failed: false,
                anchors: Anchors::new(),
            },
            given_up: None,
            consequences: Vec::new(),
        }
    }

    /// While a chat or mailbox fails, only the latest news of each thing are worth telling: passes
    /// over what is older. Returns what is left.
    pub(super) fn pass_over<'l>(&mut self, serving: &Serving<'l>) -> &'l [Job] {
        let jobs = serving.lease.jobs.as_slice();
        if serving.channel.lane() == Lane::Strict || serving.lease.digest.is_some() {
            return jobs;
        }
        let mut rest = jobs;
        while let Some((head, later)) = rest.split_first() {
            let topic = serving.topic(head);
            let stale = topic.is_some() && later.iter().any(|it| serving.topic(it) == topic);
            let failed = jobs.first().is_some_and(|it| it.attempts > 0);
            if !(failed && stale) {
                break;
            }
            self.settlement.jobs.push(Settled {
                delivery: head.delivery,
                seq: head.seq,
                state: State::Superseded,
                attempt: None,
                receipt: None,
            });
            rest = later;
        }
        rest
    }

    /// Notes what else an answer says.
    pub(super) fn follow(&mut self, lease: &Lease, told: &Told) {
        if let Some(credential) = lease.target.credential {
            let reason = || {
                let answer = told.attempt.answer.as_deref().or(told.attempt.error.as_deref());
                answer.unwrap_or("the provider gave no reason").to_owned()
            };
            match told.attempt.outcome {
                Outcome::Credential => {
                    self.consequences.push(Consequence::Refused(credential, reason()));
                }
                Outcome::Delivered if lease.target.refused => {
                    self.consequences.push(Consequence::Accepted(credential));
                }
                _ => {}
            }
            if let Some(hold) = told.hold.and_then(|it| chrono::Duration::from_std(it).ok()) {
                self.consequences.push(Consequence::Hold(credential, hold));
            }
        }
        if let Some(moved) = &told.moved {
            let (subscription, lease) = (lease.subscription, lease.number);
            let config = moved.clone();
            self.consequences.push(Consequence::Moved { subscription, lease, config });
        }
    }

    /// Notes what came of jobs told together; whether the next may follow.
    pub(super) fn take(
        &mut self,
        lease: &Lease,
        jobs: &[Job],
        told: Told,
        patience: Patience,
    ) -> bool {
        let Told { attempt, wait: asked, receipt, .. } = told;
        let outcome = attempt.outcome;
        let asked = asked.and_then(|it| chrono::Duration::from_std(it).ok());
        let n_attempts = jobs.iter().map(|it| it.attempts).max().unwrap_or(0) + 1;
        let (state, wait) = match next(outcome, n_attempts, asked, jitter, patience) {
            Next::Finish(State::Delivered) if receipt.is_some() => (State::Accepted, None),
            Next::Finish(State::Delivered) => (State::Delivered, None),
            Next::Finish(state) => (state, Some(AFTER_DEATH)),
            Next::Retry(wait) => (State::Retrying, Some(wait)),
        };
        self.give_up(lease, &attempt, state);
        for Job { delivery, seq, .. } in jobs {
            self.settlement.jobs.push(Settled {
                delivery: *delivery,
                seq: *seq,
                state,
                attempt: Some(attempt.clone()),
                receipt: receipt.clone(),
            });
        }
        let delivered = outcome == Outcome::Delivered;
        let between = lease.target.credential.map(|_| BETWEEN_MESSAGES);
        let digest = lease.digest.filter(|_| jobs.len() < DIGEST_MAX);
        self.settlement.wait = if delivered { digest.or(between) } else { wait };
        // A refused credential says nothing about the destination.
        self.settlement.failed = !delivered && outcome != Outcome::Credential;
        delivered
    }

    fn give_up(&mut self, lease: &Lease, attempt: &Attempt, state: State) {
        let reason = match attempt.outcome {
            Outcome::Gone if attempt.status == Some(410) => "the destination answered 410 Gone",
            Outcome::Gone => "the destination is gone for good",
            Outcome::Delivered | Outcome::Credential => return,
            _ if lease.target.hopeless && state == State::Dead => {
                "every attempt of the last five days failed"
            }
            _ => return,
        };
        let (subscription, reason) = (lease.subscription, reason.to_owned());
        self.given_up = Some(GivenUp { subscription, reason });
    }
}

/// A number in 0..1.
fn jitter() -> f64 {
    let [a, b, ..] = Uuid::new_v4().into_bytes();
    f64::from(u16::from_be_bytes([a, b])) / f64::from(u16::MAX)
}
