//! Deciding: approve, reject, ask for a change; one by one or several at once, each named with the digest that was seen.
//!
//! Invariants: whose voice it is comes from the actor, never from the input; the panel is resolved in the transaction of the decision;
//! a decision names the digest of what was shown; several pending answers to one message are resolved in words, not by
//! whoever was first.

use std::net::IpAddr;

use super::{
    asking,
    clearance::{self, ClearedHow},
    model::{ContentDigest, Hand, Kept, Panel, SubmissionState, Verdict, Voice},
    panel::{Places, Resolver},
    rules::{Command, apply},
    store::submissions::{self as store, Which},
};
use crate::{
    act::{Act, Object},
    actor::{Actor, Principal},
    desk::{Desk, Topic},
    error::{Error, Result},
    ids::{SubmissionId, TokenId},
    publishing,
    records::RecordEntry,
    rights::{Operation, Target},
};

/// Submissions decided about in one go: a page of them, each of which was seen.
pub const BULK_MAX: usize = 50;

/// What somebody decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ballot {
    /// The digest of what was shown to them.
    pub seen: ContentDigest,
    /// What they decide.
    pub verdict: Verdict,
    /// What becomes of other pending answers to the same message; has to be said when there are any and this one is approved.
    pub others: Option<Others>,
}

/// What becomes of other pending answers to the same message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// They stay as they are.
    Keep,
    /// They are rejected.
    Reject,
}

/// Where a decision came from; kept with it.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The token, if a program decided for its person.
    pub token: Option<TokenId>,
    /// The network address.
    pub address: Option<IpAddr>,
    /// What the browser or program calls itself; kept for outside approvers.
    pub user_agent: Option<String>,
}

/// Decides about a submission. Answers where it stands then.
///
/// # Errors
/// [`Error::Conflict`] with the reason of [`super::Refusal`], or when other answers wait and nothing is said about them;
/// [`Error::NotFound`] for somebody who cannot read every profile that it goes to.
pub async fn decide(desk: &Desk, actor: &Actor, id: SubmissionId, ballot: Ballot) -> Result<SubmissionState> {
    let mut act = desk.act(actor, Operation::ApprovalDecide, Target::Workspace).await?;
    let (voice, hand, origin) = voice_of(actor)?;
    let kept = held(&mut act, id).await?;
    if !Places::of(act.tx(), &kept.targets).await?.all_readable(&actor.rights) {
        return Err(Error::NotFound("submission"));
    }
    let state = cast(&mut act, kept, (voice, hand), ballot, &origin).await?;
    act.commit().await?;
    Ok(state)
}

/// Decides about several submissions alike. Each is an act of its own: what does not apply to one does not hold back the others.
///
/// # Errors
/// [`Error::Conflict`] for more than [`BULK_MAX`]; everything else stands beside its submission.
pub async fn decide_many(
    desk: &Desk,
    actor: &Actor,
    items: &[(SubmissionId, ContentDigest)],
    verdict: &Verdict,
) -> Result<Vec<(SubmissionId, Result<SubmissionState>)>> {
    if items.len() > BULK_MAX {
        return Err(Error::Conflict(format!("at most {BULK_MAX} can be decided at once; choose fewer")));
    }
    let mut outcomes = Vec::new();
    for &(id, seen) in items {
        let ballot = Ballot { seen, verdict: verdict.clone(), others: None };
        outcomes.push((id, decide(desk, actor, id, ballot).await));
    }
    Ok(outcomes)
}

fn voice_of(actor: &Actor) -> Result<(Voice, Hand, Origin)> {
    let origin = Origin { token: actor.token(), address: actor.address, user_agent: None };
    match actor.principal {
        Principal::Person { person, .. } => Ok((Voice::Person(person), Hand::Person, origin)),
        Principal::Token { person, agent, .. } => {
            Ok((Voice::Person(person), if agent { Hand::Agent } else { Hand::Token }, origin))
        }
        Principal::Nobody | Principal::Guest { .. } | Principal::Operator | Principal::Desk(_) => {
            Err(Error::Conflict("only people decide about what goes out".to_owned()))
        }
    }
}

/// A submission to change: its post first, then itself, so that nobody changes either until the transaction ends.
pub(super) async fn held(act: &mut Act<'_>, id: SubmissionId) -> Result<Kept> {
    let post = store::get(act.tx(), id).await?.post;
    publishing::hold(act.tx(), post).await?;
    store::locked(act.tx(), id).await
}

