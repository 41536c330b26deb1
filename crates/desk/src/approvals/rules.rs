//! What may be decided about a submission, by whom, and what follows. Pure.
//!
//! Invariants, checked by [`broken_invariant`] in tests and in debug builds: it is approved only if every step has enough
//! agreement from people who were asked, none of whom had a hand in the content, each counted once, each having seen exactly
//! this digest; an ended submission never changes; steps are answered in their order.

use std::collections::BTreeSet;

use thiserror::Error;

use super::model::{ContentDigest, Decision, Hand, Need, OpenStep, Panel, Step, Submission, SubmissionState, Verdict, Voice};
use crate::ids::Time;

/// Characters of a reason: a paragraph.
pub const REASON_MAX: usize = 2_000;
/// Steps of one workflow with everything that rules added: more is a mistake.
pub const STEPS_MAX: usize = 12;

/// What happens to a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Somebody decides.
    Decide {
        /// Who.
        by: Voice,
        /// By whose hand.
        hand: Hand,
        /// What.
        verdict: Verdict,
        /// The digest of what was shown to them.
        seen: ContentDigest,
    },
    /// The content is now this.
    ContentIs(ContentDigest),
    /// The author takes it back.
    Withdraw,
    /// Somebody breaks the glass: the rest is skipped. Who may, and what follows, is decided where it is called.
    Skip,
    /// Time passes.
    Look,
}

/// Why a command does not apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    /// It ended before.
    #[error("this was already decided: {}", .0.title())]
    Ended(SubmissionState),
    /// Four eyes.
    #[error("nobody approves their own work: you wrote or edited this version")]
    OwnWork,
    /// Only people approve.
    #[error("an agent can draft, never approve")]
    AgentHand,
    /// Not on the step's list today.
    #[error("this step does not ask you")]
    NotAsked,
    /// One voice each.
    #[error("you have already decided on this step")]
    AlreadyDecided,
    /// The page was old.
    #[error("the post changed since you looked; look at it again before you decide")]
    OtherContent,
    /// A no needs its reason.
    #[error("give a reason: the author will read it")]
    ReasonMissing,
    /// A reason is a paragraph.
    #[error("a reason has at most {REASON_MAX} characters")]
    ReasonTooLong,
}

impl SubmissionState {
    /// Whether it is asked about, or lets the post go out.
    pub fn is_open_or_good(self) -> bool {
        matches!(self, Self::Pending | Self::Approved | Self::Skipped)
    }
}

impl Submission {
    /// A submission at its beginning.
    ///
    /// # Errors
    /// [`Blocked`] when there is no step, or too many: without anybody to ask nothing is approved.
    pub fn new(
        digest: ContentDigest,
        steps: Vec<Step>,
        excluded: BTreeSet<Voice>,
        slot: Option<Time>,
        now: Time,
    ) -> Result<Self, Blocked> {
        if steps.is_empty() {
            return Err(Blocked::NoStep);
        }
        if steps.len() > STEPS_MAX {
            return Err(Blocked::TooManySteps);
        }
        let mut steps: Vec<_> =
            steps.into_iter().map(|step| OpenStep { step, opened_at: None, closed_at: None, decisions: Vec::new() }).collect();
        steps[0].opened_at = Some(now);
        Ok(Self { digest, steps, excluded, slot, submitted_at: now, state: SubmissionState::Pending })
    }

    /// The step that is being asked; nothing when it ended.
    pub fn current(&self) -> Option<(usize, &OpenStep)> {
        if self.state != SubmissionState::Pending {
            return None;
        }
        self.steps.iter().enumerate().find(|(_, step)| step.closed_at.is_none())
    }

    /// Who may decide on the current step now.
    pub fn asked(&self, panel: &Panel, now: Time) -> BTreeSet<Voice> {
        let Some((_, step)) = self.current() else { return BTreeSet::new() };
        let mut asked = panel.approvers.clone();
        if step.delegates_asked(now) {
            asked.extend(&panel.delegates);
        }
        asked.retain(|person| !self.excluded.contains(person));
        asked
    }

