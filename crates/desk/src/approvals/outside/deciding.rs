//! What a guest sees, and deciding about it.
//!
//! Invariant: every reading and every decision goes through [`asked_now`]: the submission waits, its current step asks this guest at this
//! moment, the guest is not revoked and had no hand in it. Whatever else a guest names does not exist.

use super::store;
use crate::{
    actor::{Actor, Principal},
    approvals::{
        deciding::{Ballot, Origin, Others, cast, held},
        model::{ContentDigest, Hand, Kept, SubmissionState, Verdict, Voice},
        panel::{Places, Resolver},
        shown::{Shown, show},
        store::submissions::{self, Which},
    },
    db::Connection,
    desk::Desk,
    error::{Error, Refusal, Result},
    ids::{GuestId, SubmissionId, Time},
    publishing::{
        MediaDigest,
        media::{self, MediaInfo, Rendition},
    },
    rights::{Operation, Target},
};

/// What the guest is asked about at this moment, the most urgent first.
pub async fn asked(desk: &Desk, actor: &Actor) -> Result<Vec<Shown>> {
    let mut reader = desk.view(actor, Operation::OutsideSee, Target::Workspace).await?;
    let (guest, now) = (guest_of(actor)?, desk.now());
    let mut found = Vec::new();
    for kept in submissions::read(&mut reader, &Which::Asking(guest)).await? {
        if asked_now(&mut reader, guest, &kept, now).await? {
            found.push(show(&mut reader, kept).await?);
        }
    }
    Ok(found)
}

/// The bytes of a file of something that the guest is asked about.
///
/// # Errors
/// [`Error::NotFound`] for everything else.
pub async fn file(
    desk: &Desk,
    actor: &Actor,
    id: SubmissionId,
    (wanted, rendition): (MediaDigest, Rendition),
) -> Result<(MediaInfo, Vec<u8>)> {
    let mut reader = desk.view(actor, Operation::OutsideSee, Target::Workspace).await?;
    let kept = submissions::get(&mut reader, id).await?;
    if !asked_now(&mut reader, guest_of(actor)?, &kept, desk.now()).await? {
        return Err(Error::NotFound("file"));
    }
    if !show(&mut reader, kept).await?.has_file(wanted) {
        return Err(Error::NotFound("file"));
    }
    media::bytes(&mut reader, wanted, rendition).await
}

/// Decides as a guest. The network address and what the browser calls itself are kept with it.
///
/// # Errors
/// [`Error::NotFound`] for what the guest is not asked about; [`Error::Conflict`] with the reason otherwise.
pub async fn decide(
    desk: &Desk,
    actor: &Actor,
    id: SubmissionId,
    seen: ContentDigest,
    verdict: Verdict,
    user_agent: &str,
) -> Result<SubmissionState> {
    let mut act = desk.act(actor, Operation::OutsideDecide, Target::Workspace).await?;
    let (guest, now) = (guest_of(actor)?, act.now());
    let kept = held(&mut act, id).await?;
    if !asked_now(act.tx(), guest, &kept, now).await? {
        return Err(Error::NotFound("submission"));
    }
    let origin = Origin { token: None, address: actor.address, user_agent: Some(user_agent.to_owned()) };
    // Other answers to the same message are not theirs to see, so what becomes of those stays with the desk.
    let ballot = Ballot { seen, verdict, others: Some(Others::Keep) };
    let state = cast(&mut act, kept, (Voice::Guest(guest), Hand::Person), ballot, &origin).await?;
    act.commit().await?;
    Ok(state)
}

fn guest_of(actor: &Actor) -> Result<GuestId> {
    match actor.principal {
        Principal::Guest { guest, .. } => Ok(guest),
        _ => Err(Error::Refused(Refusal::SignInNeeded)),
    }
}

/// Whether a submission asks this guest at this moment.
async fn asked_now(on: &mut dyn Connection, guest: GuestId, kept: &Kept, now: Time) -> Result<bool> {
    let Some((_, step)) = kept.submission.current() else { return Ok(false) };
    if !store::is_asked(on, guest, kept.id).await? || kept.submission.slot.is_some_and(|slot| slot <= now) {
        return Ok(false);
    }
    let places = Places::of(on, &kept.targets).await?;
    let panel = Resolver::new(on, now).panel(&step.step, &places).await?;
    let voice = Voice::Guest(guest);
    let decided = step.decisions.iter().any(|decision| decision.by == voice);
    Ok(!decided && kept.submission.asked(&panel, now).contains(&voice))
}
