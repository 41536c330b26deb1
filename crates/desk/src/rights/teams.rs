//! Teams: people who get the same grants and roles.

use super::{
    Operation, Target, Team,
    grants::keep_a_keeper,
    roles::{checked_name, name_taken},
    store,
};
use crate::{
    act::Object,
    actor::Actor,
    db::Connection,
    desk::{Desk, Topic},
    error::{Error, Result},
    ids::{PersonId, TeamId},
};

/// Every team, by name.
pub async fn teams(desk: &Desk, actor: &Actor) -> Result<Vec<Team>> {
    let mut reader = desk.view(actor, Operation::RightsRead, Target::Workspace).await?;
    store::teams(&mut reader).await
}

/// Every team, for subjects that decided already.
pub(crate) async fn all_teams(on: &mut dyn Connection) -> Result<Vec<Team>> {
    store::teams(on).await
}

/// One team.
pub async fn team(desk: &Desk, actor: &Actor, id: TeamId) -> Result<Team> {
    let mut reader = desk.view(actor, Operation::RightsRead, Target::Workspace).await?;
    store::team(&mut reader, id).await?.ok_or(Error::NotFound("team"))
}

/// Who is in a team: ids and names, by name.
pub async fn members(desk: &Desk, actor: &Actor, id: TeamId) -> Result<Vec<(PersonId, String)>> {
    let mut reader = desk.view(actor, Operation::RightsRead, Target::Workspace).await?;
    store::members(&mut reader, id).await
}

/// Creates a team without members.
pub async fn create_team(desk: &Desk, actor: &Actor, name: &str) -> Result<TeamId> {
    let mut act = desk.act(actor, Operation::TeamChange, Target::Workspace).await?;
    let name = checked_name(name)?;
    let (id, now): (TeamId, _) = (desk.fresh(), act.now());
    store::insert_team(act.tx(), id, &name, now).await.map_err(name_taken)?;
    act.record(Object::new("team", id)).after(&name);
    act.announce(Topic::People);
    act.commit().await?;
    Ok(id)
}

/// Renames a team.
pub async fn rename_team(desk: &Desk, actor: &Actor, id: TeamId, name: &str) -> Result<()> {
    let mut act = desk.act(actor, Operation::TeamChange, Target::Workspace).await?;
    let name = checked_name(name)?;
    let before = store::team(act.tx(), id).await?.ok_or(Error::NotFound("team"))?;
    store::rename_team(act.tx(), id, &name).await.map_err(name_taken)?;
    act.record(Object::new("team", id)).before(&before.name).after(&name);
    act.announce(Topic::People);
    act.commit().await
}

/// Removes a team with its membership, grants and roles.
///
/// # Errors
/// [`Error::Conflict`] when nobody would be left who can give rights.
pub async fn remove_team(desk: &Desk, actor: &Actor, id: TeamId) -> Result<()> {
    let mut act = desk.act(actor, Operation::TeamChange, Target::Workspace).await?;
    let before = store::team(act.tx(), id).await?.ok_or(Error::NotFound("team"))?;
    store::delete_team(act.tx(), id).await?;
    keep_a_keeper(&mut act).await?;
    act.record(Object::new("team", id)).before(&before.name).detail("removed", true).detail("members", before.members);
    act.announce(Topic::People);
    act.announce(Topic::Access);
    act.commit().await
}

/// Puts a person into a team. Doing it twice changes nothing.
pub async fn add_member(desk: &Desk, actor: &Actor, team: TeamId, person: PersonId) -> Result<()> {
    let mut act = desk.act(actor, Operation::TeamMembers, Target::Workspace).await?;
    store::team(act.tx(), team).await?.ok_or(Error::NotFound("team"))?;
    store::holder_exists(act.tx(), super::Holder::Person(person)).await?;
    let now = act.now();
    store::insert_member(act.tx(), team, person, now).await?;
    act.record(Object::new("team", team)).detail("added", person.to_string());
    act.announce(Topic::People);
    act.announce(Topic::Access);
    act.commit().await
}

/// Takes a person out of a team.
///
/// # Errors
/// [`Error::Conflict`] when nobody would be left who can give rights.
pub async fn remove_member(desk: &Desk, actor: &Actor, team: TeamId, person: PersonId) -> Result<()> {
    let mut act = desk.act(actor, Operation::TeamMembers, Target::Workspace).await?;
    if !store::delete_member(act.tx(), team, person).await? {
        return Err(Error::NotFound("member of this team"));
    }
    keep_a_keeper(&mut act).await?;
    act.record(Object::new("team", team)).detail("removed", person.to_string());
    act.announce(Topic::People);
    act.announce(Topic::Access);
    act.commit().await
}
