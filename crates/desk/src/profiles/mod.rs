//! Profiles: the company's accounts on networks, in groups.
//!
//! Invariant: a profile on which somebody has no access does not exist for them, not even as a count. A profile is its place in the desk:
//! name, network, group, state; what connects it to its network is [`crate::capture::connections`]'.

mod model;
mod store;

pub use model::{Group, NewProfile, Profile, ProfileState, ProfilesFilter};

use crate::{
    act::{Act, Object},
    actor::Actor,
    capture::connections,
    db::{Connection, DbError, Tx},
    desk::{Desk, Topic},
    error::{Error, Invalid, Result},
    ids::{GroupId, ProfileId, Time},
    rights::{Level, Operation, READING, Target, decide},
};

/// Characters in a handle, title or group name.
pub(crate) const TEXT_MAX: usize = 120;

/// The profiles the caller may see, by title, each with the caller's level on it.
pub async fn visible(desk: &Desk, actor: &Actor, filter: &ProfilesFilter) -> Result<Vec<(Profile, Level)>> {
    // Whoever is signed in may ask; what they see is decided profile by profile.
    let mut reader = desk.view(actor, Operation::AccountRead, Target::Workspace).await?;
    let mut seen = Vec::new();
    for profile in store::all(&mut reader).await? {
        let level = actor.rights.level(profile.id, profile.group);
        let fits = filter.matches(&profile);
        if fits && READING.contains(&level) && may_read(desk, actor, &profile) {
            seen.push((profile, level));
        }
    }
    Ok(seen)
}

fn may_read(desk: &Desk, actor: &Actor, profile: &Profile) -> bool {
    decide(actor, Operation::ProfileRead, Target::Profile(profile.id, profile.group), desk.now()).is_ok()
}

/// Every profile, for those who manage them.
pub async fn all(desk: &Desk, actor: &Actor, filter: &ProfilesFilter) -> Result<Vec<Profile>> {
    let mut reader = desk.view(actor, Operation::ProfilesManage, Target::Workspace).await?;
    Ok(store::all(&mut reader).await?.into_iter().filter(|profile| filter.matches(profile)).collect())
}

/// One profile, for those who may read it or manage profiles. To everybody else it does not exist.
pub async fn get(desk: &Desk, actor: &Actor, id: ProfileId) -> Result<Profile> {
    let mut reader = desk.view(actor, Operation::AccountRead, Target::Workspace).await?;
    let profile = store::get(&mut reader, id).await?.ok_or(Error::NotFound("profile"))?;
    let manages = decide(actor, Operation::ProfilesManage, Target::Workspace, desk.now()).is_ok();
    if manages || may_read(desk, actor, &profile) { Ok(profile) } else { Err(Error::NotFound("profile")) }
}

/// Whether there is such a profile: asked inside another act, which has decided already.
///
/// # Errors
/// [`Error::NotFound`].
pub(crate) async fn exists(on: &mut dyn Connection, id: ProfileId) -> Result<Profile> {
    store::get(on, id).await?.ok_or(Error::NotFound("profile"))
}

/// Every profile, for subjects that decide about each of them themselves.
pub(crate) async fn everything(on: &mut dyn Connection) -> Result<Vec<Profile>> {
    store::all(on).await
}

/// How many profiles there are, for the same.
pub(crate) async fn count(on: &mut dyn Connection) -> Result<i64> {
    store::count(on).await
}

/// The profile of an account, if there is one.
pub(crate) async fn by_account(on: &mut dyn Connection, network: &str, handle: &str) -> Result<Option<ProfileId>> {
    store::by_account(on, network, handle).await
}

/// Makes a profile one that is captured: part of connecting it.
pub(crate) async fn activate(tx: &mut Tx, id: ProfileId, now: Time) -> Result<()> {
    let before = store::get(tx, id).await?.ok_or(Error::NotFound("profile"))?;
    if before.state != ProfileState::Active {
        store::set_state(tx, id, ProfileState::Active, now).await?;
    }
    Ok(())
}

/// Adds a profile.
pub async fn add(desk: &Desk, actor: &Actor, new: &NewProfile) -> Result<ProfileId> {
    let mut act = desk.act(actor, Operation::ProfileAdd, Target::Workspace).await?;
    let id = add_within(&mut act, new).await?;
    act.commit().await?;
    Ok(id)
}

