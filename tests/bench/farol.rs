//! The system under test: the release binary beside this one, with its embedded Postgres.
use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use diesel::pg::PgConnection;
use diesel::prelude::*;
use serde_json::Value;

use crate::Outcome;
use crate::http::{Client, Reply};
use crate::process::Process;

/// The most that can be configured: what is measured is not the limiter's refusals.
pub const RATE_LIMIT: &str = "10000000";
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Farol {
    process: Process,
    pub address: SocketAddr,
    pub token: String,
    /// Its own database.
    pub database: String,
    binary: PathBuf,
}

impl Farol {
    /// Starts Farol on a free port and its data below `dir`; the first start makes the token.
    pub fn start(dir: &Path, settings: &[(&str, &str)]) -> Outcome<Self> {
        let binary = beside("farol")?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let data = dir.join("data");
        let log = File::options().create(true).append(true).open(dir.join("farol.log"))?;
        let process = Process::start(
            Command::new(&binary)
                .arg("serve")
                .current_dir(dir)
                .env_remove("DATABASE_URL")
                .env("FAROL_DATA_DIR", &data)
                .env("FAROL_LISTEN", address.to_string())
                .env("FAROL_RATE_LIMIT", RATE_LIMIT)
                .env("FAROL_EGRESS_ALLOW", "127.0.0.0/8")
                .envs(settings.iter().copied())
                .stderr(log),
        )?;
        process.wait_for(|line| line.contains("metrics").then_some(()))?;
        let kept = dir.join("token");
        if !kept.exists() {
            let token = process.wait_for(|line| {
                let token = line.split("Authorization: Bearer ").nth(1)?;
                token.split('\'').next().map(str::to_owned)
            })?;
            fs::write(&kept, token)?;
        }
        let sockets = data.join("postgres/run").canonicalize()?;
        let database =
            format!("postgresql:///farol?host={}&user=farol&port=5432", sockets.display());
        let farol = Self { process, address, token: fs::read_to_string(kept)?, database, binary };
        farol.wait_until_up()?;
        Ok(farol)
    }

    fn wait_until_up(&self) -> Outcome<()> {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !self.client().and_then(|mut it| it.get("/readyz")).is_ok_and(|it| it.status == 200) {
            if Instant::now() > deadline {
                return Err("Farol does not become ready".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    pub fn process(&self) -> &Process {
        &self.process
    }

    pub fn stop(self) -> Outcome<()> {
        self.process.stop()
    }

    pub fn client(&self) -> Outcome<Client> {
        Client::connect(self.address, &self.token)
    }

    /// Sends JSON and wants a 2xx.
    pub fn post(&self, path: &str, body: &Value) -> Outcome<Value> {
        let reply = self.client()?.call("POST", path, &body.to_string())?;
        json_of(path, &reply)
    }

    pub fn version(&self) -> Outcome<String> {
        let output = Command::new(&self.binary).arg("--version").output()?;
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// Runs a subcommand on another database of the same cluster.
    pub fn run_on(&self, database: &str, subcommand: &str) -> Outcome<()> {
        let output = Command::new(&self.binary)
            .arg(subcommand)
            .env("DATABASE_URL", database)
            .env("FAROL_SECRET_KEY", "a key for a database that holds no secrets")
            .env("FAROL_LOG", "warn")
            .output()?;
        if output.status.success() {
            Ok(())
        } else {
            Err(format!("farol {subcommand} failed").into())
        }
    }

    pub fn connection(&self) -> Outcome<PgConnection> {
        Ok(PgConnection::establish(&self.database)?)
    }

    /// Waits until every fact is fanned out and every destination is served.
    pub fn wait_until_idle(&self) -> Outcome<()> {
        self.wait_until(
            "select not exists (select from events where expanded_at is null)
                and not exists (select from destinations where last_seq > done_seq) as yes",
        )
    }

    /// Waits until the database says yes.
    pub fn wait_until(&self, question: &str) -> Outcome<()> {
        let mut conn = self.connection()?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer: Answer = diesel::sql_query(question).get_result(&mut conn)?;
            if answer.yes {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(format!("in vain waited for: {question}").into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The JSON of a good answer.
pub fn json_of(path: &str, reply: &Reply) -> Outcome<Value> {
    if !(200..300).contains(&reply.status) {
        let body = String::from_utf8_lossy(&reply.body);
        return Err(format!("{path}: {} {body}", reply.status).into());
    }
    Ok(serde_json::from_slice(&reply.body)?)
}

/// A program in the folder of this one.
pub fn beside(name: &str) -> Outcome<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(name);
    if path.exists() { Ok(path) } else { Err(format!("{} is missing", path.display()).into()) }
}

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = diesel::sql_types::Bool)]
    yes: bool,
}
