//! The life of a post on its way to a profile: what may follow on what. Pure.
//!
//! Invariants, checked by [`broken_invariant`] in tests and in debug builds: it is sent only what was cleared, within the cleared
//! window, never while a pause covers it; after an attempt whose outcome is not known the network is asked before anything is sent
//! again; published is the end, and there is one publication; a late post waits for a person.

use thiserror::Error;

use super::model::{Attempt, HeldFor, Next, Outcome, Target, TargetState};
use crate::{
    approvals::{Cleared, ContentDigest},
    ids::Time,
};

/// Attempts of one post: with the waits below about six hours of trying.
pub const ATTEMPTS_MAX: usize = 10;
/// How late a first attempt may begin. Later than this the moment is over and a person decides: an outage ends in a list, not in a burst.
pub const LATE_MS_MAX: i64 = 5 * 60 * 1_000;
/// A call begins within this time of the transaction that allowed it, so that a pause holds after one second.
pub const START_WITHIN_MS: i64 = 800;
/// How long after an unknown outcome the network is asked: what it accepted shows by then.
pub const LOOK_AFTER_MS: i64 = 5_000;
/// How often the network is asked before a person has to look.
pub const LOOKS_MAX: u32 = 5;

/// What happens to a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It goes to those who have to agree.
    Submit,
    /// They agreed, or nobody had to.
    Clear(Cleared),
    /// They did not, or the content changed: back to the desk.
    Unclear {
        /// Why.
        reason: String,
    },
    /// A worker asks whether to do something now.
    Claim {
        /// The digest of what would be sent, computed this moment.
        digest: ContentDigest,
        /// The reason of a pause that covers it.
        paused: Option<String>,
    },
    /// An attempt ended.
    Ended(Outcome),
    /// The network was asked about an attempt with unknown outcome; for a held one, by a person who looked.
    Looked {
        /// What is there.
        found: Found,
    },
    /// Somebody wants it not to happen.
    Cancel {
        /// Why.
        reason: String,
    },
    /// Whoever scheduled it lost the right to.
    Orphan,
    /// A person decides about a held one: at this time, within what was cleared.
    Release {
        /// When.
        slot: Time,
    },
    /// Its time passed before it was cleared.
    Expire,
}

/// What the network says about an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It is there.
    There {
        /// The platform's id.
        native_id: String,
    },
    /// It is not.
    NotThere,
    /// The network does not answer: so many times now.
    NoAnswer {
        /// How often it was asked in vain.
        times: u32,
    },
}

/// What a worker has to do after a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Call the network; the intent of this attempt is in the target and must be durable before.
    Send {
        /// Which attempt.
        attempt: u32,
        /// Not after this moment.
        start_before: Time,
    },
    /// Ask the network whether this attempt took effect.
    LookUp {
        /// Which attempt.
        attempt: u32,
    },
    /// Nothing: it was held, or is not due.
    Nothing,
}

/// Why an event does not apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unfit {
    /// It is somewhere else by now.
    #[error("this post is {} by now", .0.title().to_lowercase())]
    State(TargetState),
    /// Not due.
    #[error("it is not due yet")]
    NotDue,
    /// Outside of what was approved.
    #[error("this time is outside of what was approved; submit it again with the new time")]
    OutsideWindow,
    /// It may be there already.
    #[error("it may be on the network already; say first whether it is")]
    MayBeThere,
}

impl Target {
    /// A draft for a profile.
    pub fn draft(slot: Time) -> Self {
        Self {
            state: TargetState::Draft,
            held_for: None,
            reason: None,
            slot,
            cleared: None,
            next_try: None,
            cancel_wanted: false,
            attempts: Vec::new(),
            native_id: None,
        }
    }

    /// The attempt whose outcome is not known; nothing when all are.
    pub fn open_attempt(&self) -> Option<&Attempt> {
        self.attempts.last().filter(|attempt| matches!(attempt.ended, None | Some((_, Outcome::Unknown { .. }))))
    }

    /// When a worker has to look at it next.
    pub fn due(&self) -> Option<Time> {
        match self.state {
            TargetState::Scheduled => Some(self.next_try.unwrap_or(self.slot)),
            TargetState::Sending => self.open_attempt().map(|attempt| match &attempt.ended {
                Some((at, _)) => at.plus_ms(LOOK_AFTER_MS),
                None => attempt.began_at.plus_ms(LOOK_AFTER_MS),
            }),
            TargetState::Pending => Some(self.slot),
            _ => None,
        }
    }

    fn hold(&mut self, why: HeldFor, reason: impl Into<String>) {
        (self.state, self.held_for, self.reason) = (TargetState::Held, Some(why), Some(reason.into()));
        self.next_try = None;
    }

