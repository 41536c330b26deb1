//! What is held and waits for a person: keep, re-time, cancel, say whether it is there, adopt.
//!
//! Invariants: nothing that was held goes out unless somebody with full publishing on that profile says so, within what was approved,
//! and an agent never does; what a suspended person scheduled waits until a named colleague adopts it; what may be on the network is
//! looked for first.

use serde::Serialize;

use super::{
    access,
    model::{HeldFor, TargetKey, TargetState},
    pauses,
    post::PostTarget,
    posts::unfit,
    rules::{Event, Found, apply},
    store::{parts, posts, targets},
};
use crate::{
    act::{Act, Object},
    actor::Actor,
    desk::{Desk, Topic},
    error::{Error, Invalid, Result},
    ids::{PersonId, Time},
    metric_names,
    profiles::Profile,
    records::RecordEntry,
    rights::{Operation, Target as Place},
};

/// Held posts that are shown at a time.
pub const HELD_MAX: i64 = 1_000;
/// Characters of a network's id.
const NATIVE_ID_MAX: usize = 2_000;
/// How long something may be due without anybody doing anything about it before the watchdog alarms.
pub const OVERDUE_MS: i64 = 2 * 60 * 1_000;

/// A held or overdue post, with its name for colleagues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// The post's title, or how its text begins.
    pub title: String,
    /// What becomes of it there.
    pub target: PostTarget,
}

/// What is held, the earliest time first, as far as the caller may see it.
pub async fn held(desk: &Desk, actor: &Actor) -> Result<Vec<Waiting>> {
    let readable = access::allowed(desk, actor, Operation::PostsRead).await?;
    let mut reader = desk.view(actor, Operation::PublishingRead, Place::Workspace).await?;
    let found = targets::held(&mut reader, HELD_MAX).await?;
    named(&mut reader, found, &readable).await
}

/// What is past its time although nothing holds it: nobody works, or something is broken. The watchdog's list.
pub async fn overdue(desk: &Desk, actor: &Actor) -> Result<Vec<Waiting>> {
    let readable = access::allowed(desk, actor, Operation::PostsRead).await?;
    let mut reader = desk.view(actor, Operation::PublishingRead, Place::Workspace).await?;
    let found = targets::overdue(&mut reader, desk.now().plus_ms(-OVERDUE_MS), HELD_MAX).await?;
    named(&mut reader, found, &readable).await
}

async fn named(on: &mut dyn crate::db::Connection, found: Vec<PostTarget>, readable: &[Profile]) -> Result<Vec<Waiting>> {
    let mut waiting = Vec::new();
    for target in found {
        if !readable.iter().any(|profile| profile.id == target.key.profile) {
            continue;
        }
        let row = posts::get(on, target.key.post).await?.ok_or(Error::NotFound("post"))?;
        let content = row.draft.content_for(target.key.profile).unwrap_or(&row.draft.common);
        let said = content.parts.first().map(|part| part.text.chars().take(80).collect()).unwrap_or_default();
        waiting.push(Waiting { title: if row.title.is_empty() { said } else { row.title }, target });
    }
    Ok(waiting)
}

/// How many are overdue and held, for the watchdog and for checks of the whole.
pub async fn look(desk: &Desk) -> Result<(i64, i64)> {
    let mut reader = desk.db().read().await?;
    let (overdue, held) = targets::counts(&mut reader, desk.now().plus_ms(-OVERDUE_MS)).await?;
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 posts")]
    {
        metrics::gauge!(metric_names::PUBLISHING_OVERDUE.name).set(overdue as f64);
        metrics::gauge!(metric_names::PUBLISHING_HELD.name).set(held as f64);
    }
    Ok((overdue, held))
}

/// Lets a held post go out: now, or at a later time within what was approved.
///
/// # Errors
/// [`Error::Conflict`] while a hard pause covers it, outside of what was approved, or when it has to be adopted.
pub async fn release(desk: &Desk, actor: &Actor, key: TargetKey, slot: Option<Time>) -> Result<()> {
    let (mut act, mut target, profile) = act_on_held(desk, actor, Operation::HeldRelease, key).await?;
    if target.life.held_for == Some(HeldFor::Orphaned) {
        return Err(Error::Conflict("whoever scheduled it was suspended: adopt it, then it is yours".to_owned()));
    }
    let open = pauses::in_force(act.tx()).await?;
    if let Some(paused) = pauses::stopping(&open, &profile).filter(|paused| paused.soft_since.is_none()) {
        return Err(Error::Conflict(format!("{}; it can go out when that has ended", paused.reason)));
    }
    let now = act.now();
    let event = Event::Release { slot: slot.unwrap_or(now) };
    decide(&mut act, &mut target, event, actor.person()).await?;
    act.commit().await
}

