//! Where the server's programs are.

use std::ffi::OsString;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::unistd::{AccessFlags, access};

use super::StartError;

/// Versions that Farol is made for.
const MAJORS: RangeInclusive<u32> = 13..=18;
/// What the messages recommend to install.
const FAVOURITE: u32 = 17;
/// Folders of versions: where, how a version's folder begins, where its programs are below it.
const VERSIONED: [(&str, &str, &str); 5] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/usr/libexec", "postgresql", ""),
    ("/opt/homebrew/opt", "postgresql@", "bin"),
    ("/usr/local/opt", "postgresql@", "bin"),
];

/// The folder of the programs to run. `data_major` is the version that made the existing data.
///
/// # Errors
/// When `chosen` does not fit, or nothing that fits is installed.
pub fn find(chosen: Option<&Path>, data_major: Option<u32>) -> Result<PathBuf, StartError> {
    if let Some(dir) = chosen {
        let unfit = |reason| StartError::WrongBinaries { dir: dir.to_owned(), reason };
        let dir =
            fs::canonicalize(dir).map_err(|error| unfit(format!("cannot be used: {error}")))?;
        return match major(&dir) {
            None => Err(unfit("does not hold `postgres` and `initdb` that run here".to_owned())),
            Some(major) if fits(major, data_major) => Ok(dir),
            Some(major) => Err(unfit(format!("is {major}, needed is {}", wanted(data_major)))),
        };
    }
    let mut found = Vec::new();
    for dir in candidates() {
        match major(&dir) {
            Some(major) if fits(major, data_major) => return Ok(dir),
            Some(major) => found.push(format!("version {major} in {}", dir.display())),
            None => {}
        }
    }
    let favourite = data_major.unwrap_or(FAVOURITE);
    Err(StartError::NotInstalled {
        wanted: wanted(data_major),
        package: data_major.map_or_else(|| "postgresql".into(), |it| format!("postgresql-{it}")),
        formula: format!("postgresql@{favourite}"),
        found: (!found.is_empty()).then(|| found.join(", ")),
    })
}

fn fits(major: u32, data_major: Option<u32>) -> bool {
    MAJORS.contains(&major) && data_major.is_none_or(|data_major| data_major == major)
}

fn wanted(data_major: Option<u32>) -> String {
    match data_major {
        Some(major) => format!("PostgreSQL {major} (it made the existing data)"),
        None => format!("PostgreSQL {} to {}", MAJORS.start(), MAJORS.end()),
    }
}

fn candidates() -> Vec<PathBuf> {
    let mut dirs: Vec<PathBuf> = pg_config().into_iter().collect();
    for dir in std::env::split_paths(&search_path()) {
        // Distributions put links there; the libraries are beside the real file.
        let real = fs::canonicalize(dir.join("postgres")).ok();
        dirs.extend(real.and_then(|file| file.parent().map(Path::to_owned)));
    }
    let mut versioned: Vec<(u32, PathBuf)> = VERSIONED.iter().flat_map(versions).collect();
    versioned.sort_by_key(|(major, _)| std::cmp::Reverse(*major));
    dirs.extend(versioned.into_iter().map(|(_, dir)| dir));
    dirs.push("/usr/local/pgsql/bin".into());
    let mut seen = std::collections::BTreeSet::new();
    dirs.retain(|dir| seen.insert(dir.clone()));
    dirs
}

#[expect(clippy::disallowed_methods, reason = "PATH says where programs are, it sets nothing")]
fn search_path() -> OsString {
    std::env::var_os("PATH").unwrap_or_default()
}

fn versions((base, prefix, below): &(&str, &str, &str)) -> Vec<(u32, PathBuf)> {
    let folders = fs::read_dir(base).into_iter().flatten().flatten();
    let version = |folder: fs::DirEntry| {
        let name = folder.file_name();
        let major = name.to_str()?.strip_prefix(prefix)?.parse().ok()?;
        Some((major, folder.path().join(below)))
    };
    folders.filter_map(version).collect()
}

fn pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").stdin(Stdio::null()).output().ok()?;
    let dir = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| PathBuf::from(dir.trim_end()))
}

/// The version of the programs in `dir`, if they are there and run.
fn major(dir: &Path) -> Option<u32> {
    let postgres = dir.join("postgres");
    access(&dir.join("initdb"), AccessFlags::X_OK).ok()?;
    let output = Command::new(postgres).arg("--version").stdin(Stdio::null()).output().ok()?;
    parse_major(&String::from_utf8(output.stdout).ok()?)
}

/// Reads `postgres (PostgreSQL) 15.18 (Debian 15.18-0)`, `… 17beta1` and the like.
fn parse_major(text: &str) -> Option<u32> {
    let (_, version) = text.split_once("(PostgreSQL) ")?;
    version.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_as_postgres_prints_them() {
        assert_eq!(parse_major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(parse_major("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(parse_major("EnterpriseDB something"), None);
    }

    #[test]
    fn the_data_decides_the_version() {
        assert!(fits(15, None) && fits(15, Some(15)) && !fits(16, Some(15)));
        assert!(!fits(12, None) && !fits(19, None));
    }

    #[test]
    fn a_missing_version_is_named() {
        let text = find(Some(Path::new("/")), Some(16)).unwrap_err().to_string();
        assert_eq!(
            text,
            "FAROL_POSTGRES_BIN: / does not hold `postgres` and `initdb` that run here"
        );
    }
}
