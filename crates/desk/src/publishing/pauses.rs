//! The stop switch: nothing goes out of what a pause covers, from the moment it is durable.
//!
//! Invariants: whoever allows a call reads the pauses in the same transaction, and the call begins within
//! [`super::START_WITHIN_MS`] of it or not at all, so no call begins later than a second after a pause; resuming sends nothing by itself:
//! what was due meanwhile is held and waits for a person.

use serde::Serialize;

use super::{
    access,
    model::TargetState,
    post::PostTarget,
    rules::Paused,
    store::{pauses as store, targets},
};
use crate::{
    act::Object,
    actor::Actor,
    db::Connection,
    desk::{Desk, Topic},
    error::{Error, Invalid, Result},
    ids::{GroupId, PauseId, PersonId, ProfileId, Time},
    profiles::{self, Profile},
    rights::{Operation, Target},
    text_enum::text_enum,
};

/// Characters of a reason: everybody who writes reads it.
pub const PAUSE_REASON_MAX: usize = 500;
/// Pauses in force at once.
const PAUSES_MAX: usize = 100;
/// Ended pauses that are shown.
const ENDED_MAX: i64 = 50;
/// Posts of a rehearsal that are shown.
const REHEARSED_MAX: i64 = 5_000;

text_enum! {
    /// How strictly publishing is paused.
    PauseMode {
        /// Nobody publishes.
        Hard = "hard", "Nobody publishes";
        /// Somebody may after a confirmation.
        Soft = "soft", "Only after a confirmation";
    }
}

/// What a pause covers.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "id")]
pub enum PauseScope {
    /// Every profile.
    Everything,
    /// Those on a network.
    Network(String),
    /// Those in a group.
    Group(GroupId),
    /// One.
    Profile(ProfileId),
}

impl PauseScope {
    /// Its kind in the database and the API.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Everything => "everything",
            Self::Network(_) => "network",
            Self::Group(_) => "group",
            Self::Profile(_) => "profile",
        }
    }

    /// Whether it covers a profile.
    pub fn covers(&self, profile: &Profile) -> bool {
        match self {
            Self::Everything => true,
            Self::Network(network) => *network == profile.network,
            Self::Group(group) => profile.group == Some(*group),
            Self::Profile(id) => *id == profile.id,
        }
    }
}

/// A pause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pause {
    /// Which.
    pub id: PauseId,
    /// What it covers.
    pub scope: PauseScope,
    /// How strictly.
    pub mode: PauseMode,
    /// Why: everybody who writes reads it.
    pub reason: String,
    /// Who paused; nothing for the command line.
    pub by: Option<PersonId>,
    /// Since when.
    pub since: Time,
    /// Who resumed.
    pub resumed_by: Option<PersonId>,
    /// When.
    pub resumed_at: Option<Time>,
}

/// Pauses publishing.
///
/// # Errors
/// [`Error::Invalid`] without a reason; [`Error::NotFound`] for a profile or group that is not there.
pub async fn pause(desk: &Desk, actor: &Actor, scope: PauseScope, mode: PauseMode, reason: &str) -> Result<PauseId> {
    let reason = checked_reason(reason)?;
    let mut act = desk.act(actor, Operation::PublishingPause, Target::Workspace).await?;
    exists(act.tx(), &scope).await?;
    let open = store::open(act.tx()).await?;
    if open.len() >= PAUSES_MAX {
        return Err(Error::Conflict(format!("{PAUSES_MAX} pauses are in force; pause everything instead")));
    }
    if open.iter().any(|pause| pause.scope == scope && pause.mode == mode) {
        return Err(Error::Conflict("this is paused already".to_owned()));
    }
    let pause =
        Pause { id: desk.fresh(), scope, mode, reason, by: actor.person(), since: act.now(), resumed_by: None, resumed_at: None };
    store::insert(act.tx(), &pause).await?;
    act.record(Object::new("pause", pause.id))
        .detail("scope", pause.scope.kind())
        .detail("mode", mode.id())
        .detail("about", about(&pause.scope));
    act.announce(Topic::Publishing);
    act.commit().await?;
    Ok(pause.id)
}

