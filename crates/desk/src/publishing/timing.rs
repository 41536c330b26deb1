//! Another time for a post, or none: moving and cancelling.
//!
//! Invariant: a new time is new content unless it lies within what was cleared for this very content; then nobody has to agree again.

use super::{
    access::{self, Held},
    model::{TargetKey, TargetState},
    post::{PostForm, PostTarget, Saved},
    posts::{self, unfit},
    rules::{Event, apply},
    store::{posts as store, targets},
};
use crate::{
    act::{Act, Object},
    actor::Actor,
    approvals,
    desk::{Desk, Topic},
    error::{Error, Invalid, Result},
    ids::{PostId, Time},
    rights::Operation,
};

/// Characters of a reason.
const REASON_MAX: usize = 2_000;

/// What a new time meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retimed {
    /// A draft has another time.
    Draft,
    /// It goes out at the new time: what was cleared allows it.
    Within,
    /// What was decided is void: it has to be submitted again.
    Voided,
}

/// Moves a post to another time.
///
/// # Errors
/// [`Error::Conflict`] when it changed since `revision`, or some of it is out or on its way out.
pub async fn retime(desk: &Desk, actor: &Actor, id: PostId, revision: i64, slot: Option<Time>) -> Result<Retimed> {
    let seen = posts::get(desk, actor, id).await?;
    let scheduled = seen.targets.iter().any(|target| target.life.state == TargetState::Scheduled);
    if scheduled
        && seen.revision == revision
        && let Some(slot) = slot
        && move_within(desk, actor, id, slot).await?
    {
        return Ok(Retimed::Within);
    }
    let was_draft = seen.targets.iter().all(|target| target.life.state == TargetState::Draft);
    let form = PostForm { title: seen.title, draft: seen.draft, slot, zone: seen.zone, campaign: seen.campaign, tags: seen.tags };
    match posts::save(desk, actor, id, revision, &form).await? {
        Saved::Done(_) if was_draft => Ok(Retimed::Draft),
        Saved::Done(_) => Ok(Retimed::Voided),
        Saved::Conflict(_) => Err(Error::Conflict("somebody changed this post since you saw it; look at it again".to_owned())),
    }
}

/// Moves what is scheduled, if the new time lies within what was cleared on every profile; whether it does.
async fn move_within(desk: &Desk, actor: &Actor, id: PostId, slot: Time) -> Result<bool> {
    let Held { mut act, targets: known, .. } = access::act_on_post(desk, actor, Operation::PostRetime, id).await?;
    let now = act.now();
    for mut target in known {
        if target.life.state.is_final() {
            continue;
        }
        let attempts = target.life.attempts.clone();
        let Ok((life, _)) = apply(&target.life, Event::Retime { slot }, now) else { return Ok(false) };
        target.life = life;
        targets::write(act.tx(), &target, &attempts, now).await?;
    }
    store::show_at(act.tx(), id, Some(slot)).await?;
    act.record(Object::new("post", id)).after(&slot);
    act.announce(Topic::Posts);
    act.commit().await?;
    Ok(true)
}

/// Cancels a post, on one profile or on all where it is not out. Says how many went.
///
/// # Errors
/// [`Error::Conflict`] when nothing of it can be cancelled: it is out, or may be.
pub async fn cancel(desk: &Desk, actor: &Actor, id: PostId, only: Option<TargetKey>, reason: &str) -> Result<usize> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON_MAX {
        return Err(Invalid::field("reason", format!("say why, in at most {REASON_MAX} characters")));
    }
    let Held { mut act, targets: known, .. } = access::act_on_post(desk, actor, Operation::PostCancel, id).await?;
    let now = act.now();
    let mut refused = None;
    let mut cancelled = 0;
    for mut target in known {
        if only.is_some_and(|only| only != target.key) || target.life.state.is_final() {
            continue;
        }
        match cancel_one(&mut act, &mut target, reason, now).await? {
            Ok(()) => cancelled += 1,
            Err(error) => refused = Some(error),
        }
    }
    if cancelled == 0 {
        return Err(refused.unwrap_or_else(|| Error::Conflict("nothing of this post can be cancelled any more".to_owned())));
    }
    let left = targets::of_post(act.tx(), id).await?;
    if left.iter().all(|target| target.life.state.is_final()) {
        approvals::withdraw(&mut act, id).await?;
    }
    act.record(Object::new("post", id)).detail("targets", cancelled);
    act.announce(Topic::Posts);
    act.commit().await?;
    Ok(cancelled)
}

async fn cancel_one(
    act: &mut Act<'_>,
    target: &mut PostTarget,
    reason: &str,
    now: Time,
) -> Result<std::result::Result<(), Error>> {
    let attempts = target.life.attempts.clone();
    match apply(&target.life, Event::Cancel { reason: reason.to_owned() }, now) {
        Ok((life, _)) => {
            target.life = life;
            targets::write(act.tx(), target, &attempts, now).await?;
            Ok(Ok(()))
        }
        Err(why) => Ok(Err(unfit(why))),
    }
}
