//! `gatepost init`: a data folder with a workspace and its first owner.

use std::process::ExitCode;

use desk::{
    Actor,
    workspace::{self, Purpose},
};

use crate::{
    data::DataFolder,
    output,
    wiring::{CommonArgs, Schema, block_on, open_desk},
};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// E-mail address of the first owner.
    #[arg(long, value_name = "EMAIL")]
    owner: String,
    /// Name of the first owner.
    #[arg(long, value_name = "NAME", default_value = "Owner")]
    name: String,
    /// Name of the company, as every page shows it.
    #[arg(long, value_name = "NAME", default_value = "Our company")]
    workspace: String,
}

pub(crate) fn run(common: &CommonArgs, args: &Args) -> anyhow::Result<ExitCode> {
    let config = common.load_config()?;
    let folder = DataFolder::open_or_create(&common.data)?;
    block_on(async {
        let desk = open_desk(&folder, &config, Schema::Migrate).await?;
        let made = workspace::create(&desk, &Actor::operator(), &args.workspace, &args.owner, &args.name, Purpose::Real).await;
        let (person, code) = made?;
        let url = code.url(&desk);
        let answer = serde_json::json!({ "person": person, "link": url });
        let text = format!(
            "The workspace is ready in {}.\n\nOne-time set-up link for {} (works for 24 hours, once):\n  {url}\n\nStart the server with:\n  \
             gatepost serve --data {}\n",
            folder.path().display(),
            args.owner,
            folder.path().display()
        );
        output::answer(common.json, &answer, &text)?;
        desk.db().close().await;
        Ok(ExitCode::SUCCESS)
    })
}
