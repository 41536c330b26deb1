//! One file per subcommand; this module is the list of them and nothing else.

mod inspect;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A company's social media desk: publish, answer, inspect, and keep a record that a stranger can check.
#[derive(Debug, Parser)]
#[command(name = "gatepost", version, about)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Inspect(inspect::Args),
}

/// Runs the chosen subcommand and turns its outcome into an exit code.
pub fn run(cli: Cli) -> ExitCode {
    match cli.command {
        Command::Inspect(args) => inspect::run(&args),
    }
}
