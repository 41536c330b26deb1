//! Claiming: in one transaction, with the pauses, the record's state, the clearance and the digest computed again.

use std::{collections::HashSet, sync::Arc};

use tokio::sync::OwnedSemaphorePermit;

use super::{
    Claimed, Job, Sender, Work,
    call::{Approved, Calling, Looking},
    correct,
    prepare::Preparing,
};
use crate::{
    act::{Act, Object},
    actor::Actor,
    approvals::{self, Cleared},
    error::{Error, Result},
    ids::{PersonId, Time},
    people::{self, PersonState},
    profiles::{self, Profile, ProfileState},
    publishing::{
        check,
        content::digest,
        model::{Attempt, HeldFor, TargetKey, TargetState},
        pauses::{self, Pause},
        post::{PostTarget, Version},
        rules::{CALL_MAX_MS, Claim, Event, LATE_MS_MAX, LOOK_AFTER_MS, Task, Unfit, apply},
        store::{corrections, parts, targets, versions},
    },
    records::{self, RecordEntry},
    rights::{Operation, Target as Place},
    word_lists::{self, ListSet},
};

/// How soon something that waits for the record is looked at again.
const RECORD_WAIT_MS: i64 = 100;
/// How long giving the network a post's files may take before another process may try as well: doing it twice harms nobody.
const PREPARE_LEASE_MS: i64 = 60_000;

/// What one claim knows of the world.
struct World {
    open: Vec<Pause>,
    /// What is never published.
    lists: Arc<ListSet>,
    now: Time,
    /// Whether something was written.
    changed: bool,
}

impl Sender {
    pub(super) async fn claim_targets(&self, permits: &mut Vec<OwnedSemaphorePermit>) -> Result<Vec<Claimed>> {
        let mut reader = self.desk.db().read().await?;
        let waiting = targets::next_due(&mut reader).await?.is_some_and(|due| due <= self.desk.now());
        drop(reader);
        if !waiting {
            // Nothing is locked for looking.
            return Ok(Vec::new());
        }
        self.lists.refresh(&self.desk).await?;
        let lists = self.lists.current();
        let actor = Actor::desk("publishing");
        let mut act = self.desk.act(&actor, Operation::PostSend, Place::Workspace).await?;
        if word_lists::revision(act.tx()).await? != lists.revision() {
            // Somebody changed a list this moment: it counts already.
            return Ok(Vec::new());
        }
        let now = act.now();
        let due = targets::due(act.tx(), now, i64::try_from(permits.len()).unwrap_or(1)).await?;
        let mut world = World { open: pauses::in_force(act.tx()).await?, lists, now, changed: false };
        let mut claimed = Vec::new();
        let mut seen = HashSet::new();
        for key in due.into_iter().filter(|key| seen.insert(*key)) {
            let Some(mark) = self.mark(Work::Target(key)) else { continue };
            if let Some(job) = self.claim_one(&mut act, key, &mut world).await?
                && let Some(permit) = permits.pop()
            {
                claimed.push(Claimed { job, _mark: mark, _permit: permit });
            }
        }
        if world.changed {
            act.record(Object::all("post")).detail("claimed", claimed.len());
            act.announce(crate::desk::Topic::Posts);
            act.commit().await?;
        }
        Ok(claimed)
    }

    async fn claim_one(&self, act: &mut Act<'_>, key: TargetKey, world: &mut World) -> Result<Option<Job>> {
        let Some(mut target) = targets::lock(act.tx(), key).await? else { return Ok(None) };
        let version = versions::get(act.tx(), key.post, target.version).await?.ok_or(Error::NotFound("version"))?;
        let profile = profiles::exists(act.tx(), key.profile).await?;
        let cleared = approvals::clearance(act.tx(), key.post, target.version).await?;
        let now = world.now;
        if target.life.state == TargetState::Scheduled {
            let slot = target.life.slot.unwrap_or(now);
            if records::waits(act.tx(), key.post).await? && now.since_ms(slot) <= LATE_MS_MAX {
                targets::postpone(act.tx(), key, now.plus_ms(RECORD_WAIT_MS)).await?;
                world.changed = true;
                return Ok(None);
            }
            if let Some(event) = standing_in_the_way(act, &target, &profile, cleared.as_ref(), &version, &world.lists).await? {
                self.change(act, &mut target, event, world).await?;
                return Ok(None);
            }
        }
        let asked = Claim {
            digest: digest(&version.draft, version.slot),
            paused: pauses::stopping(&world.open, &profile),
            holder: self.holder,
        };
        let task = match apply(&target.life, Event::Claim(asked.clone()), now) {
            Ok((_, task)) => task,
            Err(Unfit::NotDue) => return Ok(None),
            Err(why) => return Err(Error::Internal(format!("{key:?}: {why}"))),
        };
        if !matches!(task, Task::LookUp { .. } | Task::Prepare) {
            self.change(act, &mut target, Event::Claim(asked), world).await?;
        }
        self.job_of(act, target, version, cleared, task, world).await
    }

