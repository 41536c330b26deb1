//! Everybody and everything that a workflow can name, for whoever writes one.

use serde::Serialize;

use super::super::{model::Approver, store::guests};
use crate::{
    actor::Actor,
    desk::Desk,
    error::Result,
    ids::{GroupId, ProfileId},
    people, profiles,
    rights::{self, Operation, Target},
    word_lists,
};

/// Somebody or something that can be asked, with its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Named {
    /// What a step names.
    pub approver: Approver,
    /// As people know it.
    pub name: String,
    /// Person, team, role or outside approver.
    pub kind: &'static str,
}

/// What a workflow can name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Choices {
    /// Who can be asked.
    pub approvers: Vec<Named>,
    /// Profiles, with their network.
    pub profiles: Vec<(ProfileId, String, String)>,
    /// Groups of profiles.
    pub groups: Vec<(GroupId, String)>,
    /// Kinds of finding that the company's own lists bring, with what people call them.
    pub listed: Vec<(String, String)>,
}

/// What a workflow can name at this moment.
pub async fn choices(desk: &Desk, actor: &Actor) -> Result<Choices> {
    let mut reader = desk.view(actor, Operation::WorkflowsRead, Target::Workspace).await?;
    let mut approvers = Vec::new();
    let named = |approver, name: String, kind| Named { approver, name, kind };
    for team in rights::all_teams(&mut reader).await? {
        approvers.push(named(Approver::Team(team.id), team.name, "team"));
    }
    for role in rights::all_roles(&mut reader).await? {
        approvers.push(named(Approver::Role(role.id), role.name, "role"));
    }
    for (id, name) in people::active_names(&mut reader).await? {
        approvers.push(named(Approver::Person(id), name, "person"));
    }
    for guest in guests::all(&mut reader).await?.into_iter().filter(|guest| guest.revoked_at.is_none()) {
        approvers.push(named(Approver::Guest(guest.id), guest.name, "outside"));
    }
    let profiles = profiles::everything(&mut reader).await?;
    let groups = profiles::all_groups(&mut reader).await?;
    Ok(Choices {
        approvers,
        profiles: profiles.into_iter().map(|profile| (profile.id, profile.title, profile.network)).collect(),
        groups: groups.into_iter().map(|group| (group.id, group.name)).collect(),
        listed: word_lists::kinds(&mut reader).await?,
    })
}
