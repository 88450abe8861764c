//! A page of many components and much history: its documents against bare handlers with the same
//! bytes, at full size and at a tenth of it, and what a change of it costs.
use std::time::Duration;

use diesel::prelude::*;
use serde_json::json;

use crate::Outcome;
use crate::farol::Farol;
use crate::process::TempDir;
use crate::reads::{Effort, Pair};
use crate::report::{Line, Report};

/// How much there is of everything.
#[derive(Clone, Copy)]
struct Size {
    name: &'static str,
    groups: i32,
    components: i32,
    past: i32,
    open: i32,
}

const SIZES: [Size; 2] = [
    Size { name: "a tenth", groups: 10, components: 200, past: 1_000, open: 20 },
    Size { name: "full", groups: 100, components: 2_000, past: 10_000, open: 200 },
];
const DOCUMENTS: [(&str, &str); 3] = [
    ("status", "/api/v1/status"),
    ("summary.json", "/api/v2/summary.json"),
    ("history", "/api/v1/history"),
];
const EFFORT: Effort =
    Effort { connections: 16, rounds: 21, round: Duration::from_millis(200), target: 0.9 };
/// Changes of the page whose rebuilding is measured.
const CHANGES: usize = 200;

pub fn measure(dir: &TempDir, report: &mut Report) -> Outcome<()> {
    for size in SIZES {
        let home = dir.below(size.name)?;
        // One HTTP thread: with two cores the other one is the load's.
        let farol = Farol::start(&home, &[("FAROL_HTTP_WORKERS", "1")])?;
        fill(&farol, size)?;
        for (name, path) in DOCUMENTS {
            read(&farol, dir, (size.name, name, path), report)?;
        }
        rebuild(&farol, size, report)?;
        farol.stop()?;
    }
    Ok(())
}