    async fn change(&self, act: &mut Act<'_>, target: &mut PostTarget, event: Event, world: &mut World) -> Result<()> {
        let before: Vec<Attempt> = target.life.attempts.clone();
        let (life, _) = apply(&target.life, event, world.now).map_err(|why| Error::Internal(why.to_string()))?;
        let moved = life.state != target.life.state;
        target.life = life;
        targets::write(act.tx(), target, &before, world.now).await?;
        world.changed = true;
        if moved {
            act.record(Object::new("post", target.key.post))
                .detail("profile", target.key.profile.to_string())
                .detail("state", target.life.state.id())
                .detail("held_for", target.life.held_for.map(HeldFor::id));
        }
        if matches!(target.life.state, TargetState::Held | TargetState::Expired) {
            act.put_on_record(stands(target)?);
        }
        Ok(())
    }

    async fn job_of(
        &self,
        act: &mut Act<'_>,
        target: PostTarget,
        version: Version,
        cleared: Option<Cleared>,
        task: Task,
        world: &mut World,
    ) -> Result<Option<Job>> {
        let (key, now) = (target.key, world.now);
        let part = target.life.parts_there;
        let approved = Approved { key, draft: version.draft, slot: version.slot, parts: target.life.parts };
        match task {
            Task::Nothing => Ok(None),
            Task::Prepare => {
                targets::postpone(act.tx(), key, now.plus_ms(PREPARE_LEASE_MS)).await?;
                world.changed = true;
                let Some(cleared) = cleared else { return Ok(None) };
                Ok(Some(Job::Prepare(Preparing { approved, cleared })))
            }
            Task::LookUp { attempt } => {
                targets::postpone(act.tx(), key, now.plus_ms(CALL_MAX_MS + LOOK_AFTER_MS)).await?;
                world.changed = true;
                Ok(Some(Job::LookUp(Looking { approved, attempt, part })))
            }
            Task::Send { attempt, start_before } => {
                let fresh: uuid::Uuid = act.desk().fresh();
                parts::ensure(act.tx(), key, part, &fresh.to_string()).await?;
                let began =
                    serde_json::json!({ "attempt": attempt, "part": part, "version": target.version, "holder": self.holder });
                act.put_on_record(RecordEntry::new("attempt", key.post, &began)?.happened_on(key.profile));
                let Some(cleared) = cleared else { return Err(Error::Internal("claimed without a clearance".to_owned())) };
                if part == 0 && target.life.attempts.len() == 1 {
                    super::measure_start(target.life.slot.unwrap_or(now), now);
                }
                Ok(Some(Job::Call(Calling { approved, cleared, attempt, part, start_before })))
            }
        }
    }

