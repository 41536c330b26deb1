//! Posts as people write them: begin, save, read, list, discard, duplicate.
//!
//! Invariants: a working copy is saved only over the revision that was seen; a post that was submitted and is changed loses what was
//! decided about it in the same transaction; of what is out or on its way out nothing changes.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    access::{self, Held},
    content::{Draft, MediaDigest, digest},
    limits, media,
    model::{Target, TargetKey, TargetState},
    post::{Post, PostFilter, PostForm, PostGlance, PostOrder, PostTarget, Saved},
    rules::{Event, apply},
    store::{campaigns, lists, posts, targets, versions},
};
use crate::{
    act::{Act, Object},
    actor::Actor,
    approvals,
    desk::{Desk, Topic},
    error::{Error, Invalid, Result},
    ids::{PostId, ProfileId, Time},
    paging::{Page, PageRequest},
    people,
    rights::Operation,
    workspace,
};

/// Begins a post.
///
/// # Errors
/// [`Error::Invalid`] with every field that does not fit; [`Error::Refused`] without the level on every profile.
pub async fn create(desk: &Desk, actor: &Actor, form: &PostForm) -> Result<PostId> {
    let (person, hand) = access::writer(actor)?;
    let known = access::may(desk, actor, Operation::PostCreate, &profiles_in(&form.draft)).await?;
    media::refuse_unseen(desk, actor, &form.draft).await?;
    let mut act = access::act_on(desk, actor, Operation::PostCreate, &known).await?;
    let form = checked(&mut act, form).await?;
    let (id, now): (PostId, _) = (desk.fresh(), act.now());
    posts::insert(act.tx(), id, person, hand, &form, now).await?;
    posts::touched_by(act.tx(), id, person, hand, now).await?;
    posts::set_tags(act.tx(), id, &form.tags).await?;
    posts::uses_media(act.tx(), id, &media_of(&form.draft)).await?;
    follow_draft(&mut act, id, &form, Vec::new()).await?;
    act.record(Object::new("post", id)).after(&(&form.draft, form.slot)).detail("targets", form.draft.targets.len());
    act.announce(Topic::Posts);
    act.commit().await?;
    Ok(id)
}

/// Saves the working copy over the revision that was seen.
///
/// # Errors
/// [`Error::Conflict`] when something of it is out or on its way out.
pub async fn save(desk: &Desk, actor: &Actor, id: PostId, revision: i64, form: &PostForm) -> Result<Saved> {
    let (person, hand) = access::writer(actor)?;
    // New profiles need the level as well as those it has.
    access::may(desk, actor, Operation::PostSave, &profiles_in(&form.draft)).await?;
    media::refuse_unseen(desk, actor, &form.draft).await?;
    let Held { mut act, row, targets: known } = access::act_on_post(desk, actor, Operation::PostSave, id).await?;
    if row.revision != revision {
        drop(act);
        return Ok(Saved::Conflict(Box::new(get(desk, actor, id).await?)));
    }
    let form = checked(&mut act, form).await?;
    refuse_closed(&row, &known)?;
    let now = act.now();
    let tags_before = posts::tags(act.tx(), id).await?;
    posts::save(act.tx(), id, revision, &form, person, now).await?;
    posts::touched_by(act.tx(), id, person, hand, now).await?;
    posts::set_tags(act.tx(), id, &form.tags).await?;
    posts::uses_media(act.tx(), id, &media_of(&form.draft)).await?;
    let known = void_when_changed(&mut act, &row, &form, tags_before, known).await?;
    follow_draft(&mut act, id, &form, known).await?;
    act.record(Object::new("post", id))
        .before(&(&row.draft, row.slot))
        .after(&(&form.draft, form.slot))
        .detail("revision", revision + 1);
    act.announce(Topic::Posts);
    act.commit().await?;
    Ok(Saved::Done(Box::new(get(desk, actor, id).await?)))
}

/// A post, with the profiles that the caller may read.
///
/// # Errors
/// [`Error::NotFound`], also when none of its profiles may be read.
pub async fn get(desk: &Desk, actor: &Actor, id: PostId) -> Result<Post> {
    let mut reader = desk.db().read().await?;
    let seen = access::readable(desk, actor, &mut reader, id).await?;
    let row = posts::get(&mut reader, id).await?.ok_or(Error::NotFound("post"))?;
    access::seen_through(&mut reader, row, &seen).await
}

/// A page of posts on profiles that the caller may read.
pub async fn list(
    desk: &Desk,
    actor: &Actor,
    filter: &PostFilter,
    order: PostOrder,
    page: &PageRequest,
) -> Result<Page<PostGlance>> {
    let sight = access::sight(desk, actor, filter).await?;
    lists::page(&mut desk.db().read().await?, filter, order, &sight, page).await
}

/// Discards a post of which nothing is out or on its way out.
pub async fn discard(desk: &Desk, actor: &Actor, id: PostId) -> Result<()> {
    let Held { mut act, row, targets: known } = access::act_on_post(desk, actor, Operation::PostDiscard, id).await?;
    refuse_closed(&row, &known)?;
    let now = act.now();
    if known.iter().any(|target| target.life.state != TargetState::Draft) {
        approvals::withdraw(&mut act, id).await?;
    }
    for mut target in known {
        let attempts = target.life.attempts.clone();
        if target.life.state != TargetState::Expired {
            target.life =
                apply(&target.life, Event::Cancel { reason: "the post was discarded".to_owned() }, now).map_err(unfit)?.0;
            targets::write(act.tx(), &target, &attempts, now).await?;
        }
    }
    posts::discard(act.tx(), id, now).await?;
    act.record(Object::new("post", id)).before(&(&row.draft, row.slot));
    act.announce(Topic::Posts);
    act.commit().await
}

