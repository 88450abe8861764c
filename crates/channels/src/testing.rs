//! Notices and destinations for the tests of channels.
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use domain::event::{Announcement, Kind, Logged};
use domain::page::{Indicator, Page};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::message::{Message, Tone};
use crate::wording::Wording;
use crate::{
    Adapter, Answer, Attempt, Bodies, Done, Letter, Notice, Outbound, Reader, Related, Step,
    Verdict,
};

/// When every test attempt is made.
pub const NOW: &str = "2026-11-20T08:20:00Z";
/// The incident of [`incident`].
pub const INCIDENT: &str = "01935a10-0000-7000-8000-000000000007";

/// What a notice borrows from.
#[derive(Clone)]
pub struct World {
    pub page: Page,
    pub event: Logged,
    pub earlier: Vec<Logged>,
    pub locale: &'static str,
    pub time_zone: Tz,
    pub unsubscribe_url: Option<&'static str>,
    pub wording: Option<Wording>,
}

impl World {
    /// An event of this kind about this thing.
    pub fn new(kind: &str, payload: Value) -> Self {
        let page = Page {
            id: Uuid::nil(),
            name: "Example".to_owned(),
            url: "https://status.example.net".to_owned(),
            time_zone: "Etc/UTC".to_owned(),
        };
        Self {
            page,
            event: logged(kind, payload),
            earlier: Vec::new(),
            locale: "en",
            time_zone: Tz::UTC,
            unsubscribe_url: None,
            wording: None,
        }
    }

    /// Calls back with the notice.
    pub fn tell<T>(&self, told: impl FnOnce(&Notice<'_>) -> T) -> T {
        let earlier = self.earlier.iter().map(|it| Related { event: it, payload: &it.payload });
        let earlier: Vec<Related<'_>> = earlier.collect();
        told(&Notice {
            event: &self.event,
            page: &self.page,
            payload: &self.event.payload,
            api_url: "https://api.example.net",
            reader: Reader {
                locale: self.locale,
                time_zone: self.time_zone,
                manage_url: None,
                unsubscribe_url: self.unsubscribe_url,
            },
            wording: self.wording.as_ref(),
            earlier: &earlier,
            bodies: &Bodies::default(),
        })
    }
}

/// An event as the log holds it.
pub fn logged(kind: &str, payload: Value) -> Logged {
    Logged {
        id: Uuid::nil(),
        sequence: 1,
        subject: None,
        kind: kind.parse().unwrap_or(Kind::Announcement(Announcement::SubscriptionTest)),
        payload,
        public_payload: None,
        indicator: Indicator::Minor,
        created_at: now(),
    }
}

pub fn now() -> DateTime<Utc> {
    NOW.parse().unwrap()
}

/// The incident of the recorded payloads in this state, with this said of it last.
pub fn incident(status: &str, title: &str, message: &str) -> Value {
    let resolved = (status == "resolved").then_some("2026-11-20T09:50:00Z");
    let component = if resolved.is_some() { "operational" } else { "partial_outage" };
    json!({
        "id": INCIDENT,
        "number": 7,
        "title": title,
        "status": status,
        "impact": "major",
        "components": [{ "id": Uuid::nil(), "slug": "checkout", "name": "Checkout", "status": component }],
        "updates": [{
            "id": Uuid::nil(),
            "status": status,
            "message": message,
            "display_at": "2026-11-20T08:15:00Z",
            "created_at": "2026-11-20T08:15:01.5Z",
        }],
        "started_at": "2026-11-20T08:15:00Z",
        "resolved_at": resolved,
        "url": "https://status.example.net/i/7",
    })
}

/// A maintenance in this state, with these updates, newest first.
pub fn maintenance(status: &str, updates: &Value) -> Value {
    json!({
        "id": INCIDENT,
        "number": 3,
        "title": "Database upgrade",
        "status": status,
        "starts_at": "2026-11-20T10:20:00Z",
        "ends_at": "2026-11-20T12:00:00Z",
        "components": [{ "name": "API", "status": "under_maintenance" }],
        "updates": updates,
        "recurrence": null,
        "time_zone": null,
        "url": "https://status.example.net/m/3",
        "sequence": 2,
        "version": 5,
        "created_at": "2026-11-18T09:00:00Z",
        "updated_at": "2026-11-19T09:00:00.5Z",
    })
}

/// One attempt, the way the engine makes it: every step that the channel asks for, answered by
/// `provider`, until there are no more. Answers what was sent and what came of each.
pub struct Run {
    pub sent: Vec<(&'static str, Outbound)>,
    pub done: Vec<Done>,
    pub anchor: Option<Value>,
    pub config: Value,
}

impl Run {
    /// The last word on the delivery.
    pub fn verdict(&self) -> &Verdict {
        &self.done.iter().rev().find(|it| it.counts).unwrap().verdict
    }

