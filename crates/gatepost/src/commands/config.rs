//! `gatepost config`: what is in force, and the reference of all keys.

use std::process::ExitCode;

use clap::Subcommand;

use crate::{config::Config, output, wiring::CommonArgs};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Print the reference of all keys as Markdown.
    Reference,
    /// Read the configuration and say whether it is valid.
    Test,
}

pub(crate) fn run(common: &CommonArgs, args: &Args) -> anyhow::Result<ExitCode> {
    match args.what {
        What::Reference => output::print(&Config::reference())?,
        What::Test => {
            let config = common.load_config()?;
            let answer = serde_json::json!({ "valid": true, "public_url": config.public_url() });
            output::answer(
                common.json,
                &answer,
                &format!("The configuration is valid. People reach it at {}.\n", config.public_url()),
            )?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
