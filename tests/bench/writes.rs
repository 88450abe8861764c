//! Opening incidents over the API, against `pgbench` making the same inserts.
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use serde_json::{Value, json};

use crate::farol::{Farol, json_of};
use crate::process::TempDir;
use crate::report::{Line, Report, Rounds};
use crate::{Outcome, machine};

const TARGET: f64 = 0.5;
const CLIENTS: usize = 16;
/// Far more than incidents at a time, so that two of them seldom wait for one component.
const COMPONENTS: usize = 128;
/// Incidents opened in one go; they are removed, untimed, before the next.
const BURST: usize = 96;
const BURSTS: usize = 4;
const ROUNDS: usize = 4;
const PGBENCH_SECONDS: usize = 2;
const MESSAGE: &str = "Requests to the interface time out for some customers in one region. We \
    have seen raised error rates since the last deployment and roll it back now. The next update \
    follows within half an hour, or sooner when there is news.";

pub fn measure(farol: &Farol, dir: &TempDir, report: &mut Report) -> Outcome<()> {
    let Some(pgbench) = machine::pgbench() else {
        report.note("writes: not measured, because there is no pgbench".to_owned());
        return Ok(());
    };
    let mut conn = farol.connection()?;
    seed(farol)?;
    let script = Script::prepare(farol, dir, &mut conn, pgbench)?;
    let (mut bare, mut ours) = (Rounds::new(), Rounds::new());
    burst(farol)?;
    for _ in 0..ROUNDS {
        bare.push(script.run()?);
        let (mut opened, mut took) = (0, Duration::ZERO);
        for _ in 0..BURSTS {
            let (ids, time) = burst(farol)?;
            opened += ids.len();
            took += time;
            remove(farol, &ids)?;
        }
        ours.push(f64::from(u32::try_from(opened)?) / took.as_secs_f64());
    }
    report.add(Line::ratio("POST /incidents", "/s", bare, ours, TARGET));
    report.note(format!(
        "writes: {CLIENTS} clients; an incident on 2 of {COMPONENTS} components, fsync on; bursts \
         of {BURST}, removed in between; pgbench -M prepared -c {CLIENTS} -j 2 writes the same 9 \
         rows with 5 inserts in one transaction; FAROL_RATE_LIMIT={}",
        crate::farol::RATE_LIMIT
    ));
    Ok(())
}

fn seed(farol: &Farol) -> Outcome<()> {
    let mut client = farol.client()?;
    for n in 0..COMPONENTS {
        let body = json!({ "name": format!("Unit {n:03}"), "slug": format!("unit-{n:03}") });
        json_of(
            "/api/v1/components",
            &client.call("POST", "/api/v1/components", &body.to_string())?,
        )?;
    }
    farol.wait_until_idle()
}

fn incident(n: usize) -> Value {
    let unit = |n: usize| format!("unit-{:03}", n % COMPONENTS);
    json!({
        "title": "Errors at the interface",
        "message": MESSAGE,
        "components": [
            { "slug": unit(2 * n), "status": "partial_outage" },
            { "slug": unit(2 * n + 1), "status": "degraded_performance" },
        ],
    })
}

/// Opens incidents from all clients at once, beginning at rest.
fn burst(farol: &Farol) -> Outcome<(Vec<String>, Duration)> {
    farol.wait_until_idle()?;
    let clients: Outcome<Vec<_>> = (0..CLIENTS).map(|_| farol.client()).collect();
    let next = AtomicUsize::new(0);
    let began = Instant::now();
    let opened: Vec<Outcome<Vec<String>>> = thread::scope(|scope| {
        let threads: Vec<_> = clients
            .into_iter()
            .flatten()
            .map(|mut client| {
                let next = &next;
                scope.spawn(move || {
                    let mut ids = Vec::new();
                    loop {
                        let n = next.fetch_add(1, Ordering::Relaxed);
                        if n >= BURST {
                            return Ok(ids);
                        }
                        let body = incident(n).to_string();
                        let reply = client.call("POST", "/api/v1/incidents", &body)?;
                        let made = json_of("/api/v1/incidents", &reply)?;
                        ids.push(made["id"].as_str().ok_or("an incident without id")?.to_owned());
                    }
                })
            })
            .collect();
        let joined = threads.into_iter().map(|it| it.join());
        joined.map(|it| it.unwrap_or_else(|_panic| Err("a client panicked".into()))).collect()
    });
    let took = began.elapsed();
    let mut ids = Vec::new();
    for opened in opened {
        ids.extend(opened?);
    }
    Ok((ids, took))
}

fn remove(farol: &Farol, ids: &[String]) -> Outcome<()> {
    let mut client = farol.client()?;
    for id in ids {
        let reply = client.call("DELETE", &format!("/api/v1/incidents/{id}"), "")?;
        if reply.status != 204 {
            return Err(format!("DELETE: {}", reply.status).into());
        }
    }
    Ok(())
}

/// What pgbench runs, on a database of its own with the same tables.
struct Script {
    pgbench: PathBuf,
    file: PathBuf,
    values: Vec<String>,
    sockets: String,
}

#[derive(QueryableByName)]
struct Fact {
    #[diesel(sql_type = diesel::sql_types::Text)]
    payload: String,
}

