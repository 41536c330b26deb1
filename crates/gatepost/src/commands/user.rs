//! `gatepost user`: people, from the command line of the server.

use std::process::ExitCode;

use clap::Subcommand;
use desk::{Actor, Desk, ids::PersonId, people, rights, sign_in};

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
    /// Create a person and print their one-time link.
    Create {
        /// E-mail address.
        email: String,
        /// Name that colleagues see.
        #[arg(long)]
        name: String,
        /// A role, by name; may be given several times.
        #[arg(long = "role", value_name = "NAME")]
        roles: Vec<String>,
    },
    /// Print a new one-time link: an invitation, or a reset of the password. A second factor stays.
    Reset {
        /// E-mail address.
        email: String,
    },
    /// Suspend a person: sessions, tokens and links end at once.
    Suspend {
        /// E-mail address.
        email: String,
    },
    /// Remove all second factors of a person who lost them. Their next sign-in needs the password, then a new factor.
    ClearFactors {
        /// E-mail address.
        email: String,
    },
    /// Let a suspended person in again.
    Restore {
        /// E-mail address.
        email: String,
    },
}

pub(crate) fn run(common: &CommonArgs, args: Args) -> anyhow::Result<ExitCode> {
    let config = common.load_config()?;
    let folder = DataFolder::open(&common.data)?;
    block_on(async {
        let desk = open_desk(&folder, &config, Schema::MustBeCurrent).await?;
        let (answer, text) = act(&desk, args.act).await?;
        output::answer(common.json, &answer, &text)?;
        desk.db().close().await;
        Ok(ExitCode::SUCCESS)
    })
}

async fn act(desk: &Desk, act: Act) -> anyhow::Result<(serde_json::Value, String)> {
    let operator = Actor::operator();
    Ok(match act {
        Act::Create { email, name, roles } => {
            let known = rights::roles(desk, &operator).await?;
            let ids = roles
                .iter()
                .map(|name| {
                    let found = known.iter().find(|role| role.name.to_lowercase() == name.to_lowercase());
                    let names = || known.iter().map(|role| format!("`{}`", role.name)).collect::<Vec<_>>().join(", ");
                    found.map(|role| role.id).ok_or_else(|| anyhow::anyhow!("there is no role `{name}`; there are {}", names()))
                })
                .collect::<anyhow::Result<Vec<_>>>()?;
            let (person, code) = people::create(desk, &operator, &email, &name, &ids).await?;
            let url = code.url(desk);
            (
                serde_json::json!({ "person": person, "link": url }),
                format!("{name} is invited. One-time link (works for 7 days, once):\n  {url}\n"),
            )
        }
        Act::Reset { email } => {
            let person = find(desk, &email).await?;
            let (kind, code) = people::make_link(desk, &operator, person).await?;
            let url = code.url(desk);
            (
                serde_json::json!({ "person": person, "kind": kind.id(), "link": url }),
                format!("{} for {email} (works once):\n  {url}\n", kind.title()),
            )
        }
        Act::Suspend { email } => {
            let person = find(desk, &email).await?;
            let left = people::suspend(desk, &operator, person).await?;
            let text = format!(
                "{email} is suspended. They leave {} shared and {} other saved views, {} teams and {} grants to others.\n",
                left.shared_views,
                left.saved_views - left.shared_views,
                left.teams,
                left.grants_given
            );
            (serde_json::json!({ "person": person, "belongings": left }), text)
        }
        Act::ClearFactors { email } => {
            let person = find(desk, &email).await?;
            sign_in::clear_factors(desk, &operator, person).await?;
            let text = format!("{email} has no second factor any more; be sure that it was they who asked.\n");
            (serde_json::json!({ "person": person }), text)
        }
        Act::Restore { email } => {
            let person = find(desk, &email).await?;
            people::restore(desk, &operator, person).await?;
            (serde_json::json!({ "person": person }), format!("{email} can sign in again.\n"))
        }
    })
}

async fn find(desk: &Desk, email: &str) -> anyhow::Result<PersonId> {
    people::find_for_operator(desk, &Actor::operator(), email)
        .await?
        .map(|person| person.id)
        .ok_or_else(|| anyhow::anyhow!("there is nobody with the address {email}; `gatepost user create` makes an account"))
}
