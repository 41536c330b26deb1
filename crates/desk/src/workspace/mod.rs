//! The workspace: its name, time zone and rules of the house. There is one per database.

mod store;

use serde::Serialize;

use crate::{
    act::Object,
    actor::{Actor, Principal},
    db::Connection,
    desk::{Desk, Topic},
    error::{Error, Invalid, Result},
    ids::{PersonId, Time},
    people,
    rights::{self, EffectiveRights, Holder, Operation, Target},
    sign_in::{self, LinkCode, LinkKind},
    text_enum::text_enum,
};

/// Characters in the workspace's name.
const NAME_MAX: usize = 80;

text_enum! {
    /// From whom the workspace asks a second factor.
    SecondFactorRule {
        /// From everybody.
        Everybody = "everybody", "Everybody";
        /// From those who can publish, reply or administer. The default.
        PublishOrAdminister = "publish_or_administer", "Everybody who can publish, reply or administer";
        /// From nobody; not advised.
        Nobody = "nobody", "Nobody";
    }
}

impl SecondFactorRule {
    /// Whether the rule asks a person with these rights.
    pub fn asks(self, rights: &EffectiveRights) -> bool {
        match self {
            Self::Everybody => true,
            Self::PublishOrAdminister => rights.publishes_or_administers(),
            Self::Nobody => false,
        }
    }
}

/// The workspace's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Workspace {
    /// Its name, shown on every page.
    pub name: String,
    /// IANA time zone for people who chose none.
    pub time_zone: String,
    /// From whom a second factor is asked.
    pub second_factor: SecondFactorRule,
    /// Whether it holds the fictional demo company; every page says so.
    pub demo: bool,
    /// Since when tokens marked as agents are shut out; nothing while they work.
    pub agents_frozen_at: Option<Time>,
    /// Since when it exists.
    pub created_at: Time,
}

/// Whether a new workspace is a real one or the fictional demo company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A company's own.
    Real,
    /// The demo company.
    Demo,
}

/// Creates the workspace, its built-in roles and its first owner, and answers with the owner's one-time set-up link.
///
/// # Errors
/// [`Error::Conflict`] when there is a workspace already.
pub async fn create(
    desk: &Desk,
    actor: &Actor,
    name: &str,
    owner_email: &str,
    owner_name: &str,
    purpose: Purpose,
) -> Result<(PersonId, LinkCode)> {
    let mut act = desk.act(actor, Operation::WorkspaceCreate, Target::Workspace).await?;
    act.tx().lock("workspace.create").await?;
    if store::get(act.tx()).await?.is_some() {
        return Err(Error::Conflict(
            "this data folder already has a workspace; use `gatepost user create` to add people".to_owned(),
        ));
    }
    let workspace = Workspace {
        name: checked_name(name)?,
        time_zone: "UTC".to_owned(),
        second_factor: SecondFactorRule::PublishOrAdminister,
        demo: purpose == Purpose::Demo,
        agents_frozen_at: None,
        created_at: act.now(),
    };
    store::insert(act.tx(), &workspace).await?;
    act.record(Object::all("workspace")).after(&workspace);
    let owner_role = rights::create_built_in(&mut act).await?;
    let owner = people::create_in(&mut act, Operation::PersonCreate, owner_email, owner_name).await?;
    rights::assign_in(&mut act, owner_role, Holder::Person(owner), None).await?;
    let code = sign_in::issue_link(&mut act, LinkKind::Setup, owner).await?;
    act.announce(Topic::Workspace);
    act.commit().await?;
    Ok((owner, code))
}

/// The workspace, for building a page or an actor. Not an operation: its name is on the sign-in page.
pub async fn current(on: &mut dyn Connection) -> Result<Option<Workspace>> {
    store::get(on).await
}

/// The settings.
pub async fn settings(desk: &Desk, actor: &Actor) -> Result<Workspace> {
    let mut reader = desk.view(actor, Operation::SettingsRead, Target::Workspace).await?;
    store::get(&mut reader).await?.ok_or(Error::NotFound("workspace"))
}

/// Changes the settings.
pub async fn change(desk: &Desk, actor: &Actor, name: &str, time_zone: &str, second_factor: SecondFactorRule) -> Result<()> {
    let mut act = desk.act(actor, Operation::SettingsChange, Target::Workspace).await?;
    let before = store::get(act.tx()).await?.ok_or(Error::NotFound("workspace"))?;
    let name = checked_name(name)?;
    people::check_time_zone(time_zone)?;
    let after = Workspace { name, time_zone: time_zone.to_owned(), second_factor, ..before.clone() };
    store::update(act.tx(), &after).await?;
    act.record(Object::all("workspace")).before(&before).after(&after).detail("second_factor", second_factor.id());
    act.announce(Topic::Workspace);
    act.announce(Topic::Access);
    act.commit().await
}

/// The switch of all agents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agents {
    /// They work, each within its token.
    Free,
    /// Nothing that a token marked as an agent's asks for is done, from this moment on.
    Frozen,
}

/// Stops every agent at once, or lets them go on.
///
/// # Errors
/// [`Error::Conflict`] when the switch stands there already, and for an agent that would let itself go on.
pub async fn switch_agents(desk: &Desk, actor: &Actor, agents: Agents) -> Result<()> {
    if matches!(actor.principal, Principal::Token { agent: true, .. }) {
        return Err(Error::Conflict("an agent does not reach this switch".to_owned()));
    }
    let mut act = desk.act(actor, Operation::AgentsFreeze, Target::Workspace).await?;
    let before = store::get(act.tx()).await?.ok_or(Error::NotFound("workspace"))?;
    let frozen_at = (agents == Agents::Frozen).then_some(act.now());
    if before.agents_frozen_at.is_some() == frozen_at.is_some() {
        return Err(Error::Conflict("the switch stands there already".to_owned()));
    }
    store::set_agents_frozen(act.tx(), frozen_at).await?;
    act.record(Object::all("workspace")).detail("agents_frozen", frozen_at.is_some());
    act.announce(Topic::Workspace);
    act.announce(Topic::Access);
    act.commit().await
}

/// Since when every agent is stopped, for those who may switch.
pub async fn agents_frozen_at(desk: &Desk, actor: &Actor) -> Result<Option<Time>> {
    let mut reader = desk.view(actor, Operation::AgentsFreeze, Target::Workspace).await?;
    Ok(store::get(&mut reader).await?.and_then(|workspace| workspace.agents_frozen_at))
}

/// Whether agents are shut out at this moment.
pub(crate) async fn agents_are_frozen(on: &mut dyn Connection) -> Result<bool> {
    Ok(store::get(on).await?.is_some_and(|workspace| workspace.agents_frozen_at.is_some()))
}

fn checked_name(name: &str) -> Result<String> {
    let name = name.trim();
    match name.chars().count() {
        0 => Err(Invalid::field("name", "give the workspace a name")),
        1..=NAME_MAX if !name.chars().any(char::is_control) => Ok(name.to_owned()),
        _ => Err(Invalid::field("name", format!("at most {NAME_MAX} characters, without line breaks"))),
    }
}
