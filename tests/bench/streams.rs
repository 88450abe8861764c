//! Many who listen: what each costs, and how soon one event reaches them all.
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::time::{sleep, timeout};

use crate::Outcome;
use crate::farol::{Farol, json_of};
use crate::http::Client;
use crate::process::TempDir;
use crate::report::{Line, Report};

const STREAMS: usize = 5_000;
/// Resident memory of Farol for each who listens and hears nothing, in kilobytes.
const MEMORY: f64 = 16.0;
/// From the API call to the last of them, in milliseconds.
const REACHED: f64 = 500.0;
const EVENTS: usize = 15;
const WITHIN: Duration = Duration::from_secs(60);
const KIB: f64 = 1024.0;

/// How often every one of them heard something.
#[derive(Default)]
struct Heard {
    pages: AtomicUsize,
    events: AtomicUsize,
}

pub fn measure(dir: &TempDir, report: &mut Report) -> Outcome<()> {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, most, most)?;
    let cap = STREAMS.to_string();
    let farol = Farol::start(&dir.below("streams")?, &[("FAROL_STREAMS_PER_ADDRESS", &cap)])?;
    let mut client = farol.client()?;
    // What is made once is made before.
    for _ in 0..20 {
        announce(&mut client)?;
    }
    farol.wait_until_idle()?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let (idle, used, mut times) = runtime.block_on(listen(&farol, &mut client))?;
    times.sort_by(f64::total_cmp);
    let (first, last) = (times[0], times[EVENTS - 1]);
    report.add(Line::limit("memory for each of 5,000 streams", "KiB", idle.max(used), MEMORY));
    report.add(Line::limit("one event to 5,000 streams", "ms", times[EVENTS / 2], REACHED));
    report.note(format!(
        "streams: from the API call to the last arrival, {EVENTS} times, {first:.0}..{last:.0} ms; \
         all listeners in one process on one thread; resident memory of Farol for each \
         {idle:.1} KiB when they had the page, {used:.1} KiB after {EVENTS} events"
    ));
    drop(runtime);
    farol.stop()
}

/// Memory for each in kilobytes, before and after events, and how long each event took.
async fn listen(farol: &Farol, client: &mut Client) -> Outcome<(f64, f64, Vec<f64>)> {
    let before = farol.process().memory()?;
    let each = |now: f64| (now - before) / KIB / f64::from(u32::try_from(STREAMS).unwrap_or(1));
    let heard = Arc::new(Heard::default());
    for _ in 0..STREAMS {
        let mut stream = TcpStream::connect(farol.address).await?;
        stream.write_all(b"GET /api/v1/stream HTTP/1.1\r\nHost: bench\r\n\r\n").await?;
        tokio::spawn(count(stream, Arc::clone(&heard)));
    }
    until(&heard.pages, STREAMS).await?;
    let idle = each(farol.process().memory()?);
    let mut times = Vec::new();
    for n in 1..=EVENTS {
        let began = Instant::now();
        announce(client)?;
        until(&heard.events, n * STREAMS).await?;
        times.push(began.elapsed().as_secs_f64() * 1e3);
    }
    Ok((idle, each(farol.process().memory()?), times))
}

fn announce(client: &mut Client) -> Outcome<()> {
    let body = json!({"title": "Slow answers", "message": "We look into it."});
    let path = "/api/v1/incidents";
    json_of(path, &client.call("POST", path, &body.to_string())?)?;
    Ok(())
}

/// Counts what arrives until the other side ends it.
async fn count(mut stream: TcpStream, heard: Arc<Heard>) {
    let (mut known, mut chunk) = (Vec::new(), vec![0; 4096]);
    while let Ok(n @ 1..) = stream.read(&mut chunk).await {
        known.extend_from_slice(&chunk[..n]);
        let end = known.iter().rposition(|it| *it == b'\n').map_or(0, |it| it + 1);
        for line in known[..end].split(|it| *it == b'\n') {
            match line {
                b"event: status" => heard.pages.fetch_add(1, Ordering::Relaxed),
                b"event: incident.created" => heard.events.fetch_add(1, Ordering::Relaxed),
                _ => 0,
            };
        }
        // What is left is a line that has not ended yet.
        known.drain(..end);
    }
}

async fn until(counter: &AtomicUsize, n: usize) -> Outcome<()> {
    let all = async {
        while counter.load(Ordering::Relaxed) < n {
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(WITHIN, all).await.map_err(|_late| "not all were reached".into())
}
