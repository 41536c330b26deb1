//! What a worker may do now: the claim of what is due, and the next call of an attempt under way. Both ask for the same.

use super::{Claim, LATE_MS_MAX, START_WITHIN_MS, Task, Unfit, outcomes::close_open};
use crate::{
    ids::Time,
    publishing::model::{Attempt, HeldFor, Outcome, Target, TargetState},
};

pub(super) fn claim(next: &mut Target, asked: &Claim, now: Time) -> Result<Task, Unfit> {
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

pub(super) fn next_number(target: &Target) -> u32 {
    u32::try_from(target.attempts.len()).unwrap_or(u32::MAX).saturating_add(1)
}

/// That this is the attempt that is open.
pub(super) fn open_is(next: &Target, attempt: u32) -> Result<(), Unfit> {
    if next.open_attempt().is_some_and(|open| open.number == attempt) { Ok(()) } else { Err(Unfit::OldAttempt) }
}

/// The next call of a thread asks like the first did. What is there stays there.
pub(super) fn next_call(next: &mut Target, attempt: u32, asked: &Claim, now: Time) -> Result<Task, Unfit> {
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
