//! The thread that starts the server, watches it, starts it again, and stops it.

use std::process::{Child, ExitStatus};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::StartError;
use super::cluster::Cluster;
use super::orphan::PidFile;

/// A start fails while processes of the previous server still hold its shared memory.
const START_ATTEMPTS: u32 = 20;
const ATTEMPT_PAUSE: Duration = Duration::from_millis(200);
/// Recovery after a crash takes its time, and must not be cut short.
const START_PATIENCE: Duration = Duration::from_secs(600);
const START_POLL: Duration = Duration::from_millis(10);
const WATCH_POLL: Duration = Duration::from_millis(100);
const LOG_CHECK: Duration = Duration::from_secs(60);
const RESTART_PAUSE_MIN: Duration = Duration::from_secs(2);
const RESTART_PAUSE_MAX: Duration = Duration::from_secs(30);
/// A server that ran this long has recovered: the next pause is short again.
const STEADY: Duration = Duration::from_secs(60);
const FAST_STOP: Duration = Duration::from_secs(15);
const IMMEDIATE_STOP: Duration = Duration::from_secs(10);

/// A handle on the thread; dropping it stops the server.
#[derive(Debug)]
pub struct Supervisor {
    orders: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Supervisor {
    /// Returns once the server takes connections.
    pub fn start(cluster: Cluster) -> Result<Self, StartError> {
        let (orders, receiver) = mpsc::channel();
        let (report, started) = mpsc::channel();
        let pgdata = cluster.pgdata().to_owned();
        let watch = Watch { cluster, orders: receiver };
        // The server is told to stop when the thread that forked it ends, so this one does
        // nothing else for as long as the server is wanted.
        let thread = thread::Builder::new()
            .name("postgres".to_owned())
            .spawn(move || watch.run(&report))
            .map_err(StartError::file("start a thread for", &pgdata))?;
        started.recv().map_err(StartError::file("watch over", &pgdata))??;
        Ok(Self { orders: Some(orders), thread: Some(thread) })
    }

    pub fn stop(&mut self) {
        drop(self.orders.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that watches over Postgres failed");
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.stop();
    }
}

enum Start {
    Ready,
    Exited,
    Unwanted,
}

struct Watch {
    cluster: Cluster,
    orders: Receiver<()>,
}

impl Watch {
    fn run(self, report: &Sender<Result<(), StartError>>) {
        match self.bring_up() {
            // Nobody waits for the report any more when the starter is gone, which is an order
            // to stop as well.
            Ok(Some(child)) => {
                let _ = report.send(Ok(()));
                self.keep_up(child);
            }
            Ok(None) => {}
            Err(error) => drop(report.send(Err(error))),
        }
    }

    /// Starts a server and waits until it is ready; `None` when it is no longer wanted.
    fn bring_up(&self) -> Result<Option<Child>, StartError> {
        let mut attempt = 1;
        loop {
            let (mut child, log_length) = self.cluster.spawn()?;
            match self.wait_until_ready(&mut child)? {
                Start::Ready => return Ok(Some(child)),
                Start::Unwanted => return Ok(None),
                Start::Exited if attempt == START_ATTEMPTS => {
                    let log = self.cluster.log();
                    let (log, output) = (log.path().to_owned(), log.tail(log_length));
                    return Err(StartError::Start { log, output });
                }
                Start::Exited if self.told_to_stop_within(ATTEMPT_PAUSE) => return Ok(None),
                Start::Exited => attempt += 1,
            }
        }
    }

    fn wait_until_ready(&self, child: &mut Child) -> Result<Start, StartError> {
        let start = Instant::now();
        while start.elapsed() < START_PATIENCE {
            if exit_status(child).is_some() {
                return Ok(Start::Exited);
            }
            let file = PidFile::read(self.cluster.pgdata());
            if file.is_some_and(|file| file.ready && u32::try_from(file.pid) == Ok(child.id())) {
                return Ok(Start::Ready);
            }
            if self.told_to_stop_within(START_POLL) {
                stop(child);
                return Ok(Start::Unwanted);
            }
        }
        stop(child);
        let log = self.cluster.log().path().to_owned();
        Err(StartError::Slow { log, seconds: START_PATIENCE.as_secs() })
    }

    fn keep_up(&self, mut child: Child) {
        let mut pause = RESTART_PAUSE_MIN;
        loop {
            let start = Instant::now();
            let Some(status) = self.wait_for_exit(&mut child) else { return stop(&mut child) };
            tracing::warn!(%status, log = %self.cluster.log().path().display(), "Postgres ended although it should not");
            if start.elapsed() >= STEADY {
                pause = RESTART_PAUSE_MIN;
            }
            let Some(next) = self.restart(&mut pause) else { return };
            child = next;
            tracing::info!(pid = child.id(), "Postgres runs again");
        }
    }

    /// Tries until it works; `None` when the server is no longer wanted.
    fn restart(&self, pause: &mut Duration) -> Option<Child> {
        loop {
            if self.told_to_stop_within(*pause) {
                return None;
            }
            *pause = pause.saturating_mul(2).min(RESTART_PAUSE_MAX);
            match self.bring_up() {
                Ok(child) => return child,
                Err(error) => tracing::error!(%error, "Postgres could not be started again"),
            }
        }
    }

    /// How the server ended by itself; `None` when it is to be stopped.
    fn wait_for_exit(&self, child: &mut Child) -> Option<ExitStatus> {
        let mut log_checked = Instant::now();
        loop {
            if self.told_to_stop_within(WATCH_POLL) {
                return None;
            }
            if let Some(status) = exit_status(child) {
                return Some(status);
            }
            if log_checked.elapsed() >= LOG_CHECK {
                log_checked = Instant::now();
                // A log that cannot be trimmed is no reason to stop serving.
                let _ = self.cluster.log().trim();
            }
        }
    }

    fn told_to_stop_within(&self, time: Duration) -> bool {
        self.orders.recv_timeout(time) != Err(RecvTimeoutError::Timeout)
    }
}

fn exit_status(child: &mut Child) -> Option<ExitStatus> {
    child.try_wait().ok().flatten()
}

/// Asks the server to end its sessions and go, then to go at once. Never SIGKILL: it can leave
/// shared memory behind.
fn stop(child: &mut Child) {
    let Ok(pid) = i32::try_from(child.id()).map(Pid::from_raw) else { return };
    for (signal, patience) in [(Signal::SIGINT, FAST_STOP), (Signal::SIGQUIT, IMMEDIATE_STOP)] {
        // It is not reaped yet, so the pid is still its own.
        let _ = kill(pid, signal);
        let start = Instant::now();
        while start.elapsed() < patience {
            if exit_status(child).is_some() {
                return;
            }
            thread::sleep(START_POLL);
        }
    }
    tracing::warn!(%pid, "Postgres does not stop");
}
