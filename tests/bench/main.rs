//! `make bench`: what Farol costs beside the bare thing, measured on this machine in one run.
//!
//! Ratios, never wall-clock times: the bare system and Farol take turns (A, B, A, B, …), and what
//! counts is the median of the rounds. Nothing here asserts; a missed target is printed as missed.
mod bare;
mod crowd;
mod deliveries;
mod farol;
mod http;
mod machine;
mod mailbox;
mod page;
mod process;
mod reads;
mod report;
mod streams;
mod writes;

use std::error::Error;

use farol::Farol;
use process::TempDir;
use report::{Line, Report};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Farol without Postgres, in megabytes of resident memory.
const IDLE_MEMORY: f64 = 60.0;
const MIB: f64 = 1024.0 * 1024.0;

fn main() -> Outcome<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        [] => everything(&["reads", "page", "writes", "deliveries", "crowd", "streams"]),
        ["bare-http", body, heads] => bare::serve_document(body, heads),
        ["sink"] => bare::serve_sink(),
        ["mailbox"] => mailbox::serve(),
        only => everything(only),
    }
}

/// Measures the named parts; memory always.
fn everything(parts: &[&str]) -> Outcome<()> {
    process::end_with_signals()?;
    let dir = TempDir::new()?;
    let mut report = Report::default();
    // One HTTP thread for the reads: with two cores the other one is the load's.
    if parts.contains(&"reads") {
        let farol = Farol::start(dir.path(), &[("FAROL_HTTP_WORKERS", "1")])?;
        reads::measure(&farol, &dir, &mut report)?;
        farol.stop()?;
    }
    if parts.contains(&"page") {
        page::measure(&dir, &mut report)?;
    }
    // As many connections as pgbench has.
    let farol = Farol::start(dir.path(), &[("FAROL_DATABASE_POOL", "16")])?;
    std::thread::sleep(std::time::Duration::from_secs(2));
    let idle = farol.process().memory()? / MIB;
    if parts.contains(&"writes") {
        writes::measure(&farol, &dir, &mut report)?;
    }
    if parts.contains(&"deliveries") {
        deliveries::measure(&farol, &mut report)?;
    }
    if parts.contains(&"crowd") {
        crowd::measure(&dir, &mut report)?;
    }
    if parts.contains(&"streams") {
        streams::measure(&dir, &mut report)?;
    }
    report.add(Line::limit("memory of Farol, idle", "MiB", idle, IDLE_MEMORY));
    report.note(format!("memory after the load: {:.1} MiB", farol.process().memory()? / MIB));
    let version = farol.version()?;
    farol.stop()?;
    print!("{}", report.render(&machine::describe(&version)));
    Ok(())
}
