//! Messages that somebody deletes while their incident goes on.
use serde_json::{Value, json};
use tests::{Chats, World};

use super::{CHAT, Place, SLACK_CHANNEL, join, places, slack, telegram};
use crate::delivery::{happens, reaches};
use crate::incident::update;

struct Incident<'a> {
    world: &'a World,
    incident: Value,
    subscription: Value,
    n_told: usize,
}

impl<'a> Incident<'a> {
    /// Opens an incident and waits until this place was told.
    async fn at(world: &'a World, place: &Place) -> Self {
        let subscription = join(world, place, &json!({})).await;
        let incident = happens(world, "Trouble").await;
        let told = Self { world, incident, subscription, n_told: 0 };
        told.arrived().await;
        told
    }

    async fn goes_on(&mut self, message: &str) {
        let body = json!({"status": "identified", "message": message});
        update(self.world, &self.incident, body).await.expect(201);
        self.n_told += 1;
        self.arrived().await;
    }

    /// A delivery that the provider reports on later is `accepted`, others are `delivered`.
    async fn arrived(&self) {
        reaches(self.world, &self.subscription, self.n_told, "delivered", 1).await;
    }
}

#[tokio::test]
async fn slack_begins_a_new_thread() {
    let (world, chats) = (World::new().await, Chats::start().await);
    let mut incident = Incident::at(&world, &slack(&chats, SLACK_CHANNEL)).await;
    chats.forget("slack").await;
    incident.goes_on("A full disk.").await;
    incident.goes_on("The disk is replaced.").await;
    incident.goes_on("It is not full any more.").await;
    // Nothing is told twice: there is one new root, and the rest is its thread.
    let told = chats.told("slack").await;
    let [_, root, replies @ ..] = told.as_slice() else { panic!("{told:#?}") };
    assert_eq!((root.body.get("thread_ts"), replies.len()), (None, 2), "{told:#?}");
    assert!(root.text().contains("A full disk."), "{root:?}");
    for reply in replies {
        assert_eq!(reply.answer["message"]["thread_ts"], root.answer["ts"], "{reply:?}");
    }
    let seen = chats.seen("slack").await;
    let edited = seen.iter().rev().find(|it| it.is_edit()).expect("an edit");
    assert!(edited.was_taken() && edited.body["ts"] == root.answer["ts"], "{edited:?}");
}

#[tokio::test]
async fn telegram_goes_on_without_the_first_message() {
    let (world, chats) = (World::new().await, Chats::start().await);
    let mut incident = Incident::at(&world, &telegram(&chats, CHAT)).await;
    chats.forget("telegram").await;
    incident.goes_on("A full disk.").await;
    incident.goes_on("The disk is replaced.").await;
    let told = chats.told("telegram").await;
    assert_eq!(told.len(), 3, "{told:#?}");
    for (it, said) in told.iter().zip(["We look into it.", "A full disk.", "The disk is replaced."])
    {
        assert!(it.text().contains(said), "{}", it.body);
    }
}

#[tokio::test]
async fn discord_goes_on_without_the_first_message() {
    let (world, chats) = (World::new().await, Chats::start().await);
    let place = places(&chats).into_iter().find(|it| it.name == "discord").expect("Discord");
    let mut incident = Incident::at(&world, &place).await;
    chats.forget("discord").await;
    incident.goes_on("A full disk.").await;
    incident.goes_on("The disk is replaced.").await;
    let told = chats.told("discord").await;
    assert_eq!(told.len(), 3, "{told:#?}");
    let seen = chats.seen("discord").await;
    let edits: Vec<_> = seen.iter().filter(|it| it.is_edit()).collect();
    assert_eq!(edits[0].answer["code"], 10008, "{edits:?}");
    // It is not asked for again what is gone.
    assert!(edits[1..].iter().all(|it| it.was_taken()), "{edits:?}");
}
