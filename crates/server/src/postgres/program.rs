//! The server's programs, ready to be run as the right user.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::identity::Identity;
use super::{DATABASE, StartError, USER, log, shim};

#[derive(Debug)]
pub struct Programs {
    pub exe: PathBuf,
    pub bin: PathBuf,
    pub identity: Identity,
}

impl Programs {
    pub fn command(&self, program: &str) -> Command {
        shim::command(&self.exe, self.identity, &self.bin.join(program))
    }

    /// Fills an empty folder with a new cluster that holds Farol's empty database.
    pub fn create_cluster(&self, pgdata: &Path) -> Result<(), StartError> {
        let user = format!("--username={USER}");
        let locale = format!("--locale={}", shim::locale());
        let mut initdb = self.command("initdb");
        // One sync of everything follows, which is faster than initdb's own.
        initdb.args([&user, &locale, "--encoding=UTF8", "--auth=trust", "--no-sync", "-D"]);
        run("initdb", initdb.arg(pgdata), "")?;

        let mut single = self.command("postgres");
        single.args(["--single", "-c", "exit_on_error=on", "-D"]).arg(pgdata).arg("postgres");
        run("postgres --single", &mut single, &format!("CREATE DATABASE {DATABASE}\n"))
    }
}

fn run(program: &'static str, command: &mut Command, input: &str) -> Result<(), StartError> {
    let failed = |output: String| StartError::Create { program, output };
    let output = output(command, input).map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(failed(log::tail(&[output.stdout, output.stderr].concat())))
}

fn output(command: &mut Command, input: &str) -> std::io::Result<Output> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = command.spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that ended early says why in its output.
        let _ = stdin.write_all(input.as_bytes());
    }
    child.wait_with_output()
}
