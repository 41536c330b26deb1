//! The life of a post on its way to a profile: what may follow on what. Pure.
//!
//! Invariants, checked by [`broken_invariant`] in tests and in debug builds: it is sent only what was cleared, within the cleared
//! window, never while a pause covers it; after an attempt whose outcome is not known the network is asked before anything is sent
//! again, and not while the call may still be under way; published is the end, and there is one publication; a late post waits for
//! a person.

use thiserror::Error;

use super::model::{Attempt, HeldFor, Next, Outcome, Target, TargetState, Window};
use crate::{
    approvals::ContentDigest,
    ids::{HolderId, Time},
};

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

impl Target {
    /// A draft for a profile.
    pub fn draft(slot: Option<Time>, parts: u32, uploads_left: u32) -> Self {
        Self {
            state: TargetState::Draft,
            held_for: None,
            reason: None,
            slot,
            cleared: None,
            next_try: None,
            cancel_wanted: false,
            confirmed_at: None,
            looks: 0,
            uploads_left,
            parts,
            parts_there: 0,
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
            TargetState::Scheduled => {
                let at = self.next_try.or(self.slot)?;
                Some(if self.uploads_left > 0 && self.next_try.is_none() { at.plus_ms(-PREPARE_MS) } else { at })
            }
            TargetState::Sending => self.open_attempt().map(|attempt| match &attempt.ended {
                Some((at, _)) => at.plus_ms(LOOK_AFTER_MS),
                // A slow call of a process that lives must never be repeated.
                None => attempt.called_at.plus_ms(CALL_MAX_MS + LOOK_AFTER_MS),
            }),
            TargetState::Pending => self.slot,
            _ => None,
        }
    }

    fn hold(&mut self, why: HeldFor, reason: impl Into<String>) {
        (self.state, self.held_for, self.reason) = (TargetState::Held, Some(why), Some(reason.into()));
        self.next_try = None;
    }

    fn end(&mut self, state: TargetState, reason: Option<String>) {
        let reason = match (self.parts_there, state) {
            (there, TargetState::Failed | TargetState::Cancelled) if there > 0 => {
                let said = reason.unwrap_or_default();
                Some(format!("{said}; {there} of {} posts of the thread are on the network", self.parts))
            }
            _ => reason,
        };
        (self.state, self.held_for, self.reason, self.next_try) = (state, None, reason, None);
    }

    /// Whether its content may still change: nothing of it is out, on its way out, or ended by a decision.
    pub fn is_open(&self) -> bool {
        use TargetState as S;
        let before_sending = matches!(self.state, S::Draft | S::Pending | S::Scheduled | S::Held | S::Expired);
        before_sending && !self.may_be_there()
    }