    /// The bodies that were sent, as JSON.
    pub fn bodies(&self) -> Vec<Value> {
        self.sent.iter().map(|it| serde_json::from_slice(&it.1.body).unwrap()).collect()
    }
}

/// Makes one attempt.
pub fn run<A: Adapter>(
    config: &Value,
    world: &World,
    anchor: Option<&Value>,
    mut provider: impl FnMut(&'static str, &Outbound) -> Answer,
) -> Run {
    let mut run = Run { sent: Vec::new(), done: Vec::new(), anchor: None, config: config.clone() };
    let attempt = Attempt { at: now(), delivery: Uuid::nil(), keys: &[], anchor };
    let parse = |it: &Value| serde_json::from_value::<A::Config>(it.clone()).unwrap();
    for _ in 0..8 {
        let config = parse(&run.config);
        let Some(step) = world.tell(|notice| A::next(&config, notice, &attempt, &run.done)) else {
            run.anchor = A::anchor(&config, &attempt, &run.done);
            return run;
        };
        let Step { name, letter: Letter::Http(request), counts } = step else {
            panic!("not HTTP");
        };
        let verdict = A::judge(name, &provider(name, &request));
        run.sent.push((name, request));
        run.done.push(Done { step: name, counts, verdict });
        if let Some(moved) = A::moved(&config, &run.done) {
            run.config = serde_json::to_value(moved).unwrap();
        }
    }
    panic!("the channel does not come to an end: {:?}", run.done);
}

/// An answer with a JSON body.
pub fn answer(status: u16, body: &Value) -> Answer {
    Answer { status, retry_after: None, body: body.to_string().into_bytes() }
}

/// The message of the recorded payloads.
pub fn message(state: &str, title: &str, text: &str) -> Message {
    Message {
        subject: INCIDENT.parse().ok(),
        opens: true,
        closes: false,
        tone: Tone::Critical,
        title: title.to_owned(),
        state: state.to_owned(),
        text: text.to_owned(),
        facts: Vec::new(),
        link: None,
        page: "Acme Status".to_owned(),
        manage: None,
        at: "2026-11-20T08:15:00Z".parse().unwrap(),
    }
}

/// The same with everything that a message can have.
pub fn full_message() -> Message {
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    Message {
        facts: vec![
            pair("Status", "Investigating"),
            pair("Components", "Checkout: partial outage"),
        ],
        link: Some(pair("View incident", "https://status.example.net/i/7")),
        ..message("Investigating", "Checkout errors", "5xx above 5% and rising")
    }
}

/// Texts that try to be something else, or are long in one way or another.
pub fn hostile() -> Vec<String> {
    let long = |it: &str| it.repeat(4_000 / it.chars().count());
    vec![
        String::new(),
        "@everyone @here <!channel> <@U024BE7LH> <users/all> &#64;all".to_owned(),
        "# a *b* _c_ ~d~ `e` [f](https://evil.example) > g {{DATE(2026-01-01)}}".to_owned(),
        "<script>alert(1)</script> <b>x</b> \"quoted\" \\ \u{0} \u{202e}turned\u{2066}".to_owned(),
        "a\r\nb\t\tc      d".to_owned(),
        long("*"),
        long("<@1>"),
        long("שלום עולם "),
        long("👩‍👩‍👧‍👦"),
        long("**word** [link](https://example.org/a_b) "),
        "https://example.org/".to_owned() + &long("a"),
        "e".to_owned() + &long("\u{301}"),
    ]
}

/// Every hostile text in every place of an incident, in our words and in an operator's, as the
/// bodies that the channel sends.
pub fn hostile_bodies<A: Adapter>(config: &Value) -> Vec<Value> {
    let bodies = hostile().into_iter().flat_map(|text| {
        let mut payload = incident("investigating", &text, &text);
        payload["components"][0]["name"] = json!(text);
        let mut world = World::new("incident.created", payload);
        let ours = run::<A>(config, &world, None, |_, _| answer(200, &json!({}))).bodies();
        let body = "{{ message.title }} {{ message.text }}".to_owned();
        world.wording = Some(Wording { subject: None, body });
        let own = run::<A>(config, &world, None, |_, _| answer(200, &json!({}))).bodies();
        ours.into_iter().chain(own)
    });
    bodies.collect()
}

/// Whether something in a JSON text would call people in a chat.
pub fn calls_somebody(body: &Value) -> bool {
    let text = body.to_string();
    ["@everyone", "@here", "@all", "<!channel", "<@", "<users/"].iter().any(|it| text.contains(it))
}
