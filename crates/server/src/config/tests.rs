use std::collections::BTreeMap;

use super::{Config, ConfigError, LogFormat, Visibility};

fn load(vars: &[(&str, &str)]) -> Result<Config, Vec<ConfigError>> {
    let vars: BTreeMap<&str, &str> = vars.iter().copied().collect();
    Config::load(|name| vars.get(name).map(|value| (*value).to_owned()), vars.keys().copied())
}

fn complaints(vars: &[(&str, &str)]) -> Vec<String> {
    load(vars).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn nothing_set_means_defaults() {
    let config = load(&[("PATH", "/bin"), ("FAROL_PAGE_URL", "")]).unwrap();
    assert!(config.database_url.is_none() && config.secret_keys.is_empty());
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.public_url, "http://127.0.0.1:8080");
    assert_eq!(config.page_url, None);
    assert_eq!(config.data_dir.to_str(), Some("./data"));
    assert_eq!(config.admin_email, "admin@localhost");
    assert_eq!((config.log.as_str(), config.log_format), ("info", LogFormat::Pretty));
    assert_eq!((config.page_name.as_str(), config.page_visibility), ("Farol", Visibility::Public));
    assert_eq!(config.page_time_zone, chrono_tz::Etc::UTC);
    assert_eq!((config.database_pool, config.rate_limit), (8, 1200));
    assert_eq!((config.streams_max, config.streams_per_address), (20_000, 100));
    assert_eq!(config.maintenance_reminders, [86_400, 3_600]);
    let text = config.describe();
    assert!(text.lines().all(|line| line.ends_with(" (default)")), "{text}");
    assert_eq!(config.uptime, domain::uptime::Rule::default());
    assert_eq!(text.lines().count(), 35);
    assert!(config.example_page);
}

#[test]
fn everything_set_is_taken() {
    let keys = format!("{},{}", "n".repeat(32), "o".repeat(40));
    let config = load(&[
        ("DATABASE_URL", "postgres://a:b@h/d"),
        ("FAROL_SECRET_KEY", &keys),
        ("FAROL_PUBLIC_URL", "https://example.org/api/"),
        ("FAROL_ADMIN_EMAIL", "ana@example.org"),
        ("FAROL_ADMIN_PASSWORD", "twelve chars"),
        ("FAROL_SMTP_URL", "smtps://a:b@mail.example.org:465"),
        ("FAROL_MAIL_FROM", "Example Status <status@example.org>"),
        ("FAROL_MAIL_REPLY_TO", "help@example.org"),
        ("FAROL_MAIL_ENVELOPE_FROM", "bounces@example.org"),
        ("FAROL_WHATSAPP_APP_SECRET", "0123456789abcdef0123456789abcdef"),
        ("FAROL_WHATSAPP_VERIFY_TOKEN", "a-token-of-ours"),
        ("FAROL_EGRESS_ALLOW", "10.1.2.3/8, 192.168.0.7,::1"),
        ("FAROL_CORS_ORIGINS", "https://a.example:443,http://localhost:5173"),
        ("FAROL_LOG", "info,api=debug"),
        ("FAROL_LOG_FORMAT", "json"),
        ("FAROL_MAINTENANCE_REMINDERS", "600, 3600,600"),
        ("FAROL_PAGE_TIME_ZONE", "Europe/Lisbon"),
        ("FAROL_HTTP_WORKERS", "3"),
        ("FAROL_UPTIME_WEIGHTS", "partial=0.5, degraded=0.05"),
        ("FAROL_UPTIME_MAINTENANCE", "excluded"),
        ("FAROL_UPTIME_GROUP_RULE", "all_up"),
    ])
    .unwrap();
    let shown = config.describe();
    assert!(
        shown.contains("FAROL_UPTIME_WEIGHTS = major=1,partial=0.5,degraded=0.05\n"),
        "{shown}"
    );
    assert!(shown.contains("FAROL_UPTIME_MAINTENANCE = excluded\n"), "{shown}");
    assert!(shown.contains("FAROL_UPTIME_GROUP_RULE = all_up\n"), "{shown}");
    assert_eq!(config.public_url, "https://example.org/api");
    assert!(!config.example_page);
    assert_eq!(config.maintenance_reminders, [3_600, 600]);
    assert_eq!(config.secret_keys.len(), 2);
    assert_eq!(config.secret_keys[1].expose(), "o".repeat(40));
    let allowed: Vec<String> = config.egress_allow.iter().map(ToString::to_string).collect();
    assert_eq!(allowed, ["10.0.0.0/8", "192.168.0.7/32", "::1/128"]);
    assert_eq!(config.cors_origins, ["https://a.example", "http://localhost:5173"]);
    assert_eq!((config.log_format, config.http_workers), (LogFormat::Json, 3));
    assert!(config.describe().contains("FAROL_PAGE_TIME_ZONE = Europe/Lisbon\n"));
    assert!(config.describe().contains("FAROL_SMTP_URL = smtps://a:…@mail.example.org:465\n"));
    assert_eq!(config.whatsapp_verify_token.as_ref().unwrap().expose(), "a-token-of-ours");
    let smtp = config.smtp().unwrap().unwrap();
    assert_eq!(smtp.from.name.as_deref(), Some("Example Status"));
    assert_eq!(smtp.reply_to.unwrap().email.to_string(), "help@example.org");
    assert_eq!(smtp.envelope_from.unwrap().to_string(), "bounces@example.org");
}

