//! Who may see and touch a post: the decision profile by profile.
//!
//! Invariants: whoever writes needs the level on **every** profile of the post; whoever reads needs it on one of them and sees only
//! those; a post of which somebody may read no profile does not exist for them.

use std::collections::HashSet;

use super::{
    post::{Post, PostFilter, PostTarget},
    store::{
        lists::Sight,
        posts::{self, PostRow},
        targets,
    },
};
use crate::{
    act::Act,
    actor::{Actor, Principal},
    approvals::Hand,
    db::Connection,
    desk::Desk,
    error::{Error, Invalid, Refusal, Result},
    ids::{PersonId, PostId, ProfileId},
    profiles::{self, Profile},
    rights::{Operation, Target as Place, decide, within_scope},
};

/// By whose hand an actor writes, and for whom. Only people and their tokens write.
pub(super) fn writer(actor: &Actor) -> Result<(PersonId, Hand)> {
    match actor.principal {
        Principal::Person { person, .. } => Ok((person, Hand::Person)),
        Principal::Token { person, agent: true, .. } => Ok((person, Hand::Agent)),
        Principal::Token { person, .. } => Ok((person, Hand::Token)),
        Principal::Nobody | Principal::Guest { .. } | Principal::Operator | Principal::Desk(_) => {
            Err(Error::Conflict("a post needs a person who writes it; sign in or use a token".to_owned()))
        }
    }
}

/// That a person decides, in a browser or through a program of theirs. `what` an agent may not do.
pub(super) fn refuse_agent(actor: &Actor, what: &str) -> Result<()> {
    match actor.principal {
        Principal::Token { agent: true, .. } => Err(Error::Conflict(format!("an agent can draft; {what} is for people"))),
        _ => Ok(()),
    }
}

pub(super) fn allows(desk: &Desk, actor: &Actor, operation: Operation, profile: &Profile) -> std::result::Result<(), Refusal> {
    decide(actor, operation, Place::Profile(profile.id, profile.group), desk.now())
}

/// The profiles on which the actor may do this.
///
/// # Errors
/// What is refused for other reasons than a missing level: nobody signed in, a scope that is missing.
pub(super) async fn allowed(desk: &Desk, actor: &Actor, operation: Operation) -> Result<Vec<Profile>> {
    if actor.principal == Principal::Nobody {
        return Err(Refusal::SignInNeeded.into());
    }
    // Said also where there is no profile to decide about.
    within_scope(actor, operation)?;
    let mut reader = desk.db().read().await?;
    let mut found = Vec::new();
    for profile in profiles::everything(&mut reader).await? {
        match allows(desk, actor, operation, &profile) {
            Ok(()) => found.push(profile),
            Err(Refusal::RightNeeded(_)) => {}
            Err(refusal) => return Err(refusal.into()),
        }
    }
    Ok(found)
}

/// The profiles that the caller may read posts on, and those of them that a filter wants.
pub(super) async fn sight(desk: &Desk, actor: &Actor, filter: &PostFilter) -> Result<Sight> {
    let readable = allowed(desk, actor, Operation::PostsRead).await?;
    let fits = |profile: &profiles::Profile| {
        (filter.profiles.is_empty() || filter.profiles.contains(&profile.id))
            && filter.network.as_ref().is_none_or(|network| *network == profile.network)
    };
    let wanted = readable.iter().filter(|profile| fits(profile)).map(|profile| profile.id).collect();
    Ok(Sight { readable: readable.into_iter().map(|profile| profile.id).collect(), wanted })
}

/// The profiles of a post, all of them.
async fn profiles_of(on: &mut dyn Connection, post: PostId) -> Result<Vec<Profile>> {
    let mut found = Vec::new();
    for id in targets::profiles_of(on, post).await? {
        found.push(profiles::exists(on, id).await?);
    }
    if found.is_empty() { Err(Error::NotFound("post")) } else { Ok(found) }
}

