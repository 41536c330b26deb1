//! One file per subcommand; this module is the list of them and nothing else.

mod backup;
mod check;
mod config;
mod import;
mod init;
mod inspect;
mod ledger;
mod publishing;
mod restore;
mod search;
mod serve;
mod user;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::{output, wiring::CommonArgs};

/// A company's social media desk: publish, answer, inspect, and keep a record that a stranger can check.
#[derive(Debug, Parser)]
#[command(name = "gatepost", version, propagate_version = true, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    common: CommonArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the desk: pages, API and background work.
    Serve(serve::Args),
    /// Create the workspace in a data folder and print the owner's one-time set-up link.
    Init(init::Args),
    /// Look at data folder, database, keys, clock and free space, and say what to do.
    Check(check::Args),
    /// Create, reset or suspend people from the command line.
    User(user::Args),
    /// Copy everything into a folder, consistently, while the server runs.
    Backup(backup::Args),
    /// Make a data folder from a backup and prove that it is whole.
    Restore(restore::Args),
    Import(import::Args),
    Inspect(inspect::Args),
    /// Look at, verify and prove the tamper-evident record.
    Ledger(ledger::Args),
    Search(search::Args),
    /// Pause and resume publishing, and see what is held or past its time.
    Publishing(publishing::Args),
    /// Show the configuration in force, or the reference of all keys.
    Config(config::Args),
}

/// Exit code of a command that could not do its work.
const FAILED: u8 = 2;

/// Runs the chosen subcommand and turns its outcome into an exit code: 0 done, 1 done with findings, 2 failed.
pub(crate) fn run(cli: Cli) -> ExitCode {
    let common = &cli.common;
    let done = match cli.command {
        Command::Serve(args) => serve::run(common, &args),
        Command::Init(args) => init::run(common, &args),
        Command::Check(args) => check::run(common, &args),
        Command::User(args) => user::run(common, args),
        Command::Backup(args) => backup::run(common, &args),
        Command::Restore(args) => restore::run(common, &args),
        Command::Import(args) => import::run(common, &args),
        Command::Inspect(args) => Ok(inspect::run(common, &args)),
        Command::Ledger(args) => ledger::run(common, &args),
        Command::Search(args) => search::run(common, &args),
        Command::Publishing(args) => publishing::run(common, args),
        Command::Config(args) => config::run(common, &args),
    };
    done.unwrap_or_else(|error| {
        output::print_error(&error);
        ExitCode::from(FAILED)
    })
}