    /// Whether nobody at all could end the current step: it has to be shown, not waited for.
    pub fn stuck(&self, panel: &Panel) -> bool {
        let Some((_, step)) = self.current() else { return false };
        !step.step.can_be_ended_by(panel, &self.excluded)
    }
}

impl Step {
    /// Whether those who can act, but for these, are enough to end the step one day.
    pub(super) fn can_be_ended_by(&self, panel: &Panel, excluded: &BTreeSet<Voice>) -> bool {
        let can = panel.approvers.union(&panel.delegates).filter(|voice| !excluded.contains(*voice)).count();
        let enough = match self.need {
            Need::Any | Need::All => 1,
            Need::Quorum(count) => usize::from(count.max(1)),
        };
        can >= enough
    }
}

impl OpenStep {
    /// Whether the delegates are asked as well by now.
    pub(super) fn delegates_asked(&self, now: Time) -> bool {
        match (self.opened_at, self.step.delegate_after_ms) {
            (Some(opened), Some(after)) => now >= opened.plus_ms(after),
            _ => false,
        }
    }

    fn approvals(&self) -> BTreeSet<Voice> {
        self.decisions.iter().filter(|decision| decision.verdict == Verdict::Approve).map(|decision| decision.by).collect()
    }

    /// Whether enough have agreed. Nobody asked is never enough.
    fn is_agreed(&self, panel: &Panel, excluded: &BTreeSet<Voice>, now: Time) -> bool {
        let agreed = self.approvals();
        match self.step.need {
            Need::Any => !agreed.is_empty(),
            Need::Quorum(count) => agreed.len() >= usize::from(count.max(1)),
            Need::All => {
                let asked: BTreeSet<_> = panel.approvers.difference(excluded).copied().collect();
                let missing = asked.difference(&agreed).count();
                // A delegate stands in for one who did not answer in time.
                let standing_in = if self.delegates_asked(now) {
                    agreed.iter().filter(|person| panel.delegates.contains(*person) && !asked.contains(*person)).count()
                } else {
                    0
                };
                !agreed.is_empty() && missing <= standing_in
            }
        }
    }
}

/// Why something cannot be submitted at all. Nothing goes out without an approval because of one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Blocked {
    /// Fail closed.
    #[error("no approval workflow covers this post; it stays blocked until somebody with the right to workflows makes one")]
    NoStep,
    /// Too many.
    #[error("more than {STEPS_MAX} steps would have to approve; make the rules that add them simpler")]
    TooManySteps,
}

/// The submission after the command. `panel` is that of the current step at this moment.
///
/// # Errors
/// [`Refusal`] when the command does not apply; the submission stays as it is.
pub fn apply(before: &Submission, panel: &Panel, command: Command, now: Time) -> Result<Submission, Refusal> {
    let mut next = before.clone();
    match command {
        Command::ContentIs(digest) => {
            // An approval is of a digest. It does not outlive it, not even after everybody agreed.
            if digest != next.digest && next.state.is_open_or_good() {
                next.state = SubmissionState::Voided;
            }
            return Ok(next);
        }
        Command::Withdraw if next.state.is_open_or_good() => next.state = SubmissionState::Withdrawn,
        Command::Skip if next.state == SubmissionState::Pending => next.state = SubmissionState::Skipped,
        Command::Withdraw | Command::Skip => return Err(Refusal::Ended(next.state)),
        Command::Look => {
            if next.state == SubmissionState::Pending && next.slot.is_some_and(|slot| slot <= now) {
                next.state = SubmissionState::Expired;
            } else {
                go_on(&mut next, panel, now);
            }
        }
        Command::Decide { by, hand, verdict, seen } => {
            if next.state == SubmissionState::Pending && next.slot.is_some_and(|slot| slot <= now) {
                return Err(Refusal::Ended(SubmissionState::Expired));
            }
            decide(&mut next, panel, by, hand, verdict, seen, now)?;
            go_on(&mut next, panel, now);
        }
    }
    debug_assert_eq!(broken_invariant(&next), None);
    Ok(next)
}