/// Begins an act that touches all of these profiles.
pub(super) async fn act_on<'d>(desk: &'d Desk, actor: &'d Actor, operation: Operation, profiles: &[Profile]) -> Result<Act<'d>> {
    // The one that refuses, so that the refusal is on record with it.
    let refused = profiles.iter().find(|profile| allows(desk, actor, operation, profile).is_err());
    let Some(first) = refused.or(profiles.first()) else { return Err(Error::NotFound("profile")) };
    desk.act(actor, operation, Place::Profile(first.id, first.group)).await
}

/// That the actor may do this on every one of these profiles; a profile that they cannot read does not exist for them.
pub(super) async fn may(desk: &Desk, actor: &Actor, operation: Operation, wanted: &[ProfileId]) -> Result<Vec<Profile>> {
    if wanted.is_empty() {
        return Err(Invalid::field("profiles", "choose at least one profile"));
    }
    let mut reader = desk.db().read().await?;
    let mut known = Vec::new();
    for &profile in wanted {
        let profile = profiles::exists(&mut reader, profile).await?;
        if matches!(allows(desk, actor, Operation::PostsRead, &profile), Err(Refusal::RightNeeded(_))) {
            return Err(Error::NotFound("profile"));
        }
        known.push(profile);
    }
    drop(reader);
    if known.iter().any(|profile| allows(desk, actor, operation, profile).is_err()) {
        drop(act_on(desk, actor, operation, &known).await?);
    }
    Ok(known)
}

/// A post under an act that may touch it, kept from being changed by anybody else.
pub(super) struct Held<'d> {
    pub(super) act: Act<'d>,
    pub(super) row: PostRow,
    pub(super) targets: Vec<PostTarget>,
}

/// Begins an act on a whole post: on every profile it goes to.
pub(super) async fn act_on_post<'d>(desk: &'d Desk, actor: &'d Actor, operation: Operation, post: PostId) -> Result<Held<'d>> {
    let known = {
        let mut reader = desk.db().read().await?;
        profiles_of(&mut reader, post).await?
    };
    if !known.iter().any(|profile| allows(desk, actor, Operation::PostsRead, profile).is_ok()) {
        return Err(Error::NotFound("post"));
    }
    let mut act = act_on(desk, actor, operation, &known).await?;
    let row = posts::lock(act.tx(), post).await?.ok_or(Error::NotFound("post"))?;
    let targets = targets::lock_of_post(act.tx(), post).await?;
    let decided: HashSet<ProfileId> = known.iter().map(|profile| profile.id).collect();
    if targets.iter().any(|target| !decided.contains(&target.key.profile)) {
        return Err(Error::Conflict("somebody added a profile to this post in this moment; look at it again".to_owned()));
    }
    Ok(Held { act, row, targets })
}

/// The readable profiles of a post.
pub(super) async fn readable(desk: &Desk, actor: &Actor, on: &mut dyn Connection, post: PostId) -> Result<HashSet<ProfileId>> {
    if actor.principal == Principal::Nobody {
        return Err(Refusal::SignInNeeded.into());
    }
    let known = profiles_of(on, post).await?;
    let mut seen = HashSet::new();
    for profile in known {
        match allows(desk, actor, Operation::PostsRead, &profile) {
            Ok(()) => drop(seen.insert(profile.id)),
            Err(Refusal::RightNeeded(_)) => {}
            Err(refusal) => return Err(refusal.into()),
        }
    }
    if seen.is_empty() { Err(Error::NotFound("post")) } else { Ok(seen) }
}

/// A post as somebody who may read these profiles sees it.
pub(super) async fn seen_through(on: &mut dyn Connection, row: PostRow, seen: &HashSet<ProfileId>) -> Result<Post> {
    let tags = posts::tags(on, row.id).await?;
    let mut targets = targets::of_post(on, row.id).await?;
    targets.retain(|target| seen.contains(&target.key.profile));
    let mut draft = row.draft;
    draft.keep_only(|profile| seen.contains(&profile));
    Ok(Post {
        id: row.id,
        author: row.author,
        hand: row.hand,
        title: row.title,
        draft,
        revision: row.revision,
        version: row.version,
        slot: row.slot,
        zone: row.zone,
        campaign: row.campaign,
        tags,
        created_at: row.created_at,
        changed_at: row.changed_at,
        changed_by: row.changed_by,
        discarded_at: row.discarded_at,
        targets,
    })
}