/// Rows as Farol writes them: an incident, its update, two components, their intervals, and the
/// facts of all three, with payloads that Farol itself made.
const INSERTS: &str = r"\set n random(1, 400)
\set m random(1, 400)
begin;
insert into incidents (id, title, status, impact, visibility, started_at, source, metadata, search_text, created_at, updated_at)
values (gen_random_uuid(), :title, 'investigating', 'major', 'public', now(), 'token:018f', '{}', :message, now(), now())
returning id as incident \gset
insert into incident_components (incident_id, component_id, status)
values (:incident::uuid, lpad(:n::text, 32, '0')::uuid, 'partial_outage'), (:incident::uuid, lpad((1000 + :m::int)::text, 32, '0')::uuid, 'degraded_performance');
insert into incident_updates (id, incident_id, status, message, message_html, effects, notify, display_at, author, created_at, updated_at)
values (gen_random_uuid(), :incident::uuid, 'investigating', :message, :message, :effects::jsonb, true, now(), 'First steps', now(), now());
insert into component_statuses (component_id, status, during, cause, incident_id, actor, recorded_at)
values (lpad(:n::text, 32, '0')::uuid, 'partial_outage', tstzrange(clock_timestamp(), clock_timestamp() + interval '1 microsecond'), 'incident', :incident::uuid, 'token:018f', now()),
(lpad((1000 + :m::int)::text, 32, '0')::uuid, 'degraded_performance', tstzrange(clock_timestamp(), clock_timestamp() + interval '1 microsecond'), 'incident', :incident::uuid, 'token:018f', now());
insert into events (id, kind, announce, incident_id, component_ids, group_ids, impact, payload, public_payload, actor, request_id, created_at)
values (gen_random_uuid(), 'incident.created', true, :incident::uuid, array[gen_random_uuid()], '{}', 'major', :created::json, :created::json, 'token:018f', 'request', now()),
(gen_random_uuid(), 'component.status_changed', true, null, array[gen_random_uuid()], '{}', 'major', :turned::json, :turned::json, 'token:018f', 'request', now()),
(gen_random_uuid(), 'component.status_changed', true, null, array[gen_random_uuid()], '{}', 'minor', :turned::json, :turned::json, 'token:018f', 'request', now());
commit;
";

const COMPONENT_ROWS: &str = "
insert into components (id, slug, name, position, visibility, reported_status, status, status_since,
                        showcase, only_show_if_degraded, metadata, created_at, updated_at)
select lpad((1000 * half + n)::text, 32, '0')::uuid, 'unit-' || half || '-' || n, 'Unit', n, 'public',
       'operational', 'operational', now(), true, false, '{}', now(), now()
from generate_series(1, 400) n, generate_series(0, 1) half";

impl Script {
    fn prepare(
        farol: &Farol,
        dir: &TempDir,
        conn: &mut PgConnection,
        pgbench: PathBuf,
    ) -> Outcome<Self> {
        let made = farol.post("/api/v1/incidents", &incident(0))?;
        let id = made["id"].as_str().ok_or("an incident without id")?;
        let mut fact = |kind: &str| -> Outcome<String> {
            let facts: Vec<Fact> = diesel::sql_query(format!(
                "select payload::text from events where kind = '{kind}' order by position desc limit 1"
            ))
            .load(conn)?;
            Ok(facts.into_iter().next().ok_or("no such fact")?.payload)
        };
        let (created, turned) = (fact("incident.created")?, fact("component.status_changed")?);
        remove(farol, &[id.to_owned()])?;
        conn.batch_execute("create database bare")?;
        let database = farol.database.replacen("///farol?", "///bare?", 1);
        farol.run_on(&database, "migrate")?;
        PgConnection::establish(&database)?.batch_execute(COMPONENT_ROWS)?;
        let file = dir.path().join("inserts.sql");
        fs::write(&file, INSERTS)?;
        let effects = json!([{ "component": id, "status": "partial_outage" }, { "component": id, "status": "degraded_performance" }]);
        let values = [
            ("title", "Errors at the interface".to_owned()),
            ("message", MESSAGE.to_owned()),
            ("effects", effects.to_string()),
            ("created", created),
            ("turned", turned),
        ];
        let values = values.map(|(name, value)| format!("-D{name}={value}")).to_vec();
        let sockets = sockets_of(dir.path())?;
        Ok(Self { pgbench, file, values, sockets })
    }

    /// Transactions per second.
    fn run(&self) -> Outcome<f64> {
        let output = Command::new(&self.pgbench)
            .args(["-n", "-M", "prepared", "-j", "2", "-U", "farol", "-p", "5432", "-h"])
            .arg(&self.sockets)
            .args(["-c", &CLIENTS.to_string(), "-T", &PGBENCH_SECONDS.to_string()])
            .args(&self.values)
            .arg("-f")
            .arg(&self.file)
            .arg("bare")
            .output()?;
        let (out, err) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let tps = out.lines().find_map(|it| it.strip_prefix("tps = ")?.split(' ').next());
        match tps {
            Some(tps) if output.status.success() => Ok(tps.parse()?),
            _ => Err(format!("pgbench: {err}").into()),
        }
    }
}

fn sockets_of(dir: &Path) -> Outcome<String> {
    Ok(dir.join("data/postgres/run").canonicalize()?.display().to_string())
}
