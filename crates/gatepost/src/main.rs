//! The executable: command line, configuration, wiring and the worker loops. No logic worth a unit test.

mod commands;
mod config;
mod data;
mod demo;
mod demo_posts;
mod findable;
mod http_out;
mod output;
mod record;
mod stable_copy;
mod telemetry;
mod tesseract;
mod wiring;

use clap::Parser;

fn main() -> std::process::ExitCode {
    commands::run(commands::Cli::parse())
}
