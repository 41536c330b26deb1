//! Between publishing and approvals: a version is made and submitted, and what was decided comes back.
//!
//! Invariants: what is submitted is an immutable version with the digest of its content and time; its entry for the record is written
//! in the same transaction; a target becomes scheduled only by [`cleared`], with what approvals alone can build.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{
    access::{self, Held},
    check,
    content::{Content, Draft, digest},
    corrections::CorrectionState,
    model::{TargetState, Window},
    post::{PostForm, PostTarget, Version},
    posts::{back_to_draft, lengths, unfit},
    rules::{Event, apply},
    store::{corrections, parts, posts, targets, versions},
};
use crate::{
    act::{Act, Object},
    actor::Actor,
    approvals::{
        self, Cleared, ContentDigest, Hand, NewSubmission, Submitted,
        workflows::{Facts, PostKind, TargetFacts},
    },
    capture::{self, Examiner},
    db::{Connection, Tx},
    desk::{Desk, Topic},
    error::{Error, Invalid, Result},
    ids::{PersonId, PostId, ProfileId, SubmissionId, Time},
    people, profiles,
    records::RecordEntry,
    rights::{self, Operation, READING},
};

/// What became of a submission, for whoever submitted it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// It goes out at its time.
    Scheduled,
    /// Somebody is asked.
    Pending(SubmissionId),
}

/// What somebody says when they submit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Submitting {
    /// To those who decide.
    pub note: String,
    /// That it may go out although publishing is softly paused.
    pub confirmed: bool,
}

/// Submits the working copy as it was seen: makes its version, asks whom the workflows name, or schedules it when nobody has to agree.
///
/// # Errors
/// [`Error::Invalid`] with everything that keeps it from being sent; [`Error::Conflict`] when it changed meanwhile or nothing covers it.
pub async fn submit(
    desk: &Desk,
    actor: &Actor,
    examiner: &Examiner,
    id: PostId,
    revision: i64,
    with: &Submitting,
) -> Result<Sent> {
    let (person, hand) = access::writer(actor)?;
    if with.confirmed {
        access::refuse_agent(actor, "to confirm that something goes out although publishing is paused")?;
    }
    let seen = super::posts::get(desk, actor, id).await?;
    let looked = check::look(desk, examiner, &seen.draft).await?;
    let limits = check::limits(desk, &seen.draft).await?;
    let Held { mut act, row, targets: known } = access::act_on_post(desk, actor, Operation::PostSubmit, id).await?;
    if row.revision != revision || row.draft != seen.draft {
        return Err(Error::Conflict(
            "somebody changed this post since you saw it; look at it again before you submit it".to_owned(),
        ));
    }
    let now = act.now();
    refuse_unready(&row, &known, now)?;
    let form = PostForm { draft: row.draft.clone(), tags: seen.tags, ..PostForm::default() };
    check::refuse_blocked(&mut act, &form, &looked, &limits).await?;
    let version = Version {
        number: row.version + 1,
        digest: digest(&row.draft, row.slot),
        draft: row.draft,
        slot: row.slot,
        zone: row.zone,
        findings: looked.kinds,
        made_by: person,
        hand,
        made_at: now,
    };
    posts::touched_by(act.tx(), id, person, hand, now).await?;
    make_version(&mut act, id, &version).await?;
    let mut known = known;
    for target in &mut known {
        back_to_draft(&mut act, target, "submitted again", now).await?;
        // Attempts, keys and uploaded files belong to what it said before.
        target.version = version.number;
        target.life.attempts.clear();
        parts::remove(act.tx(), target.key).await?;
        (target.life.parts, target.life.uploads_left) = lengths(&version.draft, target.key.profile);
        target.scheduled_by = Some(person);
        target.life.confirmed_at = with.confirmed.then_some(now);
        move_on(&mut act, target, Event::Submit, now).await?;
    }
    let new = asked(&mut act, id, &version, with).await?;
    let submitted = approvals::submit(&mut act, new).await?;
    let sent = match submitted {
        Submitted::Free(clearance) => {
            cleared(&mut act, id, version.number, &clearance).await?;
            Sent::Scheduled
        }
        Submitted::Pending(submission) => Sent::Pending(submission),
    };
    act.record(Object::new("post", id))
        .after(&version.digest)
        .detail("version", version.number)
        .detail("digest", String::from(version.digest));
    act.announce(Topic::Posts);
    act.commit().await?;
    Ok(sent)
}