/// Ends a pause. What it held stays held until a person decides.
pub async fn resume(desk: &Desk, actor: &Actor, id: PauseId) -> Result<()> {
    access::refuse_agent(actor, "to end a pause")?;
    let mut act = desk.act(actor, Operation::PublishingResume, Target::Workspace).await?;
    let now = act.now();
    if !store::resume(act.tx(), id, actor.person(), now).await? {
        return Err(Error::Conflict("this pause has ended already".to_owned()));
    }
    act.record(Object::new("pause", id));
    act.announce(Topic::Publishing);
    act.commit().await
}

/// What is paused now: for everybody who writes.
pub async fn pauses(desk: &Desk, actor: &Actor) -> Result<Vec<Pause>> {
    let mut reader = desk.view(actor, Operation::PublishingRead, Target::Workspace).await?;
    store::open(&mut reader).await
}

/// Pauses that ended, the newest first.
pub async fn ended_pauses(desk: &Desk, actor: &Actor) -> Result<Vec<Pause>> {
    let mut reader = desk.view(actor, Operation::PublishingRead, Target::Workspace).await?;
    store::ended(&mut reader, ENDED_MAX).await
}

/// Rehearsal: the posts on the way that such a pause would stop, the earliest first, as far as the caller may see them. Stops nothing.
pub async fn rehearse(desk: &Desk, actor: &Actor, scope: &PauseScope) -> Result<Vec<PostTarget>> {
    let covered: Vec<_> = access::allowed(desk, actor, Operation::PostsRead)
        .await?
        .into_iter()
        .filter(|profile| scope.covers(profile))
        .map(|profile| profile.id)
        .collect();
    let mut reader = desk.view(actor, Operation::PublishingRead, Target::Workspace).await?;
    let mut found = targets::scheduled(&mut reader, REHEARSED_MAX).await?;
    found.retain(|target| target.life.state == TargetState::Scheduled && covered.contains(&target.key.profile));
    Ok(found)
}

/// The pause that stops a profile now, as sending has to know it. A hard one comes before a soft one.
pub(super) fn stopping(open: &[Pause], profile: &Profile) -> Option<Paused> {
    let covering = || open.iter().filter(|pause| pause.scope.covers(profile));
    let hard = covering().find(|pause| pause.mode == PauseMode::Hard);
    // Whoever confirmed after the newest soft one began has seen all of them.
    let strictest = hard.or_else(|| covering().max_by_key(|pause| pause.since))?;
    Some(Paused {
        reason: format!("publishing is paused: {}", strictest.reason),
        soft_since: (strictest.mode == PauseMode::Soft).then_some(strictest.since),
    })
}

/// The pauses in force, for whoever allows a call: in the same transaction.
pub(super) async fn in_force(on: &mut dyn Connection) -> Result<Vec<Pause>> {
    store::open(on).await
}

fn checked_reason(reason: &str) -> Result<String> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > PAUSE_REASON_MAX {
        return Err(Invalid::field(
            "reason",
            format!("say why, in at most {PAUSE_REASON_MAX} characters; everybody who writes reads it"),
        ));
    }
    Ok(reason.to_owned())
}

async fn exists(on: &mut dyn Connection, scope: &PauseScope) -> Result<()> {
    match scope {
        PauseScope::Everything => Ok(()),
        PauseScope::Profile(profile) => profiles::exists(on, *profile).await.map(drop),
        PauseScope::Network(network) => {
            let known = profiles::everything(on).await?.into_iter().any(|profile| profile.network == *network);
            if known { Ok(()) } else { Err(Invalid::field("network", "there is no profile on this network")) }
        }
        PauseScope::Group(group) => {
            let known = profiles::everything(on).await?.into_iter().any(|profile| profile.group == Some(*group));
            if known { Ok(()) } else { Err(Invalid::field("group", "there is no profile in this group")) }
        }
    }
}

fn about(scope: &PauseScope) -> String {
    match scope {
        PauseScope::Everything => String::new(),
        PauseScope::Network(network) => network.clone(),
        PauseScope::Group(group) => group.to_string(),
        PauseScope::Profile(profile) => profile.to_string(),
    }
}