    /// The next call of an attempt under way: asked for like the first one. Nothing when it was stopped.
    pub(super) async fn next_call(&self, calling: &Calling, part: u32) -> Result<Option<Calling>> {
        let key = calling.approved.key;
        let actor = Actor::desk("publishing");
        let mut act = self.desk.act(&actor, Operation::PostSend, Place::Workspace).await?;
        let Some(mut target) = targets::lock(act.tx(), key).await? else { return Ok(None) };
        let version = versions::get(act.tx(), key.post, target.version).await?.ok_or(Error::NotFound("version"))?;
        let profile = profiles::exists(act.tx(), key.profile).await?;
        let cleared = approvals::clearance(act.tx(), key.post, target.version).await?;
        let open = pauses::in_force(act.tx()).await?;
        let now = act.now();
        let digest_now = digest(&version.draft, version.slot);
        let digest = if cleared.is_some_and(|cleared| cleared.digest() == digest_now) { digest_now } else { NOTHING };
        let claim = Claim { digest, paused: pauses::stopping(&open, &profile), holder: self.holder };
        let before = target.life.attempts.clone();
        let asked = apply(&target.life, Event::NextCall { attempt: calling.attempt, claim }, now);
        let Ok((life, task)) = asked else { return Ok(None) };
        target.life = life;
        targets::write(act.tx(), &target, &before, now).await?;
        let next = if let (Task::Send { attempt, start_before }, Some(cleared)) = (task, cleared) {
            let fresh: uuid::Uuid = act.desk().fresh();
            parts::ensure(act.tx(), key, part, &fresh.to_string()).await?;
            let approved = Approved { key, draft: version.draft, slot: version.slot, parts: target.life.parts };
            Some(Calling { approved, cleared, attempt, part, start_before })
        } else {
            act.put_on_record(stands(&target)?);
            None
        };
        act.record(Object::new("post", key.post)).detail("profile", key.profile.to_string()).detail("part", part);
        act.announce(crate::desk::Topic::Posts);
        act.commit().await?;
        Ok(next)
    }

    pub(super) async fn claim_corrections(&self, permits: &mut Vec<OwnedSemaphorePermit>) -> Result<Vec<Claimed>> {
        let now = self.desk.now();
        let mut reader = self.desk.db().read().await?;
        if corrections::next_due(&mut reader).await?.is_none_or(|due| due > now) {
            return Ok(Vec::new());
        }
        drop(reader);
        let actor = Actor::desk("publishing");
        let mut act = self.desk.act(&actor, Operation::PostSend, Place::Workspace).await?;
        let mut claimed = Vec::new();
        for id in corrections::due(act.tx(), now, i64::try_from(permits.len()).unwrap_or(1)).await? {
            let Some(mark) = self.mark(Work::Correction(id)) else { continue };
            if let Some(what) = correct::claim(&mut act, id, self.holder).await?
                && let Some(permit) = permits.pop()
            {
                claimed.push(Claimed { job: Job::Correct(Box::new(what)), _mark: mark, _permit: permit });
            }
        }
        if !claimed.is_empty() {
            act.record(Object::all("post")).detail("corrections", claimed.len());
            act.commit().await?;
        }
        Ok(claimed)
    }
}

/// No content has this digest.
const NOTHING: approvals::ContentDigest = approvals::ContentDigest([0; 32]);

/// What keeps something scheduled from being sent that a person has to put right.
async fn standing_in_the_way(
    act: &mut Act<'_>,
    target: &PostTarget,
    profile: &Profile,
    cleared: Option<&Cleared>,
    version: &Version,
    lists: &ListSet,
) -> Result<Option<Event>> {
    if let Some(person) = target.scheduled_by
        && !is_active(act, person).await?
    {
        return Ok(Some(Event::Orphan));
    }
    let hold = |why: HeldFor, reason: &str| Some(Event::Hold { why, reason: reason.to_owned() });
    Ok(match profile.state {
        ProfileState::Paused => hold(HeldFor::Paused, "the profile is paused"),
        ProfileState::Disconnected => hold(HeldFor::Connection, "the profile is disconnected; connect it again"),
        ProfileState::Active => match cleared {
            None => hold(HeldFor::Changed, "what was approved counts no more; submit it again"),
            Some(cleared) if cleared.digest() != digest(&version.draft, version.slot) => {
                hold(HeldFor::Changed, HeldFor::Changed.title())
            }
            Some(_) => {
                let kept_back = check::kept_back(act.tx(), lists, &version.draft, profile.id).await?;
                kept_back.map(|reason| Event::Hold { why: HeldFor::Blocked, reason })
            }
        },
    })
}

async fn is_active(act: &mut Act<'_>, person: PersonId) -> Result<bool> {
    Ok(people::by_id(act.tx(), person).await?.is_some_and(|person| person.state == PersonState::Active))
}

/// Where something stands, for the record.
pub(super) fn stands(target: &PostTarget) -> Result<RecordEntry> {
    let life = &target.life;
    let body = serde_json::json!({ "state": life.state, "held_for": life.held_for, "reason": life.reason,
        "version": target.version, "parts_there": life.parts_there, "native_id": life.native_id });
    Ok(RecordEntry::new("state", target.key.post, &body)?.happened_on(target.key.profile))
}
