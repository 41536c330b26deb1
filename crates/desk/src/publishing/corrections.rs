//! Changing and deleting what was published, with the outcome proven by reading it back.
//!
//! Invariants: a change is a new version that goes the way of every version: nobody has to agree, or somebody does; deleting needs no
//! approval, because nothing new is said; what a network cannot do is refused before anybody waits for it; nothing is called done
//! that was not read back.

use serde::Serialize;

use super::{
    access, check,
    content::{Content, digest},
    gate::{self, Sent, Submitting},
    model::TargetKey,
    post::{PostForm, PostTarget, Version},
    store::{corrections as store, parts, posts, targets, versions},
};
use crate::{
    act::{Act, Object},
    actor::Actor,
    approvals::{self, Submitted},
    capture::{Connectors, Examiner},
    db::Connection,
    desk::{Desk, Topic},
    error::{Error, Invalid, Result},
    ids::{CorrectionId, PersonId, PostId, Time},
    profiles::{self, Profile},
    records::RecordEntry,
    rights::Operation,
    text_enum::text_enum,
};

/// Characters of a reason.
const REASON_MAX: usize = 2_000;
/// How often a correction is tried before a person has to look.
pub const CORRECTION_TRIES_MAX: i64 = 6;

text_enum! {
    /// What is corrected.
    CorrectionKind {
        /// It says something else now.
        Edit = "edit", "Change";
        /// It is taken back.
        Delete = "delete", "Deletion";
    }
}

text_enum! {
    /// Where a correction stands.
    CorrectionState {
        /// Somebody has to agree to what it will say.
        Waiting = "waiting", "Waiting for approval";
        /// To be done.
        Due = "due", "About to be done";
        /// The network was asked.
        UnderWay = "under_way", "Under way";
        /// Done, and read back.
        Done = "done", "Done and read back";
        /// Not done.
        Failed = "failed", "Failed";
    }
}

/// A change or deletion of one part of what was published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Correction {
    /// Which; also the key that makes the network recognise a repetition.
    pub id: CorrectionId,
    /// Of what.
    pub target: TargetKey,
    /// What.
    pub kind: CorrectionKind,
    /// Which part, from 0.
    pub part: u32,
    /// What it will say, for a change.
    pub version: Option<u32>,
    /// Why.
    pub reason: String,
    /// Who asked.
    pub asked_by: Option<PersonId>,
    /// When.
    pub asked_at: Time,
    /// Where it stands.
    pub state: CorrectionState,
    /// How often it was tried.
    pub tries: i64,
    /// When it ended.
    pub ended_at: Option<Time>,
    /// What happened.
    pub message: Option<String>,
}

/// Takes back what was published on a profile: every part, the last one first.
///
/// # Errors
/// [`Error::Conflict`] when it is not there, is being corrected, or the network has no way to.
pub async fn delete_published(desk: &Desk, actor: &Actor, key: TargetKey, reason: &str) -> Result<()> {
    let reason = checked_reason(reason)?;
    access::refuse_agent(actor, "to delete what was published")?;
    let (mut act, target, profile) = act_on_published(desk, actor, key).await?;
    refuse_incapable(&profile, CorrectionKind::Delete)?;
    let mut there = parts::all(act.tx(), key).await?;
    there.retain(|part| part.native_id.is_some() && part.deleted_at.is_none());
    if there.is_empty() {
        return Err(Error::Conflict("all of it was deleted already".to_owned()));
    }
    there.reverse();
    let now = act.now();
    for part in &there {
        let new = correction(&act, key, CorrectionKind::Delete, part.part, None, &reason, CorrectionState::Due);
        store::insert(act.tx(), &new, Some(now)).await?;
        act.put_on_record(RecordEntry::new("correction", key.post, &new)?.happened_on(key.profile));
    }
    act.record(Object::new("post", key.post))
        .detail("profile", key.profile.to_string())
        .detail("kind", "delete")
        .detail("state", target.life.state.id());
    act.announce(Topic::Posts);
    act.commit().await
}