fn read(
    farol: &Farol,
    dir: &TempDir,
    (size, name, path): (&str, &str, &'static str),
    report: &mut Report,
) -> Outcome<()> {
    for encoding in ["", "br"] {
        let pair = Pair::start(farol, dir, path, encoding)?;
        let kind = if encoding.is_empty() { "identity" } else { encoding };
        pair.compare(&format!("{size} {name}, {kind}"), false, EFFORT, report)?;
        if encoding.is_empty() {
            pair.compare(&format!("{size} {name}, 304"), true, EFFORT, report)?;
        }
        report.note(format!("{size} {name}, {kind}: {} bytes", pair.size));
        pair.stop()?;
    }
    Ok(())
}

/// Turns one component over and over while readers ask for the page, and reads off the metrics how
/// long the rebuilding took.
fn rebuild(farol: &Farol, size: Size, report: &mut Report) -> Outcome<()> {
    let mut client = farol.client()?;
    for n in 0..CHANGES {
        let status = if n % 2 == 0 { "degraded_performance" } else { "operational" };
        let body = json!({ "reported_status": status }).to_string();
        let reply = client.call("PATCH", "/api/v1/components/c-1", &body)?;
        if reply.status != 200 {
            return Err(format!("{} instead of a change", reply.status).into());
        }
        client.get("/api/v2/summary.json")?;
    }
    let metrics = String::from_utf8(client.get("/metrics")?.body)?;
    for (what, name) in [
        ("rebuild of the page", "farol_page_build_seconds"),
        ("rendering what was read of it", "farol_page_render_seconds"),
    ] {
        let buckets = buckets(&metrics, name);
        let (median, slow) = (quantile(&buckets, 0.5)? * 1e3, quantile(&buckets, 0.99)? * 1e3);
        let figure = format!("{median:.1} ms (p99 {slow:.1})");
        report.add(Line::figure(&format!("{what}, {}", size.name), &figure));
    }
    Ok(())
}

/// Upper bounds of a histogram, each with how many samples lie below it.
fn buckets(metrics: &str, name: &str) -> Vec<(f64, f64)> {
    let start = format!("{name}_bucket{{le=\"");
    let rows = metrics.lines().filter_map(|it| it.strip_prefix(&start)?.split_once("\"} "));
    rows.filter_map(|(bound, n)| Some((bound.parse().ok()?, n.parse().ok()?))).collect()
}

/// As Prometheus reckons it: samples are spread evenly within a bucket.
fn quantile(buckets: &[(f64, f64)], quantile: f64) -> Outcome<f64> {
    let n_all = buckets.last().ok_or("no such histogram")?.1;
    let (mut below, mut n_below) = (0.0, 0.0);
    for (bound, n) in buckets {
        if *n >= n_all * quantile && *n > n_below {
            return Ok(below + (bound - below) * (n_all * quantile - n_below) / (n - n_below));
        }
        (below, n_below) = (*bound, *n);
    }
    Err("an empty histogram".into())
}

/// Written straight into the tables, as the API would have over a year.
fn fill(farol: &Farol, size: Size) -> Outcome<()> {
    let Size { groups, components, past, open, .. } = size;
    let mut conn = farol.connection()?;
    for statement in [
        format!(
            "insert into component_groups (id, slug, name, position, collapsed, visibility, created_at, updated_at)
             select gen_random_uuid(), 'g-' || n, 'Region ' || n, n, false, 'public', now() - interval '1 year', now()
             from generate_series(1, {groups}) n"
        ),
        format!(
            "insert into components (id, slug, name, description, group_id, position, visibility, reported_status, status,
                                     status_since, showcase, only_show_if_degraded, metadata, created_at, updated_at)
             select gen_random_uuid(), 'c-' || n, 'Service ' || n, 'One of the things that people use every day.',
                    (select id from component_groups where slug = 'g-' || (n % {groups} + 1)), n, 'public',
                    'operational', 'operational', now() - interval '1 year', true, false, '{{}}',
                    now() - interval '1 year', now()
             from generate_series(1, {components}) n"
        ),
        "insert into component_statuses (component_id, status, during, cause, actor, recorded_at)
         select id, 'operational', tstzrange(created_at, null), 'reported', 'system', created_at from components"
            .to_owned(),
        "insert into component_reports (component_id, status, at, actor)
         select id, 'operational', created_at, 'system' from components"
            .to_owned(),
        format!(
            "insert into incidents (id, title, status, impact, visibility, started_at, resolved_at, source, metadata,
                                    search_text, created_at, updated_at)
             select gen_random_uuid(), 'Trouble ' || n, case when n > {open} then 'resolved' else 'identified' end,
                    'none', 'public', at, case when n > {open} then at + interval '40 minutes' end, 'system', '{{}}',
                    'Trouble', at, at
             from generate_series(1, {past} + {open}) n,
                  lateral (select now() - interval '1 day' * (n * 365.0 / ({past} + {open})) as at) time"
        ),
        "insert into incident_updates (id, incident_id, status, message, message_html, effects, notify, display_at,
                                       author, created_at, updated_at)
         select gen_random_uuid(), i.id, case when n = 5 then i.status else 'investigating' end,
                'We see raised latencies in one region and are looking for the cause of it.',
                '<p>We see raised latencies in one region and are looking for the cause of it.</p>',
                '[]', false, i.started_at + interval '8 minutes' * n, 'Ana', i.started_at, i.started_at
         from incidents i, generate_series(1, 5) n"
            .to_owned(),
        format!(
            "insert into incident_components (incident_id, component_id, status, is_over)
             select i.id, c.id, 'operational', i.status = 'resolved'
             from (select id, status, row_number() over () as n from incidents) i
             join (select id, row_number() over () as n from components) c on c.n = i.n % {components} + 1"
        ),
        "analyze".to_owned(),
    ] {
        diesel::sql_query(statement).execute(&mut conn)?;
    }
    // The page learns of it with the next fact.
    farol.post("/api/v1/components", &json!({ "name": "The last one" }))?;
    farol.wait_until_idle()
}
