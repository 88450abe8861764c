//! Who may depend on whom, as `ARCHITECTURE.md` has it.
use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

/// Crate, and the other crates of the workspace it may use.
const MAY_USE: [(&str, &[&str]); 10] = [
    ("domain", &[]),
    ("calendar", &["domain"]),
    ("channels", &["domain", "calendar"]),
    ("publication", &["domain"]),
    ("persistence", &["domain"]),
    ("app", &["domain", "channels", "persistence"]),
    ("api", &["domain", "channels", "app", "publication"]),
    // Its tests write to the real counterparts of the harness.
    ("worker", &["domain", "channels", "app", "publication", "tests"]),
    ("server", &["domain", "channels", "app", "publication", "api", "worker"]),
    // They open what was sealed.
    ("tests", &["persistence", "app", "domain"]),
];

/// Library, and the only crates that may name it.
const HOMES: [(&str, &[&str]); 17] = [
    ("diesel", &["persistence", "tests"]),
    ("diesel_migrations", &["persistence", "tests"]),
    ("actix-web", &["api", "tests"]),
    ("utoipa-actix-web", &["api"]),
    ("utoipa-swagger-ui", &["api"]),
    ("validator", &["api"]),
    ("jsonwebtoken", &["api"]),
    ("governor", &["api"]),
    ("reqwest", &["worker", "tests"]),
    ("lettre", &["worker"]),
    ("clap", &["server"]),
    ("tracing-subscriber", &["server"]),
    ("tikv-jemallocator", &["server"]),
    ("nix", &["server", "tests"]),
    ("rrule", &["domain"]),
    ("icalendar", &["calendar"]),
    ("tokio", &["api", "worker", "server", "tests"]),
];

struct Package {
    manifest: Value,
    uses: Vec<String>,
}

fn packages() -> BTreeMap<String, Package> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["metadata", "--no-deps", "--offline", "--format-version=1"]);
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("cargo");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("metadata");
    let packages = metadata["packages"].as_array().expect("packages").iter();
    packages
        .map(|package| {
            let uses = package["dependencies"].as_array().expect("dependencies").iter();
            let uses = uses.filter(|it| it["kind"] != "dev" || package["name"] != "tests");
            let uses = uses.map(|it| it["name"].as_str().expect("a name").to_owned()).collect();
            let name = package["name"].as_str().expect("a name").to_owned();
            (name, Package { manifest: package.clone(), uses })
        })
        .collect()
}

#[test]
fn each_crate_uses_only_those_below_it() {
    let packages = packages();
    let known: Vec<&str> = MAY_USE.iter().map(|it| it.0).collect();
    let mut present: Vec<&str> = packages.keys().map(String::as_str).collect();
    present.retain(|it| !known.contains(it));
    assert_eq!(present, Vec::<&str>::new(), "crates that the table does not know");
    for (name, may) in MAY_USE {
        let uses = packages[name].uses.iter().filter(|it| packages.contains_key(*it));
        for used in uses {
            assert!(may.contains(&used.as_str()), "`{name}` must not use `{used}`");
        }
    }
}

#[test]
fn each_library_has_its_home() {
    for (name, package) in packages() {
        for (library, homes) in HOMES {
            let uses = package.uses.iter().any(|it| it == library);
            assert!(!uses || homes.contains(&name.as_str()), "`{name}` must not use `{library}`");
        }
    }
}

#[test]
fn no_crate_is_published_or_named_after_the_product() {
    for (name, package) in packages() {
        assert!(!name.contains("farol") && !name.contains('-'), "{name}");
        assert_eq!(package.manifest["publish"], Value::Array(Vec::new()), "{name}");
        assert!(package.manifest["rust_version"].is_string(), "{name}");
    }
}