/// Changes what was published on a profile: a new version, which goes the way of every version.
///
/// # Errors
/// [`Error::Conflict`] as for [`delete_published`], and while the post is still on its way elsewhere; [`Error::Invalid`] for content that
/// does not fit, or has another number of parts or other files: networks change texts only.
pub async fn edit_published(
    desk: &Desk,
    actor: &Actor,
    examiner: &Examiner,
    key: TargetKey,
    content: &Content,
    reason: &str,
) -> Result<Sent> {
    let reason = checked_reason(reason)?;
    let (person, hand) = access::writer(actor)?;
    let (mut act, target, profile) = act_on_published(desk, actor, key).await?;
    refuse_incapable(&profile, CorrectionKind::Edit)?;
    let row = posts::get(act.tx(), key.post).await?.ok_or(Error::NotFound("post"))?;
    let all = targets::of_post(act.tx(), key.post).await?;
    if all.iter().any(|other| !other.life.state.is_final()) {
        return Err(Error::Conflict("this post is still on its way to another profile; wait until it is out there".to_owned()));
    }
    let before = standing(act.tx(), key, target.version).await?;
    let changed = changed_parts(&before, content)?;
    let mut draft = row.draft.clone();
    draft.targets.insert(key.profile, Some(content.clone()));
    let now = act.now();
    let looked = check::look(desk, examiner, &draft).await?;
    let tags = posts::tags(act.tx(), key.post).await?;
    let form = PostForm {
        title: row.title.clone(),
        draft: draft.clone(),
        slot: row.slot,
        zone: row.zone.clone(),
        campaign: row.campaign,
        tags,
    };
    // What stands elsewhere is out already: only what changes has to fit.
    let can: Vec<_> = check::limits(desk, &draft).await?.into_iter().filter(|(profile, _)| *profile == key.profile).collect();
    check::refuse_blocked(&mut act, &form, &looked, &can).await?;
    posts::save(act.tx(), key.post, row.revision, &form, person, now).await?;
    posts::touched_by(act.tx(), key.post, person, hand, now).await?;
    let version = Version {
        number: row.version + 1,
        digest: digest(&draft, None),
        draft,
        slot: None,
        zone: row.zone,
        findings: looked.kinds,
        made_by: person,
        hand,
        made_at: now,
    };
    gate::make_version(&mut act, key.post, &version).await?;
    let new = gate::asked(&mut act, key.post, &version, &Submitting { note: reason.clone(), confirmed: false }).await?;
    let submitted = approvals::submit(&mut act, new).await?;
    let (state, due) = match submitted {
        Submitted::Free(_) => (CorrectionState::Due, Some(now)),
        Submitted::Pending(_) => (CorrectionState::Waiting, None),
    };
    for part in changed {
        let new = correction(&act, key, CorrectionKind::Edit, part, Some(version.number), &reason, state);
        store::insert(act.tx(), &new, due).await?;
        act.put_on_record(RecordEntry::new("correction", key.post, &new)?.happened_on(key.profile));
    }
    posts::show_at(act.tx(), key.post, target.life.slot.or(target.published_at)).await?;
    act.record(Object::new("post", key.post))
        .detail("profile", key.profile.to_string())
        .detail("kind", "edit")
        .detail("version", version.number);
    act.announce(Topic::Posts);
    act.commit().await?;
    Ok(match submitted {
        Submitted::Free(_) => Sent::Scheduled,
        Submitted::Pending(submission) => Sent::Pending(submission),
    })
}

/// What a profile shows of a post: what was sent, with every change of it that was made there. What was refused or failed is not in it.
///
/// # Errors
/// [`Error::NotFound`] when nothing of it is there, or the profile may not be read.
pub async fn published_content(desk: &Desk, actor: &Actor, key: TargetKey) -> Result<Content> {
    let mut reader = desk.db().read().await?;
    let seen = access::readable(desk, actor, &mut reader, key.post).await?;
    let targets = targets::of_post(&mut reader, key.post).await?;
    let there = targets.into_iter().find(|target| target.key == key && target.life.parts_there > 0);
    let target = there.filter(|_| seen.contains(&key.profile)).ok_or(Error::NotFound("published post"))?;
    standing(&mut reader, key, target.version).await
}

async fn standing(on: &mut dyn Connection, key: TargetKey, version: u32) -> Result<Content> {
    let said = async |on: &mut dyn Connection, number: u32| -> Result<Content> {
        let version = versions::get(on, key.post, number).await?.ok_or(Error::NotFound("version"))?;
        Ok(version.draft.content_for(key.profile).cloned().unwrap_or_default())
    };
    let mut content = said(on, version).await?;
    let is_made = |one: &Correction| one.target == key && one.kind == CorrectionKind::Edit && one.state == CorrectionState::Done;
    for made in store::of_post(on, key.post).await?.into_iter().filter(is_made) {
        let Some(number) = made.version else { continue };
        let mut changed = said(on, number).await?;
        let place = made.part as usize;
        if let (Some(part), Some(new)) = (content.parts.get_mut(place), changed.parts.get_mut(place)) {
            part.text = std::mem::take(&mut new.text);
        }
        (content.subject, content.language) = (changed.subject, changed.language);
    }
    Ok(content)
}