/// Takes over what a suspended person scheduled: it goes out at its time, or at the given one.
///
/// # Errors
/// [`Error::Conflict`] when it is not held for that, or outside of what was approved.
pub async fn adopt(desk: &Desk, actor: &Actor, key: TargetKey, slot: Option<Time>) -> Result<()> {
    let (mut act, mut target, _) = act_on_held(desk, actor, Operation::HeldAdopt, key).await?;
    if target.life.held_for != Some(HeldFor::Orphaned) {
        return Err(Error::Conflict("it needs nobody to adopt it".to_owned()));
    }
    let now = act.now();
    let event = Event::Release { slot: slot.or(target.life.slot).unwrap_or(now) };
    decide(&mut act, &mut target, event, actor.person()).await?;
    act.commit().await
}

/// Somebody looked where the network would not answer: it is there (by this id of the network's), or it is not.
///
/// # Errors
/// [`Error::Conflict`] when its outcome is known.
pub async fn settle(desk: &Desk, actor: &Actor, key: TargetKey, native_id: Option<&str>) -> Result<()> {
    if native_id.is_some_and(|id| id.trim().is_empty() || id.chars().count() > NATIVE_ID_MAX) {
        return Err(Invalid::field("native_id", "give the network's own id or address of it"));
    }
    let (mut act, mut target, _) = act_on_held(desk, actor, Operation::HeldSettle, key).await?;
    let part = target.life.parts_there;
    let found = match native_id.map(str::trim) {
        Some(id) => {
            let now = act.now();
            let there = networks::outgoing::Published {
                native_id: id.to_owned(),
                revision: None,
                permalink: id.starts_with("https://").then(|| id.to_owned()),
                source_time_ms: None,
            };
            parts::is_there(act.tx(), key, part, &there, now).await?;
            let known = parts::all(act.tx(), key).await?;
            let first = known.into_iter().find(|row| row.part == 0).and_then(|row| row.native_id);
            Found::There { native_id: first.unwrap_or_else(|| id.to_owned()) }
        }
        None => Found::NotThere,
    };
    if matches!(found, Found::There { .. }) {
        target.published_at = Some(act.now());
    }
    decide(&mut act, &mut target, Event::Settled { found }, None).await?;
    act.commit().await
}

/// Holds everything that a person scheduled and that is not out: part of suspending them. Says how many.
pub(crate) async fn orphan(act: &mut Act<'_>, person: PersonId) -> Result<i64> {
    let mut count = 0;
    for key in targets::scheduled_by(act.tx(), person).await? {
        let Some(mut target) = targets::lock(act.tx(), key).await? else { continue };
        let (before, now) = (target.life.attempts.clone(), act.now());
        let Ok((life, _)) = apply(&target.life, Event::Orphan, now) else { continue };
        target.life = life;
        targets::write(act.tx(), &target, &before, now).await?;
        act.record_as(Operation::HeldAdopt, Object::new("post", key.post))
            .detail("profile", key.profile.to_string())
            .detail("held_for", HeldFor::Orphaned.id());
        count += 1;
    }
    act.announce(Topic::Posts);
    Ok(count)
}

/// An act on a held post by somebody with full publishing on its profile.
async fn act_on_held<'d>(
    desk: &'d Desk,
    actor: &'d Actor,
    operation: Operation,
    key: TargetKey,
) -> Result<(Act<'d>, PostTarget, Profile)> {
    access::refuse_agent(actor, "to decide about what is held")?;
    let mut known = access::may(desk, actor, operation, &[key.profile]).await?;
    let profile = known.pop().ok_or(Error::NotFound("profile"))?;
    let mut act = desk.act(actor, operation, Place::Profile(profile.id, profile.group)).await?;
    posts::lock(act.tx(), key.post).await?.ok_or(Error::NotFound("post"))?;
    let target = targets::lock(act.tx(), key).await?.ok_or(Error::NotFound("post"))?;
    if target.life.state != TargetState::Held {
        let state = target.life.state.title().to_lowercase();
        return Err(Error::Conflict(format!("it is {state} by now; nobody has to decide about it")));
    }
    Ok((act, target, profile))
}

async fn decide(act: &mut Act<'_>, target: &mut PostTarget, event: Event, by: Option<PersonId>) -> Result<()> {
    let (before, now) = (target.life.attempts.clone(), act.now());
    let was = target.life.held_for;
    target.life = apply(&target.life, event, now).map_err(unfit)?.0;
    if by.is_some() {
        target.scheduled_by = by;
    }
    targets::write(act.tx(), target, &before, now).await?;
    if target.life.slot.is_some() {
        posts::show_at(act.tx(), target.key.post, target.life.slot).await?;
    }
    let body = serde_json::json!({ "was_held_for": was, "state": target.life.state, "slot": target.life.slot,
        "by": act.actor().person() });
    act.put_on_record(RecordEntry::new("held_decided", target.key.post, &body)?.happened_on(target.key.profile));
    act.record(Object::new("post", target.key.post))
        .detail("profile", target.key.profile.to_string())
        .detail("was_held_for", was.map(HeldFor::id))
        .detail("state", target.life.state.id());
    act.announce(Topic::Posts);
    Ok(())
}