/// Casts one voice inside an act, and lets follow what follows.
pub(super) async fn cast(
    act: &mut Act<'_>,
    kept: Kept,
    (voice, hand): (Voice, Hand),
    ballot: Ballot,
    origin: &Origin,
) -> Result<SubmissionState> {
    let others = if ballot.verdict == Verdict::Approve { others_answering(act, &kept).await? } else { Vec::new() };
    if !others.is_empty() && ballot.others.is_none() {
        return Err(Error::Conflict(format!(
            "{} more answers to the same message wait for approval; say whether they are kept or rejected",
            others.len()
        )));
    }
    let state = one(act, kept, (voice, hand), ballot.verdict, ballot.seen, origin).await?;
    if ballot.others == Some(Others::Reject) {
        for other in others {
            let verdict = Verdict::Reject { reason: "another answer to the same message was approved".to_owned() };
            let other = held(act, other.id).await?;
            let seen = other.submission.digest;
            one(act, other, (voice, hand), verdict, seen, origin).await.map_err(|error| match error {
                Error::Conflict(why) => Error::Conflict(format!(
                    "another answer to the same message cannot be rejected by you ({why}); approve this one and keep the others"
                )),
                error => error,
            })?;
        }
    }
    Ok(state)
}

/// Other submissions that wait and answer a message that this one answers.
async fn others_answering(act: &mut Act<'_>, kept: &Kept) -> Result<Vec<Kept>> {
    let mut others: Vec<Kept> = Vec::new();
    for (profile, message) in store::answers(act.tx(), kept.id).await? {
        // Two people who approve two answers at once must see each other's.
        act.tx().lock(&format!("approvals.answers/{profile}/{message}")).await?;
        for other in store::read(act.tx(), &Which::Answering(profile, message)).await? {
            if other.id != kept.id && others.iter().all(|known| known.id != other.id) {
                others.push(other);
            }
        }
    }
    Ok(others)
}

async fn one(
    act: &mut Act<'_>,
    kept: Kept,
    (voice, hand): (Voice, Hand),
    verdict: Verdict,
    seen: ContentDigest,
    origin: &Origin,
) -> Result<SubmissionState> {
    let now = act.now();
    let places = Places::of(act.tx(), &kept.targets).await?;
    let panel = match kept.submission.current() {
        Some((_, step)) => Resolver::new(act.tx(), now).panel(&step.step, &places).await?,
        None => Panel::default(),
    };
    let command = Command::Decide { by: voice, hand, verdict, seen };
    let after = apply(&kept.submission, &panel, command, now).map_err(|refusal| Error::Conflict(refusal.to_string()))?;
    store::save(act.tx(), kept.id, &kept.submission, &after, now).await?;
    let number = kept.submission.current().map_or(0, |(number, _)| number);
    let decision = after.steps[number].decisions.last().expect("a decision was just made").clone();
    let step = u32::try_from(number).unwrap_or(u32::MAX);
    let decision_id = act.desk().fresh();
    store::insert_decision(act.tx(), decision_id, (kept.id, step), &decision, origin).await?;
    act.record(Object::new("submission", kept.id))
        .detail("post", kept.post.to_string())
        .detail("version", kept.version)
        .detail("step", number)
        .detail("verdict", decision.verdict.columns().0)
        .detail("seen", String::from(decision.seen))
        .detail("hand", decision.hand.id())
        .detail("voice", voice.kind())
        .detail("state", after.state.id());
    let kept = Kept { submission: after, ..kept };
    let body = serde_json::json!({
        "submission": kept.id,
        "version": kept.version,
        "step": kept.submission.steps[number].step.name,
        "decision": decision,
        "address": origin.address,
        "user_agent": origin.user_agent,
        "state": kept.submission.state,
    });
    act.put_on_record(RecordEntry::new("decision", kept.post, &body)?);
    follow(act, &kept, number).await?;
    act.announce(Topic::Approvals);
    Ok(kept.submission.state)
}

/// What follows a decision on step `number`.
pub(super) async fn follow(act: &mut Act<'_>, kept: &Kept, number: usize) -> Result<()> {
    let now = act.now();
    match kept.submission.state {
        SubmissionState::Approved => {
            let whole = (kept.id, &kept.submission, kept.window_ms);
            let cleared = clearance::clear(act.tx(), (kept.post, kept.version), whole, ClearedHow::Approved, now).await?;
            publishing::cleared(act, kept.post, kept.version, &cleared).await?;
        }
        ended @ (SubmissionState::Rejected | SubmissionState::ChangeWanted) => {
            publishing::not_cleared(act, kept.post, ended.title()).await?;
        }
        SubmissionState::Pending if kept.submission.steps[number].closed_at.is_some() => asking::step_opened(act, kept).await?,
        _ => {}
    }
    Ok(())
}