/// The corrections of a post, oldest first.
pub async fn corrections(desk: &Desk, actor: &Actor, post: PostId) -> Result<Vec<Correction>> {
    let mut reader = desk.db().read().await?;
    let seen = access::readable(desk, actor, &mut reader, post).await?;
    let mut all = store::of_post(&mut reader, post).await?;
    all.retain(|correction| seen.contains(&correction.target.profile));
    Ok(all)
}

/// An act on something that is published, and is not being corrected already.
async fn act_on_published<'d>(desk: &'d Desk, actor: &'d Actor, key: TargetKey) -> Result<(Act<'d>, PostTarget, Profile)> {
    let mut known = access::may(desk, actor, Operation::PostCorrect, &[key.profile]).await?;
    let mut act = access::act_on(desk, actor, Operation::PostCorrect, &known).await?;
    posts::lock(act.tx(), key.post).await?.ok_or(Error::NotFound("post"))?;
    let target = targets::lock(act.tx(), key).await?.ok_or(Error::NotFound("post"))?;
    // What was cancelled in the middle of a thread is partly there, and can be taken back.
    if target.life.parts_there == 0 || !target.life.state.is_final() {
        let state = target.life.state.title().to_lowercase();
        return Err(Error::Conflict(format!("it is {state}, not published; there is nothing to correct")));
    }
    let open = store::of_post(act.tx(), key.post).await?;
    let is_open = |state| matches!(state, CorrectionState::Waiting | CorrectionState::Due | CorrectionState::UnderWay);
    if open.iter().any(|other| other.target == key && is_open(other.state)) {
        return Err(Error::Conflict("it is being corrected already; wait until that has ended".to_owned()));
    }
    let profile = known.pop().ok_or(Error::NotFound("profile"))?;
    Ok((act, target, profile))
}

fn correction(
    act: &Act<'_>,
    target: TargetKey,
    kind: CorrectionKind,
    part: u32,
    version: Option<u32>,
    reason: &str,
    state: CorrectionState,
) -> Correction {
    Correction {
        id: act.desk().fresh(),
        target,
        kind,
        part,
        version,
        reason: reason.to_owned(),
        asked_by: act.actor().person(),
        asked_at: act.now(),
        state,
        tries: 0,
        ended_at: None,
        message: None,
    }
}

/// The parts whose text differs.
fn changed_parts(before: &Content, after: &Content) -> Result<Vec<u32>> {
    let same_else = before.parts.len() == after.parts.len()
        && before.parts.iter().zip(&after.parts).all(|(before, after)| before.media == after.media)
        && (before.audience, &before.place, &before.reply_to) == (after.audience, &after.place, &after.reply_to);
    if !same_else {
        return Err(Invalid::field(
            "content",
            "only texts, subject and language of what is published can change; delete it and post anew",
        ));
    }
    let head_differs = before.subject != after.subject || before.language != after.language;
    let differs = before.parts.iter().zip(&after.parts).map(|(before, after)| before.text != after.text || head_differs);
    let changed: Vec<u32> = (0u32..).zip(differs).filter(|(_, differs)| *differs).map(|(part, _)| part).collect();
    if changed.is_empty() { Err(Invalid::field("content", "nothing differs from what is published")) } else { Ok(changed) }
}

fn refuse_incapable(profile: &profiles::Profile, kind: CorrectionKind) -> Result<()> {
    let can = Connectors::all().get(&profile.network).map(|network| network.about().capabilities);
    let able = can.is_none_or(|can| match kind {
        CorrectionKind::Edit => can.edit,
        CorrectionKind::Delete => can.delete,
    });
    let way = match kind {
        CorrectionKind::Edit => "change what was posted",
        CorrectionKind::Delete => "take back what was posted",
    };
    if able { Ok(()) } else { Err(Error::Conflict(format!("{} has no way to {way} from here; do it there", profile.network))) }
}

fn checked_reason(reason: &str) -> Result<String> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON_MAX {
        return Err(Invalid::field("reason", format!("say why, in at most {REASON_MAX} characters")));
    }
    Ok(reason.to_owned())
}
