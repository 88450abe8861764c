//! Telling one destination one thing, step by step as its channel wants it.
use std::time::Duration;

use channels::{Attempt as Try, Channel, Done, Letter, Notice, Ready, Verdict};
use domain::delivery::{ANSWER_MAX, Attempt, Outcome};
use serde_json::Value;

use crate::transport::smtp::Smtp;
use crate::transport::{Failure, Http, Reply};

/// More than any channel needs; a channel that wants more has lost its way.
const STEPS_MAX: usize = 6;

/// Carries letters.
pub struct Post {
    pub http: Http,
    /// Where there is a mail server.
    pub smtp: Option<Smtp>,
}

/// What a failure without answer means for the schedule.
type Class = fn(Failure) -> Outcome;

/// What came of telling.
pub struct Told {
    /// What the delivery stands or falls with.
    pub attempt: Attempt,
    /// How long the destination asks to be left alone.
    pub wait: Option<Duration>,
    /// How long the provider asks everybody with this credential to wait.
    pub hold: Option<Duration>,
    pub anchor: Option<Value>,
    /// The configuration to use from now on.
    pub moved: Option<Value>,
    pub receipt: Option<String>,
}

impl Post {
    /// Sends what the channel wants sent, until it wants no more. Should the destination move, `ready`
    /// becomes what it is to be from now on.
    pub async fn tell(
        &self,
        channel: &dyn Channel,
        ready: &mut Box<dyn Ready>,
        notice: &Notice<'_>,
        attempt: &Try<'_>,
    ) -> Told {
        let mut moved: Option<Value> = None;
        let mut done: Vec<Done> = Vec::new();
        let mut told: Option<Told> = None;
        while done.len() < STEPS_MAX {
            let Some(step) = ready.next(notice, attempt, &done) else { break };
            let Some((reply, class)) = self.carry(step.letter).await else {
                return Told::unsent(Outcome::Transient, "no mail server is configured");
            };
            let (now, verdict) = hear(channel, step.name, attempt, reply, class);
            done.push(Done { step: step.name, counts: step.counts, verdict });
            let hold = told.as_ref().and_then(|it| it.hold).max(now.hold);
            told = match told {
                Some(before) if !step.counts => Some(Told { hold, ..before }),
                _ => Some(Told { hold, ..now }),
            };
            if let Some(elsewhere) = ready.moved(&done)
                && let Ok(there) = channel.ready(&elsewhere)
            {
                (*ready, moved) = (there, Some(elsewhere));
            }
        }
        let Some(told) = told else {
            return Told::unsent(Outcome::Blocked, "the channel has nothing to send");
        };
        let delivered = told.attempt.outcome == Outcome::Delivered;
        let anchor = delivered.then(|| ready.anchor(attempt, &done)).flatten();
        let receipt = delivered.then(|| channel.receipt(&done)).flatten();
        Told { anchor, moved, receipt, ..told }
    }

    /// The reply, and what it means to have none; nothing when nobody here carries such letters.
    async fn carry(&self, letter: Letter) -> Option<(Reply, Class)> {
        match letter {
            Letter::Http(request) => Some((self.http.send(request).await, class)),
            Letter::Mail(mail) => Some((self.smtp.as_ref()?.send(&mail).await, Smtp::outcome_of)),
        }
    }
}

/// What one step came to.
fn hear(
    channel: &dyn Channel,
    step: &'static str,
    attempt: &Try<'_>,
    reply: Reply,
    class: Class,
) -> (Told, Verdict) {
    let latency_ms = i64::try_from(reply.elapsed.as_millis()).unwrap_or(i64::MAX);
    let at = attempt.at;
    match reply.outcome {
        Ok(answer) => {
            let verdict = channel.judge(step, &answer);
            let record = Attempt {
                at,
                outcome: verdict.outcome,
                status: Some(answer.status),
                latency_ms,
                error: None,
                answer: trimmed(&answer.body),
            };
            let wait = verdict.wait.max(answer.retry_after);
            let hold = wait.filter(|_| verdict.wait_is_shared);
            (Told { wait, hold, ..Told::of(record) }, verdict)
        }
        Err(failure) => {
            let outcome = class(failure);
            let error = Some(failure.to_string());
            let record = Attempt { at, outcome, status: None, latency_ms, error, answer: None };
            (Told::of(record), Verdict::of(outcome))
        }
    }
}

impl Told {
    fn of(attempt: Attempt) -> Self {
        Self { attempt, wait: None, hold: None, anchor: None, moved: None, receipt: None }
    }

    /// Nothing was sent.
    pub fn unsent(outcome: Outcome, error: &str) -> Self {
        Self::of(Attempt {
            at: app::clock::now(),
            outcome,
            status: None,
            latency_ms: 0,
            error: Some(error.to_owned()),
            answer: None,
        })
    }
}

/// Over HTTP it is the destination's failure.
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

/// What of an answer is kept: text, without NUL, which Postgres cannot store.
fn trimmed(body: &[u8]) -> Option<String> {
    let kept = body.get(..ANSWER_MAX).unwrap_or(body);
    let text = String::from_utf8_lossy(kept).replace('\0', "\u{fffd}");
    (!text.is_empty()).then_some(text)
}
