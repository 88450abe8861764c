//! Webhooks from the API call to the receiver, against a bare client that sends the same bytes.
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::Outcome;
use crate::bare::hear_port;
use crate::farol::{Farol, beside, json_of};
use crate::http::Client;
use crate::process::Process;
use crate::report::{Line, Report, Rounds};

const TARGET: f64 = 0.5;
const SUBSCRIPTIONS: usize = 2_000;
const EVENTS: usize = 10;
const DELIVERIES: usize = SUBSCRIPTIONS * EVENTS;
const ROUNDS: usize = 4;
/// As many as Farol has slots for destinations that answer well.
const CONCURRENCY: usize = 256;
/// Threads of Farol's workers.
const THREADS: usize = 2;
const ARRIVE_WITHIN: Duration = Duration::from_secs(30);
const MESSAGE: &str = "Requests to the interface time out for some customers in one region. We \
    have seen raised error rates since the last deployment and roll it back now. The next update \
    follows within half an hour, or sooner when there is news.";

pub fn measure(farol: &Farol, report: &mut Report) -> Outcome<()> {
    let sink = Process::start(Command::new(beside("bench")?).arg("sink"))?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, sink.wait_for(hear_port)?));
    let slug = prepare(farol, address)?;
    let (mut client, body) = (farol.client()?, "x".repeat(body_size(farol, &slug)?));
    let (mut bare, mut ours) = (Rounds::new(), Rounds::new());
    let mut repeated = 0;
    for round in 0..=ROUNDS {
        let alone = bare_loop(address, &body)?;
        let (rate, again) = announce(farol, &mut client, address, &slug)?;
        repeated += again;
        // The first round warms up.
        if round > 0 {
            bare.push(alone);
            ours.push(rate);
        }
    }
    report.add(Line::ratio("webhooks, end to end", "/s", bare, ours, TARGET));
    report.note(format!(
        "deliveries: {DELIVERIES} per round ({SUBSCRIPTIONS} subscriptions × {EVENTS} incidents), \
         from the first API call to the last arrival; bodies of {} bytes; one sink; the bare \
         client is reqwest with {CONCURRENCY} requests under way on {THREADS} threads; \
         {repeated} deliveries came twice",
        body.len()
    ));
    sink.stop()
}

/// A component to talk about, and those who want to hear.
fn prepare(farol: &Farol, sink: SocketAddr) -> Outcome<String> {
    let slug = "talked-about".to_owned();
    farol.post("/api/v1/components", &json!({ "name": "Talked about", "slug": slug }))?;
    let subscription = json!({
        "channel": "webhook",
        "config": { "url": format!("http://{sink}/") },
        "filter": { "events": ["incident.created"] },
    })
    .to_string();
    let mut client = farol.client()?;
    for _ in 0..SUBSCRIPTIONS {
        let reply = client.call("POST", "/api/v1/subscriptions", &subscription)?;
        json_of("/api/v1/subscriptions", &reply)?;
    }
    farol.wait_until_idle()?;
    Ok(slug)
}

fn open(client: &mut Client, slug: &str) -> Outcome<serde_json::Value> {
    let body = json!({
        "title": "Errors at the interface",
        "message": MESSAGE,
        "components": [{ "slug": slug, "status": "partial_outage" }],
    });
    json_of("/api/v1/incidents", &client.call("POST", "/api/v1/incidents", &body.to_string())?)
}

/// Nobody may be told of what the next round does not count.
fn remove(client: &mut Client, incident: &serde_json::Value) -> Outcome<()> {
    let id = incident["id"].as_str().ok_or("an incident without id")?;
    let reply = client.call("DELETE", &format!("/api/v1/incidents/{id}"), "")?;
    if reply.status == 204 { Ok(()) } else { Err(format!("DELETE: {}", reply.status).into()) }
}

/// How long the body of a webhook about [`open`] is: the incident, the page, and what is around.
fn body_size(farol: &Farol, slug: &str) -> Outcome<usize> {
    let mut client = farol.client()?;
    let incident = open(&mut client, slug)?;
    remove(&mut client, &incident)?;
    farol.wait_until_idle()?;
    let page = json_of("/api/v1/status", &client.get("/api/v1/status")?)?["page"].clone();
    let around = json!({
        "type": "incident.created",
        "timestamp": "2026-01-01T00:00:00.000000Z",
        "sequence": 1000,
        "data": { "incident": incident, "page": page },
    });
    Ok(around.to_string().len())
}

/// Webhooks per second from the first call to the last arrival, and how many came twice.
fn announce(
    farol: &Farol,
    client: &mut Client,
    sink: SocketAddr,
    slug: &str,
) -> Outcome<(f64, usize)> {
    farol.wait_until_idle()?;
    let mut counter = Client::connect(sink, "")?;
    let before = arrived(&mut counter)?;
    let began = Instant::now();
    let opened: Outcome<Vec<_>> = (0..EVENTS).map(|_| open(client, slug)).collect();
    while arrived(&mut counter)? < before + DELIVERIES {
        if began.elapsed() > ARRIVE_WITHIN {
            let n_arrived = arrived(&mut counter)? - before;
            return Err(format!("{n_arrived} of {DELIVERIES} webhooks arrived").into());
        }
        thread::sleep(Duration::from_millis(5));
    }
    let took = began.elapsed();
    farol.wait_until_idle()?;
    let again = arrived(&mut counter)? - before - DELIVERIES;
    for incident in &opened? {
        remove(client, incident)?;
    }
    Ok((per_second(took)?, again))
}

fn arrived(counter: &mut Client) -> Outcome<usize> {
    Ok(String::from_utf8(counter.get("/")?.body)?.parse()?)
}

fn per_second(took: Duration) -> Outcome<f64> {
    Ok(f64::from(u32::try_from(DELIVERIES)?) / took.as_secs_f64())
}

/// The same number of requests of the same size, and nothing else.
fn bare_loop(sink: SocketAddr, body: &str) -> Outcome<f64> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(THREADS).enable_all().build()?;
    let client = reqwest::Client::builder().no_proxy().build()?;
    let (url, body) = (format!("http://{sink}/"), bytes_of(body));
    let next = Arc::new(AtomicUsize::new(0));
    runtime.block_on(async {
        let began = Instant::now();
        let mut senders = tokio::task::JoinSet::new();
        for _ in 0..CONCURRENCY {
            let (client, url, body) = (client.clone(), url.clone(), body.clone());
            let next = Arc::clone(&next);
            senders.spawn(async move {
                while next.fetch_add(1, Ordering::Relaxed) < DELIVERIES {
                    send(&client, &url, body.clone()).await?;
                }
                Ok::<(), reqwest::Error>(())
            });
        }
        while let Some(sender) = senders.join_next().await {
            sender??;
        }
        per_second(began.elapsed())
    })
}

fn bytes_of(body: &str) -> actix_web::web::Bytes {
    actix_web::web::Bytes::copy_from_slice(body.as_bytes())
}

async fn send(
    client: &reqwest::Client,
    url: &str,
    body: actix_web::web::Bytes,
) -> Result<(), reqwest::Error> {
    let request = client
        .post(url)
        .header("content-type", "application/json")
        .header("webhook-id", "0198a1f0-0000-7000-8000-000000000000")
        .header("webhook-timestamp", "1770000000")
        .header("webhook-signature", "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=")
        .body(body);
    request.send().await?.error_for_status()?.bytes().await?;
    Ok(())
}
