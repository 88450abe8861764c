//! `GET /api/v1/status` against a bare handler with the same bytes.
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::time::Duration;

use serde_json::json;

use crate::Outcome;
use crate::bare::{headers, hear_port};
use crate::farol::{Farol, beside};
use crate::http::{flood, header};
use crate::process::{Process, TempDir};
use crate::report::{Line, Report, Rounds};

const TARGET: f64 = 0.85;
const COMPONENTS: usize = 10;
const CONNECTIONS: usize = 64;
const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_millis(1200);

/// A document of Farol, and a bare server of the same bytes.
pub struct Pair<'f> {
    farol: &'f Farol,
    bare: Process,
    address: SocketAddr,
    path: &'static str,
    encoding: &'static str,
    etag: String,
    /// Bytes of the body.
    pub size: usize,
}

/// How long and how often.
#[derive(Clone, Copy)]
pub struct Effort {
    pub connections: usize,
    pub rounds: usize,
    pub round: Duration,
    pub target: f64,
}

pub fn measure(farol: &Farol, dir: &TempDir, report: &mut Report) -> Outcome<()> {
    fill(farol)?;
    farol.wait_until_idle()?;
    let pair = Pair::start(farol, dir, "/api/v1/status", "")?;
    let effort = Effort { connections: CONNECTIONS, rounds: ROUNDS, round: ROUND, target: TARGET };
    pair.compare("GET /status, 200", false, effort, report)?;
    pair.compare("GET /status, 304", true, effort, report)?;
    report.note(format!(
        "reads: {} bytes of JSON; the bare handler answers with the same headers; one HTTP thread each, \
         {CONNECTIONS} connections, no compression asked for",
        pair.size
    ));
    pair.stop()
}

impl<'f> Pair<'f> {
    /// Reads the document in an encoding, nothing meaning none, and starts the bare server of it.
    pub fn start(
        farol: &'f Farol,
        dir: &TempDir,
        path: &'static str,
        encoding: &'static str,
    ) -> Outcome<Self> {
        let mut client = farol.client()?;
        let page = client.ask(&request(path, encoding, ""))?;
        let etag = header(&page.head, "etag").map(str::to_owned);
        let etag = etag.ok_or_else(|| format!("{path}: {}", page.status))?;
        let known = client.ask(&request(path, encoding, &etag))?;
        let (body, heads) = (dir.path().join("page"), dir.path().join("heads"));
        std::fs::write(&body, &page.body)?;
        let both = (headers(&page.head), headers(&known.head));
        std::fs::write(&heads, serde_json::to_vec(&both)?)?;
        let mut command = Command::new(beside("bench")?);
        let bare = Process::start(command.arg("bare-http").args([&body, &heads]))?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, bare.wait_for(hear_port)?));
        Ok(Self { farol, bare, address, path, encoding, etag, size: page.body.len() })
    }

    /// Lets both answer in turns, in full or with a 304.
    pub fn compare(
        &self,
        what: &str,
        is_known: bool,
        effort: Effort,
        report: &mut Report,
    ) -> Outcome<()> {
        let seen = if is_known { self.etag.as_str() } else { "" };
        let request = request(self.path, self.encoding, seen);
        let servers = [(self.address, &self.bare), (self.farol.address, self.farol.process())];
        let mut rates = [Rounds::new(), Rounds::new()];
        let mut busy = [0.0, 0.0];
        let mut answers = [0.0, 0.0];
        for round in 0..=effort.rounds {
            let mut turns: Vec<_> = servers.iter().enumerate().collect();
            // Each goes first as often as the other.
            turns.rotate_left(round % 2);
            for (index, (address, process)) in turns {
                let before = process.processor_time()?;
                let rate = flood(*address, &request, effort.connections, effort.round)?;
                // The first round warms up.
                if round > 0 {
                    rates[index].push(rate);
                    busy[index] += process.processor_time()? - before;
                    answers[index] += rate * effort.round.as_secs_f64();
                }
            }
        }
        let [bare, farol] = rates;
        report.add(Line::ratio(what, "/s", bare, farol, effort.target));
        let micros = |n: usize| busy[n] / answers[n] * 1e6;
        report.note(format!(
            "{what}: processor time of the server per answer {:.1} µs bare, {:.1} µs Farol",
            micros(0),
            micros(1)
        ));
        Ok(())
    }

    pub fn stop(self) -> Outcome<()> {
        self.bare.stop()
    }
}

fn request(path: &str, encoding: &str, seen: &str) -> String {
    let mut request = format!("GET {path} HTTP/1.1\r\nHost: bench\r\n");
    for (name, value) in [("Accept-Encoding", encoding), ("If-None-Match", seen)] {
        if !value.is_empty() {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    request + "\r\n"
}

/// A page of usual size.
fn fill(farol: &Farol) -> Outcome<()> {
    for n in 0..COMPONENTS {
        let body = json!({
            "name": format!("Service {n:02}"),
            "slug": format!("service-{n:02}"),
            "description": "One of the things that people use every day.",
        });
        farol.post("/api/v1/components", &body)?;
    }
    let body = json!({
        "title": "Slow answers in one region",
        "message": "We see raised latencies and are looking for the cause.",
        "components": [{ "slug": "service-03", "status": "degraded_performance" }],
    });
    farol.post("/api/v1/incidents", &body)?;
    Ok(())
}