/// What keeps a post from being submitted whatever anybody decides.
fn refuse_unready(row: &posts::PostRow, known: &[PostTarget], now: Time) -> Result<()> {
    let mut invalid = Invalid::new();
    if row.discarded_at.is_some() {
        return Err(Error::Conflict("this post was discarded; duplicate it to go on with it".to_owned()));
    }
    let open = |state| matches!(state, TargetState::Draft | TargetState::Expired);
    if let Some(target) = known.iter().find(|target| !open(target.life.state)) {
        let state = target.life.state.title().to_lowercase();
        return Err(Error::Conflict(format!("this post is {state} already; withdraw it first to submit it again")));
    }
    if row.slot.is_some_and(|slot| slot <= now) {
        invalid.add("slot", "this time has passed; choose a later one, or none to send it as soon as it may");
    }
    invalid.check()
}

pub(super) async fn make_version(act: &mut Act<'_>, post: PostId, version: &Version) -> Result<()> {
    versions::insert(act.tx(), post, version).await?;
    posts::set_version(act.tx(), post, version.number).await?;
    let entry = RecordEntry::new("post_version", post, version)?;
    act.put_on_record(entry);
    Ok(())
}

pub(super) async fn asked(act: &mut Act<'_>, post: PostId, version: &Version, with: &Submitting) -> Result<NewSubmission> {
    let answers = version.draft.targets.keys().filter_map(|&profile| {
        let content = version.draft.content_for(profile)?;
        Some((profile, content.reply_to.clone()?))
    });
    let answers: BTreeSet<_> = answers.collect();
    let kind = kind_of(act, version, &answers).await?;
    let tx = act.tx();
    Ok(NewSubmission {
        post,
        version: version.number,
        digest: version.digest,
        slot: version.slot,
        facts: Facts { kind, ..facts_of(tx, post, version).await? },
        excluded: editors(tx, post).await?,
        note: with.note.clone(),
        answers,
    })
}

/// Takes a submitted or scheduled post back to the desk.
///
/// # Errors
/// [`Error::Conflict`] when some of it is out or on its way out.
pub async fn withdraw(desk: &Desk, actor: &Actor, id: PostId) -> Result<()> {
    let Held { mut act, targets: known, .. } = access::act_on_post(desk, actor, Operation::PostWithdraw, id).await?;
    if known.iter().all(|target| target.life.state == TargetState::Draft) {
        return Err(Error::Conflict("this post is a draft already".to_owned()));
    }
    if let Some(target) = known.iter().find(|target| !target.life.is_open()) {
        let state = target.life.state.title().to_lowercase();
        return Err(Error::Conflict(format!("it is {state} on one of its profiles; what is not out there can be cancelled")));
    }
    approvals::withdraw(&mut act, id).await?;
    not_cleared(&mut act, id, "taken back").await?;
    act.record(Object::new("post", id));
    act.announce(Topic::Posts);
    act.commit().await
}

async fn move_on(act: &mut Act<'_>, target: &mut PostTarget, event: Event, now: Time) -> Result<()> {
    let attempts = target.life.attempts.clone();
    target.life = apply(&target.life, event, now).map_err(unfit)?.0;
    targets::write(act.tx(), target, &attempts, now).await
}

/// A version may go out: its targets are scheduled. Part of the act that decided it.
pub(crate) async fn cleared(act: &mut Act<'_>, post: PostId, version: u32, cleared: &Cleared) -> Result<()> {
    let now = act.now();
    let window = Window { digest: cleared.digest(), from: cleared.from(), until: cleared.until() };
    let mut first: Option<Time> = None;
    for mut target in targets::lock_of_post(act.tx(), post).await? {
        if target.version == version && target.life.state == TargetState::Pending {
            move_on(act, &mut target, Event::Clear(window), now).await?;
            first = first.into_iter().chain(target.life.slot).min();
        }
    }
    if first.is_some() {
        posts::show_at(act.tx(), post, first).await?;
    }
    corrections::version_is(act.tx(), post, Some(version), CorrectionState::Due, Some(now), None, now).await?;
    act.announce(Topic::Posts);
    Ok(())
}

/// A post may not go out as it is: what waits of it goes back to the desk. Part of the act that decided it.
pub(crate) async fn not_cleared(act: &mut Act<'_>, post: PostId, reason: &str) -> Result<()> {
    let now = act.now();
    for mut target in targets::lock_of_post(act.tx(), post).await? {
        let waits = matches!(target.life.state, TargetState::Pending | TargetState::Scheduled | TargetState::Held);
        if waits && !target.life.may_be_there() {
            back_to_draft(act, &mut target, reason, now).await?;
        }
    }
    corrections::version_is(act.tx(), post, None, CorrectionState::Failed, None, Some(reason), now).await?;
    act.announce(Topic::Posts);
    Ok(())
}

/// The time of a submitted post passed before it was decided. Part of the act that noticed it.
pub(crate) async fn expired(act: &mut Act<'_>, post: PostId) -> Result<()> {
    let now = act.now();
    for mut target in targets::lock_of_post(act.tx(), post).await? {
        if target.life.state == TargetState::Pending && target.life.slot.is_some_and(|slot| slot <= now) {
            move_on(act, &mut target, Event::Expire, now).await?;
        }
    }
    act.announce(Topic::Posts);
    Ok(())
}

