//! On what this was measured.
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// Machine, kernel and versions, in one paragraph.
pub fn describe(farol: &str) -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|it| it.strip_prefix("model name")).unwrap_or("unknown");
    let model = model.trim_start_matches([' ', '\t', ':']);
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default().to_owned();
    let postgres = pgbench().map_or_else(|| "no pgbench".to_owned(), |it| version(&it));
    let kernel = kernel.trim();
    format!(
        "{model}, {cores} cores, Linux {kernel}; {farol}, {postgres}, actix-web 4, reqwest 0.13. \
         Load average at the end {load}. Everything on one machine over loopback."
    )
}

fn version(program: &PathBuf) -> String {
    let output = Command::new(program).arg("--version").output();
    let text = output.map(|it| String::from_utf8_lossy(&it.stdout).trim().to_owned());
    text.unwrap_or_default()
}

/// Where pgbench is; Debian keeps it off the PATH.
pub fn pgbench() -> Option<PathBuf> {
    let debian = fs::read_dir("/usr/lib/postgresql").ok().into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = debian.map(|it| it.path().join("bin/pgbench")).collect();
    found.sort();
    found.push(PathBuf::from("pgbench"));
    found.into_iter().rev().find(|it| Command::new(it).arg("--version").output().is_ok())
}
