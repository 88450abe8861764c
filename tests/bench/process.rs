//! Processes that end with the bench, and a folder that goes with it.
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::signal::unix::{SignalKind, signal};

use crate::Outcome;

/// How long a process may take to stop before it is killed.
const STOP_WITHIN: Duration = Duration::from_secs(25);
/// How long a process may take to say what is waited for.
const SPEAK_WITHIN: Duration = Duration::from_secs(60);

/// What there is to clean up, should the bench be told to stop.
static LEFT: Mutex<Left> = Mutex::new(Left { children: Vec::new(), dir: None });

struct Left {
    children: Vec<u32>,
    dir: Option<PathBuf>,
}

fn left() -> MutexGuard<'static, Left> {
    LEFT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// At SIGTERM and SIGINT: stops the children, removes the folder, ends.
pub fn end_with_signals() -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut term, mut int) = runtime.block_on(async {
        Ok::<_, std::io::Error>((
            signal(SignalKind::terminate())?,
            signal(SignalKind::interrupt())?,
        ))
    })?;
    thread::spawn(move || {
        runtime.block_on(async {
            tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
        });
        let left = left();
        for pid in &left.children {
            let Ok(pid) = i32::try_from(*pid) else { continue };
            // It may have ended by itself.
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
        let deadline = Instant::now() + STOP_WITHIN;
        let lives = |pid: &u32| waits_or_runs(*pid);
        while left.children.iter().any(lives) && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(20));
        }
        if let Some(dir) = &left.dir {
            let _ = fs::remove_dir_all(dir);
        }
        std::process::exit(130);
    });
    Ok(())
}

/// Whether a child has not ended yet; one that has is a zombie until it is waited for.
fn waits_or_runs(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|it| !it.is_empty() && !it.trim_start().starts_with('Z'))
}

/// A child process; dropping it stops it.
pub struct Process {
    child: Child,
    lines: std::sync::mpsc::Receiver<String>,
}

impl Process {
    /// Starts a command; what it prints is kept for [`Self::wait_for`].
    pub fn start(command: &mut Command) -> Outcome<Self> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        left().children.push(child.id());
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
        self.bytes("VmRSS:")
    }

    /// The most resident memory it ever had, in bytes.
    pub fn peak_memory(&self) -> Outcome<f64> {
        self.bytes("VmHWM:")
    }

    fn bytes(&self, name: &str) -> Outcome<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kib = status.lines().find_map(|it| it.strip_prefix(name));
        let kib = kib.and_then(|it| it.split_whitespace().next()).ok_or("no such figure")?;
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
        let pid = self.child.id();
        let ended = self.wind_up();
        left().children.retain(|it| *it != pid);
        ended
    }

    fn wind_up(&mut self) -> Outcome<()> {
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
        left().dir = Some(path.clone());
        Ok(Self(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A new folder in it.
    pub fn below(&self, name: &str) -> Outcome<PathBuf> {
        let path = self.0.join(name);
        fs::create_dir(&path)?;
        Ok(path)
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("bench: {} could not be removed: {error}", self.0.display());
        }
    }
}