    /// Whether anything of it is or may be on the network.
    pub fn may_be_there(&self) -> bool {
        self.parts_there > 0 || self.open_attempt().is_some()
    }
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
        (Event::FilesForgotten { attempt, uploads_left }, S::Sending) => {
            next.uploads_left = uploads_left;
            let message = "the network forgot its files; they are given to it again".to_owned();
            ended(next, attempt, Outcome::NoEffect { next: Next::Again { after_ms: 0 }, message }, now)?;
        }
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

fn claim(next: &mut Target, asked: &Claim, now: Time) -> Result<Task, Unfit> {
    if next.due().is_none_or(|due| now < due) {
        return Err(Unfit::NotDue);
    }
    if let Some(open) = next.open_attempt() {
        // Reading is allowed while publishing is paused: what is there has to be known.
        return Ok(Task::LookUp { attempt: open.number });
    }
    let window = next.cleared.expect("what is scheduled was cleared");
    let slot = next.slot.unwrap_or(now);
    let late = next.attempts.is_empty() && now.since_ms(slot) > LATE_MS_MAX;
    if asked.digest != window.digest {
        next.hold(HeldFor::Changed, HeldFor::Changed.title());
    } else if now > window.until || late {
        next.hold(HeldFor::Missed, HeldFor::Missed.title());
    } else if next.uploads_left > 0 {
        return Ok(Task::Prepare);
    } else if now < slot.max(window.from) {
        return Err(Unfit::NotDue);
    } else if let Some(reason) = stops(next, asked) {
        next.hold(HeldFor::Paused, reason);
    } else {
        let attempt = next_number(next);
        next.attempts.push(Attempt { number: attempt, holder: asked.holder, began_at: now, called_at: now, ended: None });
        (next.state, next.next_try, next.looks) = (TargetState::Sending, None, 0);
        return Ok(Task::Send { attempt, start_before: now.plus_ms(START_WITHIN_MS) });
    }
    Ok(Task::Nothing)
}

/// The reason of a pause that stops it: every hard one, and a soft one that nobody confirmed it against.
fn stops(target: &Target, asked: &Claim) -> Option<String> {
    let paused = asked.paused.as_ref()?;
    let confirmed = paused.soft_since.is_some_and(|since| target.confirmed_at.is_some_and(|at| at >= since));
    (!confirmed).then(|| paused.reason.clone())
}

fn next_number(target: &Target) -> u32 {
    u32::try_from(target.attempts.len()).unwrap_or(u32::MAX).saturating_add(1)
}

/// That this is the attempt that is open.
fn open_is(next: &Target, attempt: u32) -> Result<(), Unfit> {
    if next.open_attempt().is_some_and(|open| open.number == attempt) { Ok(()) } else { Err(Unfit::OldAttempt) }
}

fn part_there(next: &mut Target, attempt: u32) -> Result<(), Unfit> {
    open_is(next, attempt)?;
    if next.parts_there + 1 >= next.parts {
        return Err(Unfit::State(next.state));
    }
    next.parts_there += 1;
    Ok(())
}

/// The next call of a thread asks like the first did. What is there stays there.
fn next_call(next: &mut Target, attempt: u32, asked: &Claim, now: Time) -> Result<Task, Unfit> {
    open_is(next, attempt)?;
    let window = next.cleared.expect("what is being sent was cleared");
    let parts_there = next.parts_there;
    let held = if next.cancel_wanted {
        close_open(next, Outcome::Continues { parts_there }, now);
        next.end(TargetState::Cancelled, Some("cancelled while it was being sent".to_owned()));
        return Ok(Task::Nothing);
    } else if asked.digest != window.digest {
        Some((HeldFor::Changed, HeldFor::Changed.title().to_owned()))
    } else if now > window.until {
        Some((HeldFor::Missed, HeldFor::Missed.title().to_owned()))
    } else {
        stops(next, asked).map(|reason| (HeldFor::Paused, reason))
    };
    if let Some((why, reason)) = held {
        close_open(next, Outcome::Continues { parts_there }, now);
        next.hold(why, reason);
        return Ok(Task::Nothing);
    }
    if let Some(open) = next.attempts.last_mut() {
        open.called_at = now;
    }
    Ok(Task::Send { attempt, start_before: now.plus_ms(START_WITHIN_MS) })
}

fn ended(next: &mut Target, attempt: u32, outcome: Outcome, now: Time) -> Result<(), Unfit> {
    open_is(next, attempt)?;
    close_open(next, outcome.clone(), now);
    match outcome {
        Outcome::Published { native_id } => published(next, native_id),
        Outcome::Continues { parts_there } => goes_on(next, parts_there, now),
        Outcome::Unknown { message } => next.reason = Some(message),
        Outcome::NoEffect { next: then, message } => no_effect(next, then, message, now),
    }
    Ok(())
}

fn goes_on(next: &mut Target, parts_there: u32, now: Time) {
    next.parts_there = parts_there.max(next.parts_there);
    if next.cancel_wanted {
        return next.end(TargetState::Cancelled, Some("cancelled while it was being sent".to_owned()));
    }
    (next.state, next.reason, next.next_try) = (TargetState::Scheduled, None, Some(now));
}

fn no_effect(next: &mut Target, then: Next, message: String, now: Time) {
    if next.cancel_wanted {
        return next.end(TargetState::Cancelled, Some("cancelled while it was being sent; it did not go out".to_owned()));
    }
    let in_vain = next.attempts.iter().filter(|attempt| matches!(attempt.ended, Some((_, Outcome::NoEffect { .. })))).count();
    match then {
        Next::Again { .. } if in_vain >= ATTEMPTS_MAX => next.end(TargetState::Failed, Some(message)),
        Next::Again { after_ms } => {
            (next.state, next.reason) = (TargetState::Scheduled, Some(message));
            next.next_try = Some(now.plus_ms(after_ms.max(0)));
        }
        Next::Reconnect => next.hold(HeldFor::Connection, message),
        Next::GiveUp => next.end(TargetState::Failed, Some(message)),
    }
}

fn looked(next: &mut Target, found: Found, now: Time) {
    match found {
        Found::There { native_id } => there(next, native_id, now),
        Found::NotThere => {
            let message = "the network does not have it; the attempt had no effect".to_owned();
            let again = Next::Again { after_ms: 0 };
            close_open(next, Outcome::NoEffect { next: again, message: message.clone() }, now);
            no_effect(next, again, message, now);
        }
        Found::NoAnswer => {
            next.looks += 1;
            if next.looks >= LOOKS_MAX {
                return next.hold(HeldFor::Uncertain, HeldFor::Uncertain.title());
            }
            // Asked again a while from now.
            close_open(next, Outcome::Unknown { message: "the network does not answer what became of it".to_owned() }, now);
        }
    }
}

/// What an attempt tried to send is there: the whole post, or one more part of a thread.
fn there(next: &mut Target, native_id: String, now: Time) {
    let parts_there = next.parts_there + 1;
    if parts_there < next.parts {
        close_open(next, Outcome::Continues { parts_there }, now);
        return goes_on(next, parts_there, now);
    }
    close_open(next, Outcome::Published { native_id: native_id.clone() }, now);
    published(next, native_id);
}

/// A person looked where the network would not answer.
fn settle(next: &mut Target, found: Found, now: Time) {
    match found {
        Found::There { .. } => {
            looked(next, found, now);
            if next.state == TargetState::Scheduled {
                next.hold(HeldFor::Missed, "somebody looked: this part is there, the rest is not");
            }
        }
        Found::NotThere => {
            let message = "somebody looked: the network does not have it".to_owned();
            close_open(next, Outcome::NoEffect { next: Next::Again { after_ms: 0 }, message: message.clone() }, now);
            next.hold(HeldFor::Missed, message);
        }
        Found::NoAnswer => {}
    }
}

fn close_open(next: &mut Target, outcome: Outcome, now: Time) {
    if let Some(attempt) = next.attempts.last_mut() {
        attempt.ended = Some((now, outcome));
    }
}

fn published(next: &mut Target, native_id: String) {
    let reason = next.cancel_wanted.then(|| "somebody wanted to cancel it while it was being sent; it had gone out".to_owned());
    next.parts_there = next.parts;
    next.end(TargetState::Published, reason);
    next.native_id = Some(native_id);
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
    if target.state == S::Published && (target.native_id.is_none() || target.parts_there != target.parts) {
        return Some("it is published and nobody knows where");
    }
    if matches!(target.state, S::Scheduled | S::Sending) && target.cleared.is_none() {
        return Some("it is on its way and nobody cleared it");
    }
    if (target.state == S::Held) != target.held_for.is_some() {
        return Some("what is held has its reason, and nothing else has");
    }
    let before_last = target.attempts.len().saturating_sub(1);
    let known = |attempt: &Attempt| matches!(attempt.ended, Some((_, Outcome::NoEffect { .. } | Outcome::Continues { .. })));
    if !target.attempts[..before_last].iter().all(known) {
        return Some("an attempt was made while the outcome of an earlier one was not known");
    }
    if target.state == S::Sending && target.open_attempt().is_none() {
        return Some("it is being sent without an attempt");
    }
    if matches!(target.state, S::Draft | S::Expired | S::Cancelled | S::Failed | S::Scheduled) && target.open_attempt().is_some()
    {
        return Some("it is somewhere else while the outcome of an attempt is not known");
    }
    if matches!(target.state, S::Failed | S::Expired | S::Cancelled) && target.reason.is_none() {
        return Some("it ended without a reason");
    }
    if target.state == S::Scheduled && target.slot.is_none() {
        return Some("it is scheduled for no time");
    }
    None
}
