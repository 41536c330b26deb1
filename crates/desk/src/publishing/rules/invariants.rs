//! What may never be true of a post, whatever happened to it. Looked at after every event in debug builds and in all tests of sending.

use crate::publishing::model::{Attempt, Outcome, Target, TargetState};

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

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::broken_invariant;
    use crate::{
        approvals::ContentDigest,
        ids::{HolderId, Time},
        publishing::model::{Attempt, HeldFor, Next, Outcome, Target, TargetState as S, Window},
    };

    fn attempt(number: u32, outcome: Option<Outcome>) -> Attempt {
        let (began_at, holder) = (Time(5), HolderId(Uuid::nil()));
        Attempt { number, holder, began_at, called_at: began_at, ended: outcome.map(|outcome| (Time(6), outcome)) }
    }

    fn published() -> Attempt {
        attempt(1, Some(Outcome::Published { native_id: "p1".to_owned() }))
    }

    fn in_vain() -> Attempt {
        attempt(1, Some(Outcome::NoEffect { next: Next::Again { after_ms: 0 }, message: "busy".to_owned() }))
    }

    fn unknown() -> Attempt {
        attempt(1, Some(Outcome::Unknown { message: "no answer".to_owned() }))
    }

    fn under_way(number: u32) -> Attempt {
        attempt(number, None)
    }

    /// One with all that belongs to its state.
    fn whole(state: S, attempts: Vec<Attempt>) -> Target {
        let window = Window { digest: ContentDigest([7; 32]), from: Time(0), until: Time(9) };
        let is_published = state == S::Published;
        Target {
            state,
            held_for: (state == S::Held).then_some(HeldFor::Missed),
            reason: Some("why".to_owned()),
            cleared: Some(window),
            parts_there: u32::from(is_published),
            native_id: is_published.then(|| "p1".to_owned()),
            attempts,
            ..Target::draft(Some(Time(5)), 1, 0)
        }
    }

    #[test]
    fn a_doctored_history_is_noticed_and_a_true_one_is_not() {
        let true_ones = [
            whole(S::Scheduled, vec![in_vain()]),
            whole(S::Sending, vec![in_vain(), under_way(2)]),
            whole(S::Published, vec![published()]),
            whole(S::Held, vec![unknown()]),
            whole(S::Failed, vec![in_vain()]),
        ];
        for target in true_ones {
            assert_eq!(broken_invariant(&target), None, "{target:?}");
        }
        let cases = [
            (whole(S::Published, vec![published(), published()]), "it was published twice"),
            (whole(S::Published, vec![in_vain()]), "it is published exactly when an attempt says so"),
            (whole(S::Held, vec![published()]), "it is published exactly when an attempt says so"),
            (Target { native_id: None, ..whole(S::Published, vec![published()]) }, "it is published and nobody knows where"),
            (Target { parts: 2, ..whole(S::Published, vec![published()]) }, "it is published and nobody knows where"),
            (Target { cleared: None, ..whole(S::Scheduled, vec![]) }, "it is on its way and nobody cleared it"),
            (Target { cleared: None, ..whole(S::Sending, vec![under_way(1)]) }, "it is on its way and nobody cleared it"),
            (Target { held_for: None, ..whole(S::Held, vec![]) }, "what is held has its reason, and nothing else has"),
            (
                Target { held_for: Some(HeldFor::Paused), ..whole(S::Scheduled, vec![]) },
                "what is held has its reason, and nothing else has",
            ),
            (
                whole(S::Sending, vec![unknown(), under_way(2)]),
                "an attempt was made while the outcome of an earlier one was not known",
            ),
            (
                whole(S::Sending, vec![under_way(1), under_way(2)]),
                "an attempt was made while the outcome of an earlier one was not known",
            ),
            (whole(S::Sending, vec![in_vain()]), "it is being sent without an attempt"),
            (whole(S::Scheduled, vec![unknown()]), "it is somewhere else while the outcome of an attempt is not known"),
            (whole(S::Cancelled, vec![under_way(1)]), "it is somewhere else while the outcome of an attempt is not known"),
            (Target { reason: None, ..whole(S::Failed, vec![in_vain()]) }, "it ended without a reason"),
            (Target { slot: None, ..whole(S::Scheduled, vec![]) }, "it is scheduled for no time"),
        ];
        for (target, broken) in cases {
            assert_eq!(broken_invariant(&target), Some(broken), "{target:?}");
        }
    }
}
