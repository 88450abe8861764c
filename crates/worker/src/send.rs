//! Serving one lease: tell what is owed, in order, until something fails or nothing is left.
mod served;
mod tally;

use std::sync::Arc;
use std::time::{Duration, Instant};

use app::Db;
use app::delivery::{Anchors, Batch, Job, Lease, Opened, Story, open};
use app::link;
use app::subscription::reveal;
use app::vault::Vault;
use channels::signature::SigningSecret;
use channels::wording::Wording;
use channels::{Attempt as Try, Channel, Lane, Notice, Reader, Ready, Related, Secrets};
use domain::delivery::{Attempt, Outcome, Patience};
use domain::event::{Announcement, Kind};
use domain::page::Page;
use serde_json::Value;
use tokio::sync::{OnceCell, watch};
use uuid::Uuid;

use crate::seam;
use crate::tell::{Post, Told};

pub use served::{Consequence, Served};

/// After this time nothing more is sent under one lease: whoever changes a subscription is obeyed, and
/// what was sent is written down.
const SENDS_FOR: Duration = Duration::from_secs(1);

pub struct Sender {
    db: Db,
    post: Post,
    vault: Arc<Vault>,
    page: OnceCell<Page>,
}

/// A lease being served.
struct Serving<'a> {
    lease: &'a Lease,
    batch: &'a Batch,
    channel: &'static dyn Channel,
    config: Value,
    keys: Vec<SigningSecret>,
    page: &'a Page,
    /// Where the reader changes and ends the subscription.
    links: Option<(String, String)>,
}

impl Sender {
    pub fn new(db: Db, post: Post, vault: Arc<Vault>) -> Self {
        Self { db, post, vault, page: OnceCell::new() }
    }

    pub fn vault(&self) -> Arc<Vault> {
        Arc::clone(&self.vault)
    }

    /// Sends what a destination is owed, in order, as far as it goes.
    pub async fn serve(
        &self,
        lease: &Lease,
        batch: &Batch,
        stopped: &watch::Receiver<bool>,
    ) -> Served {
        let began = Instant::now();
        let mut served = Served::nothing(lease);
        let (serving, mut ready) = match self.prepare(lease, batch).await {
            Ok(prepared) => prepared,
            // Another replica, with the right key or the newer release, may do better.
            Err(reason) => {
                let told = Told::unsent(Outcome::Transient, &reason);
                served.take(lease, lease.jobs.get(..1).unwrap_or_default(), told, Patience::Day);
                return served;
            }
        };
        let jobs = served.pass_over(&serving);
        for together in serving.portions(jobs) {
            if *stopped.borrow() || began.elapsed() > SENDS_FOR {
                break;
            }
            let anchors = &mut served.settlement.anchors;
            let told = self.tell(&serving, &mut ready, together, anchors).await;
            tally::count(serving.channel.kind(), &told.attempt);
            served.follow(lease, &told);
            served.consequences.extend(serving.word(together, &told));
            if !served.take(lease, together, told, serving.patience()) {
                break;
            }
        }
        served
    }

    async fn prepare<'a>(
        &'a self,
        lease: &'a Lease,
        batch: &'a Batch,
    ) -> Result<(Serving<'a>, Box<dyn Ready>), String> {
        let Opened { config, keys } = open(&self.vault, lease).map_err(|it| it.to_string())?;
        let channel = channels::find(&lease.target.channel)
            .ok_or_else(|| "this release does not know the channel".to_owned())?;
        let ready = channel.ready(&config).map_err(|it| it.to_string())?;
        let page = self.page().await.map_err(|it| it.to_string())?;
        let links = channel.is_by_mail().then(|| {
            let (settings, id) = (self.db.page(), lease.subscription);
            let manage = link::manage_url(&self.vault, settings, id);
            (manage, link::unsubscribe_url(&self.vault, settings, id))
        });
        Ok((Serving { lease, batch, channel, config, keys, page, links }, ready))
    }

    /// Tells the last of these jobs, with those before it in the same message.
    async fn tell(
        &self,
        serving: &Serving<'_>,
        ready: &mut Box<dyn Ready>,
        jobs: &[Job],
        anchors: &mut Anchors,
    ) -> Told {
        let Some((job, earlier)) = jobs.split_last() else {
            return Told::unsent(Outcome::Blocked, "nothing to tell");
        };
        let Some((story, payload)) = serving.story(job) else {
            return Told::unsent(Outcome::Blocked, "the event is not for this audience, or gone");
        };
        let earlier: Vec<Related<'_>> = earlier
            .iter()
            .filter_map(|it| serving.story(it))
            .map(|(story, payload)| Related { event: &story.event, payload })
            .collect();
        let revealed;
        let payload = if is_question(story) {
            match reveal(&self.vault, self.db.page(), serving.lease.subscription, payload) {
                Ok(whole) => revealed = whole,
                Err(error) => return Told::unsent(Outcome::Transient, &error.to_string()),
            }
            &revealed
        } else {
            payload
        };
        let internal = serving.lease.target.internal;
        let notice = Notice {
            event: &story.event,
            page: serving.page,
            payload,
            api_url: &self.db.page().public_url,
            reader: serving.reader(),
            // Somebody's own words for one thing are not words for several.
            wording: serving.wording(story.event.kind).filter(|_| earlier.is_empty()),
            earlier: &earlier,
            bodies: if internal { &story.internal } else { &story.public },
        };
        let thread = story.event.subject.map(|it| (serving.lease.subscription, it));
        let known = |key| anchors.get(key).or_else(|| serving.batch.anchors.get(key));
        let attempt = Try {
            at: app::clock::now(),
            delivery: job.delivery,
            keys: &serving.keys,
            anchor: thread.as_ref().and_then(known),
        };
        let mut told = self.post.tell(serving.channel, ready, &notice, &attempt).await;
        serving.hide_secrets(&mut told.attempt);
        if let (Some(thread), Some(anchor)) = (thread, &told.anchor) {
            anchors.insert(thread, anchor.clone());
        }
        told
    }

    async fn page(&self) -> Result<&Page, app::Error> {
        let load = || seam::run(&self.db, |db| db.read(app::status::page));
        self.page.get_or_try_init(load).await
    }
}

