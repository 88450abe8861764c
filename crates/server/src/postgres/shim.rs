//! Farol starting itself to become Postgres: what has to happen between fork and exec would be
//! unsafe in a process with threads, so a fresh Farol does it and then turns into the program.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use nix::sys::signal::SigSet;
use nix::unistd::{AccessFlags, Pid, access, getppid};

use super::identity::Identity;

/// The hidden subcommand.
const WORD: &str = "embedded-postgres-exec";
/// What a shell answers for a program that cannot be run.
const CANNOT_RUN: u8 = 126;
#[cfg(target_os = "linux")]
const LOCALE: &str = "C.UTF-8";
#[cfg(not(target_os = "linux"))]
const LOCALE: &str = "C";

/// The locale that programs run in and that a new cluster gets.
pub const fn locale() -> &'static str {
    LOCALE
}

/// A command that runs `program` as `identity`, without Farol's environment, and that is told to
/// stop (SIGINT) when the calling thread ends.
pub fn command(exe: &Path, identity: Identity, program: &Path) -> Command {
    let mut command = errand(exe, identity);
    command.arg("--").arg(program);
    command
}

/// Whether `identity` may enter or run each of `paths`.
pub fn reaches(exe: &Path, identity: Identity, paths: &[&Path]) -> bool {
    let mut command = errand(exe, identity);
    command.arg("--reach").arg("--").args(paths).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn errand(exe: &Path, identity: Identity) -> Command {
    let mut command = Command::new(exe);
    command.arg(WORD).arg("--parent").arg(std::process::id().to_string());
    match identity {
        Identity::Own => {}
        Identity::User { uid, gid } => {
            command.args(["--uid", &uid.to_string(), "--gid", &gid.to_string()]);
        }
        Identity::Namespace => drop(command.arg("--userns")),
    }
    command.env_clear().envs([("PATH", "/usr/bin:/bin"), ("LC_ALL", LOCALE), ("TZ", "UTC")]);
    // A folder that every user can enter; all paths are absolute.
    command.current_dir("/").stdin(Stdio::null());
    command
}

/// The other end of the hidden subcommand: `main` calls it first, before any thread exists, with
/// `std::env::args_os()`. Does not return when the program could be started; `None` means that
/// these arguments are for somebody else.
pub fn exec_if_asked(args: impl IntoIterator<Item = OsString>) -> Option<ExitCode> {
    let mut args = args.into_iter().skip(1);
    if args.next()? != WORD {
        return None;
    }
    let outcome = Errand::parse(args).and_then(Errand::run);
    Some(outcome.unwrap_or_else(|complaint| {
        eprintln!("farol {WORD}: {complaint}");
        ExitCode::from(CANNOT_RUN)
    }))
}

#[derive(Debug, Default)]
struct Errand {
    parent: Option<i32>,
    uid: Option<u32>,
    gid: Option<u32>,
    userns: bool,
    reach: bool,
    rest: Vec<OsString>,
}

impl Errand {
    fn parse(mut args: impl Iterator<Item = OsString>) -> Result<Self, String> {
        let mut errand = Self::default();
        while let Some(word) = args.next() {
            match word.to_str() {
                Some("--parent") => errand.parent = Some(number(args.next())?),
                Some("--uid") => errand.uid = Some(number(args.next())?),
                Some("--gid") => errand.gid = Some(number(args.next())?),
                Some("--userns") => errand.userns = true,
                Some("--reach") => errand.reach = true,
                Some("--") => errand.rest = args.by_ref().collect(),
                _ => return Err(format!("does not know {}", word.display())),
            }
        }
        Ok(errand)
    }

    fn run(self) -> Result<ExitCode, String> {
        let mut words = self.rest.iter();
        if self.reach {
            self.become_user(&mut Command::new("true"))?;
            let reached = words.all(|path| access(Path::new(path), AccessFlags::X_OK).is_ok());
            return Ok(if reached { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        let program = words.next().ok_or("needs a program to run")?;
        let mut command = Command::new(program);
        command.args(words);
        self.become_user(&mut command)?;
        // After the change of user, which would forget it.
        follow_parent().map_err(|error| format!("cannot follow its parent: {error}"))?;
        if self.parent.map(Pid::from_raw) != Some(getppid()) {
            return Err("the Farol that started it is gone".to_owned());
        }
        SigSet::empty().thread_set_mask().map_err(|error| format!("signal mask: {error}"))?;
        Err(format!("cannot run {}: {}", program.display(), command.exec()))
    }

    fn become_user(&self, command: &mut Command) -> Result<(), String> {
        if self.userns {
            let hint = "start Farol as an ordinary user, or put its data where the user `postgres` can go, such as below /var/lib";
            enter_namespace().map_err(|error| format!("no user namespace ({error}); {hint}"))?;
        }
        match (self.uid, self.gid) {
            (Some(uid), Some(gid)) => change_user(command, uid, gid),
            (None, None) => Ok(()),
            _ => Err("needs --uid and --gid together".to_owned()),
        }
    }
}

fn number<T: std::str::FromStr>(word: Option<OsString>) -> Result<T, String> {
    let number = word.and_then(|word| word.to_str()?.parse().ok());
    number.ok_or_else(|| "needs a number".to_owned())
}

#[cfg(target_os = "linux")]
fn change_user(_: &mut Command, uid: u32, gid: u32) -> Result<(), String> {
    use nix::unistd::{Gid, Uid, setgid, setgroups, setuid};
    let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
    setgroups(&[])
        .and_then(|()| setgid(gid))
        .and_then(|()| setuid(uid))
        .map_err(|error| format!("cannot become user {uid}: {error}"))
}

#[cfg(not(target_os = "linux"))]
fn change_user(command: &mut Command, uid: u32, gid: u32) -> Result<(), String> {
    command.uid(uid).gid(gid);
    Ok(())
}

#[cfg(target_os = "linux")]
fn follow_parent() -> nix::Result<()> {
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGINT)
}

#[cfg(not(target_os = "linux"))]
fn follow_parent() -> nix::Result<()> {
    Ok(())
}

/// Becomes user 65534, `nobody`, inside; outside it stays the same user.
#[cfg(target_os = "linux")]
fn enter_namespace() -> std::io::Result<()> {
    use nix::sched::{CloneFlags, unshare};
    use nix::unistd::{getegid, geteuid};
    use std::fs::write;
    let (uid, gid) = (geteuid(), getegid());
    unshare(CloneFlags::CLONE_NEWUSER)?;
    write("/proc/self/setgroups", "deny")?;
    write("/proc/self/gid_map", format!("65534 {gid} 1\n"))?;
    write("/proc/self/uid_map", format!("65534 {uid} 1\n"))
}

#[cfg(not(target_os = "linux"))]
fn enter_namespace() -> std::io::Result<()> {
    Err(std::io::Error::from(std::io::ErrorKind::Unsupported))
}