    fn end(&mut self, state: TargetState, reason: Option<String>) {
        (self.state, self.held_for, self.reason, self.next_try) = (state, None, reason, None);
    }
}

/// The post after the event, and what a worker has to do.
///
/// # Errors
/// [`Unfit`] when the event does not apply; the post stays as it is.
pub fn apply(before: &Target, event: Event, now: Time) -> Result<(Target, Task), Unfit> {
    let mut next = before.clone();
    let task = step(&mut next, event, now)?;
    debug_assert_eq!(broken_invariant(&next), None);
    Ok((next, task))
}

fn step(next: &mut Target, event: Event, now: Time) -> Result<Task, Unfit> {
    use TargetState as S;
    match (event, next.state) {
        (Event::Submit, S::Draft) => (next.state, next.reason) = (S::Pending, None),
        (Event::Clear(cleared), S::Draft | S::Pending) => {
            if next.slot > cleared.until() || next.slot < cleared.from() {
                return Err(Unfit::OutsideWindow);
            }
            (next.state, next.reason, next.cleared) = (S::Scheduled, None, Some(cleared));
        }
        (Event::Unclear { reason }, S::Pending | S::Scheduled | S::Held) => {
            if next.open_attempt().is_some() {
                return Err(Unfit::MayBeThere);
            }
            next.end(S::Draft, Some(reason));
            next.cleared = None;
        }
        (Event::Claim { digest, paused }, S::Scheduled | S::Sending) => return claim(next, digest, paused, now),
        (Event::Ended(outcome), S::Sending) => ended(next, outcome, now),
        (Event::Looked { found }, S::Sending) => looked(next, found, now),
        (Event::Looked { found }, S::Held) if next.open_attempt().is_some() => settle(next, found, now),
        (Event::Cancel { .. }, S::Held) if next.open_attempt().is_some() => return Err(Unfit::MayBeThere),
        (Event::Cancel { reason }, S::Draft | S::Pending | S::Scheduled | S::Held) => {
            next.end(S::Cancelled, Some(reason));
        }
        (Event::Cancel { .. }, S::Sending) => next.cancel_wanted = true,
        (Event::Orphan, S::Pending | S::Scheduled) => {
            next.hold(HeldFor::Orphaned, HeldFor::Orphaned.title());
        }
        (Event::Release { slot }, S::Held) => release(next, slot, now)?,
        (Event::Expire, S::Pending) => {
            if now < next.slot {
                return Err(Unfit::NotDue);
            }
            next.end(S::Expired, Some("its time came before it was approved".to_owned()));
        }
        (_, state) => return Err(Unfit::State(state)),
    }
    Ok(Task::Nothing)
}

fn claim(next: &mut Target, digest: ContentDigest, paused: Option<String>, now: Time) -> Result<Task, Unfit> {
    if next.due().is_none_or(|due| now < due) {
        return Err(Unfit::NotDue);
    }
    if let Some(open) = next.open_attempt() {
        // Reading is allowed while publishing is paused: what is there has to be known.
        return Ok(Task::LookUp { attempt: open.number });
    }
    let cleared = next.cleared.expect("what is scheduled was cleared");
    if let Some(reason) = paused {
        next.hold(HeldFor::Paused, reason);
    } else if digest != cleared.digest() {
        next.hold(HeldFor::Changed, HeldFor::Changed.title());
    } else if now > cleared.until() || (next.attempts.is_empty() && now.since_ms(next.slot) > LATE_MS_MAX) {
        next.hold(HeldFor::Missed, HeldFor::Missed.title());
    } else {
        let attempt = u32::try_from(next.attempts.len()).unwrap_or(u32::MAX).saturating_add(1);
        next.attempts.push(Attempt { number: attempt, began_at: now, ended: None });
        (next.state, next.next_try) = (TargetState::Sending, None);
        return Ok(Task::Send { attempt, start_before: now.plus_ms(START_WITHIN_MS) });
    }
    Ok(Task::Nothing)
}

fn ended(next: &mut Target, outcome: Outcome, now: Time) {
    let Some(attempt) = next.attempts.last_mut() else { return };
    attempt.ended = Some((now, outcome.clone()));
    match outcome {
        Outcome::Published { native_id } => published(next, native_id),
        Outcome::Unknown { message } => next.reason = Some(message),
        Outcome::NoEffect { next: then, message } => no_effect(next, then, message, now),
    }
}