#[test]
fn all_mistakes_come_at_once() {
    let found = complaints(&[
        ("DATABASE_URL", "mysql://h/d"),
        ("FAROL_LISTEN", "abc"),
        ("FAROL_PUBLIC_URL", "ftp://example.org"),
        ("FAROL_ADMIN_PASSWORD", "short"),
        ("FAROL_EGRESS_ALLOW", "10.0.0.0/8,10.0.0.0/99,host"),
        ("FAROL_CORS_ORIGINS", "https://a.example/,*"),
        ("FAROL_LOG", "api=loud"),
        ("FAROL_LOG_FORMAT", "xml"),
        ("FAROL_PAGE_TIME_ZONE", "Mars/Base"),
        ("FAROL_UPTIME_WEIGHTS", "major=0.2"),
        ("FAROL_UPTIME_MAINTENANCE", "ignored"),
        ("FAROL_UPTIME_GROUP_RULE", "best"),
        ("FAROL_PAGE_VISIBILITY", "secret"),
        ("FAROL_DATABASE_POOL", "65"),
        ("FAROL_RATE_LIMIT", "-1"),
        ("FAROL_STREAMS_MAX", "many"),
        ("FAROL_SMTP_URL", "smtp://mail.example.org?tls=maybe"),
        ("FAROL_MAIL_FROM", "status"),
        ("FAROL_MAIL_REPLY_TO", "Ana <ana@bücher.example>"),
        ("FAROL_MAIL_ENVELOPE_FROM", "Bounces <bounces@example.org>"),
        ("FAROL_LISTN", "127.0.0.1:1"),
    ]);
    assert!(found.contains(&"FAROL_LISTEN: \"abc\" is not an address like 127.0.0.1:8080".into()));
    assert!(
        found.contains(
            &"FAROL_PAGE_VISIBILITY: \"secret\" is neither `public` nor `internal`".into()
        )
    );
    for (variable, count) in [
        ("DATABASE_URL", 1),
        ("FAROL_PUBLIC_URL", 1),
        ("FAROL_ADMIN_PASSWORD", 1),
        ("FAROL_EGRESS_ALLOW", 2),
        ("FAROL_CORS_ORIGINS", 2),
        ("FAROL_LOG", 1),
        ("FAROL_LOG_FORMAT", 1),
        ("FAROL_PAGE_TIME_ZONE", 1),
        ("FAROL_UPTIME_WEIGHTS", 1),
        ("FAROL_UPTIME_MAINTENANCE", 1),
        ("FAROL_UPTIME_GROUP_RULE", 1),
        ("FAROL_DATABASE_POOL", 1),
        ("FAROL_RATE_LIMIT", 1),
        ("FAROL_STREAMS_MAX", 1),
        ("FAROL_SMTP_URL", 1),
        ("FAROL_MAIL_FROM", 1),
        ("FAROL_MAIL_REPLY_TO", 1),
        ("FAROL_MAIL_ENVELOPE_FROM", 1),
        ("FAROL_LISTN", 1),
    ] {
        let prefix = format!("{variable}: ");
        let hits = found.iter().filter(|text| text.starts_with(&prefix)).count();
        assert_eq!(hits, count, "{variable} in {found:#?}");
    }
}

