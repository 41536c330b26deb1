//! A version goes to those who have to agree; and what becomes of that when it changes or is taken back.
//!
//! Part of publishing's acts: the caller decided already who may do this. Invariants: what no workflow covers is refused, never let
//! through; a step that nobody but the authors could end is refused at once; a post has one open submission; content that changed
//! voids what was decided about other content, clearances included.

use std::collections::BTreeSet;

use serde_json::json;

use super::{
    asking,
    clearance::{self, Cleared},
    model::{ContentDigest, Kept, Panel, Submission, SubmissionState, Voice},
    outside,
    panel::{Places, Resolver},
    rules::{Command, REASON_MAX, apply},
    store::{
        clearances,
        submissions::{self as store, Which},
    },
    workflows::{self, Facts, Path, Uncovered},
};
use crate::{
    act::{Act, Object},
    desk::Topic,
    error::{Error, Invalid, Result},
    ids::{PersonId, PostId, ProfileId, SubmissionId, Time},
    profiles,
    records::RecordEntry,
    rights::Operation,
};

/// A version on its way to those who have to agree.
#[derive(Debug, Clone)]
pub struct NewSubmission {
    /// The post.
    pub post: PostId,
    /// Its version.
    pub version: u32,
    /// The digest of that version with its slot.
    pub digest: ContentDigest,
    /// When it is due; nothing for "as soon as approved".
    pub slot: Option<Time>,
    /// What is known of it.
    pub facts: Facts,
    /// The author and everybody whose hand touched it, or for whom a program did.
    pub excluded: BTreeSet<PersonId>,
    /// What its author says to those who decide.
    pub note: String,
    /// The messages that it answers, by profile and the network's id.
    pub answers: BTreeSet<(ProfileId, String)>,
}

/// What became of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Submitted {
    /// Nobody has to agree: it may go out.
    Free(Cleared),
    /// Somebody is asked.
    Pending(SubmissionId),
}

/// Submits a version.
///
/// # Errors
/// [`Error::Conflict`] when nothing covers it, nobody could decide, or the same content waits already; the text says what to do.
pub(crate) async fn submit(act: &mut Act<'_>, new: NewSubmission) -> Result<Submitted> {
    if new.note.chars().count() > REASON_MAX {
        return Err(Invalid::field("note", format!("at most {REASON_MAX} characters")));
    }
    let path = match workflows::book(act.tx()).await?.path(&new.facts) {
        Ok(path) => path,
        Err(uncovered) => return Err(explain(act, uncovered).await?),
    };
    content_changed(act, new.post, new.digest).await?;
    if store::read(act.tx(), &Which::OpenOf(new.post)).await?.iter().any(|kept| kept.submission.state == SubmissionState::Pending)
    {
        return Err(Error::Conflict("exactly this already waits for approval; withdraw it first to submit it again".to_owned()));
    }
    let now = act.now();
    let (steps, window_ms) = match path {
        Path::Free => {
            let cleared = clearance::clear_free(act.tx(), (new.post, new.version), new.digest, new.slot, now).await?;
            act.record_as(Operation::ApprovalSubmit, Object::new("post", new.post))
                .detail("version", new.version)
                .detail("how", "free");
            return Ok(Submitted::Free(cleared));
        }
        Path::Through { steps, window_ms } => (steps, window_ms),
    };
    let targets: BTreeSet<_> = new.facts.targets.iter().map(|target| target.profile).collect();
    let excluded = excluded_voices(act, &new.excluded).await?;
    let submission =
        Submission::new(new.digest, steps, excluded, new.slot, now).map_err(|blocked| Error::Conflict(blocked.to_string()))?;
    let kept = Kept {
        id: act.desk().fresh(),
        post: new.post,
        version: new.version,
        window_ms,
        note: new.note.trim().to_owned(),
        targets,
        submitted_by: act.actor().person(),
        by_agent: new.facts.by_agent,
        submission,
        ended_at: None,
        stuck_since: None,
    };
    refuse_what_nobody_can_end(act, &kept).await?;
    store::insert(act.tx(), &kept, &new.answers).await?;
    act.record_as(Operation::ApprovalSubmit, Object::new("submission", kept.id))
        .detail("post", kept.post.to_string())
        .detail("version", kept.version)
        .detail("digest", String::from(kept.submission.digest))
        .detail("steps", kept.submission.steps.len());
    let body = json!({ "submission": kept.id, "version": kept.version, "by": kept.submitted_by, "way": kept.submission });
    act.put_on_record(RecordEntry::new("submission", kept.post, &body)?);
    asking::step_opened(act, &kept).await?;
    act.announce(Topic::Approvals);
    Ok(Submitted::Pending(kept.id))
}