/// Whether somebody is asked whether they want the subscription.
fn is_question(story: &Story) -> bool {
    story.event.kind == Kind::Announcement(Announcement::SubscriptionConfirm)
}

impl<'a> Serving<'a> {
    /// The event behind a job, and its payload as this destination may see it.
    fn story(&self, job: &Job) -> Option<(&'a Arc<Story>, &'a Value)> {
        let story = self.batch.events.get(&job.event)?;
        let kind = story.event.kind;
        let is_own = matches!(kind, Kind::Announcement(it) if it.is_personal());
        let payload = match &story.event.public_payload {
            // What concerns the destination alone has no public side.
            _ if self.lease.target.internal || is_own => &story.event.payload,
            Some(public) => public,
            None => return None,
        };
        Some((story, payload))
    }

    /// What the destination says to being asked for confirmation.
    fn word(&self, jobs: &[Job], told: &Told) -> Option<Consequence> {
        let story = self.batch.events.get(&jobs.last()?.event)?;
        let answer = told.attempt.answer.clone()?;
        let is_answer = is_question(story) && told.attempt.outcome == Outcome::Delivered;
        is_answer.then(|| Consequence::Answered(self.lease.subscription, answer))
    }

    /// Some repeat in their answers what they were sent, and attempts are there to be read.
    fn hide_secrets(&self, attempt: &mut Attempt) {
        let texts = [&mut attempt.answer, &mut attempt.error];
        if texts.iter().all(|it| it.as_ref().is_none_or(String::is_empty)) {
            return;
        }
        let shown = self.channel.shown(&self.config).unwrap_or_default();
        let secrets = Secrets::of(&self.config, &shown, &self.keys);
        for text in texts.into_iter().flatten() {
            *text = secrets.hide(text);
        }
    }

    fn reader(&self) -> Reader<'_> {
        let (manage, unsubscribe) =
            self.links.as_ref().map(|(a, b)| (a.as_str(), b.as_str())).unzip();
        Reader {
            locale: &self.lease.target.locale,
            time_zone: self.lease.target.time_zone.parse().unwrap_or(chrono_tz::UTC),
            manage_url: manage,
            unsubscribe_url: unsubscribe,
        }
    }

    fn wording(&self, kind: Kind) -> Option<&'a Wording> {
        let Kind::Announcement(kind) = kind else { return None };
        let target = &self.lease.target;
        self.batch.wordings.find(&target.channel, kind, &target.locale)
    }

    fn patience(&self) -> Patience {
        match self.channel.lane() {
            Lane::Strict => Patience::Day,
            Lane::Latest => Patience::Hours,
        }
    }

    /// Which jobs go into one message: all for a digest, else each its own; and behind a shared
    /// credential one at a time, because its rate was taken for one.
    fn portions<'j>(&self, jobs: &'j [Job]) -> Vec<&'j [Job]> {
        if self.lease.digest.is_some() {
            return vec![jobs];
        }
        let n_messages = if self.lease.target.credential.is_some() { 1 } else { jobs.len() };
        jobs.chunks(1).take(n_messages).collect()
    }

    /// What a job is about, as far as later news make earlier ones stale.
    fn topic(&self, job: &Job) -> Option<Uuid> {
        let event = &self.batch.events.get(&job.event)?.event;
        event.subject.or_else(|| {
            let about_component = event.kind.as_str().starts_with("component.");
            event.payload.get("id").filter(|_| about_component)?.as_str()?.parse().ok()
        })
    }
}