/// Adds a profile as part of another act, which has decided already.
pub(crate) async fn add_within(act: &mut Act<'_>, new: &NewProfile) -> Result<ProfileId> {
    let checked = check(new)?;
    if let Some(group) = checked.group {
        store::group(act.tx(), group).await?.ok_or(Error::NotFound("profile group"))?;
    }
    let (id, now): (ProfileId, _) = (act.desk().fresh(), act.now());
    store::insert(act.tx(), id, &checked, now).await.map_err(|error| match error {
        Error::Database(DbError::Duplicate { .. }) => Invalid::field("handle", "this profile is already here"),
        error => error,
    })?;
    act.record_as(Operation::ProfileAdd, Object::new("profile", id)).after(&checked);
    act.announce(Topic::Profiles);
    Ok(id)
}

/// Changes a profile's title, group and protection.
pub async fn change(
    desk: &Desk,
    actor: &Actor,
    id: ProfileId,
    title: &str,
    group: Option<GroupId>,
    protection: Protection,
) -> Result<()> {
    let mut act = desk.act(actor, Operation::ProfileChange, Target::Workspace).await?;
    let title = checked_text("title", title)?;
    let before = store::get(act.tx(), id).await?.ok_or(Error::NotFound("profile"))?;
    if let Some(group) = group {
        store::group(act.tx(), group).await?.ok_or(Error::NotFound("profile group"))?;
    }
    store::update(act.tx(), id, &title, group, protection).await?;
    act.record(Object::new("profile", id)).before(&(&before.title, before.group, before.protected)).after(&(
        &title,
        group,
        protection == Protection::Protected,
    ));
    act.announce(Topic::Profiles);
    act.announce(Topic::Access);
    act.commit().await
}

/// Whether nothing may leave a profile without a matching approval workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// Without a matching workflow, nothing is published.
    Protected,
    /// Full publishing is enough.
    Open,
}

/// Pauses, resumes or disconnects a profile.
pub async fn set_state(desk: &Desk, actor: &Actor, id: ProfileId, state: ProfileState) -> Result<()> {
    let operation = match state {
        ProfileState::Disconnected => Operation::ProfileDisconnect,
        ProfileState::Active | ProfileState::Paused => Operation::ProfilePause,
    };
    let mut act = desk.act(actor, operation, Target::Workspace).await?;
    let before = store::get(act.tx(), id).await?.ok_or(Error::NotFound("profile"))?;
    if before.state == state {
        return Err(Error::Conflict(format!("{} is already {}", before.title, state.title().to_lowercase())));
    }
    let now = act.now();
    match state {
        ProfileState::Disconnected => connections::forget(act.tx(), id, now).await?,
        ProfileState::Active if connections::is_forgotten(act.tx(), id).await? => {
            return Err(Error::Conflict(format!(
                "{} was disconnected and its credentials forgotten; connect it again",
                before.title
            )));
        }
        ProfileState::Active | ProfileState::Paused => {}
    }
    store::set_state(act.tx(), id, state, now).await?;
    act.record(Object::new("profile", id)).before(&before.state).after(&state).detail("state", state.id());
    act.announce(Topic::Profiles);
    act.commit().await
}

/// Every group, for subjects that decided already.
pub(crate) async fn all_groups(on: &mut dyn Connection) -> Result<Vec<Group>> {
    store::groups(on).await
}

/// Every profile group, by name.
pub async fn groups(desk: &Desk, actor: &Actor) -> Result<Vec<Group>> {
    let mut reader = desk.view(actor, Operation::ProfilesManage, Target::Workspace).await?;
    store::groups(&mut reader).await
}

/// Creates a profile group.
pub async fn create_group(desk: &Desk, actor: &Actor, name: &str) -> Result<GroupId> {
    let mut act = desk.act(actor, Operation::GroupChange, Target::Workspace).await?;
    let name = checked_text("name", name)?;
    let (id, now): (GroupId, _) = (desk.fresh(), act.now());
    store::insert_group(act.tx(), id, &name, now).await.map_err(|error| match error {
        Error::Database(DbError::Duplicate { .. }) => Invalid::field("name", "this name is already in use"),
        error => error,
    })?;
    act.record(Object::new("group", id)).after(&name);
    act.announce(Topic::Profiles);
    act.commit().await?;
    Ok(id)
}

fn check(new: &NewProfile) -> Result<NewProfile> {
    Ok(NewProfile {
        network: checked_text("network", &new.network)?.to_lowercase(),
        handle: checked_text("handle", &new.handle)?,
        title: checked_text("title", &new.title)?,
        group: new.group,
        protected: new.protected,
    })
}

fn checked_text(field: &'static str, text: &str) -> Result<String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Invalid::field(field, "must not be empty"));
    }
    if text.chars().count() > TEXT_MAX || text.chars().any(char::is_control) {
        return Err(Invalid::field(field, format!("at most {TEXT_MAX} characters, without line breaks")));
    }
    Ok(text.to_owned())
}
