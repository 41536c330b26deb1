//! The executable: command line, configuration, wiring and the worker loops. No logic worth a unit test.

mod commands;

use clap::Parser;

fn main() -> std::process::ExitCode {
    commands::run(commands::Cli::parse())
}
