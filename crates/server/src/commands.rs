//! Subcommands that do one thing and end.
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write, stderr, stdin, stdout};
use std::path::Path;

use app::Error;
use domain::caller::{Caller, Role, Scope};
use domain::user::{PASSWORD_MAX, PASSWORD_MIN};

use crate::boot::{Booted, boot, join};
use crate::config::Config;

/// Prints to standard output.
pub fn say(text: &str) -> Result<(), String> {
    writeln!(stdout(), "{text}").map_err(|it| it.to_string())
}

/// Prints a complaint to standard error.
pub fn complain(complaint: &str) {
    // Nobody is left to tell when even this fails.
    let _ = writeln!(stderr(), "farol: {complaint}");
}

pub fn openapi() -> Result<(), String> {
    let document = api::openapi().to_pretty_json().map_err(|it| it.to_string())?;
    say(&document)
}

pub fn migrate(config: &Config) -> Result<(), String> {
    finish(boot(config)?, |_| say("the database is up to date"))
}

pub fn add_user(config: &Config, email: String, name: String, role: Role) -> Result<(), String> {
    let mut password = String::new();
    stdin().take(1024).read_to_string(&mut password).map_err(|it| it.to_string())?;
    let password = password.trim_end_matches(['\r', '\n']).to_owned();
    let length = u64::try_from(password.chars().count()).unwrap_or(u64::MAX);
    if !(PASSWORD_MIN..=PASSWORD_MAX).contains(&length) {
        return Err(format!(
            "the password, read from standard input, must have {PASSWORD_MIN} to {PASSWORD_MAX} characters"
        ));
    }
    let hash = app::password::hash(&password).map_err(|it| it.to_string())?;
    let new = app::user::NewUser { email, name, role, password };
    finish(join(config)?, |booted| {
        let create =
            |db: &mut app::Write<'_>| app::user::create(db, &Caller::system(), &new, &hash);
        let user = booted.db.write::<_, Error>(create).map_err(|it| it.to_string())?;
        say(&format!("added {} ({}), id {}", user.email, user.role, user.id))
    })
}

pub fn add_token(
    config: &Config,
    name: String,
    scopes: Vec<Scope>,
    expires_in_days: Option<u32>,
) -> Result<(), String> {
    let expires_at =
        expires_in_days.map(|days| app::clock::now() + chrono::Duration::days(i64::from(days)));
    let new = app::token::NewToken { name, scopes, expires_at };
    finish(join(config)?, |booted| {
        let create = |db: &mut app::Write<'_>| app::token::create(db, &Caller::system(), new);
        let (_, secret) = booted.db.write::<_, Error>(create).map_err(|it| it.to_string())?;
        say(&secret)
    })
}

pub fn export(config: &Config, output: Option<&Path>) -> Result<(), String> {
    finish(join(config)?, |booted| {
        let mut out: Box<dyn Write> = match output {
            Some(path) => Box::new(BufWriter::new(create_private(path)?)),
            None => Box::new(BufWriter::new(stdout())),
        };
        app::transfer::export(&booted.db, &mut out).map_err(|it| it.to_string())?;
        out.flush().map_err(|it| it.to_string())
    })
}

/// An export holds personal data: nobody else may read it.
fn create_private(path: &Path) -> Result<File, String> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = File::options();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(path).map_err(|it| format!("{}: {it}", path.display()))
}

pub fn import(config: &Config, input: Option<&Path>) -> Result<(), String> {
    finish(join(config)?, |booted| {
        let n_rows = match input {
            Some(path) => {
                let file = File::open(path).map_err(|it| format!("{}: {it}", path.display()))?;
                app::transfer::import(&booted.db, &mut BufReader::new(file))
            }
            None => app::transfer::import(&booted.db, &mut stdin().lock()),
        };
        let n_rows = n_rows.map_err(|it| it.to_string())?;
        say(&format!("imported {n_rows} rows"))
    })
}

pub fn demo(config: &Config) -> Result<(), String> {
    finish(join(config)?, |booted| {
        booted.db.write::<_, Error>(app::demo::fill).map_err(|it| it.to_string())?;
        say("the page has something to show now; see it with `farol serve`")
    })
}

/// Does the job and stops what was started for it, whatever came of it.
fn finish(booted: Booted, job: impl FnOnce(&Booted) -> Result<(), String>) -> Result<(), String> {
    let done = job(&booted);
    let Booted { db, vault: _, postgres } = booted;
    drop(db);
    if let Some(mut postgres) = postgres {
        postgres.stop();
    }
    done
}
