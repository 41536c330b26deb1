//! What follows on what became of an attempt: from its own end, from a look at the network, or from a person who looked.

use super::{ATTEMPTS_MAX, Found, LOOKS_MAX, Unfit, claims::open_is};
use crate::{
    ids::Time,
    publishing::model::{HeldFor, Next, Outcome, Target, TargetState},
};

pub(super) fn part_there(next: &mut Target, attempt: u32) -> Result<(), Unfit> {
    open_is(next, attempt)?;
    if next.parts_there + 1 >= next.parts {
        return Err(Unfit::State(next.state));
    }
    next.parts_there += 1;
    Ok(())
}

pub(super) fn ended(next: &mut Target, attempt: u32, outcome: Outcome, now: Time) -> Result<(), Unfit> {
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

/// How an attempt ended that found out that the network forgot the files.
const FORGOTTEN: &str = "the network forgot its files; they are given to it again";

/// The files are given to the network again, once: when it says so twice running, something else is gone.
pub(super) fn files_forgotten(next: &mut Target, attempt: u32, uploads_left: u32, now: Time) -> Result<(), Unfit> {
    let just_given = next
        .attempts
        .iter()
        .rev()
        .nth(1)
        .is_some_and(|before| matches!(&before.ended, Some((_, Outcome::NoEffect { message, .. })) if message == FORGOTTEN));
    if just_given {
        let message = "the network says that something it needs is gone, and has its files".to_owned();
        return ended(next, attempt, Outcome::NoEffect { next: Next::GiveUp, message }, now);
    }
    next.uploads_left = uploads_left;
    let again = Outcome::NoEffect { next: Next::Again { after_ms: 0 }, message: FORGOTTEN.to_owned() };
    ended(next, attempt, again, now)
}

fn goes_on(next: &mut Target, parts_there: u32, now: Time) {
    next.parts_there = parts_there.max(next.parts_there);
    if next.cancel_wanted {
        return next.end(TargetState::Cancelled, Some("cancelled while it was being sent".to_owned()));
    }
    (next.state, next.reason, next.next_try) = (TargetState::Scheduled, None, Some(now));
}

pub(super) fn no_effect(next: &mut Target, then: Next, message: String, now: Time) {
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

pub(super) fn looked(next: &mut Target, found: Found, now: Time) {
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
pub(super) fn settle(next: &mut Target, found: Found, now: Time) {
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

pub(super) fn close_open(next: &mut Target, outcome: Outcome, now: Time) {
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
