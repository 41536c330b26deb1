//! Reading submissions: what waits for me, what waits at all, and one with everything.
//!
//! Invariant: a submission is shown to nobody who cannot read every profile that it goes to; to others it does not exist.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{
    model::{Approver, Kept, Voice},
    panel::{Map, Places, names_of},
    shown::{Shown, show},
    store::submissions::{self as store, Which},
};
use crate::{
    actor::Actor,
    db::{Connection, Reader},
    desk::Desk,
    error::{Error, Result},
    ids::{PersonId, SubmissionId, Time},
    publishing::{
        MediaDigest,
        media::{self, MediaInfo, Rendition},
    },
    rights::{Operation, Target},
    text_enum::text_enum,
};

/// Submissions on one page: each is shown whole, so that it is seen before it is decided.
pub const SHOWN_MAX: usize = 50;

text_enum! {
    /// What a submission wants of somebody.
    Mine {
        /// Their decision.
        Asked = "asked", "waits for you";
        /// Nothing: they wrote or edited it.
        OwnWork = "own_work", "your own work: others decide";
        /// Nothing more on this step.
        Decided = "decided", "you have decided; others are asked as well";
        /// Nothing: others are asked.
        NotAsked = "not_asked", "others are asked";
        /// Nothing: it has ended.
        Ended = "ended", "ended";
    }
}

/// A submission, and what it wants of the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The submission.
    pub shown: Shown,
    /// What it wants of the caller.
    pub mine: Mine,
    /// Other submissions that answer the same message and wait as well.
    pub others: Vec<SubmissionId>,
}

/// How much waits, for a badge.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// For the caller.
    pub mine: usize,
    /// For anybody, on profiles that the caller can read.
    pub all: usize,
}

/// What waits for the caller's decision, the most urgent first, with how much waits in all.
pub async fn waiting_for_me(desk: &Desk, actor: &Actor) -> Result<(Vec<Waiting>, Counts)> {
    waiting(desk, actor, |mine| mine == Mine::Asked).await
}

/// What waits for anybody's decision on profiles that the caller can read, the most urgent first.
pub async fn waiting_at_all(desk: &Desk, actor: &Actor) -> Result<(Vec<Waiting>, Counts)> {
    waiting(desk, actor, |_| true).await
}

async fn waiting(desk: &Desk, actor: &Actor, wanted: impl Fn(Mine) -> bool) -> Result<(Vec<Waiting>, Counts)> {
    let mut reader = desk.view(actor, Operation::ApprovalsRead, Target::Workspace).await?;
    let me = Me::of(&mut reader, actor, desk.now()).await?;
    let map = Map::read(&mut reader).await?;
    let (mut found, mut counts) = (Vec::new(), Counts::default());
    for kept in store::read(&mut reader, &Which::Pending).await? {
        if !map.places(&kept.targets).all_readable(&actor.rights) {
            continue;
        }
        let mine = me.relation(&kept);
        counts.all += 1;
        counts.mine += usize::from(mine == Mine::Asked);
        if wanted(mine) && found.len() < SHOWN_MAX {
            let others = others_answering(&mut reader, &kept).await?;
            found.push(Waiting { shown: show(&mut reader, kept).await?, mine, others });
        }
    }
    Ok((found, counts))
}

/// How much waits. Every page asks: where nothing waits at all, nothing else is read.
pub async fn counts(desk: &Desk, actor: &Actor) -> Result<Counts> {
    let mut reader = desk.view(actor, Operation::ApprovalsRead, Target::Workspace).await?;
    let pending = store::read(&mut reader, &Which::Pending).await?;
    let mut counts = Counts::default();
    if pending.is_empty() {
        return Ok(counts);
    }
    let me = Me::of(&mut reader, actor, desk.now()).await?;
    let map = Map::read(&mut reader).await?;
    for kept in pending {
        if map.places(&kept.targets).all_readable(&actor.rights) {
            counts.all += 1;
            counts.mine += usize::from(me.relation(&kept) == Mine::Asked);
        }
    }
    Ok(counts)
}

/// One submission.
///
/// # Errors
/// [`Error::NotFound`] for somebody who cannot read every profile that it goes to.
pub async fn get(desk: &Desk, actor: &Actor, id: SubmissionId) -> Result<Waiting> {
    let mut reader = desk.view(actor, Operation::ApprovalsRead, Target::Workspace).await?;
    let kept = readable(&mut reader, actor, id).await?;
    let mine = Me::of(&mut reader, actor, desk.now()).await?.relation(&kept);
    let others = others_answering(&mut reader, &kept).await?;
    Ok(Waiting { shown: show(&mut reader, kept).await?, mine, others })
}

/// The bytes of a file of a submission.
///
/// # Errors
/// [`Error::NotFound`] when it is on none that the caller can read.
pub async fn file(
    desk: &Desk,
    actor: &Actor,
    id: SubmissionId,
    (wanted, rendition): (MediaDigest, Rendition),
) -> Result<(MediaInfo, Vec<u8>)> {
    let mut reader = desk.view(actor, Operation::ApprovalsRead, Target::Workspace).await?;
    let kept = readable(&mut reader, actor, id).await?;
    if !show(&mut reader, kept).await?.has_file(wanted) {
        return Err(Error::NotFound("file"));
    }
    media::bytes(&mut reader, wanted, rendition).await
}

async fn readable(reader: &mut Reader, actor: &Actor, id: SubmissionId) -> Result<Kept> {
    let kept = store::get(reader, id).await?;
    let places = Places::of(reader, &kept.targets).await?;
    if places.all_readable(&actor.rights) { Ok(kept) } else { Err(Error::NotFound("submission")) }
}

async fn others_answering(on: &mut dyn Connection, kept: &Kept) -> Result<Vec<SubmissionId>> {
    let mut others = BTreeSet::new();
    for (profile, message) in store::answers(on, kept.id).await? {
        others.extend(store::read(on, &Which::Answering(profile, message)).await?.into_iter().map(|other| other.id));
    }
    others.remove(&kept.id);
    Ok(others.into_iter().collect())
}

/// The caller with every name under which they can be asked.
struct Me {
    person: Option<PersonId>,
    names: BTreeSet<Approver>,
    now: Time,
}

impl Me {
    async fn of(on: &mut dyn Connection, actor: &Actor, now: Time) -> Result<Self> {
        let names = match actor.person() {
            Some(person) => names_of(on, person, now).await?,
            None => BTreeSet::new(),
        };
        Ok(Self { person: actor.person(), names, now })
    }

    /// What a submission wants of the caller, who can read everything it goes to.
    fn relation(&self, kept: &Kept) -> Mine {
        let Some((_, step)) = kept.submission.current() else { return Mine::Ended };
        let Some(voice) = self.person.map(Voice::Person) else { return Mine::NotAsked };
        if kept.submission.excluded.contains(&voice) {
            return Mine::OwnWork;
        }
        if step.decisions.iter().any(|decision| decision.by == voice) {
            return Mine::Decided;
        }
        let delegates_asked = step.delegates_asked(self.now) && !step.step.delegates.is_disjoint(&self.names);
        if delegates_asked || !step.step.approvers.is_disjoint(&self.names) { Mine::Asked } else { Mine::NotAsked }
    }
}
