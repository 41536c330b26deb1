//! The life of a post on its way to a profile: what may follow on what. Pure.
//!
//! Invariants, checked by [`broken_invariant`] in tests and in debug builds: it is sent only what was cleared, within the cleared
//! window, never while a pause covers it; after an attempt whose outcome is not known the network is asked before anything is sent
//! again, and not while the call may still be under way; published is the end, and there is one publication; a late post waits for
//! a person.

mod claims;
mod invariants;
mod life;
mod outcomes;
#[cfg(test)]
mod tests;

use thiserror::Error;

pub use invariants::broken_invariant;

use super::model::{Attempt, HeldFor, Next, Outcome, Target, TargetState, Window};
use crate::{
    approvals::ContentDigest,
    ids::{HolderId, Time},
};
use claims::{claim, next_call, next_number, open_is};
use outcomes::{ended, files_forgotten, looked, no_effect, part_there, settle};

/// Attempts of one post without effect: with the waits of `sending::errors` about six hours of trying.
pub const ATTEMPTS_MAX: usize = 10;
/// How late a first attempt may begin. Later than this the moment is over and a person decides: an outage ends in a list, not in a burst.
pub const LATE_MS_MAX: i64 = 5 * 60 * 1_000;
/// A call begins within this time of the transaction that allowed it, so that a pause holds after one second.
pub const START_WITHIN_MS: i64 = 800;
/// The longest call; whoever makes it stops waiting then. Above the connectors' own limit of thirty seconds.
pub const CALL_MAX_MS: i64 = 40_000;
/// How long after an unknown outcome the network is asked: what it accepted shows by then.
pub const LOOK_AFTER_MS: i64 = 5_000;
/// How often the network is asked before a person has to look.
pub const LOOKS_MAX: u32 = 5;
/// How long before its time a post's files are given to the network: a video over a slow line.
pub const PREPARE_MS: i64 = 3 * 60 * 1_000;

/// What happens to a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It goes to those who have to agree.
    Submit,
    /// They agreed, or nobody had to.
    Clear(Window),
    /// They did not, or the content changed: back to the desk.
    Unclear {
        /// Why.
        reason: String,
    },
    /// A worker asks whether to do something now.
    Claim(Claim),
    /// A part of a thread is there, and others follow in the same attempt.
    PartThere {
        /// Of this attempt.
        attempt: u32,
    },
    /// An attempt under way asks whether it may make its next call.
    NextCall {
        /// Which.
        attempt: u32,
        /// What holds now.
        claim: Claim,
    },
    /// An attempt ended.
    Ended {
        /// Which.
        attempt: u32,
        /// How.
        outcome: Outcome,
    },
    /// The network would not take it because it forgot its files.
    FilesForgotten {
        /// The attempt that found out.
        attempt: u32,
        /// How many it has to be given again.
        uploads_left: u32,
    },
    /// The network would not take its files: an attempt that ended before its call.
    NotPrepared {
        /// Who tried.
        holder: HolderId,
        /// What is to be done about it.
        next: Next,
        /// What happened.
        message: String,
    },
    /// The network has so many more of its files.
    Prepared {
        /// How many are missing now.
        uploads_left: u32,
    },
    /// The network was asked about an attempt with unknown outcome.
    Looked {
        /// About which.
        attempt: u32,
        /// What is there.
        found: Found,
    },
    /// A person looked where the network would not answer.
    Settled {
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
    /// What has to be put right first, found by whoever looks at it.
    Hold {
        /// Why.
        why: HeldFor,
        /// The same, for people.
        reason: String,
    },
    /// Another time within what was cleared.
    Retime {
        /// When.
        slot: Time,
    },
    /// A person decides about a held one: at this time, within what was cleared.
    Release {
        /// When.
        slot: Time,
    },
    /// Its time passed before it was cleared.
    Expire,
}

/// What a worker knows in the moment it asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The digest of what would be sent, computed this moment.
    pub digest: ContentDigest,
    /// The pause that covers it.
    pub paused: Option<Paused>,
    /// Which process asks.
    pub holder: HolderId,
}

/// A pause as far as it concerns one post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paused {
    /// Its reason.
    pub reason: String,
    /// For a soft one since when; what somebody confirmed after that goes out all the same.
    pub soft_since: Option<Time>,
}

/// What the network says about an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// What it tried to send is there.
    There {
        /// The platform's id of the post's first part.
        native_id: String,
    },
    /// It is not.
    NotThere,
    /// The network does not answer.
    NoAnswer,
}

/// What a worker has to do after a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Give the network the post's files.
    Prepare,
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
    /// Nothing: it was held, or ended.
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
    /// A part of a thread is there.
    #[error("a part of it is on the network; cancel the rest, or send it as it was approved")]
    PartlyThere,
    /// News of an attempt that is not the newest.
    #[error("another attempt was begun meanwhile")]
    OldAttempt,
}