/// Begins a new post with what another says, without its time and its version. Nothing of the other changes.
pub async fn duplicate(desk: &Desk, actor: &Actor, id: PostId) -> Result<PostId> {
    let from = get(desk, actor, id).await?;
    let form =
        PostForm { title: from.title, draft: from.draft, slot: None, zone: from.zone, campaign: from.campaign, tags: from.tags };
    create(desk, actor, &form).await
}

/// The media that a draft names.
pub(super) fn media_of(draft: &Draft) -> BTreeSet<MediaDigest> {
    let contents = std::iter::once(&draft.common).chain(draft.targets.values().flatten());
    contents.flat_map(|content| &content.parts).flat_map(|part| &part.media).map(|medium| medium.digest).collect()
}

pub(super) fn unfit(why: super::rules::Unfit) -> Error {
    Error::Conflict(why.to_string())
}

fn profiles_in(draft: &Draft) -> Vec<ProfileId> {
    draft.targets.keys().copied().collect()
}

fn refuse_closed(row: &posts::PostRow, known: &[PostTarget]) -> Result<()> {
    if row.discarded_at.is_some() {
        return Err(Error::Conflict("this post was discarded; duplicate it to go on with it".to_owned()));
    }
    match known.iter().find(|target| !target.life.is_open()) {
        Some(target) => Err(Error::Conflict(format!(
            "this post is {} on one of its profiles, so it cannot change; duplicate it",
            target.life.state.title().to_lowercase()
        ))),
        None => Ok(()),
    }
}

/// A form that fits, or every field that does not.
async fn checked(act: &mut Act<'_>, form: &PostForm) -> Result<PostForm> {
    let mut form = form.clone();
    let mut invalid = Invalid::new();
    limits::check(&mut form, &mut invalid);
    if form.zone.is_empty() {
        form.zone = workspace::current(act.tx()).await?.map_or_else(|| "UTC".to_owned(), |workspace| workspace.time_zone);
    } else if people::check_time_zone(&form.zone).is_err() {
        invalid.add("zone", "not a time zone; choose one from the list");
    }
    if let Some(campaign) = form.campaign
        && campaigns::get(act.tx(), campaign).await?.is_none()
    {
        invalid.add("campaign", "there is no such campaign");
    }
    media::check_known(act.tx(), &form.draft, &mut invalid).await?;
    invalid.check()?;
    Ok(form)
}

/// When what was submitted is not what stands there now, everything decided about it is void.
async fn void_when_changed(
    act: &mut Act<'_>,
    row: &posts::PostRow,
    form: &PostForm,
    tags_before: BTreeSet<String>,
    mut known: Vec<PostTarget>,
) -> Result<Vec<PostTarget>> {
    if known.iter().all(|target| target.life.state == TargetState::Draft) {
        return Ok(known);
    }
    let submitted = versions::get(act.tx(), row.id, row.version).await?;
    let after = digest(&form.draft, form.slot);
    if submitted.is_some_and(|version| version.digest == after) && tags_before == form.tags {
        return Ok(known);
    }
    let reason = "it was changed after it was submitted; submit it again";
    approvals::content_changed(act, row.id, after).await?;
    if tags_before != form.tags {
        // Tags choose who has to approve: they are as good as content.
        approvals::withdraw(act, row.id).await?;
    }
    let now = act.now();
    for target in &mut known {
        back_to_draft(act, target, reason, now).await?;
    }
    Ok(known)
}

/// Puts a target back to the desk.
pub(super) async fn back_to_draft(act: &mut Act<'_>, target: &mut PostTarget, reason: &str, now: Time) -> Result<()> {
    if target.life.state == TargetState::Draft {
        return Ok(());
    }
    let attempts = target.life.attempts.clone();
    target.life = apply(&target.life, Event::Unclear { reason: reason.to_owned() }, now).map_err(unfit)?.0;
    target.scheduled_by = None;
    targets::write(act.tx(), target, &attempts, now).await
}

/// Makes the targets those of the draft: new ones begin, those that are gone end, the others follow its time and length.
async fn follow_draft(act: &mut Act<'_>, id: PostId, form: &PostForm, known: Vec<PostTarget>) -> Result<()> {
    let now = act.now();
    let mut known: BTreeMap<ProfileId, PostTarget> = known.into_iter().map(|target| (target.key.profile, target)).collect();
    for &profile in form.draft.targets.keys() {
        let (parts, media) = lengths(&form.draft, profile);
        let fresh = Target::draft(form.slot, parts, media);
        let key = TargetKey { post: id, profile };
        match known.remove(&profile) {
            None => targets::insert(act.tx(), key, &fresh, now).await?,
            Some(mut target) if target.life.state == TargetState::Draft => {
                let attempts = std::mem::take(&mut target.life.attempts);
                target.life = Target { reason: target.life.reason, attempts: attempts.clone(), ..fresh };
                targets::write(act.tx(), &target, &attempts, now).await?;
            }
            Some(_) => {}
        }
    }
    for (_, gone) in known {
        targets::remove(act.tx(), gone.key).await?;
    }
    Ok(())
}

/// How many parts a profile gets, and how many files on them.
pub(super) fn lengths(draft: &Draft, profile: ProfileId) -> (u32, u32) {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let Some(content) = draft.content_for(profile) else { return (1, 0) };
    let media = content.parts.iter().map(|part| part.media.len()).sum();
    (count(content.parts.len().max(1)), count(media))
}