/// Keeps a post as it is until the transaction ends. Whoever changes what was decided about it does this first, as whoever changes the
/// post does, so that two such acts never wait for each other.
pub(crate) async fn hold(tx: &mut Tx, post: PostId) -> Result<()> {
    posts::lock(tx, post).await?.ok_or(Error::NotFound("post"))?;
    targets::lock_of_post(tx, post).await.map(drop)
}

/// Everybody whose hand touched the working copy, and those for whom a program did.
pub(super) async fn editors(on: &mut dyn Connection, post: PostId) -> Result<BTreeSet<PersonId>> {
    let row = posts::get(on, post).await?.ok_or(Error::NotFound("post"))?;
    let touched = posts::editors(on, post).await?.into_iter().map(|(person, _)| person);
    Ok(touched.chain([row.author]).collect())
}

/// What the workflows want to know of a version.
async fn facts_of(on: &mut dyn Connection, post: PostId, version: &Version) -> Result<Facts> {
    // Whoever submits it answers for it: theirs is the level that counts. Somebody gone or suspended has none.
    let submitter = people::by_id(on, version.made_by).await?;
    let active = submitter.is_some_and(|person| person.state == people::PersonState::Active);
    let rights = rights::effective(on, version.made_by, version.made_at).await?;
    let mut found = Vec::new();
    for &profile in version.draft.targets.keys() {
        let known = profiles::exists(on, profile).await?;
        let level = rights.level(profile, known.group);
        found.push(TargetFacts {
            profile,
            group: known.group,
            network: known.network,
            protected: known.protected,
            author: (active && READING.contains(&level)).then_some(level),
        });
    }
    Ok(Facts {
        targets: found,
        tags: posts::tags(on, post).await?,
        findings: version.findings.clone(),
        by_agent: posts::editors(on, post).await?.iter().any(|(_, hand)| *hand == Hand::Agent),
        kind: PostKind::Post,
    })
}

/// Whether a version answers on every profile of it. What names a message that nobody has seen here is a post like any other: who may
/// only reply cannot make one a reply by saying so.
async fn kind_of(act: &mut Act<'_>, version: &Version, answers: &BTreeSet<(ProfileId, String)>) -> Result<PostKind> {
    let desk = act.desk().clone();
    let mut known = 0;
    for (profile, message) in answers {
        known += usize::from(capture::is_captured(&desk, act.tx(), *profile, message).await?);
    }
    let all = !version.draft.targets.is_empty() && known == version.draft.targets.len();
    Ok(if all { PostKind::Reply } else { PostKind::Post })
}

/// Exactly what a digest binds, for those who decide about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Preview {
    /// The post.
    pub post: PostId,
    /// The version.
    pub version: u32,
    /// Of everything below.
    pub digest: ContentDigest,
    /// When it is to go out; nothing for "as soon as it may".
    pub slot: Option<Time>,
    /// The time zone that the time was chosen in.
    pub zone: String,
    /// What goes where.
    pub targets: Vec<PreviewTarget>,
}

/// What one profile gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PreviewTarget {
    /// The profile.
    pub profile: ProfileId,
    /// Its network.
    pub network: String,
    /// Its name on the network.
    pub handle: String,
    /// The name colleagues use.
    pub title: String,
    /// What is posted there.
    pub content: Content,
}

/// What colleagues call a post; empty when it has no title.
pub(crate) async fn title(on: &mut dyn Connection, post: PostId) -> Result<String> {
    Ok(posts::get(on, post).await?.ok_or(Error::NotFound("post"))?.title)
}

/// What a version's digest binds. The digest is computed from what is shown, not copied.
pub(crate) async fn preview(on: &mut dyn Connection, post: PostId, version: u32) -> Result<Preview> {
    let version = versions::get(on, post, version).await?.ok_or(Error::NotFound("version"))?;
    let mut shown = BTreeMap::new();
    for &profile in version.draft.targets.keys() {
        let known = profiles::exists(on, profile).await?;
        let content = version.draft.content_for(profile).cloned().unwrap_or_default();
        let target = PreviewTarget { profile, network: known.network, handle: known.handle, title: known.title, content };
        shown.insert(profile, target);
    }
    let resolved = Draft {
        common: Content::default(),
        targets: shown.values().map(|target| (target.profile, Some(target.content.clone()))).collect(),
    };
    Ok(Preview {
        post,
        version: version.number,
        digest: digest(&resolved, version.slot),
        slot: version.slot,
        zone: version.zone,
        targets: shown.into_values().collect(),
    })
}
