//! `GET /api/v1/status` against a bare handler with the same bytes.
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::time::Duration;

use serde_json::json;

use crate::bare::hear_port;
use crate::farol::{Farol, beside};
use crate::http::{flood, header};
use crate::process::{Process, TempDir};
use crate::report::{Line, Report, Rounds};
use crate::{Outcome, farol};

const TARGET: f64 = 0.85;
const COMPONENTS: usize = 10;
const CONNECTIONS: usize = 64;
const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_millis(1200);

pub fn measure(farol: &Farol, dir: &TempDir, report: &mut Report) -> Outcome<()> {
    fill(farol)?;
    farol.wait_until_idle()?;
    let page = farol.client()?.get("/api/v1/status")?;
    farol::json_of("/api/v1/status", &page)?;
    let etag = header(&page.head, "etag").ok_or("the page has no ETag")?;
    let body = dir.path().join("page.json");
    std::fs::write(&body, &page.body)?;
    let mut command = Command::new(beside("bench")?);
    let bare = Process::start(command.arg("bare-http").arg(&body).arg(etag))?;
    let port = bare.wait_for(hear_port)?;
    let servers =
        [(SocketAddr::from((Ipv4Addr::LOCALHOST, port)), &bare), (farol.address, farol.process())];
    let plain = "GET /api/v1/status HTTP/1.1\r\nHost: bench\r\n\r\n".to_owned();
    let conditional =
        format!("GET /api/v1/status HTTP/1.1\r\nHost: bench\r\nIf-None-Match: {etag}\r\n\r\n");
    for (what, request) in [("GET /status, 200", plain), ("GET /status, 304", conditional)] {
        alternate(what, &request, servers, report)?;
    }
    let (bytes, head) = (page.body.len(), page.head.len());
    report.note(format!(
        "reads: {bytes} bytes of JSON; Farol adds {head} bytes of headers; one HTTP thread each, \
         {CONNECTIONS} connections, no compression asked for"
    ));
    bare.stop()
}

fn alternate(
    what: &str,
    request: &str,
    servers: [(SocketAddr, &Process); 2],
    report: &mut Report,
) -> Outcome<()> {
    let mut rates = [Rounds::new(), Rounds::new()];
    let mut busy = [0.0, 0.0];
    let mut answers = [0.0, 0.0];
    for round in 0..=ROUNDS {
        for (index, (address, process)) in servers.iter().enumerate() {
            let before = process.processor_time()?;
            let rate = flood(*address, request, CONNECTIONS, ROUND)?;
            // The first round warms up.
            if round > 0 {
                rates[index].push(rate);
                busy[index] += process.processor_time()? - before;
                answers[index] += rate * ROUND.as_secs_f64();
            }
        }
    }
    let [bare, farol] = rates;
    report.add(Line::ratio(what, "/s", bare, farol, TARGET));
    let micros = |n: usize| busy[n] / answers[n] * 1e6;
    report.note(format!(
        "{what}: processor time of the server per answer {:.1} µs bare, {:.1} µs Farol",
        micros(0),
        micros(1)
    ));
    Ok(())
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
