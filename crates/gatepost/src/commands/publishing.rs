//! `gatepost publishing`: the stop switch from the command line of the server, for when the pages are down.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use desk::{
    Actor, Desk,
    ids::PauseId,
    publishing::{self, Pause, PauseMode, PauseScope},
};
use serde_json::json;

use crate::{
    data::DataFolder,
    output,
    wiring::{CommonArgs, Schema, block_on, open_desk},
};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Pause publishing: everything, or one profile, group or network. Nothing that is due goes out; it waits for a person.
    Pause {
        /// Only this profile, by its id.
        #[arg(long, value_name = "ID", conflicts_with_all = ["group", "network"])]
        profile: Option<String>,
        /// Only profiles of this group, by its id.
        #[arg(long, value_name = "ID", conflicts_with = "network")]
        group: Option<String>,
        /// Only profiles on this network, for example mastodon.
        #[arg(long, value_name = "NETWORK")]
        network: Option<String>,
        /// Let people publish after a confirmation.
        #[arg(long)]
        soft: bool,
        /// Why: everybody who writes reads it.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// End a pause, or all of them. What was held stays held until a person decides.
    Resume {
        /// The pause, by its id as `status` prints it.
        #[arg(value_name = "ID", required_unless_present = "all")]
        pause: Option<PauseId>,
        /// End every pause.
        #[arg(long, conflicts_with = "pause")]
        all: bool,
    },
    /// Show what is paused, how many posts are held, and how many are past their time. Exit code 1 when any is past its time.
    Status,
}

pub(crate) fn run(common: &CommonArgs, args: Args) -> anyhow::Result<ExitCode> {
    let config = common.load_config()?;
    let folder = DataFolder::open(&common.data)?;
    block_on(async {
        let desk = open_desk(&folder, &config, Schema::MustBeCurrent).await?;
        let code = act(&desk, common.json, args.act).await?;
        desk.db().close().await;
        Ok(code)
    })
}

async fn act(desk: &Desk, as_json: bool, act: Act) -> anyhow::Result<ExitCode> {
    let operator = Actor::operator();
    match act {
        Act::Pause { profile, group, network, soft, reason } => {
            let scope = match (profile, group, network) {
                (Some(id), ..) => PauseScope::Profile(id.parse().context("--profile")?),
                (_, Some(id), _) => PauseScope::Group(id.parse().context("--group")?),
                (.., Some(network)) => PauseScope::Network(network),
                _ => PauseScope::Everything,
            };
            let mode = if soft { PauseMode::Soft } else { PauseMode::Hard };
            let id = publishing::pause(desk, &operator, scope, mode, &reason).await?;
            output::answer(as_json, &json!({ "pause": id }), &format!("paused; end it with: gatepost publishing resume {id}\n"))?;
        }
        Act::Resume { pause, all } => {
            let wanted = match pause {
                Some(id) => vec![id],
                None => publishing::pauses(desk, &operator).await?.into_iter().map(|pause| pause.id).collect(),
            };
            anyhow::ensure!(!all || !wanted.is_empty(), "nothing is paused");
            for id in &wanted {
                publishing::resume(desk, &operator, *id).await?;
            }
            let (_, held) = publishing::look(desk).await?;
            let text = format!("resumed; {held} posts are held and wait for a person on the publishing page\n");
            output::answer(as_json, &json!({ "resumed": wanted, "held": held }), &text)?;
        }
        Act::Status => return status(desk, as_json).await,
    }
    Ok(ExitCode::SUCCESS)
}

async fn status(desk: &Desk, as_json: bool) -> anyhow::Result<ExitCode> {
    let pauses = publishing::pauses(desk, &Actor::operator()).await?;
    let (overdue, held) = publishing::look(desk).await?;
    let mut text = String::new();
    if pauses.is_empty() {
        text.push_str("nothing is paused\n");
    }
    for pause in &pauses {
        text.push_str(&line(pause));
    }
    text.push_str(&format!("{held} posts are held, {overdue} are past their time\n"));
    output::answer(as_json, &json!({ "pauses": pauses, "held": held, "overdue": overdue }), &text)?;
    Ok(if overdue == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn line(pause: &Pause) -> String {
    let about = match &pause.scope {
        PauseScope::Everything => "everything".to_owned(),
        PauseScope::Network(network) => format!("network {network}"),
        PauseScope::Group(group) => format!("group {group}"),
        PauseScope::Profile(profile) => format!("profile {profile}"),
    };
    let mode = pause.mode.title().to_lowercase();
    format!("{}  {about}: {mode}, since {}: {}\n", pause.id, pause.since.rfc3339(), pause.reason)
}
