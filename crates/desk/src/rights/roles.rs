//! Roles: named bundles of grants, given to people and teams.

use super::{
    Assignment, Give, Given, Holder, Level, Operation, Right, Role, Scope, Target,
    grants::{give_in, keep_a_keeper},
    store,
};
use crate::{
    act::{Act, Object},
    actor::Actor,
    db::{Connection, DbError},
    desk::{Desk, Topic},
    error::{Error, Invalid, Result},
    ids::{AssignmentId, RoleId, Time},
};

/// Characters in a role's or team's name.
pub(super) const NAME_MAX: usize = 80;
/// Characters in a role's description.
const DESCRIPTION_MAX: usize = 500;

/// The role that the first owner gets.
pub const OWNER_ROLE: &str = "Owner";

/// A role that a new workspace starts with. It is ordinary data from then on and can be changed or removed.
pub struct BuiltInRole {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// Its feature rights.
    pub rights: &'static [Right],
    /// Its level on all profiles.
    pub level: Option<Level>,
}

/// The roles that a new workspace starts with.
pub const BUILT_IN_ROLES: &[BuiltInRole] = &[
    BuiltInRole {
        name: OWNER_ROLE,
        description: "Everything, on every profile. Still cannot approve own work or read sealed originals alone.",
        rights: Right::ALL,
        level: Some(Level::FullPublishing),
    },
    BuiltInRole {
        name: "Social media manager",
        description: "Publishes and answers on every profile; keeps the asset library.",
        rights: &[Right::Assets, Right::Cases, Right::Search, Right::Reports, Right::SharedViews],
        level: Some(Level::FullPublishing),
    },
    BuiltInRole {
        name: "Author",
        description: "Drafts posts and replies that others approve.",
        rights: &[Right::Search],
        level: Some(Level::NeedsApproval),
    },
    BuiltInRole {
        name: "Compliance officer",
        description: "Watches, searches, holds and exports; publishes nothing.",
        rights: &[
            Right::Rules,
            Right::Workflows,
            Right::Cases,
            Right::Unmask,
            Right::Holds,
            Right::Retention,
            Right::Export,
            Right::Search,
            Right::AuditLog,
            Right::StopSwitch,
            Right::Policies,
            Right::Audits,
            Right::Crisis,
            Right::Reports,
        ],
        level: Some(Level::ReadOnly),
    },
    BuiltInRole {
        name: "Security administrator",
        description: "People, rights, profiles and settings; sees no messages.",
        rights: &[
            Right::People,
            Right::Rights,
            Right::Profiles,
            Right::Settings,
            Right::AuditLog,
            Right::Tokens,
            Right::Jobs,
            Right::StopSwitch,
        ],
        level: None,
    },
    BuiltInRole {
        name: "Auditor",
        description: "Reads everything on record; changes nothing.",
        rights: &[Right::AuditLog, Right::Search, Right::Reports],
        level: Some(Level::ReadOnly),
    },
];

/// Creates the built-in roles of a new workspace and answers with the owner role.
pub(crate) async fn create_built_in(act: &mut Act<'_>) -> Result<RoleId> {
    let mut owner = None;
    for built_in in BUILT_IN_ROLES {
        let id: RoleId = act.desk().fresh();
        let now = act.now();
        store::insert_role(act.tx(), id, built_in.name, built_in.description, now).await?;
        act.record_as(Operation::RoleCreate, Object::new("role", id)).detail("built_in", true);
        let given = built_in.rights.iter().copied().map(Given::Right).chain(built_in.level.map(Given::Level));
        for given in given {
            let give = Give {
                holder: Holder::Role(id),
                given,
                scope: Scope::Workspace,
                expires_at: None,
                reason: "built-in role".to_owned(),
            };
            give_in(act, &give).await?;
        }
        if built_in.name == OWNER_ROLE {
            owner = Some(id);
        }
    }
    owner.ok_or_else(|| Error::Internal("the built-in roles lack an owner".to_owned()))
}

/// Every role, for subjects that decided already.
pub(crate) async fn all_roles(on: &mut dyn Connection) -> Result<Vec<Role>> {
    store::roles(on).await
}

/// Every role, by name.
pub async fn roles(desk: &Desk, actor: &Actor) -> Result<Vec<Role>> {
    let mut reader = desk.view(actor, Operation::RightsRead, Target::Workspace).await?;
    store::roles(&mut reader).await
}

/// One role with who carries it.
pub async fn role(desk: &Desk, actor: &Actor, id: RoleId) -> Result<(Role, Vec<Assignment>)> {
    let mut reader = desk.view(actor, Operation::RightsRead, Target::Workspace).await?;
    let role = store::role(&mut reader, id).await?.ok_or(Error::NotFound("role"))?;
    Ok((role, store::assignments_of_role(&mut reader, id).await?))
}