fn decide(
    next: &mut Submission,
    panel: &Panel,
    by: Voice,
    hand: Hand,
    verdict: Verdict,
    seen: ContentDigest,
    now: Time,
) -> Result<(), Refusal> {
    let Some((number, step)) = next.current() else { return Err(Refusal::Ended(next.state)) };
    if hand == Hand::Agent {
        return Err(Refusal::AgentHand);
    }
    if next.excluded.contains(&by) {
        return Err(Refusal::OwnWork);
    }
    if !next.asked(panel, now).contains(&by) {
        return Err(Refusal::NotAsked);
    }
    if step.decisions.iter().any(|decision| decision.by == by) {
        return Err(Refusal::AlreadyDecided);
    }
    if seen != next.digest {
        return Err(Refusal::OtherContent);
    }
    let verdict = checked(verdict)?;
    match verdict {
        Verdict::Approve => {}
        Verdict::Reject { .. } => next.state = SubmissionState::Rejected,
        Verdict::AskForChange { .. } => next.state = SubmissionState::ChangeWanted,
    }
    next.steps[number].decisions.push(Decision { by, hand, verdict, seen, at: now });
    Ok(())
}

fn checked(verdict: Verdict) -> Result<Verdict, Refusal> {
    let reason = |reason: String| {
        let reason = reason.trim().to_owned();
        match reason.chars().count() {
            0 => Err(Refusal::ReasonMissing),
            1..=REASON_MAX => Ok(reason),
            _ => Err(Refusal::ReasonTooLong),
        }
    };
    Ok(match verdict {
        Verdict::Approve => Verdict::Approve,
        Verdict::Reject { reason: given } => Verdict::Reject { reason: reason(given)? },
        Verdict::AskForChange { reason: given } => Verdict::AskForChange { reason: reason(given)? },
    })
}

/// Closes the current step when enough have agreed, and opens the next or ends the whole. One step at a time: the panel is that of
/// the current one only.
fn go_on(next: &mut Submission, panel: &Panel, now: Time) {
    let Some((number, step)) = next.current() else { return };
    if !step.is_agreed(panel, &next.excluded, now) {
        return;
    }
    next.steps[number].closed_at = Some(now);
    match next.steps.get_mut(number + 1) {
        Some(following) => following.opened_at = Some(now),
        None => next.state = SubmissionState::Approved,
    }
}

/// What is wrong with a submission that nothing may be wrong with.
pub fn broken_invariant(submission: &Submission) -> Option<&'static str> {
    if submission.steps.is_empty() {
        return Some("it has no step");
    }
    for (number, step) in submission.steps.iter().enumerate() {
        let before_closed = submission.steps[..number].iter().all(|before| before.closed_at.is_some());
        if step.opened_at.is_some() && !before_closed {
            return Some("a step is open before the one before it closed");
        }
        if step.closed_at.is_some() && step.approvals().is_empty() {
            return Some("a step closed without anybody's agreement");
        }
        if let Need::Quorum(count) = step.step.need
            && step.closed_at.is_some()
            && step.approvals().len() < usize::from(count)
        {
            return Some("a step closed without its quorum");
        }
        if step.decisions.iter().any(|decision| submission.excluded.contains(&decision.by)) {
            return Some("somebody decided on their own work");
        }
        if step.decisions.iter().any(|decision| decision.seen != submission.digest) {
            return Some("somebody decided on other content");
        }
        let voices: BTreeSet<_> = step.decisions.iter().map(|decision| decision.by).collect();
        if voices.len() != step.decisions.len() {
            return Some("somebody has two voices in one step");
        }
    }
    let all_closed = submission.steps.iter().all(|step| step.closed_at.is_some());
    if submission.state == SubmissionState::Approved && !all_closed {
        return Some("it is approved although a step is open");
    }
    None
}