fn no_effect(next: &mut Target, then: Next, message: String, now: Time) {
    if next.cancel_wanted {
        return next.end(TargetState::Cancelled, Some("cancelled while it was being sent; it did not go out".to_owned()));
    }
    match then {
        Next::Again { .. } if next.attempts.len() >= ATTEMPTS_MAX => next.end(TargetState::Failed, Some(message)),
        Next::Again { after_ms } => {
            (next.state, next.reason) = (TargetState::Scheduled, Some(message));
            next.next_try = Some(now.plus_ms(after_ms.max(0)));
        }
        Next::Reconnect => next.hold(HeldFor::Connection, message),
        Next::GiveUp => next.end(TargetState::Failed, Some(message)),
    }
}

fn looked(next: &mut Target, found: Found, now: Time) {
    if next.open_attempt().is_none() {
        return;
    }
    match found {
        Found::There { native_id } => {
            close_open(next, Outcome::Published { native_id: native_id.clone() }, now);
            published(next, native_id);
        }
        Found::NotThere => {
            let message = "the network does not have it; the attempt had no effect".to_owned();
            let again = Next::Again { after_ms: 0 };
            close_open(next, Outcome::NoEffect { next: again, message: message.clone() }, now);
            no_effect(next, again, message, now);
        }
        Found::NoAnswer { times } if times >= LOOKS_MAX => next.hold(HeldFor::Uncertain, HeldFor::Uncertain.title()),
        Found::NoAnswer { .. } => {
            // Asked again a while from now.
            close_open(next, Outcome::Unknown { message: "the network does not answer what became of it".to_owned() }, now);
        }
    }
}

/// A person looked where the network would not answer.
fn settle(next: &mut Target, found: Found, now: Time) {
    match found {
        Found::There { .. } => looked(next, found, now),
        Found::NotThere => {
            let message = "somebody looked: the network does not have it".to_owned();
            close_open(next, Outcome::NoEffect { next: Next::Again { after_ms: 0 }, message: message.clone() }, now);
            next.hold(HeldFor::Missed, message);
        }
        Found::NoAnswer { .. } => {}
    }
}

fn close_open(next: &mut Target, outcome: Outcome, now: Time) {
    if let Some(attempt) = next.attempts.last_mut() {
        attempt.ended = Some((now, outcome));
    }
}

fn published(next: &mut Target, native_id: String) {
    let reason = next.cancel_wanted.then(|| "somebody wanted to cancel it while it was being sent; it had gone out".to_owned());
    next.end(TargetState::Published, reason);
    next.native_id = Some(native_id);
}

fn release(next: &mut Target, slot: Time, now: Time) -> Result<(), Unfit> {
    let Some(cleared) = next.cleared else { return Err(Unfit::OutsideWindow) };
    let slot = slot.max(now);
    if slot < cleared.from() || slot > cleared.until() {
        return Err(Unfit::OutsideWindow);
    }
    if next.open_attempt().is_some() {
        // What became of the last attempt is found out first, whatever the person wants.
        (next.state, next.held_for, next.reason, next.slot) = (TargetState::Sending, None, None, slot);
        return Ok(());
    }
    (next.state, next.held_for, next.reason, next.slot) = (TargetState::Scheduled, None, None, slot);
    next.next_try = next.attempts.last().map(|_| slot);
    Ok(())
}

/// What is wrong with a post that nothing may be wrong with.
pub fn broken_invariant(target: &Target) -> Option<&'static str> {
    use TargetState as S;
    let publications = target.attempts.iter().filter(|attempt| matches!(attempt.ended, Some((_, Outcome::Published { .. }))));
    let count = publications.count();
    if count > 1 {
        return Some("it was published twice");
    }
    if (target.state == S::Published) != (count == 1) {
        return Some("it is published exactly when an attempt says so");
    }
    if target.state == S::Published && target.native_id.is_none() {
        return Some("it is published and nobody knows where");
    }
    if matches!(target.state, S::Scheduled | S::Sending) && target.cleared.is_none() {
        return Some("it is on its way and nobody cleared it");
    }
    if (target.state == S::Held) != target.held_for.is_some() {
        return Some("what is held has its reason, and nothing else has");
    }
    let before_last = target.attempts.len().saturating_sub(1);
    if target.attempts[..before_last].iter().any(|attempt| !matches!(attempt.ended, Some((_, Outcome::NoEffect { .. })))) {
        return Some("an attempt was made while the outcome of an earlier one was not known to be nothing");
    }
    if target.state == S::Sending && target.open_attempt().is_none() {
        return Some("it is being sent without an attempt");
    }
    if matches!(target.state, S::Failed | S::Expired | S::Cancelled) && target.reason.is_none() {
        return Some("it ended without a reason");
    }
    None
}