/// The post after the event, and what a worker has to do.
///
/// # Errors
/// [`Unfit`] when the event does not apply; the post stays as it is.
pub fn apply(before: &Target, event: Event, now: Time) -> Result<(Target, Task), Unfit> {
    let mut next = before.clone();
    let task = step(&mut next, event, now)?;
    debug_assert_eq!(broken_invariant(&next), None, "{before:?}");
    Ok((next, task))
}

fn step(next: &mut Target, event: Event, now: Time) -> Result<Task, Unfit> {
    use TargetState as S;
    match (event, next.state) {
        (Event::Submit, S::Draft) => (next.state, next.reason) = (S::Pending, None),
        (Event::Clear(window), S::Draft | S::Pending) => clear(next, window, now)?,
        (Event::Unclear { reason }, S::Pending | S::Scheduled | S::Held | S::Expired) => unclear(next, reason)?,
        (Event::Claim(_), S::Pending) => return step(next, Event::Expire, now),
        (Event::Claim(asked), S::Scheduled | S::Sending) => return claim(next, &asked, now),
        (Event::PartThere { attempt }, S::Sending) => part_there(next, attempt)?,
        (Event::NextCall { attempt, claim }, S::Sending) => return next_call(next, attempt, &claim, now),
        (Event::Ended { attempt, outcome }, S::Sending) => ended(next, attempt, outcome, now)?,
        (Event::FilesForgotten { attempt, uploads_left }, S::Sending) => files_forgotten(next, attempt, uploads_left, now)?,
        (Event::NotPrepared { holder, next: then, message }, S::Scheduled) => {
            let number = next_number(next);
            let outcome = Outcome::NoEffect { next: then, message: message.clone() };
            next.attempts.push(Attempt { number, holder, began_at: now, called_at: now, ended: Some((now, outcome)) });
            no_effect(next, then, message, now);
        }
        (Event::Prepared { uploads_left }, S::Scheduled) => next.uploads_left = uploads_left,
        (Event::Looked { attempt, found }, S::Sending) => {
            open_is(next, attempt)?;
            looked(next, found, now);
        }
        (Event::Settled { found }, S::Held) if next.open_attempt().is_some() => settle(next, found, now),
        (Event::Cancel { .. }, S::Held) if next.open_attempt().is_some() => return Err(Unfit::MayBeThere),
        (Event::Cancel { reason }, S::Draft | S::Pending | S::Scheduled | S::Held) => next.end(S::Cancelled, Some(reason)),
        (Event::Cancel { .. }, S::Sending) => next.cancel_wanted = true,
        (Event::Orphan, S::Pending | S::Scheduled) => next.hold(HeldFor::Orphaned, HeldFor::Orphaned.title()),
        (Event::Orphan, S::Held) if next.held_for != Some(HeldFor::Uncertain) => {
            next.hold(HeldFor::Orphaned, HeldFor::Orphaned.title());
        }
        (Event::Hold { why, reason }, S::Scheduled) => next.hold(why, reason),
        (Event::Retime { slot }, S::Scheduled) if next.attempts.is_empty() => {
            if slot < now || !next.cleared.is_some_and(|window| window.holds(slot)) {
                return Err(Unfit::OutsideWindow);
            }
            next.slot = Some(slot);
        }
        (Event::Release { slot }, S::Held) => release(next, slot, now)?,
        (Event::Expire, S::Pending) => {
            if next.slot.is_none_or(|slot| now < slot) {
                return Err(Unfit::NotDue);
            }
            next.end(S::Expired, Some("its time came before it was approved".to_owned()));
        }
        (_, state) => return Err(Unfit::State(state)),
    }
    Ok(Task::Nothing)
}

fn clear(next: &mut Target, window: Window, now: Time) -> Result<(), Unfit> {
    let slot = next.slot.unwrap_or(now);
    if !window.holds(slot) {
        return Err(Unfit::OutsideWindow);
    }
    (next.state, next.reason, next.slot, next.cleared) = (TargetState::Scheduled, None, Some(slot), Some(window));
    Ok(())
}

fn unclear(next: &mut Target, reason: String) -> Result<(), Unfit> {
    if next.open_attempt().is_some() {
        return Err(Unfit::MayBeThere);
    }
    if next.parts_there > 0 {
        return Err(Unfit::PartlyThere);
    }
    next.end(TargetState::Draft, Some(reason));
    (next.cleared, next.confirmed_at, next.cancel_wanted) = (None, None, false);
    Ok(())
}

fn release(next: &mut Target, slot: Time, now: Time) -> Result<(), Unfit> {
    let Some(window) = next.cleared else { return Err(Unfit::OutsideWindow) };
    let slot = slot.max(now);
    if !window.holds(slot) {
        return Err(Unfit::OutsideWindow);
    }
    if next.open_attempt().is_some() {
        // What became of the last attempt is found out first, whatever the person wants.
        (next.state, next.held_for, next.reason, next.slot) = (TargetState::Sending, None, None, Some(slot));
        next.looks = 0;
        return Ok(());
    }
    (next.state, next.held_for, next.reason, next.slot) = (TargetState::Scheduled, None, None, Some(slot));
    next.next_try = next.attempts.last().map(|_| slot);
    next.confirmed_at = Some(now);
    Ok(())
}
