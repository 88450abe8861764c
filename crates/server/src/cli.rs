//! The command line.
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use domain::caller::{Role, Scope};

/// A headless status page: components, incidents, and telling people about them.
///
/// Configured by the environment and by `.env`; `farol check-config` shows what applies.
#[derive(Parser)]
#[command(name = "farol", version)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Subcommand)]
pub enum Command {
    /// Serve the API and do the work behind it (the default)
    Serve {
        /// Only one of the two, to spread them over machines
        #[arg(long, value_enum)]
        only: Option<Only>,
    },
    /// Bring the database up to this release
    Migrate,
    /// Print the OpenAPI document
    Openapi,
    /// Manage users
    #[command(subcommand)]
    User(User),
    /// Manage API tokens
    #[command(subcommand)]
    Token(Token),
    /// Show the configuration, secrets hidden, or everything that is wrong with it
    CheckConfig,
    /// Ask a running Farol whether it lives
    Healthcheck,
    /// Write everything as JSON lines; secrets stay encrypted
    Export {
        /// Standard output when left out
        #[arg(long)]
        output: Option<PathBuf>,
    },
    /// Read an export into an empty database
    Import {
        /// Standard input when left out
        #[arg(long)]
        input: Option<PathBuf>,
    },
    /// Fill an empty page with something to look at
    Demo,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Only {
    Api,
    Workers,
}

#[derive(Subcommand)]
pub enum User {
    /// Add a user; the password is read from standard input
    Add {
        #[arg(long)]
        email: String,
        #[arg(long)]
        name: String,
        #[arg(long, value_parser = role, default_value = "responder")]
        role: Role,
    },
}

#[derive(Subcommand)]
pub enum Token {
    /// Make a token and print its secret
    Add {
        #[arg(long)]
        name: String,
        /// Comma-separated, for example `read,incidents`
        #[arg(long, value_parser = scope, value_delimiter = ',', required = true)]
        scopes: Vec<Scope>,
        #[arg(long)]
        expires_in_days: Option<u32>,
    },
}

fn role(word: &str) -> Result<Role, String> {
    word.parse()
}

fn scope(word: &str) -> Result<Scope, String> {
    word.parse()
}