/// Creates a role without grants.
pub async fn create_role(desk: &Desk, actor: &Actor, name: &str, description: &str) -> Result<RoleId> {
    let mut act = desk.act(actor, Operation::RoleCreate, Target::Workspace).await?;
    let name = checked_name(name)?;
    check_description(description)?;
    let id: RoleId = desk.fresh();
    let now = act.now();
    store::insert_role(act.tx(), id, &name, description.trim(), now).await.map_err(name_taken)?;
    act.record(Object::new("role", id)).after(&(&name, description));
    act.announce(Topic::People);
    act.commit().await?;
    Ok(id)
}

/// Renames a role and changes its description.
pub async fn rename_role(desk: &Desk, actor: &Actor, id: RoleId, name: &str, description: &str) -> Result<()> {
    let mut act = desk.act(actor, Operation::RoleChange, Target::Workspace).await?;
    let name = checked_name(name)?;
    check_description(description)?;
    let before = store::role(act.tx(), id).await?.ok_or(Error::NotFound("role"))?;
    store::update_role(act.tx(), id, &name, description.trim()).await.map_err(name_taken)?;
    act.record(Object::new("role", id)).before(&(&before.name, &before.description)).after(&(&name, description));
    act.announce(Topic::People);
    act.commit().await
}

/// Removes a role with its grants and assignments.
///
/// # Errors
/// [`Error::Conflict`] when nobody would be left who can give rights.
pub async fn remove_role(desk: &Desk, actor: &Actor, id: RoleId) -> Result<()> {
    let mut act = desk.act(actor, Operation::RoleChange, Target::Workspace).await?;
    let before = store::role(act.tx(), id).await?.ok_or(Error::NotFound("role"))?;
    store::delete_role(act.tx(), id).await?;
    keep_a_keeper(&mut act).await?;
    act.record(Object::new("role", id))
        .before(&(&before.name, &before.description))
        .detail("removed", true)
        .detail("holders", before.holders);
    act.announce(Topic::People);
    act.announce(Topic::Access);
    act.commit().await
}

/// Gives a role to a person or team, or changes its end.
pub async fn assign(desk: &Desk, actor: &Actor, role: RoleId, holder: Holder, expires_at: Option<Time>) -> Result<AssignmentId> {
    let mut act = desk.act(actor, Operation::RoleAssign, Target::Workspace).await?;
    let id = assign_in(&mut act, role, holder, expires_at).await?;
    // Giving an existing assignment an end can take the last keeper's right away one day.
    keep_a_keeper(&mut act).await?;
    act.commit().await?;
    Ok(id)
}

/// Gives a role within an act that is under way.
pub(crate) async fn assign_in(act: &mut Act<'_>, role: RoleId, holder: Holder, expires_at: Option<Time>) -> Result<AssignmentId> {
    if matches!(holder, Holder::Role(_)) {
        return Err(Invalid::field("holder", "a role cannot carry a role; choose a person or a team"));
    }
    if expires_at.is_some_and(|end| end <= act.now()) {
        return Err(Invalid::field("expires_at", "the end lies in the past"));
    }
    store::holder_exists(act.tx(), holder).await?;
    store::holder_exists(act.tx(), Holder::Role(role)).await?;
    let (id, by, now) = (act.desk().fresh(), act.actor().person(), act.now());
    let id = store::upsert_assignment(act.tx(), id, role, holder, expires_at, by, now).await?;
    act.record_as(Operation::RoleAssign, Object::new(holder.kind(), holder.id()))
        .detail("role", role.to_string())
        .detail("expires_at_ms", expires_at.map(|time| time.0));
    act.announce(Topic::People);
    act.announce(Topic::Access);
    Ok(id)
}

/// Takes a role from a person or team, and answers with what was taken.
///
/// # Errors
/// [`Error::Conflict`] when nobody would be left who can give rights.
pub async fn unassign(desk: &Desk, actor: &Actor, id: AssignmentId) -> Result<Assignment> {
    let mut act = desk.act(actor, Operation::RoleUnassign, Target::Workspace).await?;
    let gone = store::delete_assignment(act.tx(), id).await?.ok_or(Error::NotFound("assignment"))?;
    keep_a_keeper(&mut act).await?;
    act.record(Object::new(gone.holder.kind(), gone.holder.id())).detail("role", gone.role.to_string());
    act.announce(Topic::People);
    act.announce(Topic::Access);
    act.commit().await?;
    Ok(gone)
}

pub(super) fn checked_name(name: &str) -> Result<String> {
    let name = name.trim();
    match name.chars().count() {
        0 => Err(Invalid::field("name", "give it a name")),
        1..=NAME_MAX => Ok(name.to_owned()),
        _ => Err(Invalid::field("name", format!("at most {NAME_MAX} characters"))),
    }
}

fn check_description(description: &str) -> Result<()> {
    if description.chars().count() > DESCRIPTION_MAX {
        return Err(Invalid::field("description", format!("at most {DESCRIPTION_MAX} characters")));
    }
    Ok(())
}

pub(super) fn name_taken(error: Error) -> Error {
    match error {
        Error::Database(DbError::Duplicate { .. }) => Invalid::field("name", "this name is already in use"),
        error => error,
    }
}