/// The author, the editors, whoever submits it, and outside addresses of any of them.
async fn excluded_voices(act: &mut Act<'_>, people: &BTreeSet<PersonId>) -> Result<BTreeSet<Voice>> {
    let mut people = people.clone();
    people.extend(act.actor().person());
    let guests = outside::addresses_of(act.tx(), &people).await?;
    Ok(people.into_iter().map(Voice::Person).chain(guests.into_iter().map(Voice::Guest)).collect())
}

async fn explain(act: &mut Act<'_>, uncovered: Uncovered) -> Result<Error> {
    let (Uncovered::Profile(profile) | Uncovered::Agent(profile) | Uncovered::NoRight(profile)) = uncovered else {
        return Ok(Error::Conflict(uncovered.to_string()));
    };
    let title = profiles::exists(act.tx(), profile).await?.title;
    Ok(Error::Conflict(format!("{title}: {uncovered}")))
}

async fn refuse_what_nobody_can_end(act: &mut Act<'_>, kept: &Kept) -> Result<()> {
    let now = act.now();
    let places = Places::of(act.tx(), &kept.targets).await?;
    let mut resolver = Resolver::new(act.tx(), now);
    for step in &kept.submission.steps {
        let panel = resolver.panel(&step.step, &places).await?;
        if !step.step.can_be_ended_by(&panel, &kept.submission.excluded) {
            return Err(Error::Conflict(format!(
                "nobody could decide the step “{}” ({}): whoever wrote or edited this does not count, and the others cannot read \
                 every profile it goes to; ask somebody with the right to workflows",
                step.step.name, step.step.because
            )));
        }
    }
    Ok(())
}

/// The content of a post is now this: whatever was decided or cleared about other content counts no more.
pub(crate) async fn content_changed(act: &mut Act<'_>, post: PostId, digest: ContentDigest) -> Result<()> {
    end_open(act, post, Command::ContentIs(digest)).await?;
    let now = act.now();
    clearances::void(act.tx(), post, Some(digest), now).await?;
    Ok(())
}

/// The author takes a post back, or it was cancelled.
pub(crate) async fn withdraw(act: &mut Act<'_>, post: PostId) -> Result<()> {
    end_open(act, post, Command::Withdraw).await?;
    let now = act.now();
    clearances::void(act.tx(), post, None, now).await?;
    Ok(())
}

async fn end_open(act: &mut Act<'_>, post: PostId, command: Command) -> Result<()> {
    let now = act.now();
    for kept in store::read(act.tx(), &Which::OpenOf(post)).await? {
        // Locked one by one: whoever decides at this moment is before us or finds it ended.
        let kept = store::locked(act.tx(), kept.id).await?;
        let Ok(after) = apply(&kept.submission, &Panel::default(), command.clone(), now) else { continue };
        if after == kept.submission {
            continue;
        }
        store::save(act.tx(), kept.id, &kept.submission, &after, now).await?;
        act.record_as(Operation::ApprovalSubmit, Object::new("submission", kept.id))
            .detail("post", post.to_string())
            .detail("state", after.state.id());
        act.announce(Topic::Approvals);
    }
    Ok(())
}
