//! Many people at once: ten thousand webhooks and as many mailboxes, one in five webhooks hanging.
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::bare::hear_port;
use crate::farol::{Farol, beside, json_of};
use crate::http::Client;
use crate::process::{Process, TempDir};
use crate::report::{Line, Report};
use crate::{MIB, Outcome};

/// Of the webhooks, as many may hang; the others are healthy throughout.
const HANGING: usize = 2_000;
const HEALTHY: usize = 8_000;
const MAILBOXES: usize = 10_000;
/// Peak resident memory of Farol without Postgres, in megabytes.
const PEAK_MEMORY: f64 = 200.0;
/// How much longer the slowest hundredth of the healthy ones may wait when the others hang.
const SLOWER: f64 = 2.0;
const ARRIVE_WITHIN: Duration = Duration::from_secs(120);
const CLIENTS: usize = 8;
/// Whoever hangs was met once.
const FOUND_OUT: &str = "select count(*) = 2000 as yes from destinations where lane = 1";

pub fn measure(dir: &TempDir, report: &mut Report) -> Outcome<()> {
    let sink = Process::start(Command::new(beside("bench")?).arg("sink"))?;
    let mailbox = Process::start(Command::new(beside("bench")?).arg("mailbox"))?;
    let port_of = |process: &Process| -> Outcome<SocketAddr> {
        Ok((Ipv4Addr::LOCALHOST, process.wait_for(hear_port)?).into())
    };
    let (hooks, mails) = (port_of(&sink)?, port_of(&mailbox)?);
    let server = format!("smtp://{mails}?tls=none");
    let settings = [("FAROL_SMTP_URL", server.as_str()), ("FAROL_MAIL_FROM", "status@example.org")];
    let farol = Farol::start(&dir.below("crowd")?, &settings)?;
    let crowd = Crowd { farol, hooks, mails };
    crowd.gather()?;
    crowd.tell()?;
    let (calm, rate) = crowd.tell()?;
    crowd.switch(true)?;
    // Nobody knows yet which of them hang.
    let (surprised, _) = crowd.tell()?;
    crowd.farol.wait_until(FOUND_OUT)?;
    let (warned, _) = crowd.tell()?;
    crowd.switch(false)?;
    let slower = surprised.max(warned) / calm;
    report.add(Line::limit("p99 of the healthy while 20 % hang", "×", slower, SLOWER));
    let peak = crowd.farol.process().peak_memory()? / MIB;
    report.add(Line::limit("memory of Farol, peak", "MiB", peak, PEAK_MEMORY));
    report.note(format!(
        "crowd: one incident to {} webhooks and {MAILBOXES} mailboxes at once, {rate:.0} deliveries \
         a second of both together; p99 of {HEALTHY} webhooks from the API call to the arrival: \
         {calm:.2} s, {surprised:.2} s when {HANGING} others begin to hang, {warned:.2} s when they \
         go on; the mail server takes everything and is on the same machine",
        HEALTHY + HANGING
    ));
    crowd.farol.stop()?;
    sink.stop()?;
    mailbox.stop()
}

struct Crowd {
    farol: Farol,
    hooks: SocketAddr,
    mails: SocketAddr,
}

impl Crowd {
    fn gather(&self) -> Outcome<()> {
        let per_client = (HEALTHY + HANGING) / CLIENTS;
        let clients: Outcome<Vec<Client>> = (0..CLIENTS).map(|_| self.farol.client()).collect();
        let (clients, hooks) = (clients?, self.hooks);
        let made: Vec<Outcome<()>> = thread::scope(|scope| {
            let threads: Vec<_> = clients
                .into_iter()
                .map(|client| scope.spawn(move || subscribe(client, hooks, per_client)))
                .collect();
            let joined = threads.into_iter().map(|it| it.join());
            joined.map(|it| it.unwrap_or_else(|_panic| Err("a client panicked".into()))).collect()
        });
        made.into_iter().collect::<Outcome<()>>()?;
        let mut sheet = String::from("email\n");
        for n in 0..MAILBOXES {
            // Writing to a String cannot fail.
            let _ = writeln!(sheet, "reader{n}@example.org");
        }
        let path = "/api/v1/subscriptions/import";
        let imported =
            json_of(path, &self.farol.client()?.send("POST", path, "text/csv", &sheet)?)?;
        if imported["created"] != MAILBOXES {
            return Err(format!("the import made {}", imported["created"]).into());
        }
        self.farol.wait_until_idle()
    }

    fn switch(&self, hangs: bool) -> Outcome<()> {
        let reply =
            Client::connect(self.hooks, "")?.call("POST", &format!("/hanging/{hangs}"), "")?;
        if reply.status == 204 { Ok(()) } else { Err("the sink cannot be switched".into()) }
    }

    /// Opens an incident and waits until all healthy webhooks and all mails have arrived. Returns
    /// after how many seconds 99 % of the healthy webhooks were there, and how many deliveries of
    /// both kinds came in a second.
    fn tell(&self) -> Outcome<(f64, f64)> {
        let mut sink = Client::connect(self.hooks, "")?;
        let body = json!({ "title": "Errors at the interface", "message": "We look into it." });
        let (began, mails) = (Instant::now(), self.mails()?);
        let epoch = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64();
        self.farol.post("/api/v1/incidents", &body)?;
        let mut times: Vec<f64> = Vec::new();
        while times.len() < HEALTHY || self.mails()? < mails + MAILBOXES {
            if began.elapsed() > ARRIVE_WITHIN {
                let mails = self.mails()? - mails;
                return Err(format!("{} webhooks, {mails} mails arrived", times.len()).into());
            }
            let came = json_of("/timed", &sink.get("/timed")?)?;
            let micros = came.as_array().into_iter().flatten().filter_map(|it| it.as_f64());
            times.extend(micros.map(|it| it / 1e6 - epoch));
            thread::sleep(Duration::from_millis(20));
        }
        let took = began.elapsed().as_secs_f64();
        times.sort_by(f64::total_cmp);
        let p99 = times.get(HEALTHY * 99 / 100).copied().ok_or("nothing arrived")?;
        Ok((p99, f64::from(u32::try_from(HEALTHY + MAILBOXES)?) / took))
    }

    fn mails(&self) -> Outcome<usize> {
        let stream = TcpStream::connect(self.mails)?;
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        stream.read_line(&mut line)?;
        stream.get_mut().write_all(b"NOOP\r\n")?;
        line.clear();
        stream.read_line(&mut line)?;
        let count = line.trim().strip_prefix("250 ").ok_or("the mailbox does not count")?;
        Ok(count.parse()?)
    }
}

/// One webhook in five is to those that may hang.
fn subscribe(mut client: Client, hooks: SocketAddr, n: usize) -> Outcome<()> {
    let path = "/api/v1/subscriptions";
    for n in 0..n {
        let of = if n % 5 == 0 { "hanging" } else { "timed" };
        let config = json!({ "url": format!("http://{hooks}/{of}") });
        let subscription = json!({ "channel": "webhook", "config": config });
        json_of(path, &client.call("POST", path, &subscription.to_string())?)?;
    }
    Ok(())
}
