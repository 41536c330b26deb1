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

/// A fifth of an import's processor time was the system's allocator: work is handed from thread to thread, and most of it is small texts.
/// It asks for no huge pages: an idle server would hold 100 MB for what fits into 60.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    commands::run(commands::Cli::parse())
}