#[test]
fn weights_are_decimals_that_grow_with_what_is_wrong() {
    for text in [
        "major",
        "1",
        "major=1,major=1",
        "minor=1",
        "partial=1.1",
        "partial=-0",
        "degraded=0.4",
        ",",
    ] {
        assert_eq!(complaints(&[("FAROL_UPTIME_WEIGHTS", text)]).len(), 1, "{text}");
    }
}

#[test]
fn settings_that_need_each_other() {
    assert_eq!(
        complaints(&[("FAROL_SMTP_URL", "smtps://mail.example.org")]),
        ["FAROL_SMTP_URL: needs FAROL_MAIL_FROM beside it"]
    );
    for [name, other] in [
        ["FAROL_WHATSAPP_APP_SECRET", "FAROL_WHATSAPP_VERIFY_TOKEN"],
        ["FAROL_WHATSAPP_VERIFY_TOKEN", "FAROL_WHATSAPP_APP_SECRET"],
    ] {
        let needs = format!("{name}: needs {other} beside it");
        assert_eq!(complaints(&[(name, "abcdefgh1234")]), [needs]);
    }
    let found = complaints(&[("DATABASE_URL", "postgresql://h/d")]);
    assert!(found.len() == 1 && found[0].starts_with("FAROL_SECRET_KEY: is required"), "{found:?}");
    let found = complaints(&[("FAROL_SECRET_KEY", &format!("{},short", "k".repeat(32)))]);
    assert_eq!(found, ["FAROL_SECRET_KEY: key 2 of the list has 5 bytes, at least 32 are needed"]);
}

#[test]
fn secrets_stay_hidden() {
    for url in [
        "postgresql://u:hunter2@h:5432/d",
        "postgresql://u:hun@hunter2@h/d",
        "postgresql://u:a/hunter2@h/d",
        "postgresql://u@h/d?sslmode=require&password=hunter2",
    ] {
        let config = load(&[
            ("DATABASE_URL", url),
            ("FAROL_SECRET_KEY", &"hunter2".repeat(8)),
            ("FAROL_ADMIN_EMAIL", "a@b"),
            ("FAROL_ADMIN_PASSWORD", "hunter2hunter2"),
            ("FAROL_SMTP_URL", "smtps://u:hunter2@h"),
            ("FAROL_MAIL_FROM", "status@example.org"),
            ("FAROL_WHATSAPP_APP_SECRET", "hunter2hunter2"),
            ("FAROL_WHATSAPP_VERIFY_TOKEN", "hunter2hunter2"),
        ])
        .unwrap();
        let seen = format!("{}{config:?}{config:#?}", config.describe());
        assert!(!seen.contains("hunter2"), "{seen}");
        assert!(seen.contains("FAROL_SECRET_KEY = (set)\n"), "{seen}");
        assert!(seen.contains("DATABASE_URL = postgresql://u"), "{seen}");
    }
}

#[test]
fn mistakes_do_not_quote_secrets() {
    let found = complaints(&[
        ("DATABASE_URL", "host=h password=hunter2"),
        ("FAROL_SECRET_KEY", "hunter2"),
        ("FAROL_ADMIN_PASSWORD", "hunter2"),
        ("FAROL_PUBLIC_URL", "https://u:hunter2@example.org"),
        ("FAROL_PAGE_URL", "https//u:hunter2@example.org"),
        ("FAROL_SMTP_URL", "smtp://u:hunter2@h/x"),
        ("FAROL_MAIL_FROM", "status@example.org"),
    ]);
    assert_eq!(found.len(), 6);
    assert!(!found.join("\n").contains("hunter2"), "{found:?}");
}

#[test]
fn secret_debug_and_display() {
    let secret = super::Secret::new("hunter2");
    assert!(!format!("{secret:?}{secret}").contains("hunter2"));
}
