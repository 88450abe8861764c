//! Processes that end with the bench, and a folder that goes with it.
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::Outcome;

/// How long a process may take to stop before it is killed.
const STOP_WITHIN: Duration = Duration::from_secs(25);
/// How long a process may take to say what is waited for.
const SPEAK_WITHIN: Duration = Duration::from_secs(60);

/// A child process; dropping it stops it.
pub struct Process {
    child: Child,
    lines: std::sync::mpsc::Receiver<String>,
}

impl Process {
    /// Starts a command; what it prints is kept for [`Self::wait_for`].
    pub fn start(command: &mut Command) -> Outcome<Self> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let out = child.stdout.take().ok_or("the child has no standard output")?;
        let (sender, lines) = std::sync::mpsc::channel();
        thread::spawn(move || pass_on(out, &sender));
        Ok(Self { child, lines })
    }

    /// The next line it prints that `wanted` makes something of.
    pub fn wait_for<T>(&self, wanted: impl Fn(&str) -> Option<T>) -> Outcome<T> {
        let deadline = Instant::now() + SPEAK_WITHIN;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left);
            let line = line.map_err(|_silent| "a child ended or kept silent")?;
            if let Some(found) = wanted(&line) {
                return Ok(found);
            }
        }
    }

    /// Resident memory in bytes.
    pub fn memory(&self) -> Outcome<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kib = status.lines().find_map(|it| it.strip_prefix("VmRSS:"));
        let kib = kib.and_then(|it| it.split_whitespace().next()).ok_or("no VmRSS")?;
        Ok(kib.parse::<f64>()? * 1024.0)
    }

    /// Processor time used so far, in seconds (`proc(5)`: fields 14 and 15, in hundredths).
    pub fn processor_time(&self) -> Outcome<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let after_name = stat.rsplit(')').next().unwrap_or_default();
        let ticks = |n: usize| after_name.split_whitespace().nth(n).and_then(|it| it.parse().ok());
        let (user, system): (Option<f64>, Option<f64>) = (ticks(11), ticks(12));
        Ok((user.ok_or("no utime")? + system.ok_or("no stime")?) / 100.0)
    }

    /// Asks it to stop and waits until it has.
    pub fn stop(mut self) -> Outcome<()> {
        self.end()
    }

    fn end(&mut self) -> Outcome<()> {
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        kill(Pid::from_raw(i32::try_from(self.child.id())?), Signal::SIGTERM)?;
        let deadline = Instant::now() + STOP_WITHIN;
        while Instant::now() < deadline {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(10));
        }
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            eprintln!("bench: a child could not be stopped: {error}");
        }
    }
}

fn pass_on(out: ChildStdout, lines: &std::sync::mpsc::Sender<String>) {
    for line in BufReader::new(out).lines().map_while(Result::ok) {
        // Nobody listens any more: keep reading, so that the child is never blocked.
        let _ = lines.send(line);
    }
}

/// A folder that is removed in the end.
pub struct TempDir(PathBuf);

impl TempDir {
    pub fn new() -> Outcome<Self> {
        let path = std::env::temp_dir().join(format!("farol-bench-{}", std::process::id()));
        fs::create_dir(&path)?;
        Ok(Self(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("bench: {} could not be removed: {error}", self.0.display());
        }
    }
}
